"""A local search without derivatives: steps along each coordinate, shorter and shorter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.refine.starts import Walkers, Walking
from lapicque.fit.searchable import Searchable


@dataclass(frozen=True)
class pattern:  # noqa: N801  (a value that reads as it is written)
    """Pattern search: every coordinate up and down by a step, and the last move once more; for any problem.

    A step that leads nowhere better is halved. It needs 2 dimension + 1 evaluations a round, and no derivatives: for
    networks and for noise too.

    Parameters
    ----------
    step : float
        The first one, in edges of the cube.
    smallest : float
        A start whose step is smaller stops.

    References
    ----------
    .. [1] Hooke & Jeeves 1961, doi:10.1145/321062.321069

    Examples
    --------
    >>> search = pattern().begin(None, np.array([[0.5, 0.5]]), np.array([0.08]))
    >>> while not search.done:
    ...     points = search.ask()
    ...     search.tell(points, ((points - 0.3) ** 2).sum(axis=1))
    >>> search.best_point.round(3)
    array([0.3, 0.3])
    """

    step: float = 0.05
    smallest: float = 1e-4

    def __post_init__(self) -> None:
        if not 0 < self.smallest <= self.step <= 1:
            raise FitError(
                f"pattern: step is {self.step} and smallest {self.smallest}: 0 < smallest <= step <= 1 is expected"
            )

    def begin(self, problem: Searchable | None, points: np.ndarray, losses: np.ndarray) -> Pattern:
        """Begin from points (start, dimension) with known losses (start,)."""
        return Pattern(self, Walkers(points, losses))

    def resume(self, problem: Searchable | None, saved: dict[str, Any]) -> Pattern:
        """Continue identically from what `Pattern.save` returned."""
        found = Pattern(self, Walkers.read(saved))
        found.lengths, found.last = np.array(saved["lengths"], float), np.array(saved["last"], float)
        return found


class Pattern(Walking):
    """Starts that are being refined by `pattern`."""

    further = 0

    def __init__(self, method: pattern, walkers: Walkers):
        self.method, self.walkers = method, walkers
        self.lengths = np.full(len(walkers.points), method.step)
        self.last = np.zeros(walkers.points.shape)

    def ask(self) -> np.ndarray:
        """Return 2 dimension + 1 points for each start that still moves."""
        found = []
        for n in np.flatnonzero(self.walkers.alive):
            around = self.lengths[n] * np.eye(self.walkers.points.shape[1])
            found.append(self.walkers.points[n] + np.concatenate([around, -around, self.last[n][None]]))
        return np.clip(np.concatenate(found), 0, 1)

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Move each start to the best of its points, or shorten its step."""
        walkers, rows = self.walkers, np.flatnonzero(self.walkers.alive)
        for n, own, losses in zip(
            rows, points.reshape(len(rows), -1, points.shape[1]), np.reshape(values, (len(rows), -1)), strict=True
        ):
            k = int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))
            if losses[k] < walkers.values[n]:
                self.last[n] = own[k] - walkers.points[n]
                walkers.points[n], walkers.values[n] = own[k], losses[k]
            else:
                self.last[n], self.lengths[n] = 0, self.lengths[n] / 2
            walkers.alive[n] = self.lengths[n] >= self.method.smallest and walkers.values[n] > 0

    def save(self) -> dict[str, Any]:
        """Everything that the continuation depends on, ready for JSON."""
        return {**self.walkers.save(), "lengths": self.lengths.tolist(), "last": self.last.tolist()}
