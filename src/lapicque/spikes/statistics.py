"""Numbers that describe spike trains: intervals and their variability, counts and their variability, rate in time.

Functions take `SpikeTrains` and give one number a train, (train,), unless they say otherwise. A number that a train is
too short to have is not a number (nan).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.rounding import rounding
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


class Histogram(NamedTuple):
    """Bin edges and what was found in the bins."""

    edges: np.ndarray
    values: np.ndarray


def isi(trains: SpikeTrains) -> list[np.ndarray]:
    """Interspike intervals of each train, (spike - 1,) in ms.

    Examples
    --------
    >>> isi(SpikeTrains.from_lists([[1, 3, 7], [5]], t_stop=10))
    [array([2., 4.]), array([], dtype=float64)]
    """
    return [np.diff(times) for times in trains.to_lists()]


class _Intervals:
    """The intervals of all trains in one array, with the train that each belongs to."""

    def __init__(self, trains: SpikeTrains):
        self.count = len(trains)
        train = np.repeat(np.arange(self.count), trains.counts)
        within = train[1:] == train[:-1]
        self.values, self.train = np.diff(trains.times)[within], train[1:][within]

    def mean(self, values: np.ndarray, train: np.ndarray) -> np.ndarray:
        """Return the mean over each train, (train,); not a number where it has none."""
        total = np.bincount(train, values, self.count)
        with np.errstate(invalid="ignore"):
            return total / np.bincount(train, minlength=self.count)

    def neighbours(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return change and sum of successive intervals, and their train."""
        within = self.train[1:] == self.train[:-1]
        change = np.diff(self.values)[within]
        total = (self.values[1:] + self.values[:-1])[within]
        # two intervals of length zero are equal, whatever they are divided by
        return change, np.where(total > 0, total, 1.0), self.train[1:][within]


def cv(trains: SpikeTrains) -> np.ndarray:
    """Coefficient of variation of the intervals, sd / mean: 0 for a clock, 1 for a Poisson process.

    Not a number for a train of less than two intervals, which says nothing of how they vary.

    Examples
    --------
    >>> cv(SpikeTrains.from_lists([[0, 1, 3], [0, 2, 4], [5]], t_stop=10)).round(3)
    array([0.333, 0.   ,   nan])
    """
    found = _Intervals(trains)
    mean = found.mean(found.values, found.train)
    variance = found.mean((found.values - mean[found.train]) ** 2, found.train)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(variance) / mean
    return np.where(np.bincount(found.train, minlength=found.count) > 1, spread, np.nan)


def cv2(trains: SpikeTrains) -> np.ndarray:
    """Local coefficient of variation: the mean of ``2 |I' - I| / (I' + I)`` over successive intervals; 1 for Poisson.

    Slow changes of the rate leave it as it is.

    References
    ----------
    .. [1] Holt, Softky, Koch & Douglas 1996, J. Neurophysiol. 75, 1806, https://doi.org/10.1152/jn.1996.75.5.1806

    Examples
    --------
    >>> cv2(SpikeTrains.from_lists([[0, 1, 4]], t_stop=10))  # 2 * (3 - 1) / 4
    array([1.])
    """
    found = _Intervals(trains)
    change, total, train = found.neighbours()
    return found.mean(2 * np.abs(change) / total, train)


def lv(trains: SpikeTrains) -> np.ndarray:
    """Local variation: the mean of ``3 (I' - I)^2 / (I' + I)^2`` over successive intervals; 1 for a Poisson process.

    References
    ----------
    .. [1] Shinomoto, Shima & Tanji 2003, Neural Comput. 15, 2823, https://doi.org/10.1162/089976603322518759

    Examples
    --------
    >>> lv(SpikeTrains.from_lists([[0, 1, 4]], t_stop=10))  # 3 * (2 / 4)**2
    array([0.75])
    """
    return lvr(trains, refractory=0.0)


def lvr(trains: SpikeTrains, refractory: Any = 5.0) -> np.ndarray:
    """Local variation revised for a refractory period R: each term of `lv` is times 1 + 4 R / (I' + I).

    Parameters
    ----------
    trains : SpikeTrains
    refractory : ms
        The constant R of the formula.

    References
    ----------
    .. [1] Shinomoto et al. 2009, PLoS Comput. Biol. 5, e1000433, https://doi.org/10.1371/journal.pcbi.1000433

    Examples
    --------
    >>> lvr(SpikeTrains.from_lists([[0, 10, 40]], t_stop=50), refractory="5 ms")  # 0.75 * (1 + 20/40)
    array([1.125])
    """
    constant = float(magnitude(refractory, "ms", "the refractory constant"))
    if not 0 <= constant < np.inf:
        raise RecordingError(f"the refractory constant must be finite and not negative, not {constant:g} ms")
    found = _Intervals(trains)
    change, total, train = found.neighbours()
    return found.mean(3 * (change / total) ** 2 * (1 + 4 * constant / total), train)


