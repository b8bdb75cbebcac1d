"""What a fit of networks minimises: trains of matched neurons, or statistics of populations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from lapicque.spikes.trains import SpikeTrains


class NetworkScorer(Protocol):
    """An objective, ready for some data."""

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
