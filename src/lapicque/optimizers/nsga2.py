"""NSGA-II: a population that spreads along the front of several objectives."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lapicque.errors import FitError
from lapicque.optimizers.asktell import (
    Kept,
    beginning,
    generator,
    latin_hypercube,
    load_generator,
    same_kind,
)
from lapicque.optimizers.fronts import crowding, hypervolume, ranks

#: In place of losses that are not finite, so that files and distances stay numbers.
LARGEST = 1e12


@dataclass(frozen=True)
class nsga2:  # noqa: N801  (a value that reads as it is written)
    """Non-dominated sorting genetic algorithm II on the unit cube, for several objectives.

    Parents win tournaments of two by their rank, then by the space around them on the front. Children are made by
    simulated binary crossover and polynomial mutation, both within the cube, and the better half of parents and
    children stays.

    Parameters
    ----------
    population : int
        Candidates in a generation, and the most that the front can have.
    crossover : float
        Share of the pairs that are crossed.
    crossover_index, mutation_index : float
        Larger ones keep children nearer to their parents.
    mutation : float, optional
        Probability that a coordinate is mutated; 1 / dimension if absent.
    reference : sequence of float, optional
        Losses beyond which a candidate does not count in the hypervolume; if absent, a tenth beyond the worst ones on
        the first generation's front.

    References
    ----------
    .. [1] Deb, Pratap, Agarwal & Meyarivan 2002, doi:10.1109/4235.996017
    .. [2] Deb & Agrawal 1995, "Simulated binary crossover for continuous search space", Complex Systems 9, 115

    Examples
    --------
    >>> search = nsga2(population=32).start(dimension=2, seed=0)
    >>> for _ in range(40):
    ...     x = search.ask()
    ...     search.tell(x, np.stack([x[:, 0] + x[:, 1], 1 - x[:, 0] + x[:, 1]], axis=1))
    >>> bool(search.front_losses.sum(axis=1).max() < 1.05), len(search.front_losses)
    (True, 31)
    """

    population: int = 128
    crossover: float = 0.9
    crossover_index: float = 15.0
    mutation_index: float = 20.0
    mutation: float | None = None
    reference: tuple[float, ...] | None = None

    several_objectives: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.population < 4 or self.population % 2:
            raise FitError(f"nsga2: population is {self.population}, it needs an even number, 4 or more")
        for name in ("crossover", "mutation"):
            share = getattr(self, name)
            if share is not None and not 0 <= share <= 1:
                raise FitError(f"nsga2: {name} is {share}, expected a share in [0, 1]")
        for name in ("crossover_index", "mutation_index"):
            if not 0 <= getattr(self, name) < np.inf:
                raise FitError(f"nsga2: {name} is {getattr(self, name)}, expected 0 or more")
        if self.reference is not None:
            object.__setattr__(self, "reference", tuple(float(value) for value in self.reference))
            if not np.isfinite(self.reference).all():
                raise FitError(f"nsga2: reference is {self.reference}, expected a finite loss for each objective")

    def start(self, dimension: int, seed: int, x0: np.ndarray | None = None) -> "NSGA2Search":
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
        begin = beginning("nsga2", dimension, x0)
        search = NSGA2Search(self, generator(seed), dimension)
        search.x0 = begin
        return search

    def resume(self, saved: dict[str, Any]) -> "NSGA2Search":
        """Search that continues, point by point, where `NSGA2Search.save` left it."""
        saved = same_kind(saved, "nsga2")
        search = NSGA2Search(self, load_generator(saved["random"]), saved["dimension"])
        search.restore(saved)
        return search


class NSGA2Search(Kept):
    """State of an `nsga2` search: ``ask``, ``tell`` (candidate, objective), the front, and ``save``."""

    ARRAYS = ("x0", "points", "losses", "reference")

    restarts, done = 0, False

    def __init__(self, description: nsga2, random: np.random.Generator, dimension: int) -> None:
        self.description, self.random, self.dimension = description, random, dimension
        self.x0: np.ndarray | None = None
        self.points: np.ndarray | None = None
        self.losses: np.ndarray | None = None
        self.reference: np.ndarray | None = None

    @property
    def front(self) -> np.ndarray:
        """Indices of the population that nothing in it dominates, each place in the space of losses once."""
        if self.losses is None:
            return np.empty(0, dtype=int)
        first = np.flatnonzero(ranks(self.losses) == 0)
        _, once = np.unique(self.losses[first], axis=0, return_index=True)
        return first[once]

    @property
    def front_points(self) -> np.ndarray:
        """(candidate, dimension)."""
        return np.empty((0, self.dimension)) if self.points is None else self.points[self.front]

    @property
    def front_losses(self) -> np.ndarray:
        """(candidate, objective), in the order of the first objective."""
        return np.empty((0, 0)) if self.losses is None else self.losses[self.front]

    @property
    def hypervolume(self) -> float:
        """The volume between the front and the reference, 0 before the first generation."""
        return 0.0 if self.reference is None else hypervolume(self.front_losses, self.reference)

    def ask(self) -> np.ndarray:
        """(population, dimension): a Latin hypercube at first, then children of the population."""
        size = self.description.population
        if self.points is None or self.losses is None:
            points = latin_hypercube(self.random, size, self.dimension)
            if self.x0 is not None:
                points[0] = self.x0
            return points
        rank = ranks(self.losses)
        space = np.empty(size)
        for level in range(rank.max() + 1):
            space[rank == level] = crowding(self.losses[rank == level])
        order = np.empty(size, dtype=int)
        order[np.lexsort((-space, rank))] = np.arange(size)
        rivals = np.concatenate([self.random.permutation(size), self.random.permutation(size)]).reshape(-1, 2)
        winners = rivals[np.arange(size), np.argmin(order[rivals], axis=1)]
        return self._mutated(self._crossed(self.points[winners]))

    def tell(self, points: np.ndarray, losses: np.ndarray) -> None:
        """Learn the losses (candidate, objective); one that is not finite is worse than every finite one."""
        points, losses = self._checked(points, losses)
        if self.points is not None and self.losses is not None:
            points = np.concatenate([self.points, points])
            losses = np.concatenate([self.losses, losses])
        rank = ranks(losses)
        if self.reference is None:
            given = self.description.reference
            self.reference = _beyond(losses[rank == 0]) if given is None else np.array(given)
        kept: list[np.ndarray] = []
        room = self.description.population
        for level in range(rank.max() + 1):
            members = np.flatnonzero(rank == level)
            if len(members) > room:
                members = members[np.argsort(-crowding(losses[members]), kind="stable")[:room]]
            kept.append(members)
            room -= len(members)
            if not room:
                break
        chosen = np.concatenate(kept)
        self.points, self.losses = points[chosen], losses[chosen]

    def save(self) -> dict[str, Any]:
        """Plain numbers from which `nsga2.resume` continues; call it after `tell`."""
        return self.state("nsga2")

    def _checked(self, points: np.ndarray, losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points, losses = np.array(points, dtype=np.float64), np.array(losses, dtype=np.float64)
        size, reference = self.description.population, self.description.reference
        if points.ndim != 2 or points.shape[1] != self.dimension:
            raise FitError(
                f"tell: points have shape {points.shape}, expected (candidate, {self.dimension}) as from ask()"
            )
        if len(points) != size:
            raise FitError(f"nsga2: told {len(points)} points, expected the {size} from ask()")
        count = self.losses.shape[1] if self.losses is not None else None if reference is None else len(reference)
        if losses.ndim != 2 or len(losses) != size or losses.shape[1] < 1 or count not in (None, losses.shape[1]):
            expected = f"({size}, {'objective' if count is None else count})"
            raise FitError(f"tell: losses have shape {losses.shape}, expected {expected}")
        losses[~np.isfinite(losses).all(axis=1)] = LARGEST
        return points, np.minimum(losses, LARGEST)

    def _crossed(self, parents: np.ndarray) -> np.ndarray:
        """Simulated binary crossover of neighbours, whose distribution ends at the faces of the cube."""
        first, second = parents[0::2], parents[1::2]
        low, high = np.minimum(first, second), np.maximum(first, second)
        distance = np.where(high - low > 1e-14, high - low, 1.0)
        index = self.description.crossover_index + 1
        draw = self.random.random(low.shape)

        def spread(room: np.ndarray) -> np.ndarray:
            alpha = 2 - (1 + 2 * room / distance) ** -index
            inside = draw <= 1 / alpha
            return np.where(inside, draw * alpha, 1 / np.where(inside, 1.0, 2 - draw * alpha)) ** (1 / index)

        children = np.stack(
            [(low + high - spread(low) * distance) / 2, (low + high + spread(1 - high) * distance) / 2], axis=1
        )
        swapped = self.random.random(low.shape) < 0.5
        children = np.where(swapped[:, None], children[:, ::-1], children)
        pairs = self.random.random(len(low)) < self.description.crossover
        crossed = pairs[:, None] & (self.random.random(low.shape) < 0.5) & (high - low > 1e-14)
        children = np.where(crossed[:, None], children, np.stack([first, second], axis=1))
        return np.clip(children.reshape(parents.shape), 0.0, 1.0)

    def _mutated(self, points: np.ndarray) -> np.ndarray:
        """Polynomial mutation, whose distribution ends at the faces of the cube."""
        share = self.description.mutation
        chosen = self.random.random(points.shape) < (1 / self.dimension if share is None else share)
        draw, index = self.random.random(points.shape), self.description.mutation_index + 1
        down = draw < 0.5
        room = np.where(down, 1 - points, points) ** index
        inner = np.where(down, 2 * draw + (1 - 2 * draw) * room, 2 * (1 - draw) + (2 * draw - 1) * room)
        step = np.where(down, inner ** (1 / index) - 1, 1 - inner ** (1 / index))
        return np.clip(np.where(chosen, points + step, points), 0.0, 1.0)


def _beyond(front: np.ndarray) -> np.ndarray:
    """Return a tenth of the front's extent beyond its worst losses."""
    worst, extent = front.max(axis=0), np.ptp(front, axis=0)
    return worst + 0.1 * np.where(extent > 0, extent, np.maximum(np.abs(worst), 1e-3))