def bin_counts(trains: SpikeTrains, bin: Any) -> Histogram:
    """Number of spikes in bins of time.

    The bins begin at the window's start; a rest of the window that is shorter than a bin is left out. A spike on an
    edge, or before it by less than rounding and 1e-8 of a bin, belongs to the bin that begins there; a spike at the end
    of the window, to the last bin.

    Parameters
    ----------
    trains : SpikeTrains
    bin : ms
        Width of a bin.

    Returns
    -------
    Histogram
        edges (bin + 1,) in ms, values (train, bin).

    Raises
    ------
    RecordingError
        If the bin is not positive, or longer than the window.

    Examples
    --------
    >>> bin_counts(SpikeTrains.from_lists([[1, 2, 7], [5]], t_stop=10), bin=5).values
    array([[2, 1],
           [0, 1]])
    """
    width = float(magnitude(bin, "ms", "the bin"))
    if not 0 < width <= trains.duration * (1 + 1e-9):
        raise RecordingError(f"a bin of {width:g} ms does not fit into a window of {trains.duration:g} ms")
    # the slack absorbs the rounding of a window that is a whole number of bins, as 1000 / 0.1
    n = int(np.floor(trains.duration / width * (1 + 1e-12) + 1e-9))
    edges = trains.t_start + width * np.arange(n + 1)
    if np.isclose(edges[-1], trains.t_stop, rtol=1e-12):
        edges[-1] = trains.t_stop
        place = np.minimum(bin_places(trains, width), n - 1)
    else:
        place = bin_places(trains, width)
    train = np.repeat(np.arange(len(trains)), trains.counts)
    inside = place < n
    flat = np.bincount(train[inside] * n + place[inside], minlength=len(trains) * n)
    return Histogram(edges, flat.reshape(len(trains), n))


def bin_places(trains: SpikeTrains, width: float) -> np.ndarray:
    """Number of the bin, from the window's start on, that each spike is in: (spike,), with the rule of `bin_counts`.

    Examples
    --------
    >>> bin_places(SpikeTrains.from_lists([[0.9, 1.001]], unit="s", t_stop=2), width=1.0)  # 1000.9999999999999 ms
    array([ 900, 1001])
    """
    # of times that are multiples of a bin in decimal, a unit or a step ago, many lie a little before the edge
    return np.floor((trains.times - trains.t_start) / width + (1e-8 + rounding(trains) / width)).astype(np.int64)


def psth(trains: SpikeTrains, bin: Any) -> Histogram:
    """Peri-stimulus time histogram: the rate in time, averaged over trials.

    Parameters
    ----------
    trains : SpikeTrains
        (trial, neuron).
    bin : ms
        Width of a bin; as `bin_counts`.

    Returns
    -------
    Histogram
        edges (bin + 1,) in ms, values (neuron, bin) in Hz.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1, 2], [7]], t_stop=10, shape=(2, 1))
    >>> psth(trains, bin=5).values
    array([[200., 100.]])
    """
    edges, counts = trial_counts(trains, bin)
    width = float(magnitude(bin, "ms", "the bin"))
    with np.errstate(invalid="ignore"):
        return Histogram(edges, counts.sum(axis=0) / np.float64(len(counts)) / width * 1e3)


def trial_counts(trains: SpikeTrains, bin: Any) -> Histogram:
    """`bin_counts` with values (trial, neuron, bin)."""
    edges, counts = bin_counts(trains, bin)
    return Histogram(edges, counts.reshape(*trains.shape, len(edges) - 1))


def fano(trains: SpikeTrains, bin: Any = None) -> np.ndarray:
    """Fano factor of the spike count, variance / mean: 1 for a Poisson process.

    Parameters
    ----------
    trains : SpikeTrains
        (trial, neuron).
    bin : ms, optional
        Without it, counts of whole trials are compared; with it, the counts of all bins of all trials.

    Returns
    -------
    numpy.ndarray
        (neuron,); not a number for a neuron without spikes.

    References
    ----------
    .. [1] Fano 1947, Phys. Rev. 72, 26, https://doi.org/10.1103/PhysRev.72.26

    Examples
    --------
    >>> fano(SpikeTrains.from_lists([[1, 2, 3], [5]], t_stop=10, shape=(2, 1)))
    array([0.5])
    """
    counts = trains.counts.reshape(*trains.shape, 1) if bin is None else trial_counts(trains, bin).values
    samples = counts.transpose(1, 0, 2).reshape(trains.shape[1], counts.shape[0] * counts.shape[2])
    if samples.shape[1] < 2:
        raise RecordingError("the Fano factor compares counts: give several trials, or a bin")
    mean = samples.mean(axis=1)
    return np.divide(samples.var(axis=1), mean, out=np.full(len(mean), np.nan), where=mean > 0)
