"""From a network's description to a circuit: receptors and stimuli join their neurons, values are drawn."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lapicque.compile.circuit import Additive, Cells, Circuit, Feed, PoissonDrive
from lapicque.compile.increments import Increment, without_output
from lapicque.compile.wiring import Wiring, delay_steps, synapse_values, wire
from lapicque.compile.wiring.values import SynapseValues
from lapicque.errors import SimulationError
from lapicque.model.equations import Expression, parse_equations, parse_expression
from lapicque.model.evaluate import initial_values, parameter_values
from lapicque.model.merge import Part, merged, part_name
from lapicque.model.neuron import Neuron
from lapicque.model.projection_rules import meanings
from lapicque.model.stimulus import Callback, PoissonInput, Samples
from lapicque.model.synapse import Synapse
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
        for pathway in _pathways(projection, cells, numbers, dt, wiring_seed)
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
    neuron = merged_neuron(network, population)
    parameters, states = _values(population, neuron, wiring_seed)
    feeds = tuple(_feeds(stimulations, population, neuron, dt))
    fed = {feed.input for feed in feeds}
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
    found = np.full(size, np.asarray(value).flat[0]) if isinstance(value, np.ndarray) else None
    if found is None:
        found = np.repeat(np.asarray(value[:1]), size) * 1.0
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
            yield Feed(name, np.zeros((1, len(stimulation.target))), columns, after="hold", call=stimulus.function)
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


def _pathways(
    projection: Projection, cells: list[Cells], numbers: Mapping[str, int], dt: float, wiring_seed: int
) -> Iterator[Additive]:
    wiring = wiring_of(projection, wiring_seed)
    source, target = projection.source, projection.target
    n, m = numbers[source.population.name], numbers[target.population.name]
    synapses = {name: values_of(projection, name, wiring, wiring_seed) for name in projection.values}
    known = meanings(projection.synapse, source.population.model, target.population.model)
    for pathway in projection.synapse.pathways:
        given = projection.delay if pathway.delay is None else pathway.delay
        delays = delay_steps(given, wiring, stream_key(wiring_seed, f"{projection.name}/delay"), dt,
                             f"the delay of {projection.name!r}")  # fmt: skip
        for statement in pathway.statements:
            meaning = known[statement.target]
            variable = meaning.name
            if meaning.owner == "synapse":
                assert projection.receptor is not None
                variable = part_name(projection.receptor, statement.target)
            increment = _increment(projection, statement, known, cells[m], synapses)
            if increment is None or pathway.at != "pre" or projection.immediate:
                raise SimulationError(f"{projection.name!r}: {statement.expression.text!r} cannot be delivered yet")
            yield Additive(
                projection.name, n, m, variable, wiring, increment, delays, _part_of(source), _part_of(target)
            )


def _part_of(selection: Selection) -> slice | np.ndarray | None:
    return None if selection.whole else selection.indices


def _increment(
    projection: Projection,
    statement: Any,
    known: Mapping[str, Any],
    cells: Cells,
    synapses: Mapping[str, SynapseValues],
) -> Increment | None:
    """Return what a statement adds for each synapse, or None if that is not known before the run."""
    if statement.operator not in ("+=", "-=") or cells.neuron is None:
        return None
    source = projection.source.population.model
    expression = statement.expression
    if source is None or source.output is None:
        tree = without_output(expression)
        expression = Expression(ast.unparse(tree), tree, expression.source, expression.offset)
    neurons: dict[str, Any] = {}
    for node in expression.names():
        meaning = known.get(node.id)
        if meaning is None:
            if node.id in ("t", "dt", "i", "N", "not_refractory"):
                return None
            continue  # a unit or a number such as pi
        if node.id in synapses:
            continue
        name = node.id if meaning.owner == "synapse" else meaning.name
        if meaning.owner == "synapse" and projection.receptor is not None:
            name = part_name(projection.receptor, node.id)
        if meaning.owner not in ("synapse", "post") or name not in cells.neuron.constants:
            return None
        value = cells.parameters[name]
        neurons[node.id] = value if np.ndim(value) == 0 else np.asarray(value)[projection.target.indices]
    if any(
        isinstance(n, ast.Call) and getattr(n.func, "id", "") in ("rand", "randn") for n in ast.walk(expression.tree)
    ):
        return None
    used = {name: values for name, values in synapses.items() if any(n.id == name for n in expression.names())}
    return Increment(expression, used, neurons, 1 if statement.operator == "+=" else -1)
