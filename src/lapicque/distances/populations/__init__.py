"""Distances between the responses of two populations, neuron by neuron named.

A response is what all neurons did in one trial. How much it matters *which* neuron spiked is a parameter: from nothing
(all spikes pooled) to everything (each neuron compared with itself only).
"""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "PopulationDistance": "population",
        "van_rossum": "van_rossum",
        "victor_purpura": "victor_purpura",
    },
)
