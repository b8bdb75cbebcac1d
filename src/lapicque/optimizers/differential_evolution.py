"""Differential evolution (JADE): differences of candidates are the steps, and the step sizes are learned."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.optimizers.asktell import beginning, better, checked, generator, load_generator, same_kind
from lapicque.optimizers.population import Population


@dataclass(frozen=True)
class differential_evolution:  # noqa: N801  (a value that reads as it is written)
    """Differential evolution on the unit cube with the steps of JADE: "current to p-best" with an archive.

    A trial is x + F (x_best - x) + F (x_1 - x_2), crossed with x, where x_best is one of the best, x_1 another
    candidate and x_2 a candidate or one that was beaten lately. F and the crossover rate are drawn for each trial from
    distributions that follow the successful ones. A coordinate that leaves the cube is put half-way between the parent
    and the face.

    Parameters
    ----------
    population : int, optional
        Candidates in a generation; None is max(64, 10 dimension).
    best_fraction : float
        Share of the population that counts as the best.
    adaptation : float
        How fast the distributions of F and of the crossover rate follow the successful ones.
    tolerance : float
        The population has converged when no coordinate spreads further than this; it is then drawn anew.
    patience : int
        The population has converged when no trial was better than its parent in so many generations.
    max_restarts : int, optional
        The search is done after so many restarts; None never stops by itself.

    References
    ----------
    .. [1] Zhang & Sanderson 2009, "JADE: adaptive differential evolution with optional external archive",
       doi:10.1109/TEVC.2009.2014613

    Examples
    --------
    >>> search = differential_evolution(population=32).start(dimension=2, seed=0)
    >>> for _ in range(60):
    ...     points = search.ask()
    ...     search.tell(points, np.abs(points - 0.25).sum(axis=1))
    >>> search.best_point.round(3)
    array([0.25, 0.25])
    """

    population: int | None = None
    best_fraction: float = 0.1
    adaptation: float = 0.1
    tolerance: float = 1e-9
    patience: int = 50
    max_restarts: int | None = None

    def __post_init__(self) -> None:
        if self.population is not None and self.population < 4:
            raise FitError(f"differential_evolution: population is {self.population}, it needs at least 4 candidates")
        if not 0 < self.best_fraction <= 1:
            raise FitError(f"differential_evolution: best_fraction is {self.best_fraction}, expected a share in (0, 1]")
        if not 0 <= self.adaptation <= 1:
            raise FitError(f"differential_evolution: adaptation is {self.adaptation}, expected a share in [0, 1]")

    def start(self, dimension: int, seed: int, x0: np.ndarray | None = None) -> "DESearch":
        """Begin a search.

        Parameters
        ----------
        dimension : int
            Number of coordinates.
        seed : int
            Seed of every random number of the search.
        x0 : (dimension,), optional
            One candidate of the first population; the others are drawn from the whole cube.
        """
        begin = beginning("differential_evolution", dimension, x0)
        size = max(64, 10 * dimension) if self.population is None else self.population
        return DESearch(self, generator(seed), dimension, size, begin)

    def resume(self, saved: dict[str, Any]) -> "DESearch":
        """Search that continues, point by point, where `DESearch.save` left it."""
        saved = same_kind(saved, "differential_evolution")
        search = DESearch(self, load_generator(saved["random"]), saved["dimension"], saved["size"])
        search.restore(saved)
        search.archive = np.array(saved["archive"], dtype=np.float64).reshape(-1, search.dimension)
        return search


class DESearch(Population):
    """State of a `differential_evolution` search; see `lapicque.optimizers.SearchState`."""

    name = "differential_evolution"
    NUMBERS = ("size", "restarts", "best_value", "mean_f", "mean_cr", "stale")
    ARRAYS = ("best_point", "points", "values", "archive", "x0", "f", "cr")

    def begin(self) -> None:
        """Forget the run before."""
        super().begin()
        self.archive = np.empty((0, self.dimension))
        self.f: np.ndarray | None = None
        self.cr: np.ndarray | None = None
        self.mean_f, self.mean_cr = 0.5, 0.5

    def ask(self) -> np.ndarray:
        """(population, dimension) trial points: the first generation of a run is a Latin hypercube."""
        if self.points is None or self.values is None:
            return self.first()
        number = np.arange(self.size)
        self.cr = np.clip(self.random.normal(self.mean_cr, 0.1, self.size), 0.0, 1.0)
        self.f = self._step_sizes()
        leaders = np.argsort(self.values, kind="stable")[: max(1, round(self.description.best_fraction * self.size))]
        best = self.points[self.random.choice(leaders, self.size)]
        first = self.random.integers(0, self.size - 1, self.size)
        first += first >= number
        # The second one differs from the trial's parent and from the first one.
        pool = np.concatenate([self.points, self.archive])
        second = self.random.integers(0, len(pool) - 2, self.size)
        low, high = np.minimum(number, first), np.maximum(number, first)
        second += second >= low
        second += second >= high
        step = best - self.points + self.points[first] - pool[second]
        mutant = self.points + self.f[:, None] * step
        mutant = np.where(mutant < 0.0, self.points / 2, np.where(mutant > 1.0, (1.0 + self.points) / 2, mutant))
        crossed = self.random.random((self.size, self.dimension)) < self.cr[:, None]
        crossed[number, self.random.integers(0, self.dimension, self.size)] = True
        return np.where(crossed, mutant, self.points)

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Keep the trials that are no worse than their parents, and learn from those that are better."""
        points, ranked = self.told(points, values, self.size)
        if self.points is None or self.values is None:
            self.points, self.values = points.copy(), ranked
            return
        improved = ranked < self.values
        if improved.any() and self.f is not None and self.cr is not None:
            self._learn(self.f[improved], self.cr[improved])
            self.archive = np.concatenate([self.archive, self.points[improved]])
            if len(self.archive) > self.size:
                self.archive = self.archive[np.sort(self.random.permutation(len(self.archive))[: self.size])]
        kept = ranked <= self.values
        self.points[kept], self.values[kept] = points[kept], ranked[kept]
        self.settle(bool(improved.any()), self.points)

    def adopt(self, points: np.ndarray, values: np.ndarray) -> None:
        """Take in points that were found elsewhere, each in place of the nearest member if that is worse.

        Parameters
        ----------
        points : (candidate, dimension)
        values : (candidate,)
            Those that are not finite are left out.
        """
        points, ranked = checked(points, values, self.dimension)
        self.best_value, self.best_point = better((self.best_value, self.best_point), points, ranked, values)
        if self.points is None or self.values is None:
            return
        for point, value in zip(points[np.isfinite(values)], ranked[np.isfinite(values)], strict=True):
            near = int(np.argmin(((self.points - point) ** 2).sum(axis=1)))
            if value < self.values[near]:
                self.points[near], self.values[near] = point, value
                self.stale = 0

    def _step_sizes(self) -> np.ndarray:
        """Cauchy around the learned mean; cut at 1, drawn again where it is not positive."""
        sizes = self.mean_f + 0.1 * self.random.standard_cauchy(self.size)
        while (negative := np.flatnonzero(sizes <= 0.0)).size:
            sizes[negative] = self.mean_f + 0.1 * self.random.standard_cauchy(negative.size)
        return np.minimum(sizes, 1.0)

    def _learn(self, f: np.ndarray, cr: np.ndarray) -> None:
        rate = self.description.adaptation
        self.mean_f = float((1 - rate) * self.mean_f + rate * (f**2).sum() / f.sum())
        self.mean_cr = float((1 - rate) * self.mean_cr + rate * cr.mean())
