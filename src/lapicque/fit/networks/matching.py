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
        Which neurons are compared: those with the same number; those with the same rank when both sides are sorted by
        rate; or those that a linear assignment with the least total distance puts together (data and model may then
        have different numbers of neurons, and each of the smaller side has a partner).
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
        self.trials, self.neurons = trains.shape
        self.trains, self.rates = trains, _rates(trains)
        self.order = np.argsort(self.rates, kind="stable")
        silent = self._evaluate(SpikeTrains.from_lists([[]], t_stop=trains.t_stop, t_start=trains.t_start), trains)[0]
        self.silence = np.where(silent > 1e-9, silent, 1.0)
        self.empty = trains.counts == 0

    def losses(self, model: SpikeTrains) -> np.ndarray:
        """Return the loss of each matched pair."""
        match, neurons = self.objective.match, model.shape[1]
        if match != "assigned" and neurons != self.neurons:
            raise FitError(
                f"the model has {neurons} neurons of {self.name!r}, the data {self.neurons}: match='assigned' compares "
                "different numbers of neurons"
            )
        rates = _rates(model)
        if match == "assigned":
            from scipy.optimize import linear_sum_assignment

            costs = self._costs(model, rates, None)
            return costs[linear_sum_assignment(costs)]
        mine = np.argsort(rates, kind="stable") if match == "sorted" else np.arange(neurons)
        data = self.order if match == "sorted" else np.arange(neurons)
        return self._costs(model, rates, (mine, data))

    def _costs(self, model: SpikeTrains, rates: np.ndarray, pairs: tuple[np.ndarray, np.ndarray] | None) -> np.ndarray:
        """Return the losses of pairs (neuron,), or of every neuron of the model with every one of the data."""
        found = []
        for trial in range(model.shape[0]):
            for repeat in range(self.trials):
                of_model = trial * model.shape[1] + np.arange(model.shape[1])
                of_data = repeat * self.neurons + np.arange(self.neurons)
                if pairs is not None:
                    of_model, of_data = of_model[pairs[0]], of_data[pairs[1]]
                found.append(self._trial(model, of_model, of_data, pairs is not None))
        counts = rates * (self.window[1] - self.window[0]) / 1e3
        reference = self.rates * (self.window[1] - self.window[0]) / 1e3
        if pairs is not None:
            counts, reference = counts[pairs[0]], reference[pairs[1]]
        else:
            counts, reference = counts[:, None], reference[None, :]
        return np.mean(found, axis=0) + self.objective.rate_weight * rate_term(counts, reference)

    def _trial(self, model: SpikeTrains, of_model: np.ndarray, of_data: np.ndarray, paired: bool) -> np.ndarray:
        starts, counts = model.offsets[:-1][of_model], model.counts[of_model]
        silence, empty = self.silence[of_data], self.empty[of_data]
        if not paired:
            relative = self._pairwise(model.times, starts, counts, of_data) / silence
            return np.where(empty, (counts > 0)[:, None], saturate(relative))
        relative = np.array(
            [self._pairwise(model.times, starts[n : n + 1], counts[n : n + 1], of_data[n : n + 1])[0, 0]
             for n in range(len(of_model))]
        ) / silence  # fmt: skip
        return np.where(empty, counts > 0, saturate(relative))

    def _pairwise(self, times: np.ndarray, starts: np.ndarray, counts: np.ndarray, of_data: np.ndarray) -> np.ndarray:
        chosen = [self.trains.times[self.trains.offsets[k] : self.trains.offsets[k + 1]] for k in of_data]
        offsets = np.concatenate([[0], np.cumsum([len(train) for train in chosen])])
        out = np.empty((len(starts), len(chosen)))
        return self.objective.distance.evaluate(
            times, starts, counts, np.concatenate([np.empty(0), *chosen]), offsets, *self.window, out
        )

    def _evaluate(self, model: SpikeTrains, data: SpikeTrains) -> np.ndarray:
        out = np.empty((len(model), len(data)))
        return self.objective.distance.evaluate(
            model.times, model.offsets[:-1], model.counts, data.times, data.offsets, *self.window, out
        )


def _rates(trains: SpikeTrains) -> np.ndarray:
    """Return the rate of each neuron over all trials, (neuron,) in Hz."""
    return trains.rate().reshape(trains.shape).mean(axis=0)
