"""Refinement of what a search found: derivatives from the model's equations, and searches that use both."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Refinement": "refining",
        "Residuals": "residuals",
        "Sensitivity": "sensitivity",
        "Uncertainty": "uncertainty",
        "adam": "descent",
        "cma_newton": "cma_newton",
        "gauss_newton": "gauss_newton",
        "hybrid": "hybrid",
        "l_bfgs": "descent",
        "pattern": "pattern",
        "refine": "refining",
        "sensitivities": "slopes",
        "surrogate": "slopes",
        "uncertainty": "uncertainty",
    },
)
