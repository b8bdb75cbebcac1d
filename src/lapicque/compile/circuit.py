"""A network as backends see it: populations of merged neurons, and pathways between them, in internal units.

`lapicque.compile.assemble` makes a `Circuit` from a `Network`; the interpreter and the kernels run it. Everything that
was drawn (parameters, initial values) is drawn, every receptor is part of its target neuron, and every pathway says
which variable of which population it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import SimulationError
from lapicque.model.neuron import Neuron

if TYPE_CHECKING:
    from lapicque.compile.pathway_code import CodeText
    from lapicque.compile.store import Read, Store, Trigger
    from lapicque.compile.wiring import DelaySteps, SynapseValues, Wiring
    from lapicque.model.reductions import Reduction


@dataclass(frozen=True, eq=False)
class Feed:
    """An array that is read into an input.

    Attributes
    ----------
    input : name of an input of the merged neuron
    values : (row, column), internal units
    columns : (neuron,) int64, which column each neuron reads; -1: it gets 0
    hold : steps that each row lasts
    begin : step at which the first row begins
    after : what comes after the last row: ``"zero"``, ``"hold"`` or ``"repeat"``
    call : function of the time (ms) that gives the one row anew in every step, or None
    scale : internal units in the unit of what the function gives
    """

    input: str
    values: np.ndarray
    columns: np.ndarray
    hold: int = 1
    begin: int = 0
    after: str = "zero"
    call: Callable[[float], Any] | None = None
    scale: float = 1.0

    def at(self, k: int, size: int, dt: float) -> np.ndarray:
        """Return the values of step ``k``, (neuron,)."""
        if self.call is not None:
            self.values[0] = self.called(k * dt, self.input)
        row, rows = (k - self.begin) // self.hold, len(self.values)
        if row >= rows and self.after == "hold":
            row = rows - 1
        elif row >= rows and self.after == "repeat":
            row = row % rows
        if not 0 <= row < rows:
            return np.zeros(size)
        return np.where(self.columns >= 0, self.values[row][self.columns], 0.0)

    def called(self, t: float, where: str) -> np.ndarray:
        """Return what the user's function gives at a time, (column,), internal units.

        Raises
        ------
        SimulationError
            If it is no number, or has another length.
        """
        assert self.call is not None
        found = np.asarray(self.call(t), np.float64) * self.scale
        if found.ndim > 1 or (found.ndim and found.shape != self.values[0].shape) or not np.isfinite(found).all():
            raise SimulationError(
                f"the function that drives {where!r} gave {found!r} at {t:g} ms: one finite number, or one for each of "
                f"the {self.values.shape[1]} neurons is expected"
            )
        return np.broadcast_to(found, self.values[0].shape)


@dataclass(frozen=True, eq=False)
class PoissonDrive:
    """Events of independent Poisson processes, each adding ``weight`` to a state in phase 5b.

    Attributes
    ----------
    name : of the random stream
    variable : state of the merged neuron
    weight : float or (neuron,)
    means : steps (k,) -> (k, 1) or (k, neuron), the expected number of events in each
    constant : whether all steps are alike
    """

    name: str
    variable: str
    weight: Any
    means: Callable[[np.ndarray], np.ndarray]
    constant: bool = True

    @property
    def own_rates(self) -> bool:
        """Whether the rates differ from neuron to neuron."""
        return self.means(np.zeros(1, np.int64)).shape[1] > 1

    @property
    def weight_name(self) -> str:
        """What the weight is called among the population's parameters."""
        return f"_w_{self.name}"


@dataclass(frozen=True, eq=False)
class Cells:
    """A population, with everything that is attached to its neurons merged into them.

    Attributes
    ----------
    name, size : of the population
    neuron : the merged neuron; None for lists of spikes
    parameters, initial : name -> float or (neuron,)
    steady : inputs that do not change; their values are among the parameters
    feeds, drives : tuples
    reductions : what is computed from all neurons at the beginning of each step
    spikes : steps and neurons of a list of spikes, both (spike,), sorted by step, then neuron
    beside : for hidden populations, traces of the synapses of a projection: the population whose neurons they belong to
    everywhere : whether every thread has all of them, because synapses of all its targets read them
    """

    name: str
    size: int
    neuron: Neuron | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    steady: tuple[str, ...] = ()
    feeds: tuple[Feed, ...] = ()
    drives: tuple[PoissonDrive, ...] = ()
    reductions: tuple[Reduction, ...] = ()
    spikes: tuple[np.ndarray, np.ndarray] | None = None
    beside: int = -1
    everywhere: bool = False

    @property
    def events(self) -> tuple[str, ...]:
        """Names of the events, the spike first."""
        return ("spike",) if self.neuron is None else tuple(e.name for e in self.neuron.parsed_events)

    @property
    def fields(self) -> tuple[str, ...]:
        """Inputs that change in time."""
        return () if self.neuron is None else tuple(u for u in self.neuron.inputs if u not in self.steady)

    @property
    def reduced(self) -> tuple[str, ...]:
        """Algebraic variables that are reduced over the population."""
        states = () if self.neuron is None else self.neuron.states
        return tuple(dict.fromkeys(one.argument for one in self.reductions if one.argument not in states))

    def values(self) -> dict[str, Any]:
        """Return the parameters, with the weights of the drives among them."""
        return {**self.parameters, **{d.weight_name: d.weight for d in self.drives}}


