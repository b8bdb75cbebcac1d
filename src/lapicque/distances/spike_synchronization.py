"""SPIKE-synchronisation: the share of spikes that coincide, with a window that adapts to the local rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance, Kernels
from lapicque.distances.profile import SpikeProfile
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains
from lapicque.units import magnitude


def spike_synchronization(longest: Any = None) -> SpikeSynchronization:
    """SPIKE-synchronisation: the share of the spikes of both trains that coincide, 1 for the same trains.

    Two spikes coincide if they are closer than half of each of the four intervals around them.

    Parameters
    ----------
    longest : ms, optional
        Spikes further apart never coincide.

    Returns
    -------
    SpikeSynchronization

    Notes
    -----
    As in PySpike, the interval before the first spike and after the last is the whole window, several spikes of one
    train at the same time count once, two empty trains are the same (1), and one empty train shares nothing (0).
    PySpike 0.9.0 applies its ``max_tau`` to those outer intervals only; ``longest`` holds for all.

    References
    ----------
    .. [1] Kreuz, Mulansky & Bozanic 2015, J. Neurophysiol. 113, 3432, https://doi.org/10.1152/jn.00848.2014
    .. [2] Quian Quiroga, Kreuz & Grassberger 2002, Phys. Rev. E 66, 041904,
       https://doi.org/10.1103/PhysRevE.66.041904

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
        return SpikeSynchronization(None)
    window = float(magnitude(longest, "ms", "the longest distance of coincident spikes"))
    if not window > 0:
        raise DistanceError(f"the longest distance of coincident spikes must be positive, not {window:g} ms")
    return SpikeSynchronization(window)


@dataclass(frozen=True, repr=False)
class SpikeSynchronization(Distance):
    """SPIKE-synchronisation; made by `spike_synchronization`."""

    longest: float | None = field(metadata={"unit": "ms"})

    similarity = True

    def kernels(self) -> Kernels:
        """Two trains are compared in one pass over the spikes of both, in time."""
        return Kernels(_prepare, _pair, (np.inf if self.longest is None else self.longest,), columns=2)

    def profile(self, a: SpikeTrains, b: SpikeTrains) -> SpikeProfile:
        """Which spikes coincide, 1 or 0 at each; the mean is the synchronisation."""
        (times_a, windows_a), (times_b, windows_b) = (train[:, :-1] for train in self.prepared(a, b))
        near = np.abs(times_a[:, None] - times_b) < np.minimum(windows_a[:, None], windows_b)
        times = np.concatenate([times_a, times_b])
        order = np.argsort(times, kind="stable")
        return SpikeProfile(times[order], np.concatenate([near.any(axis=1), near.any(axis=0)])[order].astype(float))


def _prepare(times, first, last, t_start, t_stop, parameters, out, at):
    """Row 0: the distinct spike times, then infinity; row 1: within what distance another spike may coincide."""
    end = at
    for k in range(first, last):
        distinct = times[k] > times[k - 1] if k > first else True
        if distinct:
            out[0, end] = times[k]
            end += 1
    for k in range(at, end):
        before = out[0, k] - out[0, k - 1] if k > at else t_stop - t_start
        after = out[0, k + 1] - out[0, k] if k + 1 < end else t_stop - t_start
        out[1, k] = min(before / 2, after / 2, parameters[0])
    out[0, end] = np.inf
    out[1, end] = 0.0
    return end + 1


def _pair(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch):
    times_a, windows_a, times_b, windows_b = a[0], a[1], b[0], b[1]
    i, j = np.uintp(a_from), np.uintp(b_from)
    i_end, j_end = np.uintp(a_to - 1), np.uintp(b_to - 1)
    n = (a_to - 1 - a_from) + (b_to - 1 - b_from)
    if n == 0:
        return 1.0
    # the windows are so narrow that only neighbours in time can coincide, and each pair of neighbours is met once
    found = 0
    while i < i_end and j < j_end:
        x, y = times_a[i], times_b[j]
        found += abs(x - y) < min(windows_a[i], windows_b[j])
        i, j = i + np.uintp(x <= y), j + np.uintp(y <= x)
    return 2 * found / n
