"""Particle swarm: candidates that fly past the best places that they and their neighbours have seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.optimizers.asktell import beginning, generator, load_generator, reflected, same_kind
from lapicque.optimizers.population import Population


@dataclass(frozen=True)
class particle_swarm:  # noqa: N801  (a value that reads as it is written)
    """Particle swarm with constriction on the unit cube, restarted when it has contracted.

    v becomes w v + c u_1 (p - x) + c u_2 (g - x), and x becomes x + v, where p is the best place of the particle, g
    that of its neighbours on a ring, and u_1, u_2 are uniform in [0, 1] for each coordinate. A coordinate that leaves
    the cube is reflected, and loses its speed.

    Parameters
    ----------
    population : int, optional
        Particles; None is 64.
    inertia, attraction : float
        w and c; by default those of Clerc's constriction, with which the swarm contracts by itself.
    neighbours : int
        On each side of the ring.
    tolerance : float
        The swarm has converged when no coordinate of the best places spreads further than this; it then starts anew.
    patience : int
        The swarm has converged when there was no new best in so many generations.
    max_restarts : int, optional
        The search is done after so many restarts; None never stops by itself.

    References
    ----------
    .. [1] Kennedy & Eberhart 1995, doi:10.1109/ICNN.1995.488968
    .. [2] Clerc & Kennedy 2002, doi:10.1109/4235.985692

    Examples
    --------
    >>> search = particle_swarm(population=32).start(dimension=2, seed=0)
    >>> for _ in range(100):
    ...     points = search.ask()
    ...     search.tell(points, np.abs(points - 0.25).sum(axis=1))
    >>> search.best_point.round(3)
    array([0.25, 0.25])
    """

    population: int | None = None
    inertia: float = 0.7298
    attraction: float = 1.49618
    neighbours: int = 3
    tolerance: float = 1e-9
    patience: int = 60
    max_restarts: int | None = None

    def __post_init__(self) -> None:
        if self.population is not None and self.population < 4:
            raise FitError(f"particle_swarm: population is {self.population}, it needs at least 4 candidates")
        if not 0 <= self.inertia < 1:
            raise FitError(f"particle_swarm: inertia is {self.inertia}: from 1 on the swarm explodes")
        if not 0 < self.attraction < 2 * (1 + self.inertia):
            raise FitError(
                f"particle_swarm: attraction is {self.attraction}: it must be above 0, and the swarm explodes from "
                f"{2 * (1 + self.inertia):g} on"
            )
        if self.neighbours < 1:
            raise FitError(f"particle_swarm: neighbours is {self.neighbours}, expected at least 1 on each side")

    def start(self, dimension: int, seed: int, x0: np.ndarray | None = None) -> "SwarmSearch":
        """Begin a search.

        Parameters
        ----------
        dimension : int
            Number of coordinates.
        seed : int
            Seed of every random number of the search.
        x0 : (dimension,), optional
            Where one particle begins; the others are drawn from the whole cube.
        """
        begin = beginning("particle_swarm", dimension, x0)
        return SwarmSearch(self, generator(seed), dimension, self.population or 64, begin)

    def resume(self, saved: dict[str, Any]) -> "SwarmSearch":
        """Search that continues, point by point, where `SwarmSearch.save` left it."""
        saved = same_kind(saved, "particle_swarm")
        search = SwarmSearch(self, load_generator(saved["random"]), saved["dimension"], saved["size"])
        search.restore(saved)
        return search


class SwarmSearch(Population):
    """State of a `particle_swarm` search; see `lapicque.optimizers.SearchState`."""

    name = "particle_swarm"
    NUMBERS = ("size", "restarts", "best_value", "run_best", "stale")
    ARRAYS = ("best_point", "x0", "points", "speeds", "places", "values")

    def begin(self) -> None:
        """Forget the run before."""
        super().begin()
        self.speeds: np.ndarray | None = None
        self.places: np.ndarray | None = None
        self.run_best = float("inf")

    def ask(self) -> np.ndarray:
        """(particle, dimension): a Latin hypercube at first, then where the particles fly."""
        if self.points is None or self.speeds is None or self.places is None or self.values is None:
            points = self.first()
            self.speeds = self.random.uniform(-0.5, 0.5, points.shape)
            return points
        reach = min(self.description.neighbours, (self.size - 1) // 2)
        ring = (np.arange(self.size)[:, None] + np.arange(-reach, reach + 1)) % self.size
        leaders = ring[np.arange(self.size), np.argmin(self.values[ring], axis=1)]
        pull = self.random.uniform(0, self.description.attraction, (2, self.size, self.dimension))
        self.speeds = (
            self.description.inertia * self.speeds
            + pull[0] * (self.places - self.points)
            + pull[1] * (self.places[leaders] - self.points)
        )
        points = self.points + self.speeds
        self.speeds = np.where((points < 0) | (points > 1), 0.0, self.speeds)
        return reflected(points)

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Remember better places, and begin a new run where the old one has converged."""
        points, ranked = self.told(points, values, self.size)
        self.points = points.copy()
        if self.places is None or self.values is None:
            self.places, self.values = points.copy(), ranked
        else:
            improved = ranked < self.values
            self.places = np.where(improved[:, None], points, self.places)
            self.values = np.where(improved, ranked, self.values)
        lowest = float(self.values.min())
        fell, self.run_best = lowest < self.run_best, min(self.run_best, lowest)
        self.settle(fell, self.places)
