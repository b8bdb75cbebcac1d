"""Tests of a model against data that the model can fail: what is compared, how, and what a pass is worth."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Row": "result",
        "TwoSampleTest": "two_sample",
        "Eigenangle": "eigenangle",
        "effect_size": "effect",
        "eigenangle": "eigenangle",
        "holm": "multiplicity",
        "kl": "distributions",
        "ks": "distributions",
        "levene": "moments",
        "mann_whitney": "distributions",
        "pieces": "runs",
        "validate": "validate",
        "wasserstein": "distributions",
        "welch": "moments",
    },
)
