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
        """Two trains are compared in one pass over the spikes of both, in time."""
        parameters = float(self.edges == "real"), 2 * self.mrts, float(self.rate == "independent") / 2
        return Kernels(intervals, _pair, parameters, columns=3)

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


@njit(nogil=True, cache=True, error_model="numpy")
def _first_distance(nodes, start, others, others_start):
    """Distance of the first spike from the nearest node of the other train."""
    first = nodes[start + 1]
    k = others_start + 1
    while others[k] < first:
        k += 1
    return min(first - others[k - 1], others[k] - first)


def _pair(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch):
    nodes_a, intervals_a, share_a = a[0], a[1], a[2]
    nodes_b, intervals_b, share_b = b[0], b[1], b[2]
    # Between two nodes S goes from the distance of the one to that of the other: S = near + (next - near) * share.
    # `near` is known and enters the total at once. `next` is known only when the pass arrives there, so that the
    # weights of (next - near) are collected in `rising` until then. The profile is linear between spikes: its value
    # in the middle is its mean. No branches, as which train spikes next cannot be predicted; indices are unsigned,
    # so that none needs a check for counting from the end.
    near_a = _first_distance(nodes_a, a_from, nodes_b, b_from)
    near_b = _first_distance(nodes_b, b_from, nodes_a, a_from)
    rising_a, rising_b = 0.0, 0.0
    one = np.uintp(1)
    i, j = np.uintp(a_from), np.uintp(b_from)
    t, least, alike = t_start, parameters[1], parameters[2]
    total = 0.0
    while t < t_stop:
        before_a, before_b = nodes_a[i], nodes_b[j]
        x, y = nodes_a[i + one], nodes_b[j + one]
        u, v = intervals_a[i], intervals_b[j]
        until = min(x, y, t_stop)
        middle = 0.5 * (t + until)
        weight = (until - t) / ((u + v) * max(u + v, least))
        # rate-independent: both trains weigh as their mean interval
        difference = alike * (u - v)
        of_a, of_b = v + difference, u - difference
        total += weight * (of_a * near_a + of_b * near_b)
        rising_a += weight * of_a * ((middle - before_a) * share_a[i])
        rising_b += weight * of_b * ((middle - before_b) * share_b[j])
        t = until

        at_a, at_b = x <= y, y <= x
        next_a = min(x - before_b, y - x) if at_a else near_a
        next_b = min(y - before_a, x - y) if at_b else near_b
        total += (next_a - near_a) * rising_a + (next_b - near_b) * rising_b
        rising_a = 0.0 if at_a else rising_a
        rising_b = 0.0 if at_b else rising_b
        near_a, near_b = next_a, next_b
        i, j = i + np.uintp(at_a), j + np.uintp(at_b)
    return 2 * total / (t_stop - t_start)
