"""Write a neuron once, as equations; simulate it, train it, and fit it to recorded spikes.

Every name below loads its part of the package at first access: ``import lapicque`` itself loads nothing heavy.
"""

from lapicque._lazy import attach

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Event": "model",
        "EventDriven": "simulation",
        "Every": "model",
        "Network": "network",
        "Neuron": "model",
        "On": "model",
        "Synapse": "model",
        "exponential": "network",
        "lognormal": "network",
        "normal": "network",
        "uniform": "network",
        "Simulation": "simulation",
        "grid": "simulation",
        "connections": "simulation",
        "simulate": "simulation",
        "report": "reports",
        "schemes": "compile",
        "structure": "network",
        "all_to_all": "network.connectivity",
        "convolution": "network.connectivity",
        "dense": "network.connectivity",
        "edges": "network.connectivity",
        "fixed_in_degree": "network.connectivity",
        "fixed_out_degree": "network.connectivity",
        "fixed_probability": "network.connectivity",
        "fixed_total_number": "network.connectivity",
        "graph": "network.connectivity",
        "one_to_one": "network.connectivity",
        "pairwise": "network.connectivity",
        "pairwise_exponential": "network.connectivity",
        "pairwise_gaussian": "network.connectivity",
        "pooling": "network.connectivity",
        "small_world": "network.connectivity",
        "sparse": "network.connectivity",
    },
    submodules=[
        "distances",
        "environments",
        "errors",
        "fit",
        "io",
        "neurons",
        "optimizers",
        "plot",
        "spikes",
        "stimuli",
        "synapses",
        "theory",
        "train",
        "units",
    ],
)
