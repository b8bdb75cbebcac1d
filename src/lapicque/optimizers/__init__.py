"""Optimisers with ask and tell on the unit cube, for objectives that are noisy, flat in places and have many optima.

An optimiser is a frozen description, ``cma_es(population=128)``; ``description.start(dimension, seed)`` gives the state
of one search, which `SearchState` describes. The state proposes points (``ask``), is told their values (``tell``;
smaller is better, a value that is not finite ranks last), and is saved to plain numbers from which
``description.resume(saved)`` continues with the identical points.

Examples
--------
>>> import numpy as np
>>> from lapicque.optimizers import cma_es
>>> search = cma_es(population=32).start(dimension=2, seed=1)
>>> for _ in range(40):
...     points = search.ask()
...     search.tell(points, np.sum((points - 0.3) ** 2, axis=1))
>>> search.best_point.round(3)
array([0.3, 0.3])
"""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "SearchState": "asktell",
        "cma_es": "cma_es",
        "differential_evolution": "differential_evolution",
        "genetic": "genetic",
        "nsga2": "nsga2",
        "particle_swarm": "particle_swarm",
    },
)