@dataclass(frozen=True, eq=False)
class Additive:
    """One statement ``variable += increment`` of a pathway, whose increment is known when the network is built.

    Attributes
    ----------
    projection : name
    source, target : numbers of populations
    variable : state of the target's merged neuron
    wiring, increments, delays : of the projection's synapses
    sources, targets : which neurons of the populations these are
    """

    projection: str
    source: int
    target: int
    variable: str
    wiring: Wiring
    increments: SynapseValues
    delays: DelaySteps
    sources: slice | np.ndarray | None = None
    targets: slice | np.ndarray | None = None
    graded: bool = False
    immediate: bool = False


@dataclass(frozen=True, eq=False)
class Coded:
    """Code of a projection that is run for synapses: at events, on schedule, or in every step.

    Attributes
    ----------
    projection : name
    source, target : numbers of populations
    name : of the pathway
    text : CodeText
    wiring, sources, targets : as of an `Additive`
    delays : of the synapses
    trigger : when it runs
    values : name in the code -> constants of each synapse
    constants : name in the code -> float or (neuron,) of the target population
    source_constants : name in the code -> float or (neuron,) of the source population
    reads : name in the code -> variable of another population
    held : variables that are not written while a neuron is refractory
    store : what the synapses remember; None where they have no states
    marks : mark -> population whose variables the code reads under it
    """

    projection: str
    source: int
    target: int
    name: str
    text: CodeText
    wiring: Wiring
    delays: DelaySteps | None
    trigger: Trigger
    values: Mapping[str, SynapseValues] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    source_constants: Mapping[str, Any] = field(default_factory=dict)
    reads: Mapping[str, Read] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    sources: slice | np.ndarray | None = None
    targets: slice | np.ndarray | None = None
    store: Store | None = None
    marks: Mapping[str, int] = field(default_factory=dict)
    maps: frozenset[str] = frozenset()

    @property
    def summed(self) -> bool:
        """Whether this is a term of a sum over synapses."""
        return self.trigger.at == "sum"

    def stream(self, draw: str) -> str:
        """Return the name of a random stream: each pathway has its own."""
        name = "" if self.name == "pre" else f"{self.name}:"
        return f"{self.projection}/{name}{'+'.join(v for v, _, _ in self.text.statements)}/{draw}"


@dataclass(frozen=True, eq=False)
class Circuit:
    """A network that is ready to run.

    Attributes
    ----------
    cells : populations, in order of creation
    pathways : in order of creation
    dt : ms
    seed : of random numbers during the run
    copies : so many neurons after one another stand for one, and have its random numbers
    """

    cells: tuple[Cells, ...]
    pathways: tuple[Additive | Coded, ...]
    dt: float
    seed: int = 0
    copies: int = 1

    def channels(self) -> dict[tuple[int, str], list[Additive]]:
        """Return the additive pathways onto each variable, (population, variable), in order; not immediate ones."""
        return self._channels(False)

    def immediate_channels(self) -> dict[tuple[int, str], list[Additive]]:
        """Return the immediate pathways onto each variable, in order."""
        return self._channels(True)

    def _channels(self, immediate: bool) -> dict[tuple[int, str], list[Additive]]:
        found: dict[tuple[int, str], list[Additive]] = {}
        for pathway in self.additive:
            if pathway.immediate == immediate:
                found.setdefault((pathway.target, pathway.variable), []).append(pathway)
        return found

    @property
    def additive(self) -> list[Additive]:
        """The pathways whose increments are known."""
        return [p for p in self.pathways if isinstance(p, Additive)]

    @property
    def codes(self) -> list[Coded]:
        """All pathways with code."""
        return [p for p in self.pathways if isinstance(p, Coded)]

    @property
    def coded(self) -> list[Coded]:
        """The pathways whose code is run at events, in the order in which they run in a step."""
        order = ("pre", "post", "third")
        found = [p for p in self.codes if p.trigger.at in order]
        return sorted(found, key=lambda p: order.index(p.trigger.at))

    @property
    def couplings(self) -> list[Coded]:
        """The sums over synapses."""
        return [p for p in self.codes if p.summed]

    @property
    def scheduled(self) -> list[Coded]:
        """The code that is run on schedule."""
        return [p for p in self.codes if p.trigger.at == "every"]

    @property
    def flows(self) -> list[Coded]:
        """What advances states of synapses in every step."""
        return [p for p in self.codes if p.trigger.at == "flow"]

    @property
    def stores(self) -> list[Store]:
        """What synapses remember, a projection each."""
        return list({id(p.store): p.store for p in self.codes if p.store is not None}.values())

    def levels(self) -> list[int]:
        """Return for each population how many immediate projections lie behind it at most."""
        found = [0] * len(self.cells)
        for _ in self.cells:
            for pathway in self.additive:
                if pathway.immediate:
                    found[pathway.target] = max(found[pathway.target], found[pathway.source] + 1)
        return found
