"""The van Rossum distance: trains smoothed by an exponential, and compared as functions of time."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance, Kernels
from lapicque.distances.preparation import spike_times
from lapicque.errors import DistanceError
from lapicque.units import magnitude


def van_rossum(tau: Any) -> VanRossum:
    r"""Van Rossum distance: ``sqrt((2/tau) * integral (f_a - f_b)^2 dt)``, f the train after an exponential filter.

    Every spike adds ``exp(-t/tau)`` to f. One spike more is a distance of 1; one spike moved by d is
    ``sqrt(2 (1 - exp(-|d|/tau)))``.

    Parameters
    ----------
    tau : ms
        Time constant: short ones compare single spikes, long ones spike counts (infinity: the difference of counts).

    Returns
    -------
    VanRossum

    Raises
    ------
    DistanceError
        If the time constant is not positive.

    Notes
    -----
    The filter is followed to its end, beyond the window. The normalisation is elephant's; van Rossum's own is smaller
    by the square root of 2. The integral is summed as squares, spike by spike, and not as a difference of large sums:
    the same trains are at exactly 0, and nearly the same ones close to it.

    References
    ----------
    .. [1] van Rossum 2001, Neural Comput. 13, 751, https://doi.org/10.1162/089976601300014321
    .. [2] Houghton & Kreuz 2012, Network 23, 48, https://doi.org/10.3109/0954898X.2012.673048

    Examples
    --------
    >>> from lapicque.spikes import SpikeTrains
    >>> trains = SpikeTrains.from_lists([[10], [20], []], t_stop=40)
    >>> (van_rossum("10 ms").matrix(trains) ** 2).round(4)  # 2 * (1 - 1/e) = 1.2642
    array([[0.    , 1.2642, 1.    ],
           [1.2642, 0.    , 1.    ],
           [1.    , 1.    , 0.    ]])
    """
    constant = float(magnitude(tau, "ms", "the time constant of the van Rossum distance"))
    if not constant > 0:
        raise DistanceError(f"the time constant of the van Rossum distance must be positive, not {constant:g} ms")
    return VanRossum(constant)


@dataclass(frozen=True, repr=False)
class VanRossum(Distance):
    """Van Rossum distance; made by `van_rossum`."""

    tau: float = field(metadata={"unit": "ms"})

    def kernels(self) -> Kernels:
        """Two trains are compared in one pass over the spikes of both, in time."""
        return Kernels(spike_times, _pair, (self.tau,))


def _pair(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch):
    times_a, times_b = a[0], b[0]
    i, j = np.uintp(a_from), np.uintp(b_from)
    x, y = times_a[i], times_b[j]
    t = min(x, y)
    difference = 0.0
    total = 0.0
    while t < np.inf:
        # a spike of a adds 1 to the difference, one of b takes 1; then it decays until the next spike
        of_a, of_b = x <= y, y <= x
        difference += np.float64(of_a) - np.float64(of_b)
        i, j = i + np.uintp(of_a), j + np.uintp(of_b)
        x, y = times_a[i], times_b[j]
        until = min(x, y)
        decay = exp((t - until) / parameters[0]) if until < np.inf else 0.0
        total += difference * difference * (1 - decay * decay)
        difference *= decay
        t = until
    return np.sqrt(total)
