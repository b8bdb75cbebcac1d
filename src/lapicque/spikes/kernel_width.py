"""The width of a Gaussian kernel that comes closest to the rate behind the spikes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.fft import dct, irfft, next_fast_len, rfft
from scipy.optimize import minimize_scalar

from lapicque.errors import RecordingError
from lapicque.spikes.kernels import Kernel, gaussian
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

#: The finest time that spikes are resolved to, as a part of the smallest width.
_FINENESS = 8
_MOST_BINS = 1 << 21
_GRID = 41


def optimal_gaussian(trains: SpikeTrains, between: tuple[Any, Any] | None = None, *, edges: bool = False) -> Kernel:
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
        interval if that is longer, and the whole window.
    edges : bool
        Whether the rate will be corrected at the edges, as by ``kernel_rate(..., edges=True)``. If not, the rate is 0
        outside the window, and the steps at its edges count as any other change of the rate: the more spikes, the
        narrower the kernel that follows them. If so, kernels are reflected at the edges.

    Returns
    -------
    lapicque.spikes.kernels.Kernel

    Raises
    ------
    RecordingError
        For less than two spikes, a window of no length, or widths that are not positive, rising and within a ratio
        of 100,000.

    References
    ----------
    .. [1] Shimazaki & Shinomoto 2010, J. Comput. Neurosci. 29, 171, https://doi.org/10.1007/s10827-009-0180-4

    Examples
    --------
    >>> from lapicque.spikes import inhomogeneous_poisson
    >>> trains = inhomogeneous_poisson(lambda t: 50 * (1 + np.sin(t / 50)), 4000, seed=1, trains=20)
    >>> optimal_gaussian(trains), optimal_gaussian(trains, edges=True)
    (gaussian(21.8003 ms), gaussian(21.9511 ms))
    """
    if len(trains.times) < 2:
        raise RecordingError(f"an optimal width needs at least 2 spikes, and there are {len(trains.times)}")
    if not trains.duration > 0:
        raise RecordingError("an optimal width needs a rate in time: the trains were observed for 0 ms")
    low, high = _bounds(trains, between)
    step = max(low / _FINENESS, trains.duration / _MOST_BINS)
    cost = _reflected_cost(trains, step) if edges else _cost(trains, step)
    widths = np.linspace(np.log(low), np.log(high), _GRID)
    best = int(np.argmin([cost(np.exp(width)) for width in widths]))
    around = widths[max(best - 1, 0)], widths[min(best + 1, _GRID - 1)]
    found = minimize_scalar(lambda x: cost(np.exp(x)), bounds=around, method="bounded", options=dict(xatol=1e-4))
    at_edge = cost(np.exp(widths[best])) <= found.fun
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


def _binned(trains: SpikeTrains, step: float) -> np.ndarray:
    n = int(np.ceil(trains.duration / step * (1 - 1e-12)))
    place = np.minimum(((trains.times - trains.t_start) / step).astype(np.int64), n - 1)
    return np.bincount(place, minlength=n).astype(float)


def _cost(trains: SpikeTrains, step: float) -> Callable[[float], float]:
    """Cost on the whole line, from how many pairs of spikes there are at each distance."""
    counts = _binned(trains, step)
    n, spikes = len(counts), len(trains.times)
    size = next_fast_len(2 * n, real=True)
    pairs = np.rint(irfft(np.abs(rfft(counts, size)) ** 2, size)[:n])
    pairs[1:] *= 2
    lags = np.flatnonzero(pairs > 0) * step
    pairs = pairs[pairs > 0]

    def cost(width: float) -> float:
        wide, narrow = (np.exp(-0.5 * (lags / sd) ** 2) / sd for sd in (np.sqrt(2) * width, width))
        # a spike with itself: the first sum has it, the second not
        return float(pairs @ wide - 2 * (pairs @ narrow) + 2 * spikes / width)

    return cost


def _reflected_cost(trains: SpikeTrains, step: float) -> Callable[[float], float]:
    """Cost with kernels that are reflected at both edges: sums over cosines, which these kernels only damp."""
    counts = _binned(trains, step)
    spikes, half = len(trains.times), (len(counts) + 1) // 2
    cosines = dct(counts) / 2
    # of the smallest width, all that is left behind the half is below 1e-30
    single, double = cosines[1:half], cosines[2 : 2 * half : 2]
    frequencies = np.pi * np.arange(1, half) / (len(counts) * step)

    def cost(width: float) -> float:
        narrow = np.exp(-0.5 * (width * frequencies) ** 2)
        all_pairs = 2 * (narrow**2 - 2 * narrow) @ single**2 - spikes**2
        themselves = spikes + narrow @ (spikes + double)
        return float(all_pairs + 2 * themselves)

    return cost
