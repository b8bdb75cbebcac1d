"""Write a neuron once, as equations; simulate it, train it, and fit it to recorded spikes.

Every name below loads its part of the package at first access: ``import lapicque`` itself loads nothing heavy.
"""

from lapicque._lazy import attach

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Event": "model",
        "Neuron": "model",
        "simulate": "simulation",
        "report": "reports",
        "schemes": "compile",
    },
    submodules=["distances", "errors", "fit", "io", "neurons", "optimizers", "plot", "spikes", "units"],
)
