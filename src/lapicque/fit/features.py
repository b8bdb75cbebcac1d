"""What a fit or a test compares of many spike trains: one number a neuron, or one a pair of neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.spikes import statistics
from lapicque.spikes.correlation import correlation as correlations
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


@dataclass(frozen=True)
class Feature:
    """A statistic of spike trains by name; the functions of `lapicque.fit.features` make them.

    Parameters
    ----------
    name : str
    unit : str
    scale : float, optional
        A time in ms that the statistic depends on.
    """

    name: str
    unit: str = "1"
    scale: float | None = None

    def __call__(self, trains: SpikeTrains) -> np.ndarray:
        """Return the numbers of all trains, or pairs within a trial; NaN where it is undefined.

        Parameters
        ----------
        trains : SpikeTrains (trial, neuron)
        """
        return _COMPUTED[self.name](trains, self.scale)

    @property
    def pooled(self) -> bool:
        """Whether a train gives any number of values, as many as it has intervals."""
        return self.name == "isi"

    def __str__(self) -> str:
        return self.name if self.scale is None else f"{self.name} ({self.scale:g} ms)"


def _each_trial(trains: SpikeTrains, scale: float | None) -> np.ndarray:
    pairs = []
    for trial in range(trains.shape[0]):
        found = correlations(trains[trial, :], scale)
        pairs.append(found[np.triu_indices(len(found), 1)])
    return np.concatenate(pairs)


def _intervals(trains: SpikeTrains, scale: float | None) -> np.ndarray:
    return np.concatenate([np.empty(0), *statistics.isi(trains)])


def _mean_interval(trains: SpikeTrains, scale: float | None) -> np.ndarray:
    return np.array([i.mean() if len(i) else np.nan for i in statistics.isi(trains)])


_COMPUTED = {
    "rate": lambda trains, scale: trains.rate(),
    "isi": _intervals,
    "mean isi": _mean_interval,
    "fano": lambda trains, scale: statistics.fano(trains, scale),
    "cv": lambda trains, scale: statistics.cv(trains),
    "cv2": lambda trains, scale: statistics.cv2(trains),
    "lv": lambda trains, scale: statistics.lv(trains),
    "lvr": lambda trains, scale: statistics.lvr(trains, scale),
    "correlation": _each_trial,
}


def rate() -> Feature:
    """Spikes a second of each neuron.

    Examples
    --------
    >>> rate()(SpikeTrains.from_lists([[10.0, 60.0], []], t_stop=100))
    array([20.,  0.])
    """
    return Feature("rate", "Hz")


def isi() -> Feature:
    """All interspike intervals, of all neurons together."""
    return Feature("isi", "ms")


def mean_isi() -> Feature:
    """Mean interval of each neuron; undefined below two spikes.

    Examples
    --------
    >>> mean_isi()(SpikeTrains.from_lists([[10.0, 20.0, 50.0], [5.0]], t_stop=100))
    array([20., nan])
    """
    return Feature("mean isi", "ms")


def fano(bin: Any = "100 ms") -> Feature:
    """Fano factor of each neuron's counts in bins; undefined without spikes.

    Examples
    --------
    >>> fano("50 ms")(SpikeTrains.from_lists([[10.0, 20.0], [5.0, 55.0]], t_stop=100))
    array([1., 0.])
    """
    return Feature("fano", "1", _time(bin, "fano"))


def cv() -> Feature:
    """Coefficient of variation of each neuron's intervals; undefined below two spikes."""
    return Feature("cv")


def cv2() -> Feature:
    """Local coefficient of variation; undefined below three spikes."""
    return Feature("cv2")


def lv() -> Feature:
    """Local variation; undefined below three spikes."""
    return Feature("lv")


def lvr(refractory: Any = "5 ms") -> Feature:
    """Local variation, revised for a refractory period; undefined below three spikes."""
    return Feature("lvr", "1", _time(refractory, "lvr"))


def correlation(bin: Any = "20 ms") -> Feature:
    """Correlation of the binned counts of each pair of neurons; undefined where a count never changes."""
    return Feature("correlation", "1", _time(bin, "correlation"))


def _time(value: Any, what: str) -> float:
    found = float(magnitude(value, "ms", what))
    if not 0 < found < np.inf:
        raise FitError(f"the time of the feature {what!r} is {found:g} ms: a positive time is expected")
    return found
