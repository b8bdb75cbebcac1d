"""What synapses remember: states of single synapses, and traces of one side that are kept once per neuron."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from lapicque.compile.pathway_code import CodeText
    from lapicque.compile.wiring import DelaySteps, SynapseValues, Wiring
    from lapicque.units import Unit


@dataclass(frozen=True, eq=False)
class Store:
    """The states of a projection's synapses.

    Attributes
    ----------
    projection : name
    source, target : numbers of populations
    wiring, delays, sources, targets : of the projection's synapses
    states : name in the code -> initial value of each synapse
    values : name in the code -> constants of each synapse
    lazy : equations of states that are solved when an event touches their synapse; None where there are none
    traces : name in the code -> the population, hidden, that has the trace as its state of the same name
    pre, post : numbers of the hidden populations of traces; -1 where there is none
    bounds : name in the code -> lowest and highest value of each synapse
    units : name in the code -> unit, for messages
    constants : name in the code -> float or (neuron,) of the target population, that equations of ``lazy`` read
    """

    projection: str
    source: int
    target: int
    wiring: Wiring
    delays: DelaySteps
    sources: slice | np.ndarray | None = None
    targets: slice | np.ndarray | None = None
    states: Mapping[str, SynapseValues] = field(default_factory=dict)
    values: Mapping[str, SynapseValues] = field(default_factory=dict)
    lazy: CodeText | None = None
    traces: Mapping[str, int] = field(default_factory=dict)
    pre: int = -1
    post: int = -1
    bounds: Mapping[str, tuple[SynapseValues, SynapseValues]] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)

    @property
    def learned(self) -> list[str]:
        """Names of the states, as the user calls them."""
        from lapicque.compile.pathway_code import OWN, TRACE

        return sorted([x.removeprefix(OWN) for x in self.states] + [x.removeprefix(TRACE) for x in self.traces])


@dataclass(frozen=True, eq=False)
class Trigger:
    """When code runs.

    Attributes
    ----------
    at : str
        ``"pre"``, ``"post"`` or ``"third"``: at events. ``"every"``: on schedule. ``"flow"``: it advances states in
        every step. ``"sum"``: it is a term of a sum over synapses.
    population : whose events
    event : their number among those of the population
    lag : steps that a spike takes; None: each synapse has its delay
    interval : steps
    shared : for third parties: whether one neuron's events run the code of all synapses
    neurons : for third parties: which neuron; one number, or (target neuron,)
    """

    at: str = "pre"
    population: int = -1
    event: int = 0
    lag: int | None = None
    interval: int = 1
    shared: bool = False
    neurons: np.ndarray | int = 0

    @property
    def early(self) -> bool:
        """Whether the code runs at the beginning of a step, and reads what was then."""
        return self.at in ("sum", "flow", "every")


@dataclass(frozen=True, eq=False)
class Read:
    """A variable of another population that code reads.

    Attributes
    ----------
    population : number
    variable : state of its merged neuron, or its output
    by : ``"source"``: that of the synapse's source. ``"one"``: of one neuron. ``"target"``: one for each target.
    neurons : which neuron: one number, or (target neuron,)
    """

    population: int
    variable: str
    by: str = "source"
    neurons: np.ndarray | int = 0
