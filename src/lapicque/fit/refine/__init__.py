"""Refinement of what a search found: derivatives from the model's equations, and searches that use both."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Refinement": "refining",
        "Residuals": "residuals",
        "Sensitivity": "sensitivity",
        "gauss_newton": "gauss_newton",
        "hybrid": "hybrid",
        "refine": "refining",
    },
)
