"""From a network and names to what a module runs: inputs, outputs, learned values and the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor

from lapicque.compile.assemble import assemble, stimulus_part
from lapicque.errors import LapicqueError, TrainingError, suggest
from lapicque.model.merge import part_name
from lapicque.model.neuron import Neuron
from lapicque.model.stimulus import samples
from lapicque.network.assumptions import check_assumptions
from lapicque.network.network import Network
from lapicque.network.spike_source import SpikeSource
from lapicque.train.network.describing import with_values
from lapicque.train.network.learning import Learned, asked, learned
from lapicque.train.network.passing import Pass, Program
from lapicque.train.parameters import domain_of
from lapicque.train.reading import read_dt
from lapicque.units import ONE, Unit, split

#: What a stimulus that stands for an input of a module is called.
_INPUT = "input of the module"


@dataclass(frozen=True)
class Input:
    """What a module is given.

    Attributes
    ----------
    name : as the user writes it
    place : population and input of its merged neuron; "" for a list of spikes
    size : neurons
    unit : Unit
    """

    name: str
    place: tuple[int, str]
    size: int
    unit: Unit


@dataclass(frozen=True)
class Output:
    """What a module returns.

    Attributes
    ----------
    name : as the user writes it
    kind : ``"spikes"``, ``"variable"``, ``"synapses"``
    population : number
    variable : of the merged neuron, or a state of synapses by its name in the code
    unit : Unit
    """

    name: str
    kind: str
    population: int
    variable: str = ""
    unit: Unit = ONE

    def read(self, run: Pass, events: Mapping[int, Tensor]) -> Tensor:
        """Return it at the end of a step, (batch, neuron) or (batch, synapse), in its unit."""
        if self.kind == "synapses":
            return run.remembered(self.name.rpartition(".")[0], self.variable) / self.unit.scale
        cells = run.cells[self.population]
        if self.kind == "spikes":
            s = run.emitted(self.population, "spike", events)
            output = None if cells is None else run.outputs[self.population]
            return s if output is None else s * output
        assert cells is not None
        return cells.read(self.variable) / self.unit.scale


@dataclass(frozen=True, eq=False)
class Built:
    """What a module runs.

    Attributes
    ----------
    network : with the module's inputs among its stimuli
    """

    network: Network
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    values: tuple[Learned, ...]
    program: Program

    def number(self, population: str) -> int:
        """Return the number of a population."""
        return list(self.network.populations).index(population)


def built(
    network: Any,
    inputs: Sequence[str] | str,
    outputs: Sequence[str] | str | None,
    learn: Any,
    bounds: Mapping[str, Any] | None,
    dt: Any,
    method: Any,
    threshold_scale: Any,
    wiring_seed: int,
) -> Built:
    """Return what a module runs.

    Raises
    ------
    TrainingError
        If something cannot be, by name.
    """
    _check(network)
    step = read_dt(dt)
    check_assumptions(network, step)
    names = [inputs] if isinstance(inputs, str) else list(inputs)
    values = tuple(_value(network, key, shape, bounds or {}, wiring_seed) for key, shape in asked(learn).items())
    for key in bounds or {}:
        if key not in {v.key for v in values}:
            raise TrainingError(f"bounds: {key!r} is not learned{suggest(key, [v.key for v in values])}")
    twin = _with_inputs(network, names)
    for value in values:
        if value.begin.ndim and value.kind == "synapse":
            twin = with_values(twin, value.owner, {value.name: value.begin}, None, wiring_seed)
        elif value.begin.ndim and value.kind == "delay":
            twin = with_values(twin, value.owner, {}, value.begin, wiring_seed)
    circuit = assemble(twin, step, 0, wiring_seed)
    found = tuple(_input(twin, name) for name in names)
    shown = [name for name, p in network.populations.items() if isinstance(p.neuron, Neuron)]
    wanted = shown if outputs is None else [outputs] if isinstance(outputs, str) else list(outputs)
    made = tuple(_output(twin, circuit, name) for name in wanted)
    if not made:
        raise TrainingError("outputs= names nothing: spikes of a population, 'exc', or a variable, 'exc.v'")
    observed: dict[int, list[str]] = {}
    for output in made:
        if output.kind == "variable" and output.variable in circuit.cells[output.population].neuron.algebraic:  # type: ignore[union-attr]
            observed.setdefault(output.population, []).append(output.variable)
    program = Program.of(circuit, _methods(network, method), observed, _scales(network, threshold_scale))
    numbers = list(network.populations)
    for population in {v.owner for v in values if v.kind == "cells"}:
        model = program.models[numbers.index(population)]
        assert model is not None
        model.initial.follow(network.populations[population], {v.name for v in values if v.owner == population})
    return Built(twin, found, made, values, program)


def _check(network: Any) -> None:
    if not isinstance(network, Network):
        raise TrainingError(f"a Network is expected, not {type(network).__name__}: for a neuron write lq.train.Spiking")
    if not network.populations:
        raise TrainingError("the network has no populations: net.population(lq.neurons.lif, 100)")
    refused = (
        (network.operations, "an operation, Python code between steps"),
        (network.restructurings, "a rule by which synapses come and go"),
        (network.signals, "a signal, which is set from outside: make it a population with an input"),
    )
    for table, what in refused:
        for name in table:
            raise TrainingError(f"{name!r} is {what}: it has no gradient, take it out of the network")


def _methods(network: Network, given: Any) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return dict.fromkeys(network.populations, given)
    for name in given:
        if name not in network.populations:
            raise TrainingError(f"method: there is no population {name!r}{suggest(name, network.populations)}")
    return dict(given)


def _scales(network: Network, given: Mapping[str, Any] | None) -> dict[str, float]:
    """Return the scale of each guard that is given, internal units."""
    found = {}
    for name, value in (given or {}).items():
        owner, _, event = str(name).partition(".")
        population = network.populations.get(owner)
        known = (
            [] if population is None or population.model is None else [e.name for e in population.model.parsed_events]
        )
        if (event or "spike") not in known:
            names = [f"{owner}.{e}" for e in known] or list(network.populations)
            raise TrainingError(f"threshold_scale: there is no event {name!r}{suggest(name, names)}")
        number, unit = split(value)
        if np.ndim(number) or not number > 0:
            raise TrainingError(f"threshold_scale: {name!r} is {value!r}, but one positive quantity is expected")
        found[f"{owner}.{event or 'spike'}"] = float(number) * (unit or ONE).scale
    return found


def _value(network: Network, key: str, shape: str | None, bounds: Mapping[str, Any], wiring_seed: int) -> Learned:
    try:
        found = learned(network, key, shape, wiring_seed)
    except TrainingError:
        raise
    except LapicqueError as error:
        raise TrainingError(f"learn: {key!r}: {error}") from None
    inner = found.name if found.receptor is None else found.receptor[1]
    population = network.populations.get(found.owner)
    model = population.model if population is not None and found.receptor is None else None
    given = {inner: bounds[key]} if key in bounds else {inner: None} if inner == "w" else None
    domain = domain_of(inner, found.unit, None if model is None else model.ranges, given)
    if not domain.contains(found.begin):
        wrong = next(x for x in np.ravel(found.begin) if not domain.contains(x))
        raise TrainingError(
            f"learn: {key!r} is {wrong:g} {found.unit}, but is learned between {domain.low:g} and {domain.high:g}: "
            f"begin inside, or give bounds={{{key!r}: (low, high)}}, where None is open"
        )
    return replace(found, domain=domain)


def _with_inputs(network: Network, names: Sequence[str]) -> Network:
    """Return the network with a stimulus for each input, so that each is a field of the merged neuron."""
    made = network.copied()
    if len(set(names)) < len(names):
        raise TrainingError(f"inputs: {max(names, key=list(names).count)!r} is named twice")
    for name in names:
        owner, _, variable = str(name).partition(".")
        population = network.populations.get(owner)
        if population is None:
            raise TrainingError(f"inputs: there is no population {owner!r}{suggest(owner, network.populations)}")
        if isinstance(population.neuron, SpikeSource):
            if variable:
                raise TrainingError(f"inputs: {owner!r} is a list of spikes: its events are given as {owner!r}")
            continue
        if variable not in population.neuron.inputs:
            known = [f"{owner}.{u}" for u in population.neuron.inputs]
            raise TrainingError(f"inputs: {name!r} is no input{suggest(str(name), known)}; {owner!r} has "
                                f"{', '.join(map(repr, known)) or 'none'}")  # fmt: skip
        nothing = samples(np.zeros(1), 1.0, 0.0, "zero", None, "the input")
        made.stimulate(population, variable, nothing, name=f"{_INPUT} {owner}.{variable}")
    return made


def _input(network: Network, name: str) -> Input:
    owner, _, variable = name.partition(".")
    population, n = network.populations[owner], list(network.populations).index(owner)
    if isinstance(population.neuron, SpikeSource):
        return Input(name, (n, ""), population.size, ONE)
    part = next(s for s in network.stimulations.values()
                if s.target.population is population and s.name == f"{_INPUT} {owner}.{variable}")  # fmt: skip
    inner = part_name(stimulus_part(part), "x")
    return Input(name, (n, inner), population.size, population.neuron.inputs[variable].unit)


def _output(network: Network, circuit: Any, name: str) -> Output:
    projection, _, last = str(name).rpartition(".")
    if projection in network.projections:
        store = next((s for s in circuit.stores if s.projection == projection), None)
        if store is None or last not in store.learned:
            known = store.learned if store is not None else ()
            raise TrainingError(f"outputs: {name!r} is no state of synapses{suggest(last, known)}")
        return Output(name, "synapses", -1, last, network.projections[projection].units[last])
    owner, _, variable = str(name).partition(".")
    if owner not in network.populations:
        raise TrainingError(f"outputs: there is no population {owner!r}{suggest(owner, network.populations)}")
    n = list(network.populations).index(owner)
    neuron = circuit.cells[n].neuron
    if variable in ("", "spikes"):
        if neuron is not None and "spike" not in circuit.cells[n].events:
            raise TrainingError(f"outputs: {owner!r} has no threshold, so that it has no spikes: ask for a variable")
        return Output(name, "spikes", n)
    inner = part_name(*variable.split(".", 1)) if "." in variable else variable
    if neuron is None or inner not in {**neuron.states, **neuron.algebraic, **neuron.inputs}:
        known = [] if neuron is None else [x.replace("__", ".") for x in (*neuron.states, *neuron.algebraic)]
        raise TrainingError(f"outputs: {owner!r} has no variable {variable!r}{suggest(variable, known)}")
    return Output(name, "variable", n, inner, neuron.variables[inner].unit)


def numbers_of(
    known: Built, given: Sequence[Any], steps: int | None, batch: int, like: Tensor
) -> tuple[dict[str, Tensor], int, int]:
    """Return the inputs in internal units, the steps and the batch size.

    Raises
    ------
    TrainingError
        If an input is missing, or its shape does not fit.
    """
    names = [i.name for i in known.inputs]
    if len(given) == 1 and isinstance(given[0], Mapping):
        table = dict(given[0])
        if set(table) != set(names):
            odd = sorted(set(table) ^ set(names))[0]
            raise TrainingError(f"{odd!r} is {'missing' if odd in names else 'no input of the module'}; inputs={names}")
    elif len(given) == len(names):
        table = dict(zip(names, given, strict=True))
    else:
        raise TrainingError(f"the module has {len(names)} inputs, {names}, but {len(given)} tensors are given")
    found: dict[str, Tensor] = {}
    shape: tuple[int, int] | None = None
    for one in known.inputs:
        x = table[one.name]
        if not isinstance(x, Tensor) or x.ndim != 3:
            shown = f"has shape {tuple(x.shape)}" if isinstance(x, Tensor) else f"is {type(x).__name__}"
            raise TrainingError(f"{one.name!r} {shown}, but a tensor (time, batch, neuron) is expected")
        if x.shape[2] != one.size:
            turned = ": are the axes in another order?" if one.size in x.shape else ""
            raise TrainingError(
                f"{one.name!r} has shape {tuple(x.shape)}, but (time, batch, {one.size}) is expected{turned}"
            )
        if shape is not None and tuple(x.shape[:2]) != shape:
            raise TrainingError(
                f"{one.name!r} is of {x.shape[0]} steps and {x.shape[1]} trials, but {names[0]!r} of {shape[0]} and "
                f"{shape[1]}"
            )
        shape = (int(x.shape[0]), int(x.shape[1]))
        found[one.name] = x.to(like) * one.unit.scale
    if shape is None:
        if steps is None:
            raise TrainingError("a module without inputs is told how long it runs: module(steps=100, batch=1)")
        return {}, int(steps), int(batch)
    if steps is not None and steps != shape[0]:
        raise TrainingError(f"steps is {steps}, but the inputs are of {shape[0]} steps")
    return found, *shape


def read_detach_reset(network: Network, given: Any) -> bool | tuple[str, ...]:
    """Return whether gradients do not pass through resets; or the states, ``"population.state"``, that hold them back.

    Raises
    ------
    TrainingError
        For what is no state of a population.
    """
    if isinstance(given, bool):
        return given
    known = [f"{n}.{x}" for n, p in network.populations.items() if p.model is not None for x in p.model.states]
    try:
        names = (given,) if isinstance(given, str) else tuple(given)
    except TypeError:
        names = (given,)
    for name in names:
        if name not in known:
            hint = suggest(str(name), known) or f" (there are {', '.join(known)})"
            raise TrainingError(f"detach_reset: {name!r} is no state of a population{hint}; True stands for all")
    return tuple(sorted(set(names)))
