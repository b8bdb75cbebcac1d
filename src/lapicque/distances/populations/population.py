"""What every distance between population responses is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from lapicque.distances.distance import Described
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains


@dataclass(frozen=True, repr=False)
class PopulationDistance(Described, ABC):
    """A distance between two responses of the same neurons: 0 for the same."""

    @abstractmethod
    def batch(self, candidates: SpikeTrains, references: SpikeTrains, threads: int | None = None) -> np.ndarray:
        """Distance of each trial of ``candidates`` from each of ``references``: (candidate trial, reference trial)."""

    def __call__(self, a: SpikeTrains, b: SpikeTrains) -> float:
        """Distance of two responses of one trial each: neuron k of ``a`` is neuron k of ``b``.

        Raises
        ------
        DistanceError
            If either holds several trials, or neurons or windows differ.
        """
        for trains in (a, b):
            if trains.shape[0] != 1:
                raise DistanceError(
                    f"two single trials are compared, but one argument holds {trains.shape[0]}: select one, as in "
                    "trains[[0], :], or use matrix or batch"
                )
        return float(self.batch(a, b, threads=1)[0, 0])

    def matrix(self, trains: SpikeTrains, threads: int | None = None) -> np.ndarray:
        """Distances between all trials: (trial, trial), symmetric, 0 on the diagonal."""
        found = self.batch(trains, trains, threads)
        # sums may round otherwise the other way round
        upper = np.triu(found, 1)
        return upper + upper.T


def check_alike(a: SpikeTrains, b: SpikeTrains) -> None:
    """Raise an error unless two sets of trials are of the same neurons and the same window.

    Raises
    ------
    DistanceError
        Saying what differs.
    """
    if a.shape[1] != b.shape[1]:
        raise DistanceError(
            f"responses of {a.shape[1]} and {b.shape[1]} neurons: keep those that both hold, as in trains[:, [0, 2]]"
        )
    # labels of another kind, of a recording and its model say, are no reason; the same ones elsewhere are
    for x, y in zip(a.neurons, b.neurons, strict=True):
        if x != y and (x in b.neurons or y in a.neurons):
            raise DistanceError(
                f"neuron {x!r} of one would be compared with {y!r} of the other: bring them into the same order"
            )
    if (a.t_start, a.t_stop) != (b.t_start, b.t_stop):
        raise DistanceError(
            f"responses of different windows cannot be compared: {a.t_start:g} to {a.t_stop:g} ms and "
            f"{b.t_start:g} to {b.t_stop:g} ms; cut both to the same by .window(t_start, t_stop)"
        )


def pooled(trains: SpikeTrains) -> SpikeTrains:
    """The spikes of all neurons as one train a trial, shape (trial, 1).

    Examples
    --------
    >>> pooled(SpikeTrains.from_lists([[1, 5], [3], [], [2]], t_stop=9, shape=(2, 2))).to_lists()
    [array([1., 3., 5.]), array([2.])]
    """
    trials, neurons = trains.shape
    trial = np.repeat(np.repeat(np.arange(trials), neurons), trains.counts)
    order = np.lexsort((trains.times, trial))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(trial, minlength=trials))])
    return SpikeTrains(
        trains.times[order], offsets, trains.t_start, trains.t_stop, (trials, 1), trials=trains.trials
    )  # fmt: skip
