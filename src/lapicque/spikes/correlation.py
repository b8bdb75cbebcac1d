"""How spikes of trains go together: correlograms, and correlation of binned counts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.ragged import ranges
from lapicque.spikes.rounding import rounding
from lapicque.spikes.statistics import Histogram, bin_counts
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

#: Pairs of spikes that are held at a time.
_CHUNK = 1 << 20


def correlation(trains: SpikeTrains, bin: Any) -> np.ndarray:
    """Pearson correlation of binned spike counts, of every pair of trains.

    Parameters
    ----------
    trains : SpikeTrains
    bin : ms
        Width of a bin; as `lapicque.spikes.bin_counts`.

    Returns
    -------
    numpy.ndarray
        (train, train); not a number where the count of a train is the same in all bins.

    References
    ----------
    .. [1] Cohen & Kohn 2011, Nat. Neurosci. 14, 811, https://doi.org/10.1038/nn.2842

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1, 2, 12], [3, 14, 15], [21]], t_stop=30)
    >>> correlation(trains, bin=10).round(2)
    array([[ 1.  ,  0.5 , -0.87],
           [ 0.5 ,  1.  , -0.87],
           [-0.87, -0.87,  1.  ]])
    """
    products = _products(bin_counts(trains, bin).values)
    sd = np.sqrt(np.diag(products))
    scale = np.outer(sd, sd)
    return np.divide(products, scale, out=np.full_like(scale, np.nan), where=scale > 0)


def covariance(trains: SpikeTrains, bin: Any) -> np.ndarray:
    """Covariance of binned spike counts, of every pair of trains.

    Parameters
    ----------
    trains : SpikeTrains
    bin : ms
        Width of a bin; as `lapicque.spikes.bin_counts`.

    Returns
    -------
    numpy.ndarray
        (train, train), the sum of products over one less than the number of bins; not a number for a single bin.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1, 2, 12], [3, 14, 15], [21]], t_stop=30)
    >>> covariance(trains, bin=10).round(2)
    array([[ 1.  ,  0.5 , -0.5 ],
           [ 0.5 ,  1.  , -0.5 ],
           [-0.5 , -0.5 ,  0.33]])
    """
    counts = bin_counts(trains, bin).values
    if counts.shape[1] < 2:
        return np.full((len(trains), len(trains)), np.nan)
    return _products(counts) / (counts.shape[1] - 1)


def _products(counts: np.ndarray) -> np.ndarray:
    deviation = counts - counts.mean(axis=1, keepdims=True)
    return deviation @ deviation.T


def crosscorrelogram(a: SpikeTrains, b: SpikeTrains, bin: Any, lag: Any) -> Histogram:
    """Histogram of the differences ``t_b - t_a`` between the spikes of two trains.

    Parameters
    ----------
    a, b : SpikeTrains
        The same number of trains each: each train of ``a`` with its partner in ``b``; the counts are summed.
    bin : ms
        Width of a bin; one bin is centred on zero.
    lag : ms
        The histogram reaches from ``-lag`` to ``lag``, plus half a bin on either side. A difference between two bins
        belongs to the later one, so that each is as wide for times on a grid of steps as for others; but the bins of
        an autocorrelogram mirror each other on such a grid only if one holds an odd number of steps.

    Returns
    -------
    Histogram
        edges (bin + 1,) in ms, values (bin,).

    Raises
    ------
    RecordingError
        If the numbers of trains differ, or the lag is shorter than the bin.

    References
    ----------
    .. [1] Perkel, Gerstein & Moore 1967, Biophys. J. 7, 419, https://doi.org/10.1016/S0006-3495(67)86597-4

    Examples
    --------
    >>> a = SpikeTrains.from_lists([[10, 20, 30]], t_stop=50)
    >>> b = SpikeTrains.from_lists([[12, 22, 31]], t_stop=50)
    >>> crosscorrelogram(a, b, bin=1, lag=3).values
    array([0, 0, 0, 0, 1, 2, 0])
    """
    if len(a) != len(b):
        raise RecordingError(f"trains are compared one by one, but there are {len(a)} and {len(b)}")
    width, reach = float(magnitude(bin, "ms", "the bin")), float(magnitude(lag, "ms", "the lag"))
    if not 0 < width <= reach < np.inf:
        raise RecordingError(
            f"the lag, {reach:g} ms, must be at least the bin, {width:g} ms, and both positive and finite"
        )
    side = int(np.floor(reach / width * (1 + 1e-12)))
    edges = width * (np.arange(2 * side + 2) - side - 0.5)
    values = np.zeros(2 * side + 1, np.int64)
    # differences of times that are multiples of a step are so only up to rounding
    slack = 1e-8 * width + rounding(a, b)
    for x, y in zip(a.to_lists(), b.to_lists(), strict=True):
        lower = np.searchsorted(y, x + edges[0] - slack / 2, side="left")
        upper = np.searchsorted(y, x + (edges[-1] + slack), side="right")
        for some in _portions(upper - lower):
            number = (upper - lower)[some]
            difference = y[ranges(lower[some], number)] - np.repeat(x[some], number)
            place = np.floor((difference - edges[0] + slack) / width).astype(np.int64)
            values += np.bincount(place[place <= 2 * side], minlength=2 * side + 1)
    return Histogram(edges, values)


def _portions(number: np.ndarray) -> list[slice]:
    """Spikes whose partners, so many each, are together about `_CHUNK`, or one spike's."""
    portion = np.cumsum(number) // _CHUNK
    borders = np.flatnonzero(np.diff(portion)) + 1
    return [slice(*edges) for edges in pairwise([0, *borders.tolist(), len(number)])]


def autocorrelogram(trains: SpikeTrains, bin: Any, lag: Any) -> Histogram:
    """Histogram of the differences between the spikes of one train, summed over trains.

    A spike is not compared with itself, so that the bin at zero counts other spikes only.

    Parameters
    ----------
    trains : SpikeTrains
    bin, lag : ms
        As for `crosscorrelogram`.

    Returns
    -------
    Histogram
        edges (bin + 1,) in ms, values (bin,).

    Examples
    --------
    >>> clock = SpikeTrains.from_lists([[10, 20, 30, 40]], t_stop=50)
    >>> autocorrelogram(clock, bin=10, lag=20).values
    array([2, 3, 0, 3, 2])
    """
    edges, values = crosscorrelogram(trains, trains, bin, lag)
    values[len(values) // 2] -= len(trains.times)
    return Histogram(edges, values)
