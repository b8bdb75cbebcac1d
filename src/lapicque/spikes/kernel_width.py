"""The width of a Gaussian kernel that comes closest to the rate behind the spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.optimize import minimize_scalar

from lapicque.errors import RecordingError
from lapicque.spikes.kernels import Kernel, gaussian
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

#: The finest time that spikes are resolved to, as a part of the smallest width.
_FINENESS = 8
_MOST_BINS = 1 << 21
_GRID = 41


def optimal_gaussian(trains: SpikeTrains, between: tuple[Any, Any] | None = None) -> Kernel:
    """Gaussian kernel of the width that minimises the expected squared error of the rate.

    The cost of a width w is, for N spikes of all trains together,
    ``sum_ij k_{w sqrt(2)}(t_i - t_j) - 2 sum_{i != j} k_w(t_i - t_j)``; it needs no knowledge of the rate.
    Spikes are resolved to an eighth of the smallest width.

    Parameters
    ----------
    trains : SpikeTrains
        Trials of one rate: their spikes are pooled.
    between : (ms, ms), optional
        The smallest and the largest width to look at; by default a ten-thousandth of the window, or the shortest
        interval if that is longer, and the whole window. The edges of the window are changes of the rate as well,
        so that a constant one has a width of some tenth of the window.

    Returns
    -------
    lapicque.spikes.kernels.Kernel

    Raises
    ------
    RecordingError
        For less than two spikes, or widths that are not positive, rising and within a ratio of 100,000.

    References
    ----------
    .. [1] Shimazaki & Shinomoto 2010, J. Comput. Neurosci. 29, 171, https://doi.org/10.1007/s10827-009-0180-4

    Examples
    --------
    >>> from lapicque.spikes import inhomogeneous_poisson
    >>> trains = inhomogeneous_poisson(lambda t: 50 * (1 + np.sin(t / 50)), 4000, seed=1, trains=20)
    >>> optimal_gaussian(trains)
    gaussian(21.8003 ms)
    """
    if len(trains.times) < 2:
        raise RecordingError(f"an optimal width needs at least 2 spikes, and there are {len(trains.times)}")
    low, high = _bounds(trains, between)
    lags, pairs = _differences(trains, max(low / _FINENESS, trains.duration / _MOST_BINS))

    def cost(log_width: float) -> float:
        width = np.exp(log_width)
        wide, narrow = (np.exp(-0.5 * (lags / sd) ** 2) / sd for sd in (np.sqrt(2) * width, width))
        # a spike with itself: the first sum has it, the second not
        return float(pairs @ wide - 2 * (pairs @ narrow) + 2 * len(trains.times) / width)

    widths = np.linspace(np.log(low), np.log(high), _GRID)
    best = int(np.argmin([cost(width) for width in widths]))
    around = widths[max(best - 1, 0)], widths[min(best + 1, _GRID - 1)]
    found = minimize_scalar(cost, bounds=around, method="bounded", options=dict(xatol=1e-4))
    at_edge = cost(widths[best]) <= found.fun
    return gaussian(float(np.exp(widths[best] if at_edge else found.x)))


def _bounds(trains: SpikeTrains, between: tuple[Any, Any] | None) -> tuple[float, float]:
    if between is None:
        intervals = np.diff(np.sort(trains.times))
        shortest = intervals[intervals > 0].min(initial=trains.duration)
        return min(max(shortest, trains.duration * 1e-4), trains.duration / 2), trains.duration
    low, high = (float(magnitude(width, "ms", "the width of the kernel")) for width in between)
    if not 0 < low < high <= 1e5 * low:
        raise RecordingError(
            f"widths between {low:g} and {high:g} ms: give a positive and a larger one, at most 100,000 times it"
        )
    return low, high


def _differences(trains: SpikeTrains, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Lags from 0 on, and how many ordered pairs of spikes (each with itself as well) have that distance."""
    place = ((trains.times - trains.t_start) / step).astype(np.int64)
    n = int(place.max()) + 1
    size = next_fast_len(2 * n, real=True)
    counts = np.bincount(place, minlength=n).astype(float)
    pairs = np.rint(irfft(np.abs(rfft(counts, size)) ** 2, size)[:n])
    pairs[1:] *= 2
    kept = pairs > 0
    return np.flatnonzero(kept) * step, pairs[kept]
