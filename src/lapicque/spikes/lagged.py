"""Correlation of binned spike counts over a lag, and how long a train remembers."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.statistics import Histogram, bin_counts
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


def crosscorrelation(a: SpikeTrains, b: SpikeTrains, bin: Any, lag: Any, *, edges: bool = False) -> Histogram:
    """Pearson correlation of the binned counts of two trains, the second shifted by every lag.

    Unlike `lapicque.spikes.crosscorrelogram`, which counts differences of exact times, it compares bins: 0 is chance,
    1 that both always do the same.

    Parameters
    ----------
    a, b : SpikeTrains
        The same number of trains each, in the same window: each train of ``a`` with its partner in ``b``.
    bin : ms
        Width of a bin; as `lapicque.spikes.bin_counts`.
    lag : ms
        Lags reach from ``-lag`` to ``lag``, rounded down to whole bins; at positive ones ``b`` comes later.
    edges : bool
        Scale each lag up to the number of bins, as at long lags fewer bins overlap.

    Returns
    -------
    Histogram
        edges (lag + 1,) in ms around the lags, values (train, lag); not a number where the count of a train is the same
        in all bins.

    Raises
    ------
    RecordingError
        If the numbers of trains or the windows differ, or the lag is negative or leaves no bin to compare.

    References
    ----------
    .. [1] Eggermont 2010, Pair-correlation in the time and frequency domain, in: Analysis of Parallel Spike Trains,
       https://doi.org/10.1007/978-1-4419-5675-0_5

    Examples
    --------
    >>> a = SpikeTrains.from_lists([[10, 22, 38]], t_stop=60)
    >>> crosscorrelation(a, a.shift(0), bin=2, lag=2).values.round(2)
    array([[-0.11,  1.  , -0.11]])
    """
    if len(a) != len(b):
        raise RecordingError(f"trains are compared one by one, but there are {len(a)} and {len(b)}")
    if (a.t_start, a.t_stop) != (b.t_start, b.t_stop):
        raise RecordingError(
            f"the trains have the windows {a.t_start:g} to {a.t_stop:g} and {b.t_start:g} to {b.t_stop:g} ms: take "
            "what both have by trains.window(t_start, t_stop)"
        )
    width, reach = float(magnitude(bin, "ms", "the bin")), float(magnitude(lag, "ms", "the lag"))
    x, y = (bin_counts(trains, bin).values.astype(float) for trains in (a, b))
    bins = x.shape[1]
    side = int(np.floor(reach / width * (1 + 1e-12) + 1e-9)) if reach >= 0 else -1
    if not 0 <= side < bins:
        raise RecordingError(f"the lag, {reach:g} ms, must lie between 0 and the window, {a.duration:g} ms")
    lags = np.arange(-side, side + 1)
    sums = np.stack([_sum_of_products(x, y, k) for k in lags.tolist()], axis=1)
    if edges:
        sums = sums * (bins / (bins - np.abs(lags)))
    chance = x.sum(1) * y.sum(1) / bins
    scale = np.sqrt(_squares(x) * _squares(y))
    values = np.divide(
        sums - chance[:, None], scale[:, None], out=np.full(sums.shape, np.nan), where=scale[:, None] > 0
    )
    return Histogram(width * (np.arange(2 * side + 2) - side - 0.5), values)


def _sum_of_products(x: np.ndarray, y: np.ndarray, lag: int) -> np.ndarray:
    n = x.shape[1]
    early, late = (x[:, : n - lag], y[:, lag:]) if lag >= 0 else (x[:, -lag:], y[:, : n + lag])
    return np.einsum("ij,ij->i", early, late)


def _squares(x: np.ndarray) -> np.ndarray:
    return ((x - x.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)


def correlation_time(trains: SpikeTrains, bin: Any, longest: Any) -> np.ndarray:
    """How long a train remembers: twice the integral of the squared autocorrelation, relative to the first lag.

    The autocorrelation is `crosscorrelation` of the train with itself at lags of one bin to ``longest``, integrated by
    the trapezoidal rule; the peak at zero is left out.

    Parameters
    ----------
    trains : SpikeTrains
    bin : ms
        Width of a bin.
    longest : ms
        The longest lag: neither shorter than the memory nor much longer, as noise is integrated too.

    Returns
    -------
    numpy.ndarray
        (train,), ms; not a number for a train of less than two spikes, or without correlation at the first lag.

    References
    ----------
    .. [1] Wieland, Bernardi, Schwalger & Lindner 2015, Phys. Rev. E 92, 040901,
       https://doi.org/10.1103/PhysRevE.92.040901

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1, 5, 7, 8]], t_stop=10)
    >>> correlation_time(trains, bin=1, longest=5).round(4)
    array([14.1111])
    """
    width = float(magnitude(bin, "ms", "the bin"))
    found = crosscorrelation(trains, trains, bin, longest).values
    side = found.shape[1] // 2
    if side < 2:
        raise RecordingError(f"the longest lag, {longest}, must be at least two bins of {width:g} ms")
    late = found[:, side + 1 :]
    first = np.where((trains.counts > 1) & (late[:, 0] != 0), late[:, 0], np.nan)
    return 2 * np.asarray(np.trapezoid((late / first[:, None]) ** 2, dx=width, axis=1))
