"""From a projection's description to pathways: increments that are known before the run, and code that is not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lapicque.compile.circuit import Additive, Cells, Coded
from lapicque.compile.increments import Increment, calls_random, is_factor, without_output
from lapicque.compile.pathway_code import PRE, third
from lapicque.compile.resolve import Resolver, third_neurons
from lapicque.compile.sides import one_sided
from lapicque.compile.store import Store, Trigger
from lapicque.compile.storing import bounds_of_states, hidden, stored
from lapicque.compile.wiring import DelaySteps, Wiring, delay_steps, synapse_values, wire
from lapicque.compile.wiring.values import SynapseValues
from lapicque.errors import SimulationError
from lapicque.model.equations import Expression, Statement
from lapicque.model.pathway import EVERY
from lapicque.model.projection_rules import meanings
from lapicque.model.synapse import Pathway
from lapicque.model.synapse_reductions import Reduction
from lapicque.network.population import Selection
from lapicque.network.projection import Projection
from lapicque.random import stream_key


def wiring_of(projection: Projection, wiring_seed: int) -> Wiring:
    """Return the synapses of a projection."""
    source, target = projection.source, projection.target
    same: Any = False
    if source.population is target.population:
        own = np.full(source.population.size, -1, np.int64)
        own[source.numbers] = np.arange(len(source))
        same = own[target.numbers]
    key = wiring_key(projection, wiring_seed)
    return wire(projection.where, len(source), len(target), key, same, source.positions, target.positions)


def wiring_key(projection: Projection, wiring_seed: int) -> np.uint64:
    """Return the key of the random numbers from which a projection's synapses are drawn."""
    return stream_key(wiring_seed, f"{projection.name}/sources")


def values_of(projection: Projection, name: str, wiring: Wiring, wiring_seed: int) -> SynapseValues:
    """Return the weights, or another parameter of single synapses."""
    key = stream_key(wiring_seed, f"{projection.name}/{name}")
    what = f"{name} of {projection.name!r}"
    return synapse_values(projection.values[name], projection.units[name], wiring, key, what)


def _part_of(selection: Selection) -> slice | np.ndarray | None:
    return None if selection.whole else selection.indices


