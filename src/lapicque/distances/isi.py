"""The ISI-distance: how different the instantaneous interspike intervals are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit

from lapicque.distances.distance import Kernels, checked_mrts, one_of
from lapicque.distances.preparation import intervals
from lapicque.distances.profile import EDGES, InTime, Profile, borders


def isi(edges: str = "corrected", mrts: Any = 0.0) -> IsiDistance:
    r"""ISI-distance: the mean in time of ``|I_a - I_b| / max(I_a, I_b, mrts)``, I the interval around each instant.

    It needs no parameter and no time scale: 0 for the same trains, towards 1 for very different rates.

    Parameters
    ----------
    edges : {"corrected", "real"}
        The interval before the first spike and after the last, which the recording cuts. ``"corrected"`` (PySpike):
        the time to the edge or the neighbouring interval, whichever is longer. ``"real"`` (the paper of 2007, and
        SpikeSynchrony.jl): the edges count as spikes of every train.
    mrts : ms
        Minimum relevant time scale: differences of intervals shorter than that count less (the adaptive
        A-ISI-distance); `relevant_time_scale` proposes one.

    Returns
    -------
    IsiDistance

    Notes
    -----
    As in PySpike, several spikes of one train at the same time count once, and a train without spikes has one interval,
    the whole window; so two empty trains are at distance 0.

    References
    ----------
    .. [1] Kreuz, Haas, Morelli, Abarbanel & Politi 2007, J. Neurosci. Methods 165, 151,
       https://doi.org/10.1016/j.jneumeth.2007.05.031
    .. [2] Mulansky & Kreuz 2016, PySpike, SoftwareX 5, 183, https://doi.org/10.1016/j.softx.2016.07.006
    .. [3] Satuvuori, Mulansky, Bozanic, Malvestio, Zeldenrust, Lenk & Kreuz 2017, Measures of spike train synchrony for
       data with multiple time scales, J. Neurosci. Methods 287, 25, https://doi.org/10.1016/j.jneumeth.2017.05.028

    Examples
    --------
    >>> from lapicque.spikes import SpikeTrains
    >>> trains = SpikeTrains.from_lists([[10, 20, 30], [5, 25], []], t_stop=40)
    >>> isi().matrix(trains).round(3)
    array([[0.  , 0.5 , 0.75],
           [0.5 , 0.  , 0.5 ],
           [0.75, 0.5 , 0.  ]])
    >>> isi().profile(trains[0], trains[1])(12.0).item()
    0.5
    """
    return IsiDistance(one_of("edges", edges, EDGES), checked_mrts(mrts))


@dataclass(frozen=True, repr=False)
class IsiDistance(InTime):
    """ISI-distance; made by `isi`."""

    edges: str
    mrts: float = field(default=0.0, metadata={"unit": "ms"})

    def kernels(self) -> Kernels:
        """Two trains are compared in one pass over the spikes of both, in time, from its beginning and its middle."""
        return Kernels(intervals, _pair, (float(self.edges == "real"), self.mrts), columns=2)

    def pair_profile(self, a: np.ndarray, b: np.ndarray, t_start: float, t_stop: float) -> Profile:
        """The distance in time, constant between spikes."""
        (nodes_a, intervals_a), (nodes_b, intervals_b) = a, b
        times = borders(t_start, t_stop, nodes_a, nodes_b)
        middle = (times[1:] + times[:-1]) / 2
        u = intervals_a[np.searchsorted(nodes_a, middle) - 1]
        v = intervals_b[np.searchsorted(nodes_b, middle) - 1]
        value = np.abs(u - v) / np.maximum(np.maximum(u, v), self.mrts)
        return Profile(times, value, value)


def _pair(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch):
    nodes_a, intervals_a, nodes_b, intervals_b, mrts = a[0], a[1], b[0], b[1], parameters[1]
    # each step waits for the one before it to say which train spikes next: two walks at once wait half as long
    k, n = _middle(nodes_a, a_from, a_to, nodes_b, b_from, b_to)
    middle = max(t_start, nodes_a[k], nodes_b[n])
    i, j, t, early = np.uintp(a_from), np.uintp(b_from), t_start, 0.0
    s, late = middle, 0.0
    while t < middle and s < t_stop:
        i, j, t, early = _step(nodes_a, intervals_a, nodes_b, intervals_b, mrts, middle, i, j, t, early)
        k, n, s, late = _step(nodes_a, intervals_a, nodes_b, intervals_b, mrts, t_stop, k, n, s, late)
    while t < middle:
        i, j, t, early = _step(nodes_a, intervals_a, nodes_b, intervals_b, mrts, middle, i, j, t, early)
    while s < t_stop:
        k, n, s, late = _step(nodes_a, intervals_a, nodes_b, intervals_b, mrts, t_stop, k, n, s, late)
    return (early + late) / (t_stop - t_start)


@njit(nogil=True, cache=True, error_model="numpy")
def _step(nodes_a, intervals_a, nodes_b, intervals_b, mrts, stop, i, j, t, total):
    """Go on from time t, behind nodes i and j, to the next spike: nodes and time that are reached, and the total."""
    # unsigned, so that no index needs a check for counting from the end; no branches, as which train spikes next
    # cannot be predicted
    one = np.uintp(1)
    x, y = nodes_a[i + one], nodes_b[j + one]
    u, v = intervals_a[i], intervals_b[j]
    until = min(min(x, stop), y)
    total += (until - t) * (abs(u - v) / max(max(u, mrts), v))
    return i + np.uintp(x <= y), j + np.uintp(y <= x), until, total


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
