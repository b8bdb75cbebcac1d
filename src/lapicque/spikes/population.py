"""Synchrony and dimensionality of a population, from spikes in bins or from any signals of its neurons."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.correlation import correlation
from lapicque.spikes.statistics import trial_counts
from lapicque.spikes.trains import SpikeTrains


class PairMean(NamedTuple):
    """Mean over pairs of neurons, (trial,); of how many pairs; and how many were left out as undefined, (trial,)."""

    values: np.ndarray
    pairs: np.ndarray
    undefined: np.ndarray


def mean_correlation(trains: SpikeTrains, bin: Any) -> PairMean:
    """Mean Pearson correlation of binned counts over all pairs of neurons.

    Parameters
    ----------
    trains : SpikeTrains
        (trial, neuron).
    bin : ms
        Width of a bin; as `lapicque.spikes.bin_counts`.

    Returns
    -------
    PairMean
        values (trial,), the mean over pairs (trial,), without pairs, undefined (trial,), of which a neuron has the same
        count in all bins; not a number without any pair.

    References
    ----------
    .. [1] Cohen & Kohn 2011, Nat. Neurosci. 14, 811, https://doi.org/10.1038/nn.2842

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1, 2, 12], [3, 14, 15], []], t_stop=30)
    >>> mean_correlation(trains, bin=10)
    PairMean(values=array([0.5]), pairs=array([1]), undefined=array([2]))
    """
    trials, neurons = trains.shape
    above = np.triu_indices(neurons, 1)
    found = np.array([correlation(trains[[k], :], bin)[above] for k in range(trials)]).reshape(trials, len(above[0]))
    known = np.isfinite(found)
    pairs = known.sum(axis=1)
    total = np.where(known, found, 0.0).sum(axis=1)
    values = np.divide(total, pairs, out=np.full(trials, np.nan), where=pairs > 0)
    return PairMean(values, pairs, (~known).sum(axis=1))


def chi(activity: SpikeTrains | Any, bin: Any = None) -> np.ndarray:
    """Golomb's measure of synchrony: sd over time of the population's mean over that of its neurons.

    ``chi^2 = var(mean of neurons) / mean(var of neuron)``: 1 for full synchrony, about ``1/sqrt(neuron)`` for none.

    Parameters
    ----------
    activity : SpikeTrains, or (time, neuron), or (trial, time, neuron)
        Spike trains are binned; membrane voltages and the like are taken as they are.
    bin : ms
        Width of a bin, for spike trains and only for these.

    Returns
    -------
    numpy.ndarray
        (trial,); not a number where nothing changes in time.

    Raises
    ------
    RecordingError
        For another shape, values that are not finite, spike trains without a bin, or a bin without spike trains.

    References
    ----------
    .. [1] Golomb 2007, Scholarpedia 2, 1347, https://doi.org/10.4249/scholarpedia.1347

    Examples
    --------
    >>> time = np.arange(100.0)[:, None]
    >>> chi(np.sin(time + np.array([0, 0])) + 0), chi(np.sin(time + np.array([0, np.pi]))).round(3)
    (array([1.]), array([0.]))
    """
    signals = _signals(activity, bin)
    signals = _about_mean(signals, axis=1)
    variances = signals.var(axis=1).mean(axis=1)
    together = signals.mean(axis=2).var(axis=1)
    return np.sqrt(np.divide(together, variances, out=np.full(len(signals), np.nan), where=variances > 0))


def participation_ratio(activity: SpikeTrains | Any, bin: Any = None) -> float:
    """Dimensionality of a population's activity: ``(sum of l)^2 / sum of l^2`` for the eigenvalues l of its covariance.

    1 if all neurons do the same, the number of neurons if they are independent and equally variable. Noise counts: from
    fewer than some ten times as many bins as neurons it is too low.

    Parameters
    ----------
    activity : SpikeTrains, or (time, neuron), or (trial, time, neuron)
        Spike trains are binned; rates and the like are taken as they are. Trials are joined.
    bin : ms
        Width of a bin, for spike trains and only for these.

    Returns
    -------
    float
        Not a number where nothing changes in time.

    Raises
    ------
    RecordingError
        For another shape, values that are not finite, spike trains without a bin, or a bin without spike trains.

    References
    ----------
    .. [1] Mazzucato, Fontanini & La Camera 2016, Front. Syst. Neurosci. 10, 11,
       https://doi.org/10.3389/fnsys.2016.00011

    Examples
    --------
    >>> random = np.random.default_rng(1).normal(size=(5000, 3))
    >>> round(participation_ratio(random), 1), round(participation_ratio(random @ np.ones((3, 8))), 1)
    (3.0, 1.0)
    """
    signals = _signals(activity, bin)
    rows = signals.reshape(-1, signals.shape[2])
    deviation = _about_mean(rows, axis=0)
    # eigenvalues of the covariance are those of the smaller product; their squares add up to its squared norm
    product = deviation.T @ deviation if len(rows) > rows.shape[1] else deviation @ deviation.T
    squares = float((product**2).sum())
    return float(np.trace(product) ** 2 / squares) if squares > 0 else np.nan


def _signals(activity: SpikeTrains | Any, bin: Any) -> np.ndarray:
    """Activity as (trial, time, neuron)."""
    if isinstance(activity, SpikeTrains):
        if bin is None:
            raise RecordingError('spike trains are compared in bins: give the width of one, as bin="5 ms"')
        return _some(trial_counts(activity, bin).values.transpose(0, 2, 1).astype(float))
    if bin is not None:
        raise RecordingError(f"only spike trains are binned, not {type(activity).__name__}: leave out bin={bin!r}")
    signals = np.asarray(activity, float)
    if signals.ndim not in (2, 3):
        raise RecordingError(
            f"activity has shape {signals.shape}, but should have (time, neuron) or (trial, time, neuron)"
        )
    if not np.isfinite(signals).all():
        raise RecordingError(f"activity is not finite at {np.argwhere(~np.isfinite(signals))[0].tolist()}")
    return _some(signals if signals.ndim == 3 else signals[None])


def _about_mean(signals: np.ndarray, axis: int) -> np.ndarray:
    """Signals less their mean in time: exactly 0 where they are constant, whatever the rounding of the mean."""
    constant = signals.min(axis=axis, keepdims=True) == signals.max(axis=axis, keepdims=True)
    return np.where(constant, 0.0, signals - signals.mean(axis=axis, keepdims=True))


def _some(signals: np.ndarray) -> np.ndarray:
    if 0 in signals.shape:
        raise RecordingError(f"there is no activity in shape {signals.shape}, (trial, time, neuron)")
    return signals
