"""What a fit or a test compares of many spike trains: one number a neuron, or one a pair of neurons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.spikes import statistics
from lapicque.spikes.bursting.intervals import bursts as bursts_of
from lapicque.spikes.bursting.network import NetworkBursts, network_bursts
from lapicque.spikes.correlation import correlation as correlations
from lapicque.spikes.criticality.avalanches import avalanches
from lapicque.spikes.population import chi
from lapicque.spikes.ragged import parted
from lapicque.spikes.tiling import tiling as tiling_of
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
    share : float, optional
        The smallest part of the neurons that takes part in what is counted.
    """

    name: str
    unit: str = "1"
    scale: float | None = None
    share: float | None = None

    def __call__(self, trains: SpikeTrains) -> np.ndarray:
        """Return the numbers of all trains, or pairs within a trial; NaN where it is undefined.

        Parameters
        ----------
        trains : SpikeTrains (trial, neuron)
        """
        if self.share is not None:
            return _OF_NETWORKS[self.name](_network_bursts(trains, self.scale, self.share))
        return _COMPUTED[self.name](trains, self.scale)

    def of_each(self, trains: SpikeTrains, candidates: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of each of several candidates, whose trials lie one behind the other.

        Parameters
        ----------
        trains : SpikeTrains (candidate and trial, neuron)
        candidates : int

        Returns
        -------
        values : (candidate, value)
            Rows that are shorter than others end in NaN.
        sizes : (candidate,) int64
            How many values there are of each candidate, defined or not.
        """
        if not self.pooled and self.name != "fano":  # each trial on its own
            values = self(trains).reshape(candidates, -1)
            return values, np.full(candidates, values.shape[1])
        each = [self(part) for part in parted(trains, candidates)]
        sizes = np.array([len(one) for one in each], np.int64)
        values = np.full((candidates, sizes.max(initial=0)), np.nan)
        for row, one in zip(values, each, strict=True):
            row[: len(one)] = one
        return values, sizes

    @property
    def pooled(self) -> bool:
        """Whether trains give any number of values, as many as they have intervals or network bursts."""
        return self.name in ("isi", "network burst duration")

    @property
    def of_population(self) -> bool:
        """Whether it is one number a trial, which depends on how many neurons there are."""
        return self.name in ("synchrony", "network burst rate", "avalanche exponent")

    @property
    def counted(self) -> bool:
        """Whether it counts events of a population in the window, where one more or less is chance."""
        return self.name == "network burst rate"

    def __str__(self) -> str:
        if self.scale is None:
            return self.name
        part = "" if self.share is None else f", {100 * self.share:g} % of neurons"
        return f"{self.name} ({self.scale:g} ms{part})"


def _pairs(trains: SpikeTrains, matrix: Callable[[SpikeTrains], np.ndarray]) -> np.ndarray:
    """Return what a matrix of all pairs says of each, trial by trial."""
    pairs = [np.empty(0)]
    for trial in range(trains.shape[0]):
        found = matrix(trains[[trial], :])
        pairs.append(found[np.triu_indices(len(found), 1)])
    return np.concatenate(pairs)


def _correlations(trains: SpikeTrains, scale: float | None) -> np.ndarray:
    return _pairs(trains, lambda trial: correlations(trial, scale))


def _intervals(trains: SpikeTrains, scale: float | None) -> np.ndarray:
    return np.concatenate([np.empty(0), *statistics.isi(trains)])


def _mean_interval(trains: SpikeTrains, scale: float | None) -> np.ndarray:
    return np.array([i.mean() if len(i) else np.nan for i in statistics.isi(trains)])


def _network_bursts(trains: SpikeTrains, scale: float | None, share: float) -> NetworkBursts:
    return network_bursts(bursts_of(trains, scale), share)


def _avalanche_exponents(trains: SpikeTrains, scale: float | None) -> np.ndarray:
    from lapicque.spikes.criticality.power_law import power_law

    sizes = [avalanches(trains[[trial], :], scale).sizes for trial in range(trains.shape[0])]
    return np.array([power_law(one, xmin=1).exponent if len(one) else np.nan for one in sizes], float)


_OF_NETWORKS: dict[str, Callable[[NetworkBursts], np.ndarray]] = {
    "network burst rate": NetworkBursts.rate,
    "network burst duration": lambda found: found.durations,
}

_COMPUTED = {
    "rate": lambda trains, scale: trains.rate(),
    "isi": _intervals,
    "mean isi": _mean_interval,
    "fano": lambda trains, scale: statistics.fano(trains, scale),
    "cv": lambda trains, scale: statistics.cv(trains),
    "cv2": lambda trains, scale: statistics.cv2(trains),
    "lv": lambda trains, scale: statistics.lv(trains),
    "lvr": lambda trains, scale: statistics.lvr(trains, scale),
    "correlation": _correlations,
    "tiling": lambda trains, scale: _pairs(trains, lambda trial: tiling_of(trial, scale, threads=1)),
    "bursts": lambda trains, scale: bursts_of(trains, scale).rate(),
    "synchrony": lambda trains, scale: chi(trains, scale),
    "avalanche exponent": _avalanche_exponents,
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


def tiling(window: Any = "20 ms") -> Feature:
    """Spike time tiling coefficient of each pair of neurons: a correlation that does not depend on their rates.

    References
    ----------
    .. [1] Cutts & Eglen 2014, J. Neurosci. 34, 14288, https://doi.org/10.1523/JNEUROSCI.2767-14.2014

    Examples
    --------
    >>> tiling("1 ms")(SpikeTrains.from_lists([[10.0, 60.0], [10.5, 60.5]], t_stop=100))
    array([1.])
    """
    return Feature("tiling", "1", _time(window, "tiling"))


def bursts(max_isi: Any = "10 ms") -> Feature:
    """Bursts a second of each neuron: three spikes or more with intervals up to ``max_isi``.

    Examples
    --------
    >>> bursts("5 ms")(SpikeTrains.from_lists([[10.0, 12.0, 15.0, 60.0]], t_stop=100))
    array([10.])
    """
    return Feature("bursts", "Hz", _time(max_isi, "bursts"))


def synchrony(bin: Any = "5 ms") -> Feature:
    """Golomb's chi of the binned counts, one number a trial: 1 for full synchrony, near 0 for none.

    References
    ----------
    .. [1] Golomb 2007, Scholarpedia 2, 1347, https://doi.org/10.4249/scholarpedia.1347

    Examples
    --------
    >>> synchrony("10 ms")(SpikeTrains.from_lists([[10.0, 60.0], [12.0, 65.0]], t_stop=100))
    array([1.])
    """
    return Feature("synchrony", "1", _time(bin, "synchrony"))


def network_burst_rate(max_isi: Any = "50 ms", share: float = 0.2) -> Feature:
    """Network bursts a second, one number a trial: bursts of at least this part of the neurons that overlap in time.

    Bursts of a neuron are those of `bursts`, with intervals up to ``max_isi``; network bursts those of
    `lapicque.spikes.network_bursts`.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[10, 12, 14, 70, 71, 72], [13, 15, 17]], t_stop=100)
    >>> network_burst_rate("5 ms", share=1)(trains)
    array([10.])
    """
    return Feature("network burst rate", "Hz", _time(max_isi, "network burst rate"), _share(share))


def network_burst_duration(max_isi: Any = "50 ms", share: float = 0.2) -> Feature:
    """How long each network burst lasts, of all trials together; as of `network_burst_rate`.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[10, 12, 14, 70, 71, 72], [13, 15, 17]], t_stop=100)
    >>> network_burst_duration("5 ms", share=1)(trains)
    array([7.])
    """
    return Feature("network burst duration", "ms", _time(max_isi, "network burst duration"), _share(share))


def avalanche_exponent(bin: Any = "4 ms") -> Feature:
    """Exponent of the power law that is likeliest for the sizes of avalanches, from one spike on, one number a trial.

    A number that says how sizes are spread, whether or not they follow a power law. Undefined where all avalanches
    have one size, or where there is none.

    References
    ----------
    .. [1] Beggs & Plenz 2003, J. Neurosci. 23, 11167, https://doi.org/10.1523/JNEUROSCI.23-35-11167.2003
    .. [2] Clauset, Shalizi & Newman 2009, SIAM Rev. 51, 661, https://doi.org/10.1137/070710111

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[10.0, 30.0, 50.0, 70.0], [11.0, 90.0]], t_stop=100)
    >>> avalanche_exponent("4 ms")(trains).round(2)  # sizes 2, 1, 1, 1, 1
    array([3.17])
    """
    return Feature("avalanche exponent", "1", _time(bin, "avalanche exponent"))


def _share(value: float) -> float:
    if not 0 <= value <= 1:
        raise FitError(f"share is {value:g}: a part of the neurons, from 0 to 1, is expected")
    return float(value)


def _time(value: Any, what: str) -> float:
    found = float(magnitude(value, "ms", what))
    if not 0 < found < np.inf:
        raise FitError(f"the time of the feature {what!r} is {found:g} ms: a positive time is expected")
    return found
