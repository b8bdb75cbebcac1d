"""What searches share that keep one population, and draw it anew in the whole cube where it has converged."""

from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.optimizers.asktell import LARGEST, Kept, Restarting, better, checked, latin_hypercube


class Population(Restarting, Kept):
    """Bookkeeping of a search with a population of one size: its first generation, what it is told, its restarts.

    A search sets in `begin` what a run knows, and calls `told` and `settle` in its ``tell``.
    """

    name: str
    points: np.ndarray | None
    values: np.ndarray | None

    def __init__(
        self, description: Any, random: np.random.Generator, dimension: int, size: int, x0: np.ndarray | None = None
    ) -> None:
        self.description, self.random, self.dimension, self.size = description, random, dimension, size
        self.restarts, self.stale = 0, 0
        self.best_value: float = float("inf")
        self.best_point: np.ndarray | None = None
        self.x0 = x0
        self.begin()

    def begin(self) -> None:
        """Forget the run before."""
        self.points, self.values, self.stale = None, None, 0

    def first(self) -> np.ndarray:
        """(candidate, dimension): a Latin hypercube, with the point where the search begins in it."""
        points = latin_hypercube(self.random, self.size, self.dimension)
        if self.x0 is not None:
            points[0] = self.x0
        return points

    def told(self, points: np.ndarray, values: np.ndarray, expected: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the generation as float64, remember its best, and let values that are not finite lose for ever.

        Raises
        ------
        FitError
            If the shapes do not belong together, or are not those of ``ask``.
        """
        points, ranked = checked(points, values, self.dimension)
        if len(points) != expected:
            raise FitError(f"{self.name}: told {len(points)} points, expected the {expected} from ask()")
        self.best_value, self.best_point = better((self.best_value, self.best_point), points, ranked, values)
        return points, np.where(np.isfinite(values), ranked, LARGEST)

    def settle(self, improved: bool, places: np.ndarray) -> None:
        """Count generations without progress, and begin a new run where there were many or all places are one."""
        self.stale = 0 if improved else self.stale + 1
        if self.stale >= self.description.patience or np.ptp(places, axis=0).max() < self.description.tolerance:
            self.restarts += 1
            self.x0 = None
            self.begin()

    def save(self) -> dict[str, Any]:
        """Plain numbers from which the description's ``resume`` continues; call it after ``tell``."""
        return self.state(self.name)
