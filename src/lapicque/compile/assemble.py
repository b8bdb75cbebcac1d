"""From a network's description to a circuit: receptors and stimuli join their neurons, values are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from lapicque.compile.circuit import Cells, Circuit, Feed, PoissonDrive
from lapicque.compile.pathways import Between
from lapicque.compile.reductions import groups_of
from lapicque.errors import SimulationError
from lapicque.model.equations import parse_equations, parse_expression
from lapicque.model.evaluate import initial_values, parameter_values
from lapicque.model.merge import Part, merged, part_name
from lapicque.model.neuron import Neuron
from lapicque.model.reductions import separated
from lapicque.model.stimulus import Callback, PoissonInput, Samples
from lapicque.model.synapse import Synapse
from lapicque.model.values import with_unit
from lapicque.network.making import values
from lapicque.network.network import Network
from lapicque.network.population import Population, Selection
from lapicque.network.receptors import receptors
from lapicque.network.spike_source import SpikeSource
from lapicque.network.stimulus import Stimulation
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
        for pathway in Between(projection, cells, numbers, dt, wiring_seed).pathways()
    ]  # and hidden populations, of traces, join the others
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
    summed = {
        part_name(r.name, x) for r in receptors(network, population).values() for x in r.synapse.of_scope("summed")
    }
    neuron, reductions = separated(merged_neuron(network, population), summed)
    parameters, states = _values(population, neuron, wiring_seed)
    feeds = tuple(_feeds(stimulations, population, neuron, dt))
    fed = {*(feed.input for feed in feeds), *(one.input for one in reductions), *summed}
    steady = tuple(u for u in neuron.inputs if u not in fed)
    made = Cells(
        population.name,
        population.size,
        neuron,
        {**parameters, **dict.fromkeys(steady, 0.0)},
        states,
        steady,
        feeds,
        tuple(_drives(stimulations, population, neuron, dt)),
        reductions,
    )
    for one in reductions:
        groups_of(made, one.by)  # refused before anything runs
    return made


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
    initial = {name: value for name, value in synapse.initial.items() if name not in synapse.learned}
    return Part(
        name, (*synapse.post_equations, *more), into, synapse.parsed_output if into else None, parameters, initial
    )


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
    """Return the parameters and initial values of the merged neuron, in internal units."""
    own, begun = values(population, wiring_seed)
    parameters = {**parameter_values(neuron), **own}
    return parameters, initial_values(neuron, {**parameters, **begun})


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
