"""The SPIKE-distance: how far the nearest spike of the other train is, in units of the local interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from lapicque.distances.distance import Distance, Kernels
from lapicque.distances.preparation import intervals
from lapicque.distances.profile import Profile, borders, known_edges, prepared
from lapicque.spikes import SpikeTrains


def spike(edges: str = "corrected") -> SpikeDistance:
    r"""SPIKE-distance: the mean in time of ``(S_a I_b + S_b I_a) / (2 <I>**2)``.

    I is the interval around each instant, <I> its mean over both trains, and S the distance of its two spikes from the
    nearest spike of the other train, interpolated between them. It knows no parameter and no time scale: 0 for the same
    trains, below 1 for all.

    Parameters
    ----------
    edges : {"corrected", "real"}
        What stands before the first spike and after the last. ``"corrected"`` (PySpike): an auxiliary spike at the
        edge, or beyond it if the neighbouring interval is longer; it takes over the distance of its neighbour.
        ``"real"`` (Kreuz et al. 2013, and SpikeSynchrony.jl): the edges count as spikes of every train.

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
    return SpikeDistance(known_edges(edges))


@dataclass(frozen=True, repr=False)
class SpikeDistance(Distance):
    """SPIKE-distance; made by `spike`."""

    edges: str

    def kernels(self) -> Kernels:
        """Two trains are compared in two passes over the spikes of both, in time."""
        return Kernels(intervals, _pair, (float(self.edges == "real"),), columns=2, scratch=4)

    def profile(self, a: SpikeTrains, b: SpikeTrains) -> Profile:
        """The distance in time, linear between spikes; its mean is the distance."""
        sides = [(nodes[:-1], lengths) for nodes, lengths in (prepared(self, a), prepared(self, b))]
        times = borders(a, *(nodes for nodes, _ in sides))
        middle = (times[1:] + times[:-1]) / 2
        values = []
        for (nodes, lengths), (other, _) in (sides, sides[::-1]):
            nearest = self._nearest(nodes, other, a.t_start, a.t_stop)
            k = np.searchsorted(nodes, middle) - 1
            slope = (nearest[k + 1] - nearest[k]) / lengths[k]
            values.append([nearest[k] + slope * (t - nodes[k]) for t in (times[:-1], times[1:])] + [lengths[k]])
        (after_a, before_a, u), (after_b, before_b, v) = values
        scale = 2 / (u + v) ** 2
        return Profile(times, (after_a * v + after_b * u) * scale, (before_a * v + before_b * u) * scale)

    @staticmethod
    def _nearest(nodes: np.ndarray, other: np.ndarray, t_start: float, t_stop: float) -> np.ndarray:
        nearest = np.abs(nodes[:, None] - other).min(axis=1)
        nearest[0] = nearest[1]
        if not (len(nodes) == 3 and nodes[1] == t_start):
            nearest[-1] = nearest[-2]
        return nearest


@njit(nogil=True, cache=True, error_model="numpy")
def _pair(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch):
    nodes_a, intervals_a = a[0, a_from:a_to], a[1, a_from:a_to]
    nodes_b, intervals_b = b[0, b_from:b_to], b[1, b_from:b_to]
    near_a, slope_a, near_b, slope_b = scratch[0], scratch[1], scratch[2], scratch[3]
    last_a, last_b = len(nodes_a) - 2, len(nodes_b) - 2

    # distance of every spike from the nearest node of the other train. A value is written before it is right and
    # again when it is, so that no step depends on a branch; indices are unsigned and need no check of their sign
    one = np.uintp(1)
    i, j = np.uintp(1), np.uintp(1)
    x, y = nodes_a[i], nodes_b[j]
    while x <= t_stop or y <= t_stop:
        near_a[i] = min(x - nodes_b[j - one], y - x)
        near_b[j] = min(y - nodes_a[i - one], x - y)
        i, j = i + np.uintp(x <= y), j + np.uintp(y <= x)
        x, y = nodes_a[i], nodes_b[j]

    # the nodes at the edges take over the value of the spike beside them, except (PySpike's convention) that behind
    # the only spike of a train, if that is at the very start, the end of the window is compared like a spike
    near_a[0], near_b[0] = near_a[1], near_b[1]
    near_a[last_a], near_b[last_b] = near_a[last_a - 1], near_b[last_b - 1]
    if last_a == 2 and nodes_a[1] == t_start:
        near_a[2] = min(t_stop - nodes_b[last_b - 1], nodes_b[last_b] - t_stop)
    if last_b == 2 and nodes_b[1] == t_start:
        near_b[2] = min(t_stop - nodes_a[last_a - 1], nodes_a[last_a] - t_stop)
    for k in range(last_a):
        slope_a[k] = (near_a[k + 1] - near_a[k]) / intervals_a[k]
    for k in range(last_b):
        slope_b[k] = (near_b[k + 1] - near_b[k]) / intervals_b[k]

    # the profile is linear between nodes: its value in the middle is its mean
    i, j = np.uintp(0), np.uintp(0)
    t = t_start
    total = 0.0
    while t < t_stop:
        x, y = nodes_a[i + one], nodes_b[j + one]
        u, v = intervals_a[i], intervals_b[j]
        until = min(x, y, t_stop)
        middle = 0.5 * (t + until)
        s_a = near_a[i] + slope_a[i] * (middle - nodes_a[i])
        s_b = near_b[j] + slope_b[j] * (middle - nodes_b[j])
        total += (until - t) * (s_a * v + s_b * u) / ((u + v) * (u + v))
        t = until
        i, j = i + np.uintp(x <= y), j + np.uintp(y <= x)
    return 2 * total / (t_stop - t_start)
