"""Distances between spike trains: for a pair, as a matrix, and for many candidates against recorded trials.

A distance is a value that knows its parameters: ``coincidence("4 ms")(model, data)``. Every leaf states the edge
conventions that it follows.
"""

from lapicque._lazy import attach

#: The catalogue of distances between two trains: name -> module.
PAIRWISE = {
    "coincidence": "coincidence",
    "isi": "isi",
    "spike": "spike",
    "spike_synchronization": "spike_synchronization",
    "van_rossum": "van_rossum",
    "victor_purpura": "victor_purpura",
}

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        **PAIRWISE,
        "Distance": "distance",
        "ensemble_similarity": "ensemble_similarity",
        "relevant_time_scale": "time_scale",
    },
    submodules=["populations"],
)
