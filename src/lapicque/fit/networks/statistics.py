"""Fit distributions over a population, in units of what the data leave uncertain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit import features as f
from lapicque.fit.features import Feature
from lapicque.spikes.trains import SpikeTrains

#: The discrepancy, in standard errors, of a statistic that no neuron of a candidate has.
ABSENT = 30.0
#: Into so many pieces the window of one trial is cut to see how uncertain a number of the whole population is.
PIECES = 8


@dataclass(frozen=True)
class PopulationStatistics:
    """Discrepancy of distributions of statistics, in standard errors of the data's means.

    For every recorder and statistic, z is the Wasserstein distance between the data's and the model's values over
    neurons, or the difference of their means, divided by the standard error of the data's mean. The loss is the mean of
    ``sqrt(1 + z^2) - 1``: quadratic below one standard error, linear far away. What is undefined (the variability of a
    cell with one spike) is not 0: the shares of neurons that have the statistic are compared, as a statistic of its own
    with its binomial standard error, and where no neuron of a candidate has it z of its values is `ABSENT`. The
    standard error of what is one number a trial, such as the rate of network bursts, is that of `PIECES` pieces of the
    window if there is one trial only; that of a number of events is at least one event, and any at least 1 % of the
    mean, or 0.01 where no neuron of the data has anything but 0.

    Parameters
    ----------
    features : sequence of Feature
        Of `lapicque.fit.features`.
    compare : ``"distribution"`` or ``"mean"``

    Raises
    ------
    FitError
        For something else, and for data of which no neuron has a statistic.

    Examples
    --------
    >>> import lapicque as lq
    >>> data = {"cells": lq.spikes.poisson("20 Hz", t_stop="5 s", trains=50, seed=1)}
    >>> scorer = PopulationStatistics().prepare(data)
    >>> [
    ...     round(scorer.score({"cells": lq.spikes.poisson(rate, t_stop="5 s", trains=50, seed=2)}), 1)
    ...     for rate in (20, 25)
    ... ]
    [1.4, 6.8]
    """

    features: Sequence[Feature] = (f.rate(), f.cv(), f.lv())
    compare: str = "distribution"

    def __post_init__(self) -> None:
        given = self.features
        object.__setattr__(self, "features", (given,) if isinstance(given, Feature) else tuple(given))
        if not self.features or not all(isinstance(feature, Feature) for feature in self.features):
            raise FitError(f"features are {given!r}: write them as lq.fit.features.rate(), lq.fit.features.cv()")
        if self.compare not in ("distribution", "mean"):
            raise FitError(f"compare is {self.compare!r}: write 'distribution' or 'mean'")

    @property
    def name(self) -> str:
        """Its statistics."""
        return ", ".join(feature.name for feature in self.features)

    def prepare(self, data: Mapping[str, SpikeTrains]) -> _Scorer:
        """Return the scorer of some data."""
        return _Scorer([_Term(name, feature, self.compare, data[name]) for name in data for feature in self.features])


class _Scorer:
    def __init__(self, terms: Sequence[_Term]):
        self.terms = terms

    def score(self, model: Mapping[str, SpikeTrains]) -> float:
        """Return the mean over recorders and statistics."""
        return float(self.scores(model, 1)[0])

    def scores(self, models: Mapping[str, SpikeTrains], candidates: int) -> np.ndarray:
        """Return the same of several candidates, whose trials lie one behind the other: (candidate,)."""
        return np.stack([term.losses(models[term.recorder], candidates) for term in self.terms], axis=1).mean(axis=1)


class _Term:
    """One statistic of one recorder."""

    def __init__(self, recorder: str, feature: Feature, compare: str, trains: SpikeTrains):
        self.recorder, self.feature, self.compare = recorder, feature, compare
        values = feature(trains)
        self.values = np.sort(values[np.isfinite(values)])
        if not self.values.size:
            raise FitError(f"no neuron of the data of {recorder!r} has a {feature}: leave that statistic out")
        self.share = self.values.size / values.size
        n = values.size
        # with one value, or equal ones, the uncertainty is an error of 1 %, or of 0.01 where they are 0
        mean = abs(self.values.mean())
        least = 0.01 * (mean if mean > 1e-9 else 1.0)
        sample = _pieces(feature, trains) if feature.of_population and n == 1 else self.values
        if feature.counted:
            least = max(least, 1e3 / ((trains.t_stop - trains.t_start) * trains.shape[0]))
        spread = sample.std(ddof=1) if sample.size > 1 else abs(self.values.mean())
        self.error = max(spread / np.sqrt(max(sample.size, 1)), least)
        rounded = (self.share * n + 0.5) / (n + 1)  # never 0 or 1 for sure
        self.share_error = np.sqrt(rounded * (1 - rounded) / n)

    def losses(self, trains: SpikeTrains, candidates: int) -> np.ndarray:
        """Return the soft discrepancy, and that of the share of neurons that have the statistic: (candidate,)."""
        found, sizes = self.feature.of_each(trains, candidates)
        found = np.sort(np.where(np.isfinite(found), found, np.nan), axis=1)  # what is undefined comes last
        counts = np.count_nonzero(np.isfinite(found), axis=1)
        known = np.flatnonzero(counts)
        losses = np.full(candidates, _soft(ABSENT) + _soft(self.share / self.share_error))
        if self.compare == "mean":
            distances = np.abs([found[n, : counts[n]].mean() - self.values.mean() for n in known])
        else:
            distances = areas(found[known], counts[known], self.values)
        shares = counts[known] / sizes[known]
        losses[known] = _soft(distances / self.error) + _soft((shares - self.share) / self.share_error)
        return losses


def _pieces(feature: Feature, trains: SpikeTrains) -> np.ndarray:
    """Return what a feature is in the pieces of a window that define it, (piece,)."""
    edges = np.linspace(trains.t_start, trains.t_stop, PIECES + 1)
    pieces = [feature(trains.window(a, b)) for a, b in pairwise(edges)]
    values = np.concatenate(pieces)
    return values[np.isfinite(values)]


def _soft(z: np.ndarray | float) -> Any:
    return np.sqrt(1 + z * z) - 1


def areas(samples: np.ndarray, counts: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the first Wasserstein distance of each of several samples from one: the area between their cumulatives.

    Parameters
    ----------
    samples : (sample, value), each sorted
    counts : (sample,) int64
        How many of the values belong to each, at least 1.
    reference : (m,), sorted

    Examples
    --------
    >>> areas(np.array([[1.0, 2.0], [3.0, np.nan]]), np.array([2, 1]), np.array([0.0, 1.0]))
    array([1. , 2.5])
    """
    from lapicque.fit.networks.merging import strips  # compiled

    pieces = strips(samples, counts, reference)
    found = np.empty(len(samples))
    for count in np.unique(counts):  # sums of as many numbers, in NumPy's order
        same = counts == count
        found[same] = pieces[same, : count + len(reference) - 1].sum(axis=1)
    return found


def wasserstein(a: np.ndarray, b: np.ndarray) -> float:
    """Return the first Wasserstein distance of two sorted samples, as `areas` does.

    Parameters
    ----------
    a, b : (n,), (m,), sorted

    Examples
    --------
    >>> wasserstein(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    1.0
    """
    return float(areas(np.asarray(a)[None], np.array([len(a)]), np.asarray(b))[0])
