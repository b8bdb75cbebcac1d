"""Fit trains neuron by neuron: the same numbers, the same ranks, or the best assignment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import FitError
from lapicque.fit.objectives.spike_match import rate_term, saturate
from lapicque.spikes.trains import SpikeTrains

MATCHES = ("number", "sorted", "assigned")


@dataclass(frozen=True)
class MatchedNeurons:
    """Mean distance between the trains of matched neurons, with a term for their numbers of spikes.

    The distance of a pair is divided by that of the data's train from silence, saturates beyond 1, and is averaged over
    all pairs of a trial of the data with one of the model; a term of `SpikeMatch` is added for the neuron's number of
    spikes. A train without spikes is at 0 from silence and at 1 from anything else.

    Parameters
    ----------
    distance : Distance
    match : ``"number"``, ``"sorted"`` or ``"assigned"``
        Which neurons are compared: those with the same number, or place where data and model have other numbers; those
        with the same rank when both sides are sorted by rate; or those that a linear assignment with the least total
        distance puts together (data and model may then have different numbers of neurons, and each of the smaller side
        has a partner).
    rate_weight : float
        Of the term for the number of spikes, at least 1, so that silence never wins.

    Raises
    ------
    FitError
        For something else, and where numbers of neurons differ but should not.

    Examples
    --------
    >>> import lapicque as lq
    >>> data = {"cells": SpikeTrains.from_lists([[10, 50], [30, 60, 90]], t_stop=100)}
    >>> swapped = {"cells": SpikeTrains.from_lists([[30, 60, 90], [10, 50]], t_stop=100)}
    >>> [MatchedNeurons(lq.distances.van_rossum("5 ms"), m).prepare(data).score(swapped) < 1e-9 for m in MATCHES]
    [False, True, True]
    """

    distance: Distance
    match: str = "number"
    rate_weight: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.distance, Distance):
            raise FitError(f"{self.distance!r} is no distance: write lq.distances.van_rossum('10 ms'), say")
        if self.match not in MATCHES:
            raise FitError(f"match is {self.match!r}: write {', '.join(map(repr, MATCHES))}")
        if not 1 <= self.rate_weight < np.inf:
            raise FitError(f"rate_weight is {self.rate_weight}: below 1 a silent network could win")

    @property
    def name(self) -> str:
        """Its distance."""
        return repr(self.distance).partition("(")[0]

    def prepare(self, data: Mapping[str, SpikeTrains]) -> _Scorer:
        """Return the scorer of some data."""
        return _Scorer([_Recorder(name, self, trains) for name, trains in data.items()])


class _Scorer:
    def __init__(self, recorders: list[_Recorder]):
        self.recorders = recorders

    def score(self, model: Mapping[str, SpikeTrains]) -> float:
        """Return the mean over neurons of all recorders."""
        losses = [recorder.losses(model[recorder.name]) for recorder in self.recorders]
        return float(np.concatenate(losses).mean())


class _Recorder:
    """The data of one recorder."""

    def __init__(self, name: str, objective: MatchedNeurons, trains: SpikeTrains):
        self.name, self.objective, self.window = name, objective, (trains.t_start, trains.t_stop)
        self.neurons, self.rates, self.labels = trains.shape[1], _rates(trains), trains.neurons
        sort = objective.match == "sorted"
        self.order = np.argsort(self.rates, kind="stable") if sort else np.arange(self.neurons)
        self.repeats = [trains[repeat, self.order] for repeat in range(trains.shape[0])]
        nothing = SpikeTrains.from_lists([[]], t_start=trains.t_start, t_stop=trains.t_stop)
        silences = [self._distances(objective.distance.batch(nothing, repeat))[0] for repeat in self.repeats]
        self.silences = [np.where(silence > 1e-9, silence, 1.0) for silence in silences]

    def losses(self, model: SpikeTrains) -> np.ndarray:
        """Return the loss of each matched pair."""
        match, neurons = self.objective.match, model.shape[1]
        if match != "assigned" and neurons != self.neurons:
            raise FitError(
                f"the model has {neurons} neurons of {self.name!r}, the data {self.neurons}: match='assigned' compares "
                "different numbers of neurons"
            )
        rates = _rates(model)
        mine = np.argsort(rates, kind="stable") if match == "sorted" else np.arange(neurons)
        if match == "number" and model.neurons != self.labels and set(model.neurons) == set(self.labels):
            mine = np.array([model.neurons.index(label) for label in self.labels])
        runs = [model[trial, mine] for trial in range(model.shape[0])]
        counts, reference = (x * (self.window[1] - self.window[0]) / 1e3 for x in (rates[mine], self.rates[self.order]))
        if match != "assigned":
            return self._costs(runs, paired=True) + self.objective.rate_weight * rate_term(counts, reference)
        from scipy.optimize import linear_sum_assignment

        costs = self._costs(runs, paired=False)
        costs = costs + self.objective.rate_weight * rate_term(counts[:, None], reference[None, :])
        return costs[linear_sum_assignment(costs)]

    def _costs(self, runs: list[SpikeTrains], paired: bool) -> np.ndarray:
        """Return the mean over runs and repeats for each pair, or for every neuron of the model with every one."""
        distance, found = self.objective.distance, []
        compare = distance.pairs if paired else distance.batch
        for run in runs:
            for repeat, silence in zip(self.repeats, self.silences, strict=True):
                relative = saturate(self._distances(compare(run, repeat, threads=1)) / silence)
                spiking = run.counts > 0
                found.append(np.where(repeat.counts == 0, spiking if paired else spiking[:, None], relative))
        return np.mean(found, axis=0)

    def _distances(self, values: np.ndarray) -> np.ndarray:
        return 1 - values if self.objective.distance.similarity else values


def _rates(trains: SpikeTrains) -> np.ndarray:
    """Return the rate of each neuron over all trials, (neuron,) in Hz."""
    return trains.rate().reshape(trains.shape).mean(axis=0)
