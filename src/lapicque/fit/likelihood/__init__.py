"""Maximum likelihood for models with escape noise: the GIF, the GLM, and the electrode before them."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Basis": "basis",
        "Electrode": "electrode",
        "Estimate": "found",
        "GIFFit": "gif",
        "GLMFit": "glm",
        "MaximumLikelihoodFit": "found",
        "TimeRescaling": "goodness",
        "electrode_kernel": "electrode",
        "exponentials": "basis",
        "gif": "gif",
        "glm": "glm",
        "log_likelihood": "goodness",
        "raised_cosines": "basis",
        "rectangles": "basis",
        "time_rescaling": "goodness",
    },
)
