"""Power spectra of what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.plot.style import DATA, label, own_axes, tidy
from lapicque.spikes.statistics import bin_places
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lapicque.simulation.results import Trace


def spectrum(
    signal: SpikeTrains | Trace,
    ax: Axes | None = None,
    *,
    bin: Any = "1 ms",
    segment: Any = "500 ms",
    highest: Any = None,
    color: str = DATA,
    name: str = "",
) -> Axes:
    """Draw the power spectral density of a population's rate, or of a recorded variable, by Welch's method.

    Spike trains are counted in bins, all together, as a rate in Hz. Of a variable of several neurons the mean of their
    spectra is drawn. The mean of the signal is taken off first.

    Parameters
    ----------
    signal : SpikeTrains or Trace
    ax : matplotlib axes, optional
    bin : ms
        Of spike counts; a trace has its own interval.
    segment : ms
        Spectra of segments of this length, which overlap by half, are averaged: the resolution is its inverse.
    highest : Hz, optional
        Where the axis ends; by default half the sampling rate.
    color, name : str
        Of the line, and in a legend.

    Raises
    ------
    ValueError
        If the signal is shorter than a segment, or its samples are not evenly spaced.

    References
    ----------
    .. [1] Welch 1967, The use of fast Fourier transform for the estimation of power spectra,
       https://doi.org/10.1109/TAU.1967.1161901

    Examples
    --------
    >>> rhythm = SpikeTrains.from_lists([np.arange(5, 2000, 25)] * 10, t_stop=2000)
    >>> frequency, power = spectrum(rhythm).lines[0].get_data()
    >>> [float(f) for f in frequency[power > power.max() / 2][:3]]  # the rhythm and its overtones
    [40.0, 80.0, 120.0]
    """
    from scipy.signal import welch

    values, step, unit = _samples(signal, bin)
    points = round(float(magnitude(segment, "ms", "segment")) / step)
    if not 4 <= points <= len(values):
        raise ValueError(
            f"a segment of {points * step:g} ms has {points} of {len(values)} samples: at least 4, and no more than "
            "there are, are expected"
        )
    frequency, power = welch(values, fs=1e3 / step, nperseg=points, detrend="constant", axis=0)
    power = power.mean(axis=1)
    ax = own_axes(ax, 4.2, 2.6)
    ax.plot(frequency[1:], power[1:], color=color, linewidth=1.2, label=label(name) or None)
    ax.set_yscale("log" if np.any(power[1:] > 0) else "linear")
    ax.set_xlim(0, float(frequency[-1] if highest is None else magnitude(highest, "Hz", "highest")))
    ax.set_xlabel("frequency (Hz)")
    ax.set_ylabel(label(f"power ({unit})"))
    return tidy(ax)


def _samples(signal: SpikeTrains | Trace, width: Any) -> tuple[np.ndarray, float, str]:
    """Return (time, neuron) samples, their interval in ms, and the unit of the spectrum."""
    if isinstance(signal, SpikeTrains):
        step = float(magnitude(width, "ms", "bin"))
        n = int(np.floor((signal.t_stop - signal.t_start) / step + 1e-6))
        place = bin_places(signal, step)
        counts = np.bincount(place[place < n], minlength=n)
        return counts[:, None] / (step * 1e-3 * max(len(signal), 1)), step, "Hz²/Hz"
    intervals = np.diff(signal.times)
    if not len(intervals) or not np.allclose(intervals, intervals[0]):
        raise ValueError(f"the samples of {signal.name!r} are not evenly spaced in time: a spectrum needs that")
    square = "1/Hz" if str(signal.unit) == "1" else f"({signal.unit})²/Hz"
    return signal.values.reshape(len(signal.times), -1), float(intervals[0]), square
