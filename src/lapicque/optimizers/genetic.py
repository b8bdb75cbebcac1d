"""A genetic algorithm with real-valued genes, as searches for neuron models commonly use it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.optimizers.asktell import beginning, generator, load_generator, reflected, same_kind
from lapicque.optimizers.population import Population


@dataclass(frozen=True)
class genetic:  # noqa: N801  (a value that reads as it is written)
    """Genetic algorithm on the unit cube: parents by linear ranking, intermediate recombination, uniform mutation.

    A parent of rank p among n (1 the worst) is drawn with probability (2 - s + 2 (s - 1)(p - 1)/(n - 1))/n. Its child
    with another one is x_1 + a (x_2 - x_1), with a drawn for each coordinate from [-d, 1 + d]; a mutation adds a number
    from [-r, r] to every coordinate. The best ones stay. What leaves the cube is reflected. With ``cooling=1`` it is
    what SpikeNetOpt.jl runs; by default r shrinks, without which no coordinate is ever found to more than two digits.

    Parameters
    ----------
    population : int, optional
        Candidates in a generation; None is max(64, 10 dimension).
    pressure : float
        s, between 1 (all parents alike) and 2.
    crossover : float
        Share of the children that have two parents.
    overshoot : float
        d: how far beyond its parents a child can be.
    mutation : float
        Share of the children that are mutated.
    reach : float
        r in the first generation of a run.
    cooling : float
        r is multiplied by it after each generation.
    elite : float
        Share of the population that stays as it is, and is not evaluated again.
    tolerance : float
        The population has converged when no coordinate spreads further than this; it is then drawn anew.
    patience : int
        The population has converged when there was no new best in so many generations.
    max_restarts : int, optional
        The search is done after so many restarts; None never stops by itself.

    References
    ----------
    .. [1] Mühlenbein & Schlierkamp-Voosen 1993, "Predictive models for the breeder genetic algorithm", Evolutionary
       Computation 1, 25, doi:10.1162/evco.1993.1.1.25
    .. [2] Evolutionary.jl, https://github.com/wildart/Evolutionary.jl, which SpikeNetOpt.jl uses

    Examples
    --------
    >>> search = genetic(population=32).start(dimension=2, seed=0)
    >>> for _ in range(100):
    ...     points = search.ask()
    ...     search.tell(points, np.abs(points - 0.25).sum(axis=1))
    >>> search.best_point.round(2)
    array([0.25, 0.25])
    """

    population: int | None = None
    pressure: float = 1.5
    crossover: float = 0.8
    overshoot: float = 0.25
    mutation: float = 0.5
    reach: float = 0.25
    cooling: float = 0.95
    elite: float = 0.125
    tolerance: float = 1e-6
    patience: int = 50
    max_restarts: int | None = None

    def __post_init__(self) -> None:
        if self.population is not None and self.population < 4:
            raise FitError(f"genetic: population is {self.population}, it needs at least 4 candidates")
        if not 1 <= self.pressure <= 2:
            raise FitError(f"genetic: pressure is {self.pressure}, expected a number in [1, 2]")
        for name in ("crossover", "mutation"):
            if not 0 <= getattr(self, name) <= 1:
                raise FitError(f"genetic: {name} is {getattr(self, name)}, expected a share in [0, 1]")
        if not 0 <= self.elite < 1:
            raise FitError(f"genetic: elite is {self.elite}, expected a share in [0, 1)")
        if not 0 < self.cooling <= 1:
            raise FitError(f"genetic: cooling is {self.cooling}, expected a factor in (0, 1]")
        for name in ("overshoot", "reach"):
            if not 0 <= getattr(self, name) <= 1:
                raise FitError(f"genetic: {name} is {getattr(self, name)}, expected a part of the distance in [0, 1]")

    def start(self, dimension: int, seed: int, x0: np.ndarray | None = None) -> "GeneticSearch":
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
        begin = beginning("genetic", dimension, x0)
        size = max(64, 10 * dimension) if self.population is None else self.population
        return GeneticSearch(self, generator(seed), dimension, size, begin)

    def resume(self, saved: dict[str, Any]) -> "GeneticSearch":
        """Search that continues, point by point, where `GeneticSearch.save` left it."""
        saved = same_kind(saved, "genetic")
        search = GeneticSearch(self, load_generator(saved["random"]), saved["dimension"], saved["size"])
        search.restore(saved)
        return search


class GeneticSearch(Population):
    """State of a `genetic` search; see `lapicque.optimizers.SearchState`."""

    name = "genetic"
    NUMBERS = ("size", "restarts", "best_value", "run_best", "stale", "reach")
    ARRAYS = ("best_point", "points", "values", "x0")

    def begin(self) -> None:
        """Forget the run before."""
        super().begin()
        self.run_best, self.reach = float("inf"), self.description.reach

    @property
    def elite(self) -> int:
        """How many candidates stay."""
        return min(int(self.description.elite * self.size), self.size - 1)

    def ask(self) -> np.ndarray:
        """(candidate, dimension): a Latin hypercube at first, then the children of a population without its elite."""
        if self.points is None or self.values is None:
            return self.first()
        count, given = self.size - self.elite, self.description
        rank = np.empty(self.size)
        rank[np.argsort(-self.values, kind="stable")] = np.arange(self.size)
        fitness = 2 - given.pressure + 2 * (given.pressure - 1) * rank / (self.size - 1)
        first, second = self.points[self.random.choice(self.size, (2, count), p=fitness / fitness.sum())]
        shift = self.random.uniform(-given.overshoot, 1 + given.overshoot, (count, self.dimension))
        crossed = self.random.random((count, 1)) < given.crossover
        children = np.where(crossed, first + shift * (second - first), first)
        step = self.random.uniform(-self.reach, self.reach, (count, self.dimension))
        mutated = self.random.random((count, 1)) < given.mutation
        return reflected(np.where(mutated, children + step, children))

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Put the children in the place of all but the best, and begin a new run where the old one has converged."""
        points, ranked = self.told(points, values, self.size if self.values is None else self.size - self.elite)
        if self.points is not None and self.values is not None:
            best = np.argsort(self.values, kind="stable")[: self.elite]
            points = np.concatenate([self.points[best], points])
            ranked = np.concatenate([self.values[best], ranked])
            self.reach *= self.description.cooling
        self.points, self.values = points, ranked
        lowest = float(ranked.min())
        fell, self.run_best = lowest < self.run_best, min(self.run_best, lowest)
        self.settle(fell, points)
