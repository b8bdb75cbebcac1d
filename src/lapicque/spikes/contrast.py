"""Spike-contrast: synchrony at the time scale at which it is highest."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.rounding import rounding
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


class Contrast(NamedTuple):
    """The highest synchrony, and the synchrony (bin,) at bins of all widths (bin,), ms."""

    synchrony: float
    bins: np.ndarray
    values: np.ndarray


def spike_contrast(trains: SpikeTrains, min_bin: Any = 10.0, shrink: float = 0.9) -> Contrast:
    """Spike-contrast of the neurons of one trial: 0 for no synchrony, 1 for identical trains.

    In bins that overlap by half: how much the number of spikes changes from bin to bin, times how many trains are
    active in a bin; the maximum over widths from half of the window down.

    Parameters
    ----------
    trains : SpikeTrains
        At least two, of one trial.
    min_bin : ms
        The smallest bin; at least half of the shortest interval is taken.
    shrink : float
        Each bin is so many times the one before, above 0 and below 1.

    Returns
    -------
    Contrast
        Not a number if no train has two spikes.

    Raises
    ------
    RecordingError
        For several trials or a single train, for a factor or bin outside its range, and for a window that is shorter
        than two of the smallest bins.

    References
    ----------
    .. [1] Ciba et al. 2018, J. Neurosci. Methods 293, 136, https://doi.org/10.1016/j.jneumeth.2017.09.008

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[10, 50, 90], [11, 50, 92]], t_stop=100)
    >>> round(spike_contrast(trains).synchrony, 3)
    1.0
    """
    if trains.shape[0] != 1 or len(trains) < 2:
        raise RecordingError(f"spike-contrast compares trains of one trial, and the shape is {trains.shape}")
    least = float(magnitude(min_bin, "ms", "min_bin"))
    if not (0 < shrink < 1 and least > 0):
        raise RecordingError(f"shrink, {shrink:g}, must lie between 0 and 1, and min_bin, {least:g} ms, above 0")
    train = np.repeat(np.arange(len(trains)), trains.counts)
    intervals = np.diff(trains.times)[train[1:] == train[:-1]]
    if not len(intervals):
        return Contrast(np.nan, np.empty(0), np.empty(0))
    shortest = float(intervals.min())
    least = max(shortest / 2, least)
    bins = _widths(trains.duration / 2, least, shrink)
    if not len(bins):
        raise RecordingError(f"two bins of {least:g} ms do not fit into a window of {trains.duration:g} ms")
    values = np.array([_synchrony(trains, train, width, shortest) for width in bins])
    return Contrast(float(values.max()), bins, values)


def _widths(widest: float, least: float, shrink: float) -> np.ndarray:
    widths, width = [], widest
    while width >= least:
        widths.append(width)
        width *= shrink
    return np.array(widths)


def _synchrony(trains: SpikeTrains, train: np.ndarray, width: float, margin: float) -> float:
    # the window is wider by the shortest interval at either end
    edges = np.arange(trains.t_start - margin, trains.t_stop + margin + width / 2, width / 2)
    place = np.minimum(np.searchsorted(edges, trains.times + rounding(trains), side="right") - 1, len(edges) - 2)
    flat = np.bincount(train * (len(edges) - 1) + place, minlength=len(trains) * (len(edges) - 1))
    halves = flat.reshape(len(trains), -1)
    counts = halves[:, :-1] + halves[:, 1:]
    spikes, active = counts.sum(axis=0), (counts > 0).sum(axis=0)
    contrast = np.abs(np.diff(spikes)).sum() / (2 * len(trains.times))
    shared = (spikes * active).sum() / spikes.sum()
    return float(contrast * (shared - 1) / (len(trains) - 1))