class Between:
    """Makes the pathways of one projection.

    Parameters
    ----------
    projection : Projection
    cells : all populations of the circuit; hidden ones are added, where they are not there yet
    numbers : population -> number
    dt : ms
    seed : the wiring seed
    wiring : the synapses, where they are known
    """

    def __init__(
        self, projection: Projection, cells: list[Cells], numbers: Mapping[str, int], dt: float, seed: int,
        wiring: Wiring | None = None,
    ):  # fmt: skip
        source, target = projection.source, projection.target
        self.projection, self.dt, self.seed = projection, dt, seed
        self.ends = numbers[source.population.name], numbers[target.population.name]
        self.all_cells = cells
        self.cells = cells[self.ends[0]], cells[self.ends[1]]
        self.wiring = wiring_of(projection, seed) if wiring is None else wiring
        self.values = {name: values_of(projection, name, self.wiring, seed) for name in projection.values}
        self.values |= bounds_of_states(projection, self.values)
        self.thirds = {name: numbers[third.population.name] for name, third in projection.modulators.items()}
        models = {name: third.population.model for name, third in projection.modulators.items()}
        self.meanings = meanings(projection.synapse, source.population.model, target.population.model, models)
        self.graded = source.population.model is not None and source.population.model.output is not None
        self.store: Store | None = None
        self.sided: dict[str, str] = {}
        if projection.synapse.learned:
            self._store()

    def _store(self) -> None:
        """Find where the states of the synapses are kept."""
        synapse = self.projection.synapse
        uniform = {name for name, values in self.values.items() if values.constant is not None}
        delays = self._own_delays()
        apart = {p.name for p in synapse.pathways if p.at == "pre" and p.delay is None and delays.constant is None}
        self.sided = one_sided(synapse, self.meanings, uniform, apart)
        places = {}
        for side, end in zip(("pre", "post"), self.ends, strict=True):
            names = [name for name, found in self.sided.items() if found == side]
            if names:
                made = hidden(self.projection, side, names, self.values, end, self.all_cells[end].size)
                known = [cells.name for cells in self.all_cells]
                places[side] = known.index(made.name) if made.name in known else len(known)
                if made.name not in known:
                    self.all_cells.append(made)
        self.store = stored(
            self._resolver(), places, self.wiring, delays, _part_of(self.projection.source),
            _part_of(self.projection.target),
        )  # fmt: skip

    def pathways(self) -> Iterator[Additive | Coded]:
        """Yield the pathways: sums over synapses, what is advanced in every step, then code."""
        synapse = self.projection.synapse
        for name, variable in synapse.of_scope("summed").items():
            assert variable.equation is not None
            assert variable.equation.expression is not None
            yield self._coded(name, [(name, "=", variable.equation.expression)], Trigger("sum"))
        if synapse.clock_driven:
            yield self._flow()
        triggers = {pathway.name: self._trigger(pathway) for pathway in synapse.pathways}
        increments = {pathway.name: self._increments(pathway, triggers[pathway.name]) for pathway in synapse.pathways}
        if self.store is not None and not synapse.clock_driven and all(increments.values()):
            increments = {}  # what is only looked at is kept by code
        for pathway in synapse.pathways:
            trigger, known = triggers[pathway.name], increments.get(pathway.name)
            if known:
                yield from self._additive(pathway.statements, known, self._delays(pathway))
                continue
            if self.projection.immediate:
                raise SimulationError(
                    f"{self.projection.name!r}: an immediate projection adds numbers that are known before the run, "
                    f"'v += w'; {pathway.statements[0].expression.text!r} is not"
                )
            if pathway.reductions and self.store is None:
                raise SimulationError(
                    f"{self.projection.name!r}: {pathway.reductions[0]} runs over synapses that have no states: their "
                    "number and weights are known, write the number itself"
                )
            statements = [(x.target, x.operator, x.expression) for x in pathway.statements]
            yield self._coded(pathway.name, statements, trigger, pathway.reductions)

    def _trigger(self, pathway: Pathway) -> Trigger:
        if pathway.at == EVERY:
            steps = 1 if pathway.interval is None else max(1, int(np.floor(pathway.interval / self.dt + 0.5)))
            if pathway.interval is not None and abs(steps * self.dt - pathway.interval) > 1e-6 * pathway.interval:
                raise SimulationError(
                    f"{self.projection.name!r}: {pathway.name!r} is to run every {pathway.interval:g} ms, which is no "
                    f"whole number of steps of {self.dt:g} ms"
                )
            return Trigger("every", interval=steps)
        lag = None if pathway.delay is None else int(np.floor(pathway.delay / self.dt + 0.5))
        if pathway.at == "pre":
            delays = self._own_delays()
            lag = delays.constant if lag is None else lag
            return Trigger("pre", self.ends[0], self._event(self.ends[0], pathway.event), lag)
        if pathway.at == "post":
            return Trigger("post", self.ends[1], self._event(self.ends[1], pathway.event), lag or 0)
        population = self.thirds[pathway.at]
        by, neurons = third_neurons(self.projection, pathway.at)
        event = self._event(population, pathway.event)
        return Trigger("third", population, event, lag or 0, shared=by == "one", neurons=neurons)

    def _event(self, population: int, name: str) -> int:
        return self.all_cells[population].events.index(name)

    def _own_delays(self) -> DelaySteps:
        key = stream_key(self.seed, f"{self.projection.name}/delay")
        return delay_steps(self.projection.delay, self.wiring, key, self.dt, f"the delay of {self.projection.name!r}")

    def _delays(self, pathway: Pathway) -> DelaySteps:
        if pathway.delay is None:
            return self._own_delays()
        key = stream_key(self.seed, f"{self.projection.name}/delay")
        return delay_steps(pathway.delay, self.wiring, key, self.dt, f"the delay of {self.projection.name!r}")

    def _resolver(self, early: bool = False) -> Resolver:
        thirds = {name: (n, self.all_cells[n]) for name, n in self.thirds.items()}
        return Resolver(self.projection, self.meanings, self.ends, *self.cells, self.values, self.sided, thirds, early)

    def _target_name(self, name: str) -> str:
        return self._resolver().target_name(name)

    def _additive(self, statements: Any, known: Any, delays: DelaySteps) -> Iterator[Additive]:
        p = self.projection
        for statement, (increment, graded) in zip(statements, known, strict=True):
            yield Additive(
                p.name, *self.ends, self._target_name(statement.target), self.wiring, increment, delays,
                _part_of(p.source), _part_of(p.target), graded, p.immediate,
            )  # fmt: skip

    def _increments(self, pathway: Pathway, trigger: Trigger) -> list[tuple[Increment, bool]]:
        """Return what each statement adds where spikes of the source only add what is known; else nothing."""
        if trigger.at != "pre" or trigger.event != 0:
            return []
        found = [self._increment(statement) for statement in pathway.statements]
        return [one for one in found if one is not None] if all(found) else []

    def _increment(self, statement: Statement) -> tuple[Increment, bool] | None:
        """Return what a statement adds for each synapse, and whether times the output; None if that is not known."""
        neuron = self.cells[1].neuron
        if statement.operator not in ("+=", "-=") or neuron is None:
            return None
        owner = self.meanings[statement.target].owner
        if owner == "pre" or statement.target in self.projection.synapse.learned:
            return None
        expression, graded = statement.expression, False
        if any(node.id == "output" for node in expression.names()):
            tree = without_output(expression)
            if self.graded and not is_factor(expression.tree):
                return None
            graded = self.graded
            expression = Expression(ast.unparse(tree), tree, expression.source, expression.offset)
        if calls_random(expression):
            return None
        neurons: dict[str, Any] = {}
        for node in expression.names():
            if node.id in self.projection.synapse.learned:
                return None
            if node.id in self.values:
                continue
            if node.id not in self.meanings:
                if node.id in ("t", "dt", "i", "N", "not_refractory"):
                    return None
                continue  # a unit or a number such as pi
            if self.meanings[node.id].owner not in ("synapse", "post"):
                return None
            if self.meanings[node.id].owner == "synapse" and not self.projection.synapse.variables[node.id].per_target:
                return None  # computed from others
            name = self._target_name(node.id)
            if name not in neuron.constants:
                return None
            value = self.cells[1].parameters[name]
            neurons[node.id] = value if np.ndim(value) == 0 else np.asarray(value)[self.projection.target.indices]
        used = {node.id for node in expression.names()}
        synapses = {name: values for name, values in self.values.items() if name in used}
        return Increment(expression, synapses, neurons, 1 if statement.operator == "+=" else -1), graded

    def _coded(
        self,
        name: str,
        statements: list[tuple[str, str, Expression]],
        trigger: Trigger,
        reductions: Sequence[Reduction] = (),
    ) -> Coded:
        """Return code whose names are resolved."""
        resolver = self._resolver(trigger.early)
        text = resolver.text(statements, reductions)
        if trigger.at == "sum":
            resolver.check_sum(text)
        return self._made(name, resolver, text, trigger)

    def _flow(self) -> Coded:
        """Return what advances the states of synapses in every step."""
        synapse, resolver = self.projection.synapse, self._resolver(True)
        statements = []
        for name in synapse.clock_driven:
            equation = synapse.learned[name].equation
            assert equation is not None
            assert equation.expression is not None
            statements.append((name, "rate", equation.expression))
        text = resolver.text(statements)
        maps = {resolver.name(n) for n in synapse.clock_driven if synapse.learned[n].equation.kind == "map"}  # type: ignore[union-attr]
        return self._made("flow", resolver, text, Trigger("flow"), frozenset(maps))

    def _check_back(self, name: str, back: Sequence[str], written: Sequence[str], trigger: Trigger) -> None:
        """What is written to sources has one order, whatever the number of threads."""
        variables = [x.removeprefix(PRE) for x in back]
        if self.ends[0] == self.ends[1] and (both := [x for x in variables if x in written]):
            x = both[0]
            raise SimulationError(
                f"{self.projection.name!r}: the pathway {name!r} writes '{x}_pre' and '{x}_post', which are one "
                "variable of one population here: write one of them in another pathway, on=dict(name=lq.On(...))"
            )
        if back and trigger.at == "third" and not trigger.shared:
            places = np.asarray(trigger.neurons)
            if (np.diff(places[places >= 0]) < 0).any():
                raise SimulationError(
                    f"{self.projection.name!r}: the pathway {name!r} writes '{variables[0]}_pre' at events of a "
                    "modulator whose neurons are not in the order of the targets: give them in that order"
                )

    def _made(
        self, name: str, resolver: Resolver, text: Any, trigger: Trigger, maps: frozenset[str] = frozenset()
    ) -> Coded:
        p, target = self.projection, self.cells[1]
        assert target.neuron is not None
        back = [x for x in text.written if x.startswith(PRE)]
        if back and trigger.at == "pre" and trigger.lag is None:
            raise SimulationError(
                f"{p.name!r} writes {back[0].removeprefix(PRE) + '_pre'!r}, but its synapses have delays of their own, "
                "so that spikes of several steps would write in no certain order: give all one delay"
            )
        self._check_back(name, back, text.written, trigger)
        states = target.neuron.variables
        held = frozenset(v for v in text.written if v in states and "unless refractory" in states[v].flags)
        marks = {PRE: self.ends[0], **{third(modulator): n for modulator, n in self.thirds.items()}}
        delays = None if trigger.early else self._own_delays()
        return Coded(
            p.name, *self.ends, name, text, self.wiring, delays, trigger, resolver.used, resolver.constants,
            resolver.source_constants, resolver.reads, held, _part_of(p.source), _part_of(p.target), self.store,
            {mark: n for mark, n in marks.items() if self.all_cells[n].neuron is not None}, maps,
        )  # fmt: skip
