"""The interval that tells bursts apart, from the valley in the distribution of logarithmic intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from lapicque.errors import RecordingError
from lapicque.spikes.bursting.intervals import bursts
from lapicque.spikes.bursting.table import Bursts
from lapicque.spikes.statistics import isi
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

#: Points of the density in a decade.
_FINENESS = 50


def log_isi_threshold(
    trains: SpikeTrains, *, within: Any = 100.0, void: float = 0.7, smooth: float = 0.1, least: float = 0.02
) -> np.ndarray:
    """Longest interval within bursts of each train: the valley between short and long logarithmic intervals.

    The highest peak of the density of log10(interval) up to ``within`` is that of intervals in bursts. The threshold
    is the lowest point between it and the first later peak for which
    ``1 - valley / sqrt(peak * later peak)`` is at least ``void``. As in the paper, but for the density: intervals are
    smoothed by a Gaussian instead of a histogram by a local regression.

    Parameters
    ----------
    trains : SpikeTrains
    within : ms
        Where the peak of intervals in bursts is looked for.
    void : float
        How deep the valley must be: 0 for none, 1 down to nothing.
    smooth : float
        Standard deviation of the Gaussian, in decades.
    least : float
        Peaks that are lower than this part of the highest are noise.

    Returns
    -------
    numpy.ndarray
        (train,), ms; not a number where there is no such valley, or no interval.

    Raises
    ------
    RecordingError
        For a depth outside 0 to 1, or a width or time that is not positive.

    References
    ----------
    .. [1] Pasquale, Martinoia & Chiappalone 2010, J. Comput. Neurosci. 29, 213,
       https://doi.org/10.1007/s10827-009-0175-1

    Examples
    --------
    >>> from lapicque.spikes import poisson
    >>> short = np.arange(5) * 4.0  # five spikes, 4 ms apart, every 300 ms
    >>> bursting = (300 * np.arange(30)[:, None] + short).ravel()
    >>> trains = SpikeTrains.from_lists([bursting, poisson(20, 9000, seed=1).times], t_stop=9000)
    >>> log_isi_threshold(trains).round()
    array([34., nan])
    """
    limit = float(magnitude(within, "ms", "within"))
    if not (limit > 0 and smooth > 0 and 0 <= void <= 1):
        raise RecordingError(f"within {limit:g} ms and smooth {smooth:g} must be positive, void {void:g} from 0 to 1")
    return np.array([_valley(intervals[intervals > 0], limit, void, smooth, least) for intervals in isi(trains)])


def _valley(intervals: np.ndarray, limit: float, void: float, smooth: float, least: float) -> float:
    if len(intervals) < 2:
        return np.nan
    logs = np.log10(intervals)
    low, high = logs.min() - 5 * smooth, logs.max() + 5 * smooth
    counts, edges = np.histogram(logs, np.linspace(low, high, int(np.ceil((high - low) * _FINENESS)) + 1))
    density = gaussian_filter1d(counts.astype(float), smooth / (edges[1] - edges[0]), mode="constant", truncate=5)
    at = (edges[1:] + edges[:-1]) / 2
    rises = np.diff(density) > 0
    peaks = np.flatnonzero(rises[:-1] & ~rises[1:]) + 1
    peaks = peaks[density[peaks] >= least * density.max()]
    short = peaks[at[peaks] <= np.log10(limit)]
    if not len(short):
        return np.nan
    main = short[density[short].argmax()]
    for later in peaks[peaks > main]:
        lowest = main + int(_middle_of_lowest(density[main : later + 1]))
        if 1 - density[lowest] / np.sqrt(density[main] * density[later]) >= void:
            return float(10 ** at[lowest])
    return np.nan


def _middle_of_lowest(values: np.ndarray) -> float:
    # a valley may be flat where there is no interval at all
    return float(np.median(np.flatnonzero(values <= values.min() + 1e-12 * values.max())))


def log_isi_bursts(trains: SpikeTrains, min_spikes: int = 3, *, within: Any = 100.0, void: float = 0.7) -> Bursts:
    """Bursts whose longest interval is found for each train by `log_isi_threshold`.

    A threshold above ``within`` is that of the edges of a burst: then cores have intervals up to ``within``, and are
    extended up to the threshold.

    Parameters
    ----------
    trains : SpikeTrains
    min_spikes : int
        The fewest spikes of a burst.
    within, void : as for `log_isi_threshold`

    Returns
    -------
    Bursts
        None for trains without a threshold.

    References
    ----------
    .. [1] Pasquale, Martinoia & Chiappalone 2010, J. Comput. Neurosci. 29, 213,
       https://doi.org/10.1007/s10827-009-0175-1

    Examples
    --------
    >>> bursting = (300 * np.arange(30)[:, None] + np.arange(5) * 4.0).ravel()
    >>> log_isi_bursts(SpikeTrains.from_lists([bursting], t_stop=9000)).counts
    array([30])
    """
    threshold = log_isi_threshold(trains, within=within, void=void)
    limit = float(magnitude(within, "ms", "within"))
    return bursts(trains, np.minimum(threshold, limit), min_spikes, extend=threshold)
