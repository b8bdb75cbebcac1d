"""The branching ratio of a network's activity, also from few of its neurons."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from lapicque.errors import RecordingError
from lapicque.spikes.statistics import trial_counts
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


class Branching(NamedTuple):
    """Branching ratio, the time constant that it means in ms, and the slopes (lag,) that it was fitted to."""

    ratio: float
    tau: float
    slopes: np.ndarray


def branching_ratio(trains: SpikeTrains, bin: Any, lags: int = 20) -> Branching:
    """How many spikes one spike causes in the next bin, by multistep regression.

    The slope of the regression of activity on that k bins before decays as ``b m^k``. Where only a part of the
    neurons was recorded, b is small and m is not biased.

    Parameters
    ----------
    trains : SpikeTrains
        (trial, neuron); the neurons of a trial are pooled.
    bin : ms
        Width of a bin: about the time from a spike to those it causes.
    lags : int
        Number of slopes, at least 2.

    Returns
    -------
    Branching
        ratio, tau (``-bin / log(ratio)``), slopes (lag,); not numbers for activity that is the same in all bins.

    Raises
    ------
    RecordingError
        For less than 2 lags, or a window of not more than ``lags + 1`` bins.

    References
    ----------
    .. [1] Wilting & Priesemann 2018, Nat. Commun. 9, 2325, https://doi.org/10.1038/s41467-018-04725-4

    Examples
    --------
    >>> from lapicque.spikes import inhomogeneous_poisson
    >>> random, rate = np.random.default_rng(1), [100.0]
    >>> for _ in range(20_000):  # activity that decays by a tenth in each step of 5 ms
    ...     rate.append(10 + 0.9 * rate[-1] + 5 * random.normal())
    >>> trains = inhomogeneous_poisson(np.maximum(rate, 0), 100_000, dt=5, seed=1, trains=10)
    >>> 0.85 < branching_ratio(trains, bin="5 ms").ratio < 0.95
    True
    """
    width = float(magnitude(bin, "ms", "the bin"))
    activity = trial_counts(trains, bin).values.sum(axis=1).astype(float)
    if not 2 <= lags < activity.shape[1] - 1:
        raise RecordingError(f"{lags} lags: give at least 2, and less than there are bins, {activity.shape[1]}")
    steps = np.arange(1, lags + 1)
    slopes = np.array([_slope(activity[:, :-k], activity[:, k:]) for k in steps.tolist()])
    if not np.isfinite(slopes).all():
        return Branching(np.nan, np.nan, slopes)

    def misfit(ratio: float) -> float:
        decay = ratio**steps
        return float(((slopes - decay * (slopes @ decay) / (decay @ decay)) ** 2).sum())

    grid = np.linspace(0.01, 1.0, 100)
    best = int(np.argmin([misfit(ratio) for ratio in grid]))
    around = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    ratio = float(minimize_scalar(misfit, bounds=around, method="bounded", options=dict(xatol=1e-8)).x)
    return Branching(ratio, -width / np.log(ratio), slopes)


def _slope(early: np.ndarray, late: np.ndarray) -> float:
    if not early.size:
        return np.nan
    deviation = early - early.mean()
    square = (deviation**2).sum()
    return float((deviation * (late - late.mean())).sum() / square) if square > 0 else np.nan
