"""From a projection's description to pathways: increments that are known before the run, and code that is not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lapicque.compile.circuit import Additive, Cells, Coded
from lapicque.compile.increments import Increment, calls_random, is_factor, without_output
from lapicque.compile.pathway_code import OUTPUT, OWN, PRE, CodeText
from lapicque.compile.wiring import DelaySteps, Wiring, delay_steps, synapse_values, wire
from lapicque.compile.wiring.values import SynapseValues
from lapicque.errors import SimulationError
from lapicque.model.equations import Expression, Statement
from lapicque.model.merge import part_name, renamed
from lapicque.model.neuron import Neuron
from lapicque.model.projection_rules import meanings
from lapicque.model.synapse import Pathway
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
    key = stream_key(wiring_seed, f"{projection.name}/sources")
    return wire(projection.where, len(source), len(target), key, same, source.positions, target.positions)


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
    cells : all populations of the circuit
    numbers : population -> number
    dt : ms
    seed : the wiring seed
    """

    def __init__(self, projection: Projection, cells: list[Cells], numbers: Mapping[str, int], dt: float, seed: int):
        source, target = projection.source, projection.target
        self.projection, self.dt, self.seed = projection, dt, seed
        self.ends = numbers[source.population.name], numbers[target.population.name]
        self.cells = cells[self.ends[0]], cells[self.ends[1]]
        self.wiring = wiring_of(projection, seed)
        self.values = {name: values_of(projection, name, self.wiring, seed) for name in projection.values}
        self.meanings = meanings(projection.synapse, source.population.model, target.population.model)
        self.graded = source.population.model is not None and source.population.model.output is not None

    def pathways(self) -> Iterator[Additive | Coded]:
        """Yield the pathways in order: sums over synapses, then code."""
        for name, variable in self.projection.synapse.of_scope("summed").items():
            assert variable.equation is not None
            assert variable.equation.expression is not None
            yield self._coded([(name, "=", variable.equation.expression)], None)
        for pathway in self.projection.synapse.pathways:
            if pathway.at != "pre":
                raise SimulationError(
                    f"{self.projection.name!r}: code that spikes of the target run (on_post) changes nothing that a "
                    "synapse without plasticity has: write it as a reset of the target neuron"
                )
            delays = self._delays(pathway)
            known = [self._increment(statement) for statement in pathway.statements]
            if all(known):
                yield from self._additive(pathway.statements, known, delays)
                continue
            if self.projection.immediate:
                raise SimulationError(
                    f"{self.projection.name!r}: an immediate projection adds numbers that are known before the run, "
                    f"'v += w'; {pathway.statements[0].expression.text!r} is not"
                )
            yield self._coded([(x.target, x.operator, x.expression) for x in pathway.statements], delays)

    def _delays(self, pathway: Pathway) -> DelaySteps:
        given = self.projection.delay if pathway.delay is None else pathway.delay
        key = stream_key(self.seed, f"{self.projection.name}/delay")
        return delay_steps(given, self.wiring, key, self.dt, f"the delay of {self.projection.name!r}")

    def _target_name(self, name: str) -> str:
        """Return what a variable that lives in the target is called in its merged neuron."""
        meaning = self.meanings[name]
        if meaning.owner == "synapse":
            assert self.projection.receptor is not None
            return part_name(self.projection.receptor, name)
        return meaning.name

    def _additive(self, statements: Any, known: Any, delays: DelaySteps) -> Iterator[Additive]:
        p = self.projection
        for statement, (increment, graded) in zip(statements, known, strict=True):
            yield Additive(
                p.name, *self.ends, self._target_name(statement.target), self.wiring, increment, delays,
                _part_of(p.source), _part_of(p.target), graded, p.immediate,
            )  # fmt: skip

    def _increment(self, statement: Statement) -> tuple[Increment, bool] | None:
        """Return what a statement adds for each synapse, and whether times the output; None if that is not known."""
        neuron = self.cells[1].neuron
        if statement.operator not in ("+=", "-=") or neuron is None:
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
            if node.id in self.values:
                continue
            if node.id not in self.meanings:
                if node.id in ("t", "dt", "i", "N", "not_refractory"):
                    return None
                continue  # a unit or a number such as pi
            if self.meanings[node.id].owner not in ("synapse", "post"):
                return None
            name = self._target_name(node.id)
            if name not in neuron.constants:
                return None
            value = self.cells[1].parameters[name]
            neurons[node.id] = value if np.ndim(value) == 0 else np.asarray(value)[self.projection.target.indices]
        used = {node.id for node in expression.names()}
        synapses = {name: values for name, values in self.values.items() if name in used}
        return Increment(expression, synapses, neurons, 1 if statement.operator == "+=" else -1), graded

    def _coded(self, statements: list[tuple[str, str, Expression]], delays: DelaySteps | None) -> Coded:
        """Return code whose names are resolved."""
        p, (source, target) = self.projection, self.cells
        assert target.neuron is not None
        dimensions: dict[str, Any] = {}
        values, constants, source_constants, reads = {}, {}, {}, {}

        def meaning(name: str) -> str:
            if name not in self.meanings:
                return name
            found, owner = self.meanings[name], self.meanings[name].owner
            if name in self.values:
                code = f"{OWN}{name}"
                values[code] = self.values[name]
                dimensions[code] = p.units[name].dimension
            elif owner == "output":
                code = OUTPUT
                dimensions[code] = found.dimension
                if delays is None:
                    reads[code] = OUTPUT
            elif owner == "pre":
                code = f"{PRE}{found.name}"
                assert source.neuron is not None
                for below in _below(source.neuron, {found.name}):
                    variable = source.neuron.variables[below]
                    dimensions[f"{PRE}{below}"] = variable.unit.dimension
                    if below in source.parameters:
                        source_constants[f"{PRE}{below}"] = source.parameters[below]
                    elif variable.kind != "algebraic":
                        reads[f"{PRE}{below}"] = below
            else:
                code = self._target_name(name)
                assert target.neuron is not None
                dimensions[code] = target.neuron.variables[code].unit.dimension
            return code

        lines = []
        for variable, operator, expression in statements:
            named = self.meanings[variable]
            if named.owner == "pre":
                raise SimulationError(
                    f"{p.name!r} writes {variable!r}: a synapse without plasticity writes variables of its target; "
                    "write what a spike does to its own neuron as a reset of that neuron"
                )
            lines.append((self._target_name(variable), operator, renamed(expression, meaning)))
            code = self._target_name(variable)
            dimensions[code] = target.neuron.variables[code].unit.dimension
        for name in _below(target.neuron, set(dimensions)):
            dimensions[name] = target.neuron.variables[name].unit.dimension
            if name in target.parameters:
                constants[name] = target.parameters[name]
        written = {variable for variable, _, _ in lines}
        held = frozenset(v for v in written if "unless refractory" in target.neuron.variables[v].flags)
        text = CodeText(tuple(lines), tuple(sorted(dimensions.items())))
        if delays is None:
            self._check_sum(text.names(), set(reads.values()))
        return Coded(p.name, *self.ends, text, self.wiring, delays, values, constants, source_constants, reads, held,
                     _part_of(p.source), _part_of(p.target))  # fmt: skip

    def _check_sum(self, names: set[str], reads: set[str]) -> None:
        """A sum is of values at the beginning of the step: other sums of the step are none of them."""
        source, target = self.cells
        assert source.neuron is not None
        assert target.neuron is not None
        output = source.neuron.parsed_output
        if OUTPUT in reads and output is not None:
            reads = reads | {node.id for node in output.names()}
        found = [*(_below(target.neuron, names) & _sums(target)), *(_below(source.neuron, reads) & _sums(source))]
        if found:
            name = min(found).replace("__", ".")
            raise SimulationError(
                f"{self.projection.name!r} sums over synapses what depends on {name!r}, which is summed in the "
                "same step: let it read a state of the neurons instead"
            )


def _sums(cells: Cells) -> set[str]:
    """Return the inputs that are sums over synapses."""
    return set(cells.fields) - {feed.input for feed in cells.feeds}


def _below(neuron: Neuron, names: set[str]) -> set[str]:
    """Return every variable that the named ones are computed from, themselves included."""
    found: set[str] = set()
    todo = [name for name in names if name in neuron.variables]
    while todo:
        name = todo.pop()
        found.add(name)
        variable = neuron.variables[name]
        if variable.kind == "algebraic" and variable.equation is not None and variable.equation.expression is not None:
            read = {node.id for node in variable.equation.expression.names()}
            todo += [x for x in read if x in neuron.variables and x not in found]
    return found
