"""What a signal looks like around spikes: spike-triggered average and covariance."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.rounding import rounding
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

#: Samples that are held at a time.
_CHUNK = 1 << 22


class Triggered(NamedTuple):
    """Lags (lag,), ms; what was found (neuron, ...); and of how many spikes, (neuron,)."""

    lags: np.ndarray
    values: np.ndarray
    spikes: np.ndarray


def spike_triggered_average(
    trains: SpikeTrains, signal: Any, dt: Any, window: tuple[Any, Any] = (-100.0, 50.0), *, t_start: Any = None
) -> Triggered:
    """Mean of a signal around the spikes of each neuron.

    A spike that is too near to an end of the signal for the whole window is left out. The sample at lag 0 is the one
    during which the spike came.

    Parameters
    ----------
    trains : SpikeTrains
        (trial, neuron).
    signal : (time,) or (trial, time)
        One for all trials, or one for each: an input current, a stimulus, a field potential.
    dt : ms
        Step between samples.
    window : (ms, ms)
        From where to where around the spike, rounded to samples; the end is not included.
    t_start : ms, optional
        Time of the first sample; by default that of the trains' window.

    Returns
    -------
    Triggered
        lags (lag,), ms; values (neuron, lag), in the signal's unit, not a number for a neuron without such a spike;
        spikes (neuron,).

    Raises
    ------
    RecordingError
        If the signal has another shape or is not finite, or the window is empty or longer than it.

    References
    ----------
    .. [1] de Boer & Kuyper 1968, IEEE Trans. Biomed. Eng. 15, 169, https://doi.org/10.1109/TBME.1968.4502561

    Examples
    --------
    >>> signal = [0, 0, 3, 1, 0, 0, 5, 2, 0, 0]
    >>> trains = SpikeTrains.from_lists([[3, 7, 9]], t_stop=10)
    >>> spike_triggered_average(trains, signal, dt=1, window=(-2, 2))  # the spike at 9 has no end of its window
    Triggered(lags=array([-2., -1.,  0.,  1.]), values=array([[0. , 4. , 1.5, 0. ]]), spikes=array([2]))
    """
    cut = _Cut(trains, signal, dt, window, t_start)
    total = np.zeros((trains.shape[1], len(cut.lags)))
    for neuron in range(len(total)):
        for pieces in cut.around(neuron):
            total[neuron] += pieces.sum(axis=0)
    counts = cut.counts[:, None]
    return Triggered(cut.lags, np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0), cut.counts)


def spike_triggered_covariance(
    trains: SpikeTrains, signal: Any, dt: Any, window: tuple[Any, Any] = (-100.0, 50.0), *, t_start: Any = None
) -> Triggered:
    """Covariance of a signal around the spikes of each neuron, about their mean.

    Its eigenvectors along which it differs from the covariance of the signal at any time are what else but the mean
    makes the neuron spike.

    Parameters
    ----------
    trains, signal, dt, window, t_start : as for `spike_triggered_average`

    Returns
    -------
    Triggered
        lags (lag,), ms; values (neuron, lag, lag), in the signal's unit squared, the sum of products over one less than
        the number of spikes, not a number for less than two; spikes (neuron,).

    References
    ----------
    .. [1] Schwartz, Pillow, Rust & Simoncelli 2006, J. Vis. 6(4), 13, https://doi.org/10.1167/6.4.13

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1, 3]], t_stop=5)
    >>> spike_triggered_covariance(trains, [0, 1, 0, 3, 4], dt=1, window=(0, 2)).values
    array([[[2., 4.],
            [4., 8.]]])
    """
    mean = spike_triggered_average(trains, signal, dt, window, t_start=t_start)
    cut = _Cut(trains, signal, dt, window, t_start)
    values = np.full((trains.shape[1], len(cut.lags), len(cut.lags)), np.nan)
    for neuron in np.flatnonzero(cut.counts > 1).tolist():
        products = sum(
            (pieces - mean.values[neuron]).T @ (pieces - mean.values[neuron]) for pieces in cut.around(neuron)
        )
        values[neuron] = products / (cut.counts[neuron] - 1)
    return Triggered(cut.lags, values, cut.counts)


class _Cut:
    """The pieces of a signal around spikes."""

    def __init__(self, trains: SpikeTrains, signal: Any, dt: Any, window: tuple[Any, Any], t_start: Any):
        step = float(magnitude(dt, "ms", "dt"))
        first, last = (float(magnitude(edge, "ms", "the window")) for edge in window)
        begin = trains.t_start if t_start is None else float(magnitude(t_start, "ms", "t_start"))
        rows = np.atleast_2d(np.asarray(signal, float))
        trials, neurons = trains.shape
        if rows.ndim != 2 or len(rows) not in (1, trials):
            raise RecordingError(
                f"the signal has shape {rows.shape}: give (time,), or ({trials}, time), one for each trial"
            )
        if not np.isfinite(rows).all():
            trial, sample = np.argwhere(~np.isfinite(rows))[0]
            raise RecordingError(f"the signal is not finite at sample {sample} of trial {trial}")
        if not step > 0:
            raise RecordingError(f"dt must be positive, not {step:g} ms")
        if not np.isfinite([first, last, begin]).all():
            raise RecordingError(f"window and t_start must be finite, not {first:g} to {last:g} and {begin:g} ms")
        length = round((last - first) / step)
        if not 1 <= length <= rows.shape[1]:
            raise RecordingError(
                f"a window from {first:g} to {last:g} ms has {length} samples of {step:g} ms: give one of at least 1 "
                f"and at most as many as the signal has, {rows.shape[1]}"
            )
        self.signal, self.length = rows, length
        begins = round(first / step)
        self.lags = step * (begins + np.arange(length))
        # to the left of a spike, and safe from the rounding of times that are multiples of dt
        slack = (rounding(trains) + 4 * np.finfo(float).eps * abs(begin)) / step + 1e-9
        at = np.floor((trains.times - begin) / step * (1 + 1e-12) + slack).astype(np.int64) + begins
        inside = (at >= 0) & (at + length <= rows.shape[1])
        train = np.repeat(np.arange(len(trains)), trains.counts)
        trial, neuron = np.divmod(train[inside], max(neurons, 1))
        order = np.argsort(neuron, kind="stable")
        self.at, self.trial = at[inside][order], trial[order] if len(rows) > 1 else 0 * trial
        self.counts = np.bincount(neuron, minlength=neurons)
        self.ends = np.cumsum(self.counts)

    def around(self, neuron: int) -> Any:
        """Pieces of the signal around the spikes of a neuron, some (spike, lag) at a time."""
        last = int(self.ends[neuron])
        many = max(1, _CHUNK // self.length)
        for k in range(last - int(self.counts[neuron]), last, many):
            some = slice(k, min(k + many, last))
            yield self.signal[self.trial[some, None], self.at[some, None] + np.arange(self.length)]
