"""Wiring that is given: lists of synapses, graphs, matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import SimulationError
from lapicque.network.connectivity.rule import Connectivity, Ends, Pairs, Plan


def edges(sources: Any, targets: Any) -> Edges:
    """One synapse for each pair of an explicit list.

    Parameters
    ----------
    sources, targets : (synapse,) int
        Numbers of the neurons in the source and in the target, from 0. A pair that stands twice is two synapses.

    Raises
    ------
    SimulationError
        If the lists differ in length or hold anything but whole numbers from 0 up; when connected, if a number is
        beyond the last neuron.

    Notes
    -----
    Weights, delays and other values given as arrays are in the order of the list.

    Examples
    --------
    >>> edges([0, 0, 1], [1, 2, 2])
    edges(sources=<3 values>, targets=<3 values>)
    """
    return Edges(_numbers(sources, "sources"), _numbers(targets, "targets"))


@dataclass(frozen=True, eq=False, repr=False)
class Edges(Connectivity):
    """An explicit list; made by `edges`, `graph`."""

    sources: np.ndarray
    targets: np.ndarray

    def __post_init__(self) -> None:
        if len(self.sources) != len(self.targets):
            raise self.refuse(f"{len(self.sources)} sources and {len(self.targets)} targets; give as many of each")

    def check(self, n_source: int, n_target: int, same: bool) -> None:
        """No number may be beyond the last neuron."""
        for side, numbers, n in (("source", self.sources, n_source), ("target", self.targets, n_target)):
            if len(numbers) and (most := int(numbers.max())) >= n:
                where = int(numbers.argmax())
                raise self.refuse(
                    f"{side}s[{where}] is {most}, but the {side} has {n} neurons, 0 to {n - 1}; "
                    f"number them within the {side}"
                )

    def plan(self, ends: Ends, random: np.random.Generator) -> Plan:
        """The list."""
        return Pairs(self.sources, self.targets)


def _numbers(given: Any, what: str, rule: str = "edges") -> np.ndarray:
    array = np.asarray(given)
    if array.ndim != 1:
        raise SimulationError(f"{rule}: {what} has shape {array.shape}, but one number a synapse (1-D) is expected")
    if array.size and (array.dtype.kind not in "iuf" or not (array == np.floor(array)).all()):
        raise SimulationError(f"{rule}: {what} holds {array.dtype} values, but whole numbers of neurons are expected")
    if array.size and array.min() < 0:
        where = int(array.argmin())
        raise SimulationError(f"{rule}: {what}[{where}] is {array[where]}, but neurons are numbered from 0")
    array = array.astype(np.int64)  # a copy of our own
    array.flags.writeable = False
    return array
