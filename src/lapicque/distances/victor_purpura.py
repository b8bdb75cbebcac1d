"""The Victor-Purpura distance: the cheapest way to turn one train into the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance, Kernels
from lapicque.distances.preparation import spike_times
from lapicque.errors import DistanceError
from lapicque.units import magnitude


def victor_purpura(cost: Any) -> VictorPurpura:
    """Victor-Purpura distance D_spike[q]: deleting or inserting a spike costs 1, moving it by d costs ``q |d|``.

    Parameters
    ----------
    cost : 1/ms
        q, also in Hz. Spikes further apart than 2/q are not worth moving; 0 compares spike counts.

    Returns
    -------
    VictorPurpura

    Raises
    ------
    DistanceError
        If the cost is negative or not finite.

    References
    ----------
    .. [1] Victor & Purpura 1996, J. Neurophysiol. 76, 1310, https://doi.org/10.1152/jn.1996.76.2.1310
    .. [2] Victor & Purpura 1997, Network 8, 127, https://doi.org/10.1088/0954-898X_8_2_003

    Examples
    --------
    >>> from lapicque.spikes import SpikeTrains
    >>> a, b = SpikeTrains.from_lists([[10, 20], [12, 20, 35]], t_stop=40)
    >>> victor_purpura("0.25/ms")(a, b), victor_purpura("2000 Hz")(a, b)  # move one and insert one; delete and insert
    (1.5, 3.0)
    """
    q = float(magnitude(cost, "1/ms", "the cost of the Victor-Purpura distance"))
    if not 0 <= q < np.inf:
        raise DistanceError(f"the cost of moving a spike must be finite and not negative, not {q:g} per ms")
    return VictorPurpura(q)


@dataclass(frozen=True, repr=False)
class VictorPurpura(Distance):
    """Victor-Purpura distance; made by `victor_purpura`."""

    cost: float = field(metadata={"unit": "/ms"})

    def kernels(self) -> Kernels:
        """Two trains are compared by dynamic programming over the pairs of spikes that are close enough."""
        return Kernels(spike_times, _pair, (self.cost, 2 / self.cost if self.cost > 0 else np.inf), scratch=1)


def _pair(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch):
    times_a, times_b = a[0, a_from : a_to - 1], b[0, b_from : b_to - 1]
    cost, reach = parameters[0], parameters[1]
    if cost == 0.0:  # numbers of spikes count: no need to try all pairs
        return float(abs(len(times_a) - len(times_b)))
    # Moving a spike by d instead of deleting and inserting it saves 2 - cost * d. saved[j] is the most that can be
    # saved with the spikes of a so far and the first j of b; it does not fall with j. For the next spike of a only the
    # spikes of b within `reach` matter, low to high; beyond them, saved is the same as at the end.
    saved = scratch[0]
    saved[0] = 0.0
    low, high = 0, 0
    for i in range(len(times_a)):
        x = times_a[i]
        while low < len(times_b) and times_b[low] <= x - reach:
            low += 1
        while high < len(times_b) and times_b[high] < x + reach:
            saved[high + 1] = saved[high]
            high += 1
        if low >= high:
            continue
        without_both = saved[low]
        best = saved[low]
        for j in range(low, high):
            move = without_both + (2 - cost * abs(x - times_b[j]))
            without_both = saved[j + 1]
            best = max(best, without_both, move)
            saved[j + 1] = best
    return len(times_a) + len(times_b) - saved[high]
