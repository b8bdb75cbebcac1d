"""From a network's description to a circuit: receptors and stimuli join their neurons, values are drawn."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lapicque.compile.circuit import Additive, Cells, Circuit, Coded, Feed, PoissonDrive
from lapicque.compile.increments import Increment, calls_random, is_factor, without_output
from lapicque.compile.pathway_code import OUTPUT, OWN, PRE, CodeText
from lapicque.compile.wiring import DelaySteps, Wiring, delay_steps, synapse_values, wire
from lapicque.compile.wiring.values import SynapseValues
from lapicque.errors import SimulationError
from lapicque.model.equations import Expression, Statement, parse_equations, parse_expression
from lapicque.model.evaluate import initial_values, parameter_values
from lapicque.model.merge import Part, merged, part_name, renamed
from lapicque.model.neuron import Neuron
from lapicque.model.projection_rules import meanings
from lapicque.model.stimulus import Callback, PoissonInput, Samples
from lapicque.model.synapse import Pathway, Synapse
from lapicque.model.values import with_unit
from lapicque.network.distributions import drawn
from lapicque.network.network import Network
from lapicque.network.population import Population, Selection
from lapicque.network.projection import Projection
from lapicque.network.receptors import receptors
from lapicque.network.spike_source import SpikeSource
from lapicque.network.stimulus import Stimulation
from lapicque.random import stream_key
from lapicque.units import internal


def assemble(network: Network, dt: float, seed: int = 0, wiring_seed: int = 0) -> Circuit:
    """Return the circuit of a network.

    Parameters
    ----------
    dt : ms
    seed : of random numbers during the run
    wiring_seed : of connections, weights, delays, parameters and initial values

    Raises
    ------
    SimulationError
        If a value does not fit what it belongs to.
    """
    populations = list(network.populations.values())
    numbers = {name: n for n, name in enumerate(network.populations)}
    cells = [_cells(network, population, dt, wiring_seed) for population in populations]
    pathways = [
        pathway
        for projection in network.projections.values()
        for pathway in _Between(projection, cells, numbers, dt, wiring_seed).pathways()
    ]
    return Circuit(tuple(cells), tuple(pathways), dt, seed)


# -- populations -----------------------------------------------------------------------------------------------------


def _cells(network: Network, population: Population, dt: float, wiring_seed: int) -> Cells:
    if isinstance(population.neuron, SpikeSource):
        steps, offsets = population.neuron.steps(dt)
        neurons = np.repeat(np.arange(population.size), np.diff(offsets))
        order = np.lexsort((neurons, steps))
        return Cells(population.name, population.size, None, spikes=(steps[order], neurons[order]))
    stimulations = [s for s in network.stimulations.values() if s.target.population is population]
    _check_names(stimulations)
    neuron = merged_neuron(network, population)
    parameters, states = _values(population, neuron, wiring_seed)
    feeds = tuple(_feeds(stimulations, population, neuron, dt))
    fed = {feed.input for feed in feeds}
    fed |= {part_name(r.name, x) for r in receptors(network, population).values() for x in r.synapse.of_scope("summed")}
    steady = tuple(u for u in neuron.inputs if u not in fed)
    return Cells(
        population.name,
        population.size,
        neuron,
        {**parameters, **dict.fromkeys(steady, 0.0)},
        states,
        steady,
        feeds,
        tuple(_drives(stimulations, population, neuron, dt)),
    )


def merged_neuron(network: Network, population: Population) -> Neuron:
    """Return a population's neuron with its receptors and stimuli merged into it."""
    assert isinstance(population.neuron, Neuron)
    parts = [_part(r.name, r.synapse, r.into) for r in receptors(network, population).values()]
    for stimulation in network.stimulations.values():
        if stimulation.target.population is population:
            parts += _stimulus_parts(stimulation, population)
    return merged(population.neuron, parts)


def _part(name: str, synapse: Synapse, into: str | None) -> Part:
    lines = []
    for variable in synapse.variables.values():
        if variable.scope == "summed":
            lines.append(f"{variable.name} : {variable.unit} (input)")
        elif variable.scope == "post" and variable.kind == "state" and variable.equation.kind == "parameter":  # type: ignore[union-attr]
            lines.append(f"d{variable.name}/dt = 0 : {variable.unit}")  # that only code changes
    more = parse_equations("\n".join(lines)) if lines else ()
    parameters = {
        n: with_unit(synapse.parameters[n], v.unit)  # type: ignore[arg-type]
        for n, v in synapse.of_scope("post", "parameter").items()
    }
    return Part(name, (*synapse.post_equations, *more), into, synapse.parsed_output if into else None, parameters,
                synapse.initial)  # fmt: skip


def stimulus_part(stimulation: Stimulation) -> str:
    """Return what a stimulation's variables are called after in the merged neuron."""
    letters = "".join(c if c.isalnum() else "_" for c in stimulation.name)
    while "__" in letters:
        letters = letters.replace("__", "_")
    return f"stimulus_{letters.strip('_')}"


