"""Recorders: what is to be written down during a run. Checked when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import SimulationError, suggest
from lapicque.network.population import Selection
from lapicque.network.projection import Projection
from lapicque.network.receptors import receptors
from lapicque.network.stimulus import receptor_variable

if TYPE_CHECKING:
    from lapicque.network.network import Network

#: What a recorder may be asked for besides variables.
SPECIAL = ("spikes", "rate")


@dataclass(frozen=True, eq=False, repr=False)
class Recorder:
    """Variables of some neurons, of a projection's receptor, or of its synapses; `Network.record` makes one.

    Attributes
    ----------
    name : str
    what : Selection or Projection
    variables : tuple of str
        ``"spikes"``, the names of other events, ``"rate"`` (of all selected neurons together), names of variables, and
        ``"RECEPTOR.g"`` for those of a receptor. Of a projection, also what its synapses learn.
    every : float or None
        ms between samples; None: every step.
    synapses : (synapse,) int or None
        Which synapses of a projection are recorded; None: all.
    """

    name: str
    what: Selection | Projection
    variables: tuple[str, ...]
    every: float | None = None
    synapses: np.ndarray | None = None

    @property
    def target(self) -> Selection:
        """The neurons that are recorded."""
        return self.what.target if isinstance(self.what, Projection) else self.what

    def __repr__(self) -> str:
        every = "" if self.every is None else f" every {self.every:g} ms"
        return f"Recorder({self.name}: {', '.join(self.variables)} of {self.of}{every})"

    @property
    def of(self) -> str:
        """What is recorded, in words."""
        if self.synapses is not None:
            return f"{len(self.synapses)} synapses of {self.what.name}"  # type: ignore[union-attr]
        return self.what.name if isinstance(self.what, Projection) else repr(self.what)


def full_names(network: Network, what: Selection | Projection, variables: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the variables as a recorder of neurons names them, checked.

    Raises
    ------
    SimulationError
        If there is nothing of that name, with the nearest one.
    """
    if not variables:
        raise SimulationError("say what to record: net.record(exc, 'spikes'), net.record(exc[:5], 'v')")
    for name in variables:
        if not isinstance(name, str):
            raise SimulationError(f"the name of a variable is expected, such as 'v', not {name!r}")
        if variables.count(name) > 1:
            raise SimulationError(f"{name!r} is asked for twice")
    if isinstance(what, Projection):
        return tuple(_of_projection(what, name) for name in variables)
    for name in variables:
        _check_name(network, what, name)
    return variables


def numbers_of_synapses(what: Selection | Projection, names: tuple[str, ...], synapses: Any) -> np.ndarray | None:
    """Return the numbers of the synapses that are recorded, checked as far as they can be before the wiring is drawn.

    Raises
    ------
    SimulationError
        If they are no different whole numbers from 0 upward, or what is recorded is not of single synapses.
    """
    if synapses is None:
        return None
    other = [n for n in names if not isinstance(what, Projection) or n not in what.synapse.learned]
    if other:
        raise SimulationError(f"synapses= chooses among single synapses, and {other[0]!r} is no variable of theirs")
    numbers = np.asarray(synapses)
    if numbers.ndim != 1 or not len(numbers) or not np.issubdtype(numbers.dtype, np.integer) or numbers.min() < 0:
        raise SimulationError(
            f"synapses is {synapses!r}, but a list of their numbers is expected: those of lq.connections, from 0 upward"
        )
    known, counts = np.unique(numbers, return_counts=True)
    if len(known) < len(numbers):
        raise SimulationError(f"synapses names {known[np.argmax(counts)]} twice: write each once")
    return numbers.astype(np.int64)


def _of_projection(projection: Projection, name: str) -> str:
    if name in projection.synapse.learned:
        return name
    name = name.removeprefix(f"{projection.receptor}.")
    if projection.receptor is None:
        raise SimulationError(f"{projection.name!r} has no receptor: its synapse only writes variables of the neurons")
    variable = projection.synapse.variables.get(name)
    if variable is not None and variable.per_target and variable.kind != "parameter":
        return f"{projection.receptor}.{name}"
    known = [v.name for v in projection.synapse.variables.values() if v.per_target and v.kind != "parameter"]
    known += projection.synapse.learned
    if variable is not None:
        raise SimulationError(f"{name!r} of {projection.name!r} is constant: there is nothing to record")
    hint = suggest(name, known) or f"; it has {', '.join(map(repr, known)) or 'none'}"
    raise SimulationError(f"the synapse of {projection.name!r} has no variable {name!r}{hint}")


def _check_name(network: Network, what: Selection, name: str) -> None:
    population, neuron = what.population, what.population.model
    if neuron is None:
        if name not in SPECIAL:
            raise SimulationError(f"{population.name!r} is a list of spikes: 'spikes' and 'rate' can be recorded")
        return
    if "." in name:
        receptor_variable(network, what, name)
        return
    if name in SPECIAL:
        if not neuron.spikes:
            raise SimulationError(f"{name!r}: the neuron {neuron.name!r} of {population.name!r} has no threshold")
        return
    if name in neuron.states or name in neuron.algebraic or name in neuron.inputs:
        return
    if any(event.name == name for event in neuron.parsed_events):
        return
    if name in neuron.variables:
        raise SimulationError(
            f"{name!r} of {population.name!r} is a parameter and constant: there is nothing to record"
        )
    events = [event.name for event in neuron.parsed_events if event.name != "spike"]
    inner = [f"{r.name}.{v}" for r in receptors(network, population).values() for v in r.variables]
    known = [*SPECIAL, *neuron.states, *neuron.algebraic, *neuron.inputs, *events, *inner]
    hint = suggest(name, known) or f"; it has {', '.join(map(repr, known))}"
    raise SimulationError(f"{population.name!r} has no variable {name!r}{hint}")
