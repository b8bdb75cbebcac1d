"""SPIKE-synchronisation: the share of spikes that coincide, with a window that adapts to the local rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from lapicque.distances.distance import Kernels, checked_mrts
from lapicque.distances.profile import InTime, SpikeProfile
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains
from lapicque.spikes.rounding import ROUNDING, rounding
from lapicque.units import magnitude


def spike_synchronization(longest: Any = None, mrts: Any = 0.0) -> SpikeSynchronization:
    """SPIKE-synchronisation: the share of the spikes of both trains that coincide, 1 for the same trains.

    Two spikes coincide if they are closer than half of each of the four intervals around them: not at exactly the
    half, as is frequent on a grid of steps.

    Parameters
    ----------
    longest : ms, optional
        Spikes so far apart, or further, never coincide.
    mrts : ms
        Minimum relevant time scale: towards the other spike, the half interval takes the place of the smaller half as
        far as a quarter of this time (the adaptive A-SPIKE-synchronisation), so that spikes of bursts may coincide;
        `relevant_time_scale` proposes one.

    Returns
    -------
    SpikeSynchronization

    Notes
    -----
    As in PySpike, the interval before the first spike and after the last is the whole window, several spikes of one
    train at the same time count once, two empty trains are the same (1), and one empty train shares nothing (0).
    PySpike 0.9.0 applies its ``max_tau`` to those outer intervals only; ``longest`` holds for all. Whether spikes at
    exactly half an interval coincide, PySpike leaves to the rounding of their times.

    References
    ----------
    .. [1] Kreuz, Mulansky & Bozanic 2015, J. Neurophysiol. 113, 3432, https://doi.org/10.1152/jn.00848.2014
    .. [2] Quian Quiroga, Kreuz & Grassberger 2002, Phys. Rev. E 66, 041904,
       https://doi.org/10.1103/PhysRevE.66.041904
    .. [3] Satuvuori, Mulansky, Bozanic, Malvestio, Zeldenrust, Lenk & Kreuz 2017, Measures of spike train synchrony for
       data with multiple time scales, J. Neurosci. Methods 287, 25, https://doi.org/10.1016/j.jneumeth.2017.05.028

    Examples
    --------
    >>> from lapicque.spikes import SpikeTrains
    >>> a, b = SpikeTrains.from_lists([[10, 20, 30], [12, 26]], t_stop=40)
    >>> spike_synchronization()(a, b)
    0.8
    >>> profile = spike_synchronization().profile(a, b)
    >>> profile.times, profile.values
    (array([10., 12., 20., 26., 30.]), array([1., 1., 0., 1., 1.]))
    """
    if longest is None:
        return SpikeSynchronization(None, checked_mrts(mrts))
    window = float(magnitude(longest, "ms", "the longest distance of coincident spikes"))
    if not window > 0:
        raise DistanceError(f"the longest distance of coincident spikes must be positive, not {window:g} ms")
    return SpikeSynchronization(window, checked_mrts(mrts))


@dataclass(frozen=True, repr=False)
class SpikeSynchronization(InTime):
    """SPIKE-synchronisation; made by `spike_synchronization`."""

    longest: float | None = field(metadata={"unit": "ms"})
    mrts: float = field(default=0.0, metadata={"unit": "ms"})

    similarity = True

    def kernels(self) -> Kernels:
        """Two trains are compared in one pass over the spikes of both, in time."""
        longest = np.inf if self.longest is None else self.longest
        return Kernels(_prepare, _pair, (longest, self.mrts / 4), columns=3)

    def pair_profile(self, a: np.ndarray, b: np.ndarray, t_start: float, t_stop: float) -> SpikeProfile:
        """Which spikes coincide, 1 or 0 at each."""
        leads_a, leads_b = _leaders(a, b, 0.0)
        return _at_spikes(a, b, np.abs(leads_a), np.abs(leads_b), nothing=1.0)

    def order(self, trains: SpikeTrains) -> SpikeProfile:
        """SPIKE-order: at each spike, the share of the other trains that it is in order with.

        A coincidence counts 1 where the train that comes first in ``trains`` spikes first, -1 the other way round, and
        0 at the same time. The mean is the synfire indicator, 1 for a synfire chain from the first train to the last;
        not a number without spikes.

        References
        ----------
        .. [1] Kreuz, Satuvuori, Pofahl & Mulansky 2017, Leaders and followers: quantifying consistency in
           spatio-temporal propagation patterns, New J. Phys. 19, 043028, https://doi.org/10.1088/1367-2630/aa68c3

        Examples
        --------
        >>> volley = SpikeTrains.from_lists([[10, 110], [12, 112], [14, 114]], t_stop=200)
        >>> spike_synchronization().order(volley).mean(), spike_synchronization().order(volley[[2, 1, 0]]).mean()
        (1.0, -1.0)
        """

        def pair(a: np.ndarray, b: np.ndarray) -> SpikeProfile:
            leads_a, leads_b = _leaders(a, b, rounding(trains), together=0.0)
            return _at_spikes(a, b, leads_a, -leads_b, nothing=float("nan"))

        found = self._mean_over_pairs(pair, trains)
        assert isinstance(found, SpikeProfile)
        return found

    def directionality(self, trains: SpikeTrains) -> np.ndarray:
        """How often a train's coincident spikes lead: (train, train), row over column, from -1 to 1.

        The coincidences in which the row leads, less those in which it follows, by the mean number of spikes of both;
        not a number where neither has any.

        Examples
        --------
        >>> volley = SpikeTrains.from_lists([[10, 110], [12, 112], []], t_stop=200)
        >>> spike_synchronization().directionality(volley)
        array([[ 0.,  1.,  0.],
               [-1.,  0.,  0.],
               [ 0.,  0., nan]])
        """
        prepared = self._several(trains, least=0)
        counts = np.array([train.shape[1] - 1 for train in prepared])
        out = np.zeros((len(prepared), len(prepared)))
        for i, j in combinations(range(len(prepared)), 2):
            out[i, j] = _leaders(prepared[i], prepared[j], rounding(trains), together=0.0)[0].sum()
            out[j, i] = -out[i, j]
        with np.errstate(invalid="ignore"):
            return 2 * out / (counts[:, None] + counts) + 0.0


def _leaders(a: np.ndarray, b: np.ndarray, slack: float, together: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """For each spike of both prepared trains: 1 if it leads a coincidence, -1 if it follows, 0 if it is alone.

    Spikes that are no further apart than ``slack``, ms, are together.
    """
    (times_a, after_a, before_a), (times_b, after_b, before_b) = (train[:, :-1] for train in (a, b))
    leads_a, leads_b = np.zeros(len(times_a)), np.zeros(len(times_b))
    if not (len(times_a) and len(times_b)):
        return leads_a, leads_b
    # only neighbours in time can coincide: of each spike of a, the next of b (or one at the same time), and the last
    following = np.searchsorted(times_b, times_a)
    for step, here, there, sign in ((0, after_a, before_b, 1.0), (-1, before_a, after_b, -1.0)):
        k = following + step
        exists = (k >= 0) & (k < len(times_b))
        i, k = np.flatnonzero(exists), k[exists]
        gap = np.abs(times_b[k] - times_a[i])
        near = gap < np.minimum(here[i], there[k])
        value = np.where(gap > slack, sign, together)[near]
        leads_a[i[near]], leads_b[k[near]] = value, np.where(gap[near] > slack, -value, together)
    return leads_a, leads_b


def _at_spikes(
    a: np.ndarray, b: np.ndarray, values_a: np.ndarray, values_b: np.ndarray, nothing: float
) -> SpikeProfile:
    times = np.concatenate([a[0, :-1], b[0, :-1]])
    order = np.argsort(times, kind="stable")
    return SpikeProfile(times[order], np.concatenate([values_a, values_b])[order] + 0.0, nothing)


def _prepare(times, first, last, t_start, t_stop, parameters, out, at):
    """Row 0: the distinct spike times, then infinity; rows 1, 2: how far a coincident spike may be after and before.

    What is as far but for rounding is too far.
    """
    slack = ROUNDING * max(abs(t_start), abs(t_stop))
    end = at
    for k in range(first, last):
        distinct = times[k] > times[k - 1] if k > first else True
        if distinct:
            out[0, end] = times[k]
            end += 1
    for k in range(at, end):
        before = (out[0, k] - out[0, k - 1] if k > at else t_stop - t_start) / 2
        after = (out[0, k + 1] - out[0, k] if k + 1 < end else t_stop - t_start) / 2
        least = max(min(before, after), parameters[1])
        out[1, k] = min(after, least, parameters[0]) - slack
        out[2, k] = min(before, least, parameters[0]) - slack
    out[0, end] = np.inf
    out[1, end] = 0.0
    out[2, end] = 0.0
    return end + 1


def _pair(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch):
    times_a, after_a, before_a = a[0], a[1], a[2]
    times_b, after_b, before_b = b[0], b[1], b[2]
    i, j = np.uintp(a_from), np.uintp(b_from)
    i_end, j_end = np.uintp(a_to - 1), np.uintp(b_to - 1)
    n = (a_to - 1 - a_from) + (b_to - 1 - b_from)
    if n == 0:
        return 1.0
    # the windows are so narrow that only neighbours in time can coincide, and each pair of neighbours is met once
    found = 0
    while i < i_end and j < j_end:
        x, y = times_a[i], times_b[j]
        of_a, of_b = (after_a[i], before_b[j]) if x <= y else (before_a[i], after_b[j])
        found += abs(x - y) < min(of_a, of_b)
        i, j = i + np.uintp(x <= y), j + np.uintp(y <= x)
    return 2 * found / n
