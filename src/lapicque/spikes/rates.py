"""The rate of spike trains in time: smoothed by a kernel, or one over the interval."""

from __future__ import annotations

from threading import Event
from typing import Any, NamedTuple

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.kernels import Kernel
from lapicque.spikes.ragged import ranges
from lapicque.spikes.rounding import rounding
from lapicque.spikes.trains import SpikeTrains
from lapicque.threads import StoppedError, run_all
from lapicque.units import magnitude

#: Kernel values that are held at a time.
_CHUNK = 1 << 20


class Rate(NamedTuple):
    """Rates at points of time: times (sample,) in ms, values (train, sample) in Hz."""

    times: np.ndarray
    values: np.ndarray


def kernel_rate(
    trains: SpikeTrains, kernel: Kernel, dt: Any = 1.0, *, edges: bool = False, threads: int | None = None
) -> Rate:
    """Rate in time: the sum of a kernel around every spike.

    Spikes count at their exact times; nothing is binned.

    Parameters
    ----------
    trains : SpikeTrains
    kernel : lapicque.spikes.kernels.Kernel
        For example ``lq.spikes.kernels.gaussian("10 ms")``, or `optimal_gaussian`.
    dt : ms
        Step between samples; the first is at the start of the window.
    edges : bool
        Divide by the part of the kernel that the window lets one see, so that the rate does not fall off where the
        spikes outside the window are missing. Not a number where it lets one see nothing: an exponential kernel at the
        very start.
    threads : int, optional
        The result is the same for any number.

    Returns
    -------
    Rate
        times (sample,) in ms, values (train, sample) in Hz; all 0 for a train without spikes.

    Raises
    ------
    RecordingError
        If dt is not positive, or longer than the window.

    References
    ----------
    .. [1] Nawrot, Aertsen & Rotter 1999, J. Neurosci. Methods 94, 81, https://doi.org/10.1016/S0165-0270(99)00127-2

    Examples
    --------
    >>> from lapicque.spikes import SpikeTrains, kernels
    >>> trains = SpikeTrains.from_lists([[20, 25], []], t_stop=50)
    >>> kernel_rate(trains, kernels.boxcar("10 ms"), dt=5).values
    array([[  0.,   0.,   0., 100., 200., 100.,   0.,   0.,   0.,   0.],
           [  0.,   0.,   0.,   0.,   0.,   0.,   0.,   0.,   0.,   0.]])
    """
    times, step = _samples(trains, dt)
    rates = np.empty((len(trains), len(times)))
    lists = trains.to_lists()
    first, last = kernel.support
    # a sample at the very jump of a kernel belongs behind it, whatever the rounding of times on a grid
    slack = rounding(trains) + 4 * np.finfo(float).eps * max(abs(first), abs(last))
    per_spike = int((last - first) / step) + 2
    at_once = max(1, _CHUNK // per_spike)

    def smooth(train: int, stop: Event) -> None:
        total = np.zeros(len(times))
        for begin in range(0, len(lists[train]), at_once):
            if stop.is_set():
                raise StoppedError
            spikes = lists[train][begin : begin + at_once]
            lower = np.ceil((spikes + first - trains.t_start - slack) / step - 1e-9)
            lower = np.clip(lower, 0, len(times)).astype(np.int64)
            upper = np.floor((spikes + last - trains.t_start + slack) / step + 1e-9).astype(np.int64) + 1
            number = np.maximum(np.minimum(upper, len(times)) - lower, 0)
            sample = ranges(lower, number)
            value = kernel(times[sample] - np.repeat(spikes, number) + slack)
            total += np.bincount(sample, value, len(times))
        rates[train] = total

    run_all(smooth, range(len(trains)), threads)
    if edges:
        seen = kernel.cumulative(times - trains.t_start) - kernel.cumulative(times - trains.t_stop)
        rates = np.divide(rates, seen, out=np.full_like(rates, np.nan), where=np.broadcast_to(seen > 0, rates.shape))
    return Rate(times, rates * 1e3)


def instantaneous_rate(trains: SpikeTrains, dt: Any = 1.0) -> Rate:
    """Rate in time as one over the interspike interval around it.

    Parameters
    ----------
    trains : SpikeTrains
    dt : ms
        Step between samples; the first is at the start of the window.

    Returns
    -------
    Rate
        times (sample,) in ms, values (train, sample) in Hz. An interval begins with its first spike; before the first
        spike of a train and from the last one on there is none, and the rate is not a number.

    Raises
    ------
    RecordingError
        If dt is not positive, or longer than the window.

    Examples
    --------
    >>> from lapicque.spikes import SpikeTrains
    >>> instantaneous_rate(SpikeTrains.from_lists([[10, 20, 40]], t_stop=50), dt=10).values
    array([[ nan, 100.,  50.,  50.,  nan]])
    """
    times, _ = _samples(trains, dt)
    rates = np.full((len(trains), len(times)), np.nan)
    slack = rounding(trains)
    for row, spikes in zip(rates, trains.to_lists(), strict=True):
        at = np.searchsorted(spikes, times + slack, side="right")
        inside = (at > 0) & (at < len(spikes))
        row[inside] = 1e3 / (spikes[at[inside]] - spikes[at[inside] - 1])
    return Rate(times, rates)


def _samples(trains: SpikeTrains, dt: Any) -> tuple[np.ndarray, float]:
    step = float(magnitude(dt, "ms", "dt"))
    if not 0 < step <= trains.duration * (1 + 1e-9):
        raise RecordingError(f"steps of {step:g} ms do not fit into a window of {trains.duration:g} ms")
    n = int(np.floor(trains.duration / step * (1 + 1e-12) + 1e-9))
    return trains.t_start + step * np.arange(n), step