def _check_names(stimulations: list[Stimulation]) -> None:
    found: dict[str, str] = {}
    for stimulation in stimulations:
        other = found.setdefault(stimulus_part(stimulation), stimulation.name)
        if other != stimulation.name:
            raise SimulationError(
                f"the stimuli {other!r} and {stimulation.name!r} of {stimulation.target.population.name!r} are called "
                "the same but for signs other than letters and digits: give one of them another name"
            )


def _stimulus_parts(stimulation: Stimulation, population: Population) -> Iterator[Part]:
    name, stimulus, target = stimulus_part(stimulation), stimulation.stimulus, stimulation.target
    if isinstance(stimulus, PoissonInput):
        return
    unit = population.neuron.inputs[stimulation.variable].unit  # type: ignore[union-attr]
    if isinstance(stimulus, (Samples, Callback)):
        equations = parse_equations(f"x : {unit} (input)")
        yield Part(name, equations, stimulation.variable, parse_expression("x", "output"))
        return
    part = _part(name, stimulus.synapse(unit), stimulation.variable)
    if target.whole:
        yield part
        return
    # the others have none of it: their share is 0, and their parameters are those of the first neuron driven
    share = np.zeros(population.size)
    share[target.numbers] = 1.0
    spread = {n: _spread(value, target, population.size) for n, value in part.parameters.items()}
    assert part.output is not None
    output = parse_expression(f"share*({part.output.text})", "output")
    yield replace(part, output=output, parameters={**spread, "share": share})


def _spread(value: Any, target: Selection, size: int) -> Any:
    if np.ndim(value) == 0:
        return value
    found = value[np.zeros(size, np.int64)]  # of the same unit
    found[target.numbers] = value
    return found


def _values(population: Population, neuron: Neuron, wiring_seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return parameters and initial values in internal units, drawn where they are random."""
    name, size = population.name, population.size
    known: dict[str, Any] = parameter_values(neuron)
    axes = {} if population.positions is None else dict(zip("xyz", population.positions.T, strict=False))

    def draw(symbol: str, value: Any, unit: Any, what: str) -> np.ndarray:
        key = stream_key(wiring_seed, f"{name}/{symbol}")
        return drawn(value, unit, size, key, {**axes, **known}, f"{what} {symbol!r} of {name!r}")

    for symbol, value in population.parameters.items():
        known[symbol] = draw(symbol, value, neuron.variables[symbol].unit, "the parameter")
    given = {
        x: draw(x, value, neuron.states[x].unit, "the initial value of") for x, value in population.initial.items()
    }
    states = initial_values(neuron, {**known, **given})
    return known, {**states, **given}


def _feeds(stimulations: list[Stimulation], population: Population, neuron: Neuron, dt: float) -> Iterator[Feed]:
    for stimulation in stimulations:
        stimulus = stimulation.stimulus
        if not isinstance(stimulus, (Samples, Callback)):
            continue
        name = part_name(stimulus_part(stimulation), "x")
        columns = np.full(population.size, -1, np.int64)
        if isinstance(stimulus, Callback):
            columns[stimulation.target.numbers] = np.arange(len(stimulation.target))
            yield Feed(name, np.zeros((1, len(stimulation.target))), columns, after="hold", call=stimulus.function,
                       scale=neuron.variables[name].unit.scale)  # fmt: skip
            continue
        unit = neuron.variables[name].unit
        hold, begin = stimulus.steps(dt)
        values = internal(stimulus.values, stimulus.unit or unit).reshape(len(stimulus.values), -1)
        columns[stimulation.target.numbers] = np.arange(len(stimulation.target)) if values.shape[1] > 1 else 0
        after = "zero" if stimulus.after == "error" else stimulus.after
        yield Feed(name, np.asarray(values, np.float64), columns, hold, begin, after)


def _drives(
    stimulations: list[Stimulation], population: Population, neuron: Neuron, dt: float
) -> Iterator[PoissonDrive]:
    for stimulation in stimulations:
        stimulus, target = stimulation.stimulus, stimulation.target
        if not isinstance(stimulus, PoissonInput):
            continue
        variable = stimulation.variable
        state = part_name(*variable.split(".", 1)) if "." in variable else variable
        unit = neuron.states[state].unit
        weight = internal(stimulus.w, stimulus.w_unit or unit)

        def over_all(value: Any, target: Selection = target) -> np.ndarray:
            value = np.asarray(value, np.float64)
            if target.whole:
                return value
            found = np.zeros((*value.shape[:-1], population.size))
            found[..., target.numbers] = value
            return found

        if np.ndim(weight):
            weight = over_all(weight)

        def means(steps: np.ndarray, stimulus: PoissonInput = stimulus, over_all: Any = over_all) -> np.ndarray:
            return over_all(stimulus.rates(steps, dt) * dt)

        yield PoissonDrive(stimulus_part(stimulation), state, weight, means, stimulus.constant)


# -- projections -----------------------------------------------------------------------------------------------------


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


class _Between:
    """Makes the pathways of one projection."""

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
        return Coded(p.name, *self.ends, text, self.wiring, delays, values, constants, source_constants, reads, held,
                     _part_of(p.source), _part_of(p.target))  # fmt: skip


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
