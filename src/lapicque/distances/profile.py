"""A distance in time, and what the distances that have one share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains
from lapicque.units import magnitude


@dataclass(frozen=True, eq=False, repr=False)
class Profile:
    """A function of time that is linear between given times, and may jump at them.

    Parameters
    ----------
    times : (piece + 1,), ms
        Borders of the pieces.
    after, before : (piece,)
        Value just after a piece begins, and just before it ends.

    Examples
    --------
    >>> profile = Profile(np.array([0.0, 10.0, 30.0]), np.array([0.0, 1.0]), np.array([0.5, 1.0]))
    >>> profile(5.0).item(), profile.mean(), profile.mean(0, 10)
    (0.25, 0.75, 0.25)
    """

    times: np.ndarray
    after: np.ndarray
    before: np.ndarray

    def __call__(self, t: Any) -> np.ndarray:
        """Value at times in ms; at a jump, the mean of both sides."""
        t = np.asarray(magnitude(t, "ms", "time"), float)
        if np.any((t < self.times[0]) | (t > self.times[-1])):
            raise DistanceError(f"the profile is known from {self.times[0]:g} to {self.times[-1]:g} ms")
        # the piece that contains t from the left, and from the right
        left = np.maximum(np.searchsorted(self.times, t, side="left") - 1, 0)
        right = np.minimum(np.searchsorted(self.times, t, side="right") - 1, len(self.after) - 1)
        return (self._on(left, t) + self._on(right, t)) / 2

    def _on(self, piece: np.ndarray, t: np.ndarray) -> np.ndarray:
        fraction = (t - self.times[piece]) / (self.times[piece + 1] - self.times[piece])
        return self.after[piece] + (self.before[piece] - self.after[piece]) * fraction

    def mean(self, t_start: Any = None, t_stop: Any = None) -> float:
        """Mean value between two times in ms; by default over the whole window."""
        start = self.times[0] if t_start is None else float(magnitude(t_start, "ms", "t_start"))
        stop = self.times[-1] if t_stop is None else float(magnitude(t_stop, "ms", "t_stop"))
        if not self.times[0] <= start < stop <= self.times[-1]:
            raise DistanceError(
                f"the profile is known from {self.times[0]:g} to {self.times[-1]:g} ms, not {start:g} to {stop:g} ms"
            )
        borders = np.concatenate([[start], self.times[(self.times > start) & (self.times < stop)], [stop]])
        middle = (borders[1:] + borders[:-1]) / 2
        return float(np.sum(self(middle) * np.diff(borders)) / (stop - start))

    def __repr__(self) -> str:
        return f"Profile({len(self.after)} pieces, {self.times[0]:g} to {self.times[-1]:g} ms, mean {self.mean():.4g})"


@dataclass(frozen=True, eq=False, repr=False)
class SpikeProfile:
    """A value at each spike of two trains.

    Parameters
    ----------
    times : (spike,), ms
        All spikes of both trains, in order.
    values : (spike,)

    Examples
    --------
    >>> SpikeProfile(np.array([1.0, 2.0, 7.0]), np.array([1.0, 1.0, 0.0])).mean(0, 5)
    1.0
    """

    times: np.ndarray
    values: np.ndarray

    def mean(self, t_start: Any = -np.inf, t_stop: Any = np.inf) -> float:
        """Mean value of the spikes from ``t_start`` to ``t_stop``, in ms; 1 where there are none."""
        start, stop = (float(magnitude(t, "ms", "time")) for t in (t_start, t_stop))
        chosen = self.values[(self.times >= start) & (self.times <= stop)]
        return float(chosen.mean()) if len(chosen) else 1.0

    def __repr__(self) -> str:
        return f"SpikeProfile({len(self.times)} spikes, mean {self.mean():.4g})"


#: What happens at the edges of the window: PySpike's correction, or spikes of every train there.
EDGES = ("corrected", "real")


def borders(train: SpikeTrains, *nodes: np.ndarray) -> np.ndarray:
    """Edges of the train's window, and all nodes within it, in order: (piece + 1,) in ms."""
    times = np.unique(np.concatenate([[train.t_start, train.t_stop], *nodes]))
    return times[(times >= train.t_start) & (times <= train.t_stop)]
