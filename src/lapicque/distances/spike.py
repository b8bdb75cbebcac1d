"""The SPIKE-distance: how far the nearest spike of the other train is, in units of the local interval."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit

from lapicque.distances.distance import Kernels, checked_mrts, one_of
from lapicque.distances.preparation import intervals
from lapicque.distances.profile import EDGES, InTime, Profile, borders

#: Whether distances in a train of longer intervals count for less.
RATE = ("dependent", "independent")


def spike(edges: str = "corrected", mrts: Any = 0.0, rate: str = "dependent") -> SpikeDistance:
    r"""SPIKE-distance: the mean in time of ``(S_a I_b + S_b I_a) / (2 <I>**2)``.

    I is the interval around each instant, <I> its mean over both trains, and S the distance of its two spikes from the
    nearest spike of the other train, interpolated between them. It needs no parameter and no time scale: 0 for the same
    trains, below 1 for all.

    Parameters
    ----------
    edges : {"corrected", "real"}
        What stands before the first spike and after the last. ``"corrected"`` (PySpike): an auxiliary spike at the
        edge, or beyond it if the neighbouring interval is longer; it takes over the distance of its neighbour.
        ``"real"`` (Kreuz et al. 2013, and SpikeSynchrony.jl): the edges count as spikes of every train.
    mrts : ms
        Minimum relevant time scale: where the mean interval is shorter, one factor <I> of the denominator is this time
        instead (the adaptive A-SPIKE-distance); `relevant_time_scale` proposes one.
    rate : {"dependent", "independent"}
        ``"independent"`` is the RI-SPIKE-distance: ``(S_a + S_b) / (2 <I>)``, in which the train with the longer
        intervals does not weigh less, so that only the places of spikes count.

    Returns
    -------
    SpikeDistance

    Notes
    -----
    As in PySpike, several spikes of one train at the same time count once, and a train without spikes has spikes at
    both edges; so two empty trains are at distance 0.

    References
    ----------
    .. [1] Kreuz, Chicharro, Houghton, Andrzejak & Mormann 2013, J. Neurophysiol. 109, 1457,
       https://doi.org/10.1152/jn.00873.2012
    .. [2] Mulansky, Bozanic, Sburlea & Kreuz 2015, IEEE EBCCSP, https://doi.org/10.1109/EBCCSP.2015.7300693
    .. [3] Mulansky & Kreuz 2016, PySpike, SoftwareX 5, 183, https://doi.org/10.1016/j.softx.2016.07.006
    .. [4] Satuvuori, Mulansky, Bozanic, Malvestio, Zeldenrust, Lenk & Kreuz 2017, Measures of spike train synchrony for
       data with multiple time scales, J. Neurosci. Methods 287, 25, https://doi.org/10.1016/j.jneumeth.2017.05.028

    Examples
    --------
    >>> from lapicque.spikes import SpikeTrains
    >>> a, b = SpikeTrains.from_lists([[1.0], [2.0]], t_stop=3.0)
    >>> round(spike()(a, b), 4), round(spike(edges="real")(a, b), 4)
    (0.6111, 0.3102)
    >>> profile = spike(edges="real").profile(a, b)
    >>> profile.times, profile.after, profile.before
    (array([0., 1., 2., 3.]), array([0.        , 0.375     , 0.55555556]), array([0.55555556, 0.375     , 0.        ]))
    """
    return SpikeDistance(one_of("edges", edges, EDGES), checked_mrts(mrts), one_of("rate", rate, RATE))


@dataclass(frozen=True, repr=False)
class SpikeDistance(InTime):
    """SPIKE-distance; made by `spike`."""

    edges: str
    mrts: float = field(default=0.0, metadata={"unit": "ms"})
    rate: str = "dependent"

    def kernels(self) -> Kernels:
        """Two trains are compared in one pass over the spikes of both, in time, from its beginning and its middle."""
        parameters = float(self.edges == "real"), 2 * self.mrts, float(self.rate == "independent") / 2
        pair = _plain_pair if self.mrts == 0 and self.rate == "dependent" else _adaptive_pair
        return Kernels(intervals, pair, parameters, columns=3)

    def pair_profile(self, a: np.ndarray, b: np.ndarray, t_start: float, t_stop: float) -> Profile:
        """The distance in time, linear between spikes."""
        nodes_a, nodes_b = a[:, :-1], b[:, :-1]
        times = borders(t_start, t_stop, nodes_a[0], nodes_b[0])
        after_a, before_a, u = _in_time(times, nodes_a, nodes_b[0])
        after_b, before_b, v = _in_time(times, nodes_b, nodes_a[0])
        scale = 2 / ((u + v) * np.maximum(u + v, 2 * self.mrts))
        if self.rate == "independent":
            u = v = (u + v) / 2
        return Profile(times, (after_a * v + after_b * u) * scale, (before_a * v + before_b * u) * scale)


def _in_time(times: np.ndarray, train: np.ndarray, other: np.ndarray) -> list[np.ndarray]:
    """Distance of a train's spikes from the other's, at the beginning and the end of each piece, and the interval."""
    nodes, lengths, share = train
    after = np.clip(np.searchsorted(other, nodes), 1, len(other) - 1)
    nearest = np.minimum(np.abs(nodes - other[after - 1]), np.abs(nodes - other[after]))
    nearest[0] = nearest[1]
    k = np.searchsorted(nodes, (times[1:] + times[:-1]) / 2) - 1
    slope = (nearest[k + 1] - nearest[k]) * share[k]
    return [nearest[k] + slope * (t - nodes[k]) for t in (times[:-1], times[1:])] + [lengths[k]]


def _plain_pair(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch):
    return _walk(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, (parameters[1], parameters[2], False))


def _adaptive_pair(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch):
    return _walk(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, (parameters[1], parameters[2], True))


@njit(nogil=True, cache=True, error_model="numpy")
def _walk(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, rule):
    nodes_a, intervals_a, share_a = a[0], a[1], a[2]
    nodes_b, intervals_b, share_b = b[0], b[1], b[2]
    # each step waits for the one before it to say which train spikes next: two walks at once wait half as long
    one = np.uintp(1)
    i, j = np.uintp(a_from), np.uintp(b_from)
    k, n = _middle(nodes_a, a_from, a_to, nodes_b, b_from, b_to)
    middle = max(t_start, nodes_a[k], nodes_b[n])
    # the node before the first spike has the distance of that spike
    near_a, near_b = _nearest(nodes_a, i + one, nodes_b, j), _nearest(nodes_b, j + one, nodes_a, i)
    late_a = _nearest(nodes_a, k, nodes_b, n) if k > i else near_a
    late_b = _nearest(nodes_b, n, nodes_a, k) if n > j else near_b
    early = (i, j, t_start, near_a, near_b, 0.0, 0.0, 0.0)
    late = (k, n, middle, late_a, late_b, 0.0, 0.0, 0.0)
    while early[2] < middle and late[2] < t_stop:
        early = _step(nodes_a, intervals_a, share_a, nodes_b, intervals_b, share_b, rule, middle, early)
        late = _step(nodes_a, intervals_a, share_a, nodes_b, intervals_b, share_b, rule, t_stop, late)
    while early[2] < middle:
        early = _step(nodes_a, intervals_a, share_a, nodes_b, intervals_b, share_b, rule, middle, early)
    while late[2] < t_stop:
        late = _step(nodes_a, intervals_a, share_a, nodes_b, intervals_b, share_b, rule, t_stop, late)
    i, j, _, near_a, near_b, rising_a, rising_b, total = early
    total += (_nearest(nodes_a, i + one, nodes_b, j) - near_a) * rising_a
    total += (_nearest(nodes_b, j + one, nodes_a, i) - near_b) * rising_b
    return 2 * (total + late[7]) / (t_stop - t_start)


@njit(nogil=True, cache=True, error_model="numpy")
def _step(nodes_a, intervals_a, share_a, nodes_b, intervals_b, share_b, rule, stop, state):
    """Go on to the next spike. Of the state, i and j are the nodes before time t, and total is the integral."""
    # Between two nodes S goes from the distance of the one to that of the other: S = near + (next - near) * share.
    # `near` is known and enters the total at once. `next` is known only when the pass arrives there, so that the
    # weights of (next - near) are collected in `rising` until then. The profile is linear between spikes: its value
    # in the middle is its mean. No branches, as which train spikes next cannot be predicted; indices are unsigned,
    # so that none needs a check for counting from the end.
    i, j, t, near_a, near_b, rising_a, rising_b, total = state
    least, alike, adaptive = rule
    one = np.uintp(1)
    before_a, before_b = nodes_a[i], nodes_b[j]
    x, y = nodes_a[i + one], nodes_b[j + one]
    u, v = intervals_a[i], intervals_b[j]
    until = min(x, y, stop)
    middle = 0.5 * (t + until)
    if adaptive:
        weight = (until - t) / ((u + v) * max(u + v, least))
        # rate-independent: both trains weigh as their mean interval
        difference = alike * (u - v)
        of_a, of_b = weight * (v + difference), weight * (u - difference)
    else:
        weight = (until - t) / ((u + v) * (u + v))
        of_a, of_b = weight * v, weight * u
    total += of_a * near_a + of_b * near_b
    rising_a += of_a * ((middle - before_a) * share_a[i])
    rising_b += of_b * ((middle - before_b) * share_b[j])

    at_a, at_b = x <= y, y <= x
    next_a = min(x - before_b, y - x) if at_a else near_a
    next_b = min(y - before_a, x - y) if at_b else near_b
    total += (next_a - near_a) * rising_a + (next_b - near_b) * rising_b
    rising_a = 0.0 if at_a else rising_a
    rising_b = 0.0 if at_b else rising_b
    return i + np.uintp(at_a), j + np.uintp(at_b), until, next_a, next_b, rising_a, rising_b, total


@njit(nogil=True, cache=True, error_model="numpy")
def _nearest(nodes, k, others, n):
    """Distance of a node from the nearest of the other train, which is about the n-th."""
    one, time = np.uintp(1), nodes[k]
    while others[n] > time:
        n -= one
    while others[n + one] < time:
        n += one
    return min(time - others[n], others[n + one] - time)


@njit(nogil=True, cache=True, error_model="numpy")
def _middle(nodes_a, a_from, a_to, nodes_b, b_from, b_to):
    """Return the last node of each train in the earlier half of the spikes of both."""
    spikes_a, spikes_b = a_to - a_from - 3, b_to - b_from - 3
    half = (spikes_a + spikes_b) // 2
    low, high = max(0, half - spikes_b), min(half, spikes_a)
    while low < high:
        of_a = (low + high) // 2
        if nodes_a[np.uintp(a_from + 1 + of_a)] <= nodes_b[np.uintp(b_from + half - of_a)]:
            low = of_a + 1
        else:
            high = of_a
    return np.uintp(a_from + low), np.uintp(b_from + half - low)
