"""The model language: text to equations, neurons and synapses as values, and their continuous-time form."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Distribution": "distribution",
        "Event": "neuron",
        "Every": "pathway",
        "Hybrid": "hybrid",
        "Neuron": "neuron",
        "On": "pathway",
        "Synapse": "synapse",
        "SynapseVariable": "synapse_variables",
    },
)
