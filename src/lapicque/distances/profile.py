"""A distance in time, and what the distances that have one share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import DistanceError
from lapicque.progress import bar
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
        if not np.all((t >= self.times[0]) & (t <= self.times[-1])):  # nor at what is no number
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
        start = self.times[0] if t_start is None else t_start
        return self.during((start, self.times[-1] if t_stop is None else t_stop))

    def during(self, *intervals: tuple[Any, Any]) -> float:
        """Mean value in all intervals ``(t_start, t_stop)``, ms, taken together."""
        total, duration = 0.0, 0.0
        for start, stop in _checked(intervals):
            if not self.times[0] <= start < stop <= self.times[-1]:
                known = f"{self.times[0]:g} to {self.times[-1]:g} ms"
                raise DistanceError(f"the profile is known from {known}, not {start:g} to {stop:g} ms")
            edges = np.concatenate([[start], self.times[(self.times > start) & (self.times < stop)], [stop]])
            total += float(np.sum(self((edges[1:] + edges[:-1]) / 2) * np.diff(edges)))
            duration += stop - start
        return total / duration

    def __repr__(self) -> str:
        return f"Profile({len(self.after)} pieces, {self.times[0]:g} to {self.times[-1]:g} ms, mean {self.mean():.4g})"


@dataclass(frozen=True, eq=False, repr=False)
class SpikeProfile:
    """A value at each spike of two or more trains.

    Parameters
    ----------
    times : (spike,), ms
        All spikes of all trains, in order; of equal times, the spike of the earlier train first.
    values : (spike,)
    nothing : float
        The mean where there is no spike.

    Examples
    --------
    >>> SpikeProfile(np.array([1.0, 2.0, 7.0]), np.array([1.0, 1.0, 0.0])).mean(0, 5)
    1.0
    """

    times: np.ndarray
    values: np.ndarray
    nothing: float = 1.0

    def mean(self, t_start: Any = None, t_stop: Any = None) -> float:
        """Mean value of the spikes between two times in ms, by default of all; `nothing` where there are none."""
        return self.during((-np.inf if t_start is None else t_start, np.inf if t_stop is None else t_stop))

    def during(self, *intervals: tuple[Any, Any]) -> float:
        """Mean value of the spikes in all intervals ``(t_start, t_stop)``, ms, edges included."""
        chosen = np.zeros(len(self.times), bool)
        for start, stop in _checked(intervals):
            chosen |= (self.times >= start) & (self.times <= stop)
        return float(self.values[chosen].mean()) if chosen.any() else self.nothing

    def __repr__(self) -> str:
        return f"SpikeProfile({len(self.times)} spikes, mean {self.mean():.4g})"


#: What happens at the edges of the window: PySpike's correction, or spikes of every train there.
EDGES = ("corrected", "real")


class InTime(Distance):
    """A distance, or similarity, that has a value at each time.

    Several trains are compared by the mean over all pairs of them.
    """

    @abstractmethod
    def pair_profile(self, a: np.ndarray, b: np.ndarray, t_start: float, t_stop: float) -> Profile | SpikeProfile:
        """Profile of two trains as `lapicque.distances.Distance.prepared` gives them."""

    def profile(self, a: SpikeTrains, b: SpikeTrains | None = None) -> Profile | SpikeProfile:
        """Value in time of two single trains, or the mean over all pairs of the trains that ``a`` holds.

        Its mean is the value of the two trains, or the mean of the upper triangle of `matrix`: for a value at spikes,
        the mean weighted by the spikes of each pair. The time that it takes grows as the pairs times the spikes of all
        trains.

        Raises
        ------
        DistanceError
            If the trains have different windows, or there are fewer than two.
        """
        window = a.t_start, a.t_stop
        if b is not None:
            return self.pair_profile(*self.prepared(a, b), *window)
        return self._mean_over_pairs(lambda x, y: self.pair_profile(x, y, *window), a)

    def during(self, trains: SpikeTrains, *intervals: tuple[Any, Any]) -> np.ndarray:
        """Matrix of the mean value in intervals ``(t_start, t_stop)``, ms; intervals around keep their full length.

        Cutting the trains by their `window` instead would cut the interspike intervals at its edges, too.

        Parameters
        ----------
        trains : SpikeTrains
        *intervals : (start, stop), ms

        Returns
        -------
        numpy.ndarray
            (train, train), symmetric.

        Examples
        --------
        >>> from lapicque.distances import isi
        >>> trains = SpikeTrains.from_lists([[10, 20, 30], [5, 25]], t_stop=40)
        >>> isi().during(trains, (10, 15), (30, 35)).round(3)
        array([[0. , 0.5],
               [0.5, 0. ]])
        """
        prepared = self._several(trains, least=0)
        for start, stop in _checked(intervals):
            if not trains.t_start <= start < stop <= trains.t_stop:
                raise DistanceError(
                    f"the trains are known from {trains.t_start:g} to {trains.t_stop:g} ms, not {start:g} to "
                    f"{stop:g} ms"
                )
        out = np.full((len(prepared), len(prepared)), 1.0 if self.similarity else 0.0)
        for i, j in combinations(range(len(prepared)), 2):
            profile = self.pair_profile(prepared[i], prepared[j], trains.t_start, trains.t_stop)
            out[i, j] = out[j, i] = profile.during(*intervals)
        return out

    def _mean_over_pairs(
        self, pair: Callable[[np.ndarray, np.ndarray], Profile | SpikeProfile], trains: SpikeTrains
    ) -> Profile | SpikeProfile:
        prepared, found = self._several(trains), []
        with bar("profiles", comb(len(trains), 2)) as tick:
            for a, b in combinations(prepared, 2):
                found.append(pair(a, b))
                tick(1)
        return _average(found)

    def _several(self, trains: SpikeTrains, least: int = 2) -> list[np.ndarray]:
        if len(trains) < least:
            raise DistanceError(f"a profile compares two trains or more, but there is {len(trains)}: give both")
        self._check(trains.times, trains.offsets, trains.t_start, trains.t_stop)
        out, bounds = self._prepared(trains)
        return [out[:, start:stop] for start, stop in pairwise(bounds)]


def _average(found: Sequence[Profile | SpikeProfile]) -> Profile | SpikeProfile:
    if len(found) == 1:
        return found[0]
    if isinstance(found[0], SpikeProfile):
        return _pooled([p for p in found if isinstance(p, SpikeProfile)])
    profiles = [p for p in found if isinstance(p, Profile)]
    times = np.unique(np.concatenate([profile.times for profile in profiles]))
    middle = (times[1:] + times[:-1]) / 2
    after, before = np.zeros((2, len(middle)))
    for profile in profiles:
        piece = np.searchsorted(profile.times, middle) - 1
        after += profile._on(piece, times[:-1])
        before += profile._on(piece, times[1:])
    return Profile(times, after / len(profiles), before / len(profiles))


def _pooled(profiles: Sequence[SpikeProfile]) -> SpikeProfile:
    """All values at the same time are one, their mean, which stands there as often as there are spikes."""
    times = np.concatenate([profile.times for profile in profiles])
    values = np.concatenate([profile.values for profile in profiles])
    distinct, place, counts = np.unique(times, return_inverse=True, return_counts=True)
    means = np.bincount(place, values, len(distinct)) / counts
    # with n trains, each spike is in n - 1 of the n (n - 1) / 2 pairs
    others = round((np.sqrt(8 * len(profiles) + 1) - 1) / 2)
    times, means = (np.repeat(x, counts // others) for x in (distinct, means))
    return SpikeProfile(times, means, profiles[0].nothing)


def _checked(intervals: Sequence[tuple[Any, Any]]) -> list[tuple[float, float]]:
    if not intervals:
        raise DistanceError("name at least one interval, as in during((100, 200))")
    found = []
    for interval in intervals:
        try:
            start, stop = interval
        except (TypeError, ValueError):
            raise DistanceError(f"an interval is (start, stop), not {interval!r}") from None
        edges = float(magnitude(start, "ms", "t_start")), float(magnitude(stop, "ms", "t_stop"))
        if not edges[0] <= edges[1]:
            raise DistanceError(f"an interval ends after its start, unlike {edges[0]:g} to {edges[1]:g} ms")
        found.append(edges)
    found.sort()
    for before, after in pairwise(found):
        if after[0] < before[1]:
            raise DistanceError(f"the intervals {before} and {after} overlap: what is in both would count twice")
    return found


def borders(t_start: float, t_stop: float, *nodes: np.ndarray) -> np.ndarray:
    """Edges of the window, and all nodes within it, in order: (piece + 1,) in ms."""
    times = np.unique(np.concatenate([[t_start, t_stop], *nodes]))
    return times[(times >= t_start) & (times <= t_stop)]
