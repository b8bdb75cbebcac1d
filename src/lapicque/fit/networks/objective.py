"""What a fit of networks minimises: trains of matched neurons, or statistics of populations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from lapicque.spikes.ragged import parted
from lapicque.spikes.trains import SpikeTrains


class NetworkScorer(Protocol):
    """An objective, ready for some data.

    One that has ``scores(models, candidates)`` too is asked for many candidates at once: their spikes by recorder,
    (candidate and trial, neuron), the trials of each one behind the other, for the losses, (candidate,).
    """

    def score(self, model: Mapping[str, SpikeTrains]) -> float:
        """Return the loss of spikes by recorder, (trial, neuron), in the data's window."""


class NetworkObjective(Protocol):
    """What a fit of a network minimises."""

    @property
    def name(self) -> str:
        """What it is called on the axis of a figure."""

    def prepare(self, data: Mapping[str, SpikeTrains]) -> NetworkScorer:
        """Return the scorer of some data.

        Raises
        ------
        FitError
            If the data lack what is compared.
        """


def scores_of(scorer: NetworkScorer, models: Mapping[str, SpikeTrains], candidates: int) -> np.ndarray:
    """Return the losses of several candidates, whose trials lie one behind the other: (candidate,)."""
    if hasattr(scorer, "scores"):
        return np.asarray(scorer.scores(models, candidates), float)
    each = zip(*(parted(trains, candidates) for trains in models.values()), strict=True)
    return np.array([scorer.score(dict(zip(models, one, strict=True))) for one in each], float)
