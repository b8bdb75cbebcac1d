"""The distribution of interspike intervals: histogram, hazard, and how they follow one another."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.rounding import rounding
from lapicque.spikes.statistics import Histogram, isi
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


def isi_histogram(trains: SpikeTrains, bin: Any, longest: Any) -> Histogram:
    """Density of the interspike intervals of each neuron; trials are pooled.

    Parameters
    ----------
    trains : SpikeTrains
        (trial, neuron).
    bin : ms
        Width of a bin.
    longest : ms
        Where the histogram ends, rounded up to whole bins. Longer intervals count for the norm: what the density
        lacks to an area of 1 is their part.

    Returns
    -------
    Histogram
        edges (bin + 1,) in ms, values (neuron, bin) in 1/ms; not a number for a neuron without intervals.

    Raises
    ------
    RecordingError
        If the bin is not positive, or longer than the longest interval.

    Examples
    --------
    >>> isi_histogram(SpikeTrains.from_lists([[1, 3, 9, 11]], t_stop=20), bin=4, longest=8)
    Histogram(edges=array([0., 4., 8.]), values=array([[0.16666667, 0.08333333]]))
    """
    edges, counts, number = _counts(trains, bin, longest)
    density = np.divide(counts, number[:, None], out=np.full(counts.shape, np.nan), where=number[:, None] > 0)
    return Histogram(edges, density / np.diff(edges))


def hazard(trains: SpikeTrains, bin: Any, longest: Any) -> Histogram:
    """Hazard of each neuron: rate of the next spike, given the time since the last; trials are pooled.

    Of intervals that reach a bin, the part that ends in it says the mean hazard there, ``-log(1 - part) / bin``: exact
    where the hazard is constant within bins.

    Parameters
    ----------
    trains : SpikeTrains
        (trial, neuron).
    bin : ms
        Width of a bin.
    longest : ms
        Where the hazard ends, rounded up to whole bins.

    Returns
    -------
    Histogram
        edges (bin + 1,) in ms, values (neuron, bin) in Hz; not a number where no interval reaches, infinite where all
        end.

    Raises
    ------
    RecordingError
        If the bin is not positive, or longer than the longest interval.

    References
    ----------
    .. [1] Gerstner, Kistler, Naud & Paninski 2014, Neuronal Dynamics, ch. 7, https://doi.org/10.1017/CBO9781107447615

    Examples
    --------
    >>> from lapicque.spikes import poisson
    >>> trains = poisson("50 Hz", "500 s", seed=1, refractory="5 ms")  # 0, then 50 Hz / (1 - 50 Hz * 5 ms)
    >>> hazard(trains, bin=5, longest=15).values.round(0)
    array([[ 0., 67., 67.]])
    """
    edges, counts, number = _counts(trains, bin, longest)
    reached = number[:, None] - np.cumsum(counts, axis=1) + counts
    part = np.divide(counts, reached, out=np.full(counts.shape, np.nan), where=reached > 0)
    with np.errstate(divide="ignore"):
        return Histogram(edges, -np.log1p(-part) / np.diff(edges) * 1e3)


def isi_correlation(trains: SpikeTrains, lag: int = 1) -> np.ndarray:
    """Serial correlation of the interspike intervals of each train: 0 for a renewal process.

    Parameters
    ----------
    trains : SpikeTrains
    lag : int
        Each interval is compared with the one so many later.

    Returns
    -------
    numpy.ndarray
        (train,): the covariance at the lag over the variance; not a number for a train of less than ``lag + 2``
        intervals, or of equal ones.

    Raises
    ------
    RecordingError
        If the lag is less than 1.

    References
    ----------
    .. [1] Farkhooi, Strube-Bloss & Nawrot 2009, Phys. Rev. E 79, 021905, https://doi.org/10.1103/PhysRevE.79.021905

    Examples
    --------
    >>> isi_correlation(SpikeTrains.from_lists([[0, 1, 4, 5, 8, 9, 12]], t_stop=20))
    array([-1.])
    """
    if lag < 1:
        raise RecordingError(f"the lag counts intervals, from 1 on: got {lag}")

    def number(intervals: np.ndarray) -> float:
        if len(intervals) < lag + 2:
            return np.nan
        deviation = intervals - intervals.mean()
        variance = (deviation**2).mean()
        # intervals of a clock differ by the rounding of its times
        equal = variance <= rounding(trains) ** 2
        return np.nan if equal else float((deviation[:-lag] * deviation[lag:]).mean() / variance)

    return np.array([number(intervals) for intervals in isi(trains)])


def _counts(trains: SpikeTrains, bin: Any, longest: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges, number of intervals in each bin (neuron, bin), and number of all of them (neuron,)."""
    width, end = float(magnitude(bin, "ms", "the bin")), float(magnitude(longest, "ms", "the longest interval"))
    if not 0 < width <= end < np.inf:
        raise RecordingError(f"the bin, {width:g} ms, must be positive and not above the longest interval, {end:g} ms")
    bins = int(np.ceil(end / width * (1 - 1e-12)))
    neurons = trains.shape[1]
    train = np.repeat(np.arange(len(trains)), trains.counts)
    within = train[1:] == train[:-1]
    neuron = (train[1:] % max(neurons, 1))[within]
    # an interval of a whole number of bins belongs to the bin that it begins, whatever its rounding
    slack = rounding(trains) / width
    place = np.floor(np.diff(trains.times)[within] / width * (1 + 1e-9) + slack).astype(np.int64)
    short = place < bins
    counts = np.bincount(neuron[short] * bins + place[short], minlength=neurons * bins).reshape(neurons, bins)
    return width * np.arange(bins + 1), counts, np.bincount(neuron, minlength=neurons)
