"""Neuronal avalanches: activity between two silent bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.statistics import bin_places
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


@dataclass(frozen=True, eq=False)
class Avalanches:
    """Avalanches, sorted by trial and time.

    Parameters
    ----------
    trial : (avalanche,)
    start : (avalanche,), ms
        Beginning of the first bin.
    sizes : (avalanche,)
        Number of spikes.
    bins : (avalanche,)
        Number of bins.
    first, second : (avalanche,)
        Number of spikes in the first and in the second bin, 0 where there is no second.
    bin : ms
        Width of a bin.
    """

    trial: np.ndarray
    start: np.ndarray
    sizes: np.ndarray
    bins: np.ndarray
    first: np.ndarray
    second: np.ndarray
    bin: float

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def durations(self) -> np.ndarray:
        """Length of each, (avalanche,), ms."""
        return self.bins * self.bin

    @property
    def branching(self) -> float:
        """Mean of second over first: how many spikes follow one spike at the start; not a number without avalanches.

        Biased where not all neurons were recorded; `lapicque.spikes.branching_ratio` is not.
        """
        return float(np.mean(self.second / self.first)) if len(self) else np.nan

    def __repr__(self) -> str:
        return f"Avalanches({len(self)}, in bins of {self.bin:.4g} ms)"


def avalanches(trains: SpikeTrains, bin: Any = None) -> Avalanches:
    """Avalanches of all neurons together: runs of bins with spikes, between bins without.

    The first and the last of a trial may have been cut off by the window.

    Parameters
    ----------
    trains : SpikeTrains
        (trial, neuron); the neurons of a trial are pooled.
    bin : ms, optional
        Width of a bin; by default the mean interval between successive spikes of all neurons.

    Returns
    -------
    Avalanches

    Raises
    ------
    RecordingError
        If the bin is not positive, or shall be the mean interval where there is none, or where all are 0.

    References
    ----------
    .. [1] Beggs & Plenz 2003, J. Neurosci. 23, 11167, https://doi.org/10.1523/JNEUROSCI.23-35-11167.2003

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1, 2, 5, 40], [2.5, 7, 80]], t_stop=100)
    >>> found = avalanches(trains, bin="4 ms")
    >>> found.sizes, found.bins, found.branching.__round__(2)
    (array([5, 1, 1]), array([2, 1, 1]), 0.22)
    """
    trial = np.repeat(np.arange(len(trains)) // max(trains.shape[1], 1), trains.counts)
    order = np.lexsort((trains.times, trial))
    times, trial = trains.times[order], trial[order]
    width = _mean_interval(times, trial) if bin is None else float(magnitude(bin, "ms", "the bin"))
    if not 0 < width < np.inf:
        raise RecordingError(f"a bin must be positive and finite, not {width:g} ms")
    place = bin_places(trains, width)[order]
    new = np.ones(len(times), bool)
    new[1:] = (place[1:] != place[:-1]) | (trial[1:] != trial[:-1])
    at = np.flatnonzero(new)
    count = np.diff(np.append(at, len(times)))
    place, trial = place[at], trial[at]
    begins = np.ones(len(at), bool)
    begins[1:] = (place[1:] != place[:-1] + 1) | (trial[1:] != trial[:-1])
    head = np.flatnonzero(begins)
    bins = np.diff(np.append(head, len(at)))
    follows = np.append(count, 0)[np.where(bins > 1, head + 1, len(count))]
    sizes = np.add.reduceat(count, head) if len(head) else count
    return Avalanches(trial[head], trains.t_start + place[head] * width, sizes, bins, count[head], follows, width)


def _mean_interval(times: np.ndarray, trial: np.ndarray) -> float:
    intervals = np.diff(times)[trial[1:] == trial[:-1]]
    if not intervals.sum() > 0:
        raise RecordingError(
            f"the mean interval between {len(times)} spikes is to be the bin, but there is none above 0: give a bin"
        )
    return float(intervals.mean())
