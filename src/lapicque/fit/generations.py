"""A search's generations, thinned while it runs: enough of them for an animation, however long the search takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

FRAMES, SHOWN = 128, 64


@dataclass(frozen=True, eq=False)
class Generation:
    """A sample of one generation's candidates.

    Attributes
    ----------
    number : int
        0 for the first one.
    evaluations : int
        Candidates that had been evaluated at its end.
    points : (candidate, dimension)
        At most 64, the best of them among these.
    losses : (candidate,) or (candidate, objective)
    """

    number: int
    evaluations: int
    points: np.ndarray
    losses: np.ndarray

    @classmethod
    def sampled(cls, number: int, evaluations: int, points: np.ndarray, losses: np.ndarray) -> Generation:
        """Keep every n-th candidate, and the best one in its neighbour's place.

        Examples
        --------
        >>> points = np.linspace(0, 1, 200)[:, None]
        >>> shown = Generation.sampled(0, 200, points, np.abs(points[:, 0] - 0.3))
        >>> len(shown.points), shown.losses.min().round(3).item()
        (64, 0.002)
        """
        count = len(points)
        if count > SHOWN:
            chosen = np.arange(SHOWN) * count // SHOWN
            best = int(np.argmin(losses if losses.ndim == 1 else losses.sum(axis=1)))
            chosen[np.searchsorted(chosen, best, side="right") - 1] = best
            points, losses = points[chosen], losses[chosen]
        return cls(number, evaluations, np.array(points, dtype=float), np.array(losses, dtype=float))

    def plain(self) -> list[Any]:
        """Return numbers and lists, for JSON."""
        return [self.number, self.evaluations, self.points.tolist(), self.losses.tolist()]

    @classmethod
    def read(cls, saved: Sequence[Any]) -> Generation:
        """Return what `plain` wrote."""
        number, evaluations, points, losses = saved
        found = cls(int(number), int(evaluations), np.array(points, dtype=float), np.array(losses, dtype=float))
        if found.points.ndim != 2 or len(found.points) != len(found.losses):
            raise ValueError("points and losses of a generation do not belong together")
        return found


def thinned(kept: tuple[Generation, ...], new: Generation) -> tuple[Generation, ...]:
    """Return the generations to keep when one more is there: every one, every second one, every fourth ..., and it.

    At most 128 are kept, and which ones depends on their number only: not on when a search was interrupted.

    Examples
    --------
    >>> kept = ()
    >>> for number in range(1000):
    ...     kept = thinned(kept, Generation.sampled(number, 10 * number + 10, np.zeros((10, 2)), np.zeros(10)))
    >>> len(kept), [generation.number for generation in kept[:3]], kept[-1].number
    (126, [0, 8, 16], 999)
    """
    stride = 1
    while new.number // stride + 2 > FRAMES:  # those on the stride up to this one, and this one
        stride *= 2
    return (*(generation for generation in kept if generation.number % stride == 0), new)
