"""Where a refinement begins: the best candidates that are not near one another."""

from __future__ import annotations

from typing import Any

import numpy as np

APART = 0.1  # root mean square difference of coordinates


def distinct(
    points: np.ndarray, losses: np.ndarray, count: int, apart: float = APART, taken: Any = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best candidates that are not near a better one: points (start, dimension), losses (start,).

    Parameters
    ----------
    points : (candidate, dimension)
    losses : (candidate,)
    count : int
        At most so many.
    apart : float
        Smallest root mean square difference of the coordinates.
    taken : (point, dimension), optional
        Nothing near these is chosen either.

    Examples
    --------
    >>> points = np.array([[0.1, 0.1], [0.11, 0.1], [0.8, 0.5]])
    >>> distinct(points, np.array([2.0, 1.0, 3.0]), count=8)[1]
    array([1., 3.])
    """
    chosen: list[int] = []
    others = [np.asarray(p, float) for p in taken]
    for n in np.argsort(losses, kind="stable"):
        if len(chosen) == count:
            break
        if all(np.sqrt(np.mean((points[n] - p) ** 2)) > apart for p in others):
            chosen.append(int(n))
            others.append(points[n])
    return points[chosen], losses[chosen]


class Walkers:
    """Starts on their ways: where each stands, and the best of all.

    Attributes
    ----------
    points : (start, dimension)
    values : (start,)
        The problem's own loss there.
    alive : (start,)
        Whether it still moves.
    """

    def __init__(self, points: np.ndarray, values: np.ndarray):
        self.points, self.values = np.array(points, float), np.array(values, float)
        self.alive = np.ones(len(self.points), bool)

    @property
    def best(self) -> int:
        """The one with the smallest loss."""
        return int(np.argmin(self.values))

    def halve(self) -> None:
        """Stop the worse half of those that still move."""
        moving = np.flatnonzero(self.alive)
        order = moving[np.argsort(self.values[moving], kind="stable")]
        self.alive[order[(len(order) + 1) // 2 :]] = False

    def save(self) -> dict[str, Any]:
        """Numbers and lists, for JSON."""
        return {"points": self.points.tolist(), "values": self.values.tolist(), "alive": self.alive.tolist()}

    @classmethod
    def read(cls, saved: dict[str, Any]) -> Walkers:
        """Return what `save` wrote."""
        found = cls(np.array(saved["points"], float), np.array(saved["values"], float))
        found.alive = np.array(saved["alive"], bool)
        return found


class Walking:
    """What every refinement of several starts says of itself.

    Attributes
    ----------
    walkers : Walkers
    """

    walkers: Walkers

    @property
    def best_value(self) -> float:
        """Smallest loss."""
        return float(self.walkers.values[self.walkers.best])

    @property
    def best_point(self) -> np.ndarray:
        """(dimension,), where it is."""
        return self.walkers.points[self.walkers.best]

    @property
    def done(self) -> bool:
        """Whether no start moves any more."""
        return not self.walkers.alive.any()
