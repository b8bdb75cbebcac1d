"""The model language: text to equations, neurons as values, and their continuous-time form."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, {"Event": "neuron", "Neuron": "neuron", "Hybrid": "hybrid"})
