"""A network with other values: what a sweep runs, and what a simulation goes on with when a value is set."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import LapicqueError, SimulationError, suggest
from lapicque.model.neuron import Neuron
from lapicque.model.stimulus import Drive, PoissonInput, Samples, rate_of, samples
from lapicque.model.values import plain_value, unit_of, with_unit
from lapicque.network import connectivity
from lapicque.network.connectivity.lists import Edges
from lapicque.network.network import Network
from lapicque.network.population import Population, Selection
from lapicque.network.projection import Projection
from lapicque.network.receptors import receptors
from lapicque.network.stimulus import Stimulation
from lapicque.simulation.arguments import whole_number
from lapicque.units import ONE, Unit, split


@dataclass(frozen=True)
class Place:
    """What a name such as ``"exc.tau_m"`` means.

    Attributes
    ----------
    kind : ``"parameter"``, ``"initial"`` or ``"input"`` of a population, ``"receptor"``, ``"projection"``,
        ``"rule"`` (a number of a projection's rule), ``"stimulus"``
    owner : name of the population, projection or stimulation
    name : of the variable
    receptor : its name
    """

    kind: str
    owner: str
    name: str
    receptor: str = ""


def place_of(network: Network, key: Any) -> Place:
    """Return what a name means in a network.

    Raises
    ------
    SimulationError
        If there is nothing of that name, with the nearest one.
    """
    known = _known(network)
    if key in known:
        return known[key]
    hint = suggest(str(key), known)
    if not hint:
        owner = str(key).partition(".")[0]
        own = [name.partition(".")[2] for name in known if name.startswith(f"{owner}.")]
        hint = f"; {owner!r} has {', '.join(map(repr, own))}" if own else f"; there are {', '.join(map(repr, known))}"
    raise SimulationError(f"there is no value {key!r} in the network{hint}")


def _known(network: Network) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for name, population in network.populations.items():
        neuron = population.model
        if neuron is None:
            continue
        for variable in neuron.variables.values():
            kind = {"parameter": "parameter", "state": "initial", "input": "input"}.get(variable.kind)
            if kind:
                found[f"{name}.{variable.name}"] = Place(kind, name, variable.name)
        for receptor in receptors(network, population).values():
            for parameter in receptor.synapse.of_scope("post", "parameter"):
                found[f"{name}.{receptor.name}.{parameter}"] = Place("receptor", name, parameter, receptor.name)
    for name, projection in network.projections.items():
        for value in (*projection.values, "delay", "where"):
            found[f"{name}.{value}"] = Place("projection", name, value)
        for number in numbers_of(projection.where):
            found[f"{name}.where.{number}"] = Place("rule", name, number)
    for name, stimulation in network.stimulations.items():
        for value in _of_stimulus(stimulation.stimulus):
            found[f"{name}.{value}"] = Place("stimulus", name, value)
    return found


def numbers_of(rule: Any) -> tuple[str, ...]:
    """Return the names of a connectivity rule's numbers, such as ``p`` or ``k``.

    Examples
    --------
    >>> import lapicque as lq
    >>> numbers_of(lq.fixed_probability(0.1)), numbers_of(lq.small_world(4, 0.1)), numbers_of(lq.all_to_all())
    (('p',), ('k', 'p'), ())
    """
    fields = dataclasses.fields(rule) if dataclasses.is_dataclass(rule) and not isinstance(rule, type) else ()
    values = {field.name: getattr(rule, field.name) for field in fields}
    return tuple(name for name, value in values.items() if isinstance(value, (int, float)) and value is not True
                 and value is not False)  # fmt: skip


def rule_with(projection: Projection, name: str, value: Any) -> Any:
    """Return a projection's rule with another number, checked by the function that makes such rules."""
    rule = projection.where
    fields = {field.name: getattr(rule, field.name) for field in dataclasses.fields(rule)}
    made = getattr(connectivity, rule.function, None)
    if made is None:  # a rule of one's own
        return dataclasses.replace(rule, **{name: value})
    return made(**{**fields, name: value})


def _of_stimulus(stimulus: Any) -> tuple[str, ...]:
    if isinstance(stimulus, Drive):
        return tuple(stimulus.parameters)
    return (
        ("rate", "w", "n")
        if isinstance(stimulus, PoissonInput)
        else ("values",)
        if isinstance(stimulus, Samples)
        else ()
    )


def varied(network: Network, changes: Mapping[str, Any]) -> Network:
    """Return a network in which some values are others.

    Parameters
    ----------
    changes : mapping of str to value
        ``"exc.tau_m"`` (a parameter, or the initial value of a state), ``"exc.i_ext"`` (the constant part of an input),
        ``"exc.ampa.tau"`` (of a receptor), ``"exc->inh.w"``, ``"exc->inh.delay"``, ``"exc->inh.where"``,
        ``"exc->inh.where.p"`` (a number of the rule),
        ``"exc.i_ext.mean"`` (of the stimulus of that name). Bare numbers are in the unit that the value has.

    Raises
    ------
    SimulationError, ModelError, UnitError
        If there is nothing of that name, or the value does not fit.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> _ = net.population(lq.neurons.lif, 10, name="cells")
    >>> varied(net, {"cells.c_m": "300 pF"}).populations["cells"].neuron.parameters["c_m"]
    '300 pF'
    """
    given: dict[Place, Any] = {}
    for key, value in changes.items():
        given[input_of(network, place_of(network, key))] = value
    made = Network()
    populations = {}
    for name, population in network.populations.items():
        own = {p: v for p, v in given.items() if p.owner == name and p.kind in ("parameter", "initial")}
        with _named(own):
            populations[name] = _population(made, population, own)

    def end(old: Selection) -> Selection:
        return Selection(populations[old.population.name], old.indices)

    for name, projection in network.projections.items():
        target = projection.target.population.name
        own = {p: v for p, v in given.items() if (p.kind in ("projection", "rule") and p.owner == name)
               or (p.kind == "receptor" and (p.owner, p.receptor) == (target, projection.receptor))}  # fmt: skip
        ends = end(projection.source), end(projection.target)
        modulators = {third: end(selection) for third, selection in projection.modulators.items()}
        with _named(own):
            _projection(made, projection, ends, modulators, own)
    for name, stimulation in network.stimulations.items():
        own = {p: v for p, v in given.items() if p.kind == "stimulus" and p.owner == name}
        with _named(own):
            made.stimulate(end(stimulation.target), stimulation.variable, _stimulus(stimulation, own), name=name)
    for place, value in given.items():
        if place.kind == "input":
            with _named([place]):
                driven = made.populations[place.owner]
                unit = driven.neuron.inputs[place.name].unit  # type: ignore[union-attr]
                made.stimulate(driven, place.name, with_unit(value, unit))
    for name, recorder in network.recorders.items():
        what = recorder.what
        whole = made.projections[what.name] if isinstance(what, Projection) else end(what)
        made.record(whole, *recorder.variables, every=recorder.every, name=name, synapses=recorder.synapses)
    made.carry_over(network)
    return made


@contextlib.contextmanager
def _named(own: Iterable[Place]) -> Iterator[None]:
    """Let an error say which value was changed."""
    try:
        yield
    except LapicqueError as error:
        names = ", ".join(".".join(x for x in (p.owner, p.receptor, p.name) if x) for p in own)
        if names:
            error.args = (f"{names}: {error.args[0]}", *error.args[1:])
        raise


def input_of(network: Network, place: Place) -> Place:
    """Return where the constant part of an input is kept: in a stimulus, where there is one that is constant."""
    if place.kind == "input":
        for stimulation in network.stimulations.values():
            mine = stimulation.target.population.name == place.owner and stimulation.variable == place.name
            if mine and constant_of(stimulation):
                return Place("stimulus", stimulation.name, "amplitude")
    return place


def constant_of(stimulation: Stimulation) -> bool:
    """Say whether a stimulus is a constant for all neurons of a population."""
    stimulus = stimulation.stimulus
    return isinstance(stimulus, Drive) and stimulus.name == "constant" and stimulation.target.whole


def _population(made: Network, old: Population, own: Mapping[Place, Any]) -> Population:
    if not isinstance(old.neuron, Neuron):
        return made.spikes(old.neuron, name=old.name)
    neuron = old.neuron
    parameters = {**old.parameters, **{p.name: v for p, v in own.items() if p.kind == "parameter"}}
    initial = {**old.initial, **{p.name: v for p, v in own.items() if p.kind == "initial"}}
    return made.population(neuron, old.size, name=old.name, initial=initial, positions=old.positions, **parameters)


def _projection(
    made: Network, old: Projection, ends: tuple[Any, Any], modulators: Mapping[str, Any], own: Mapping[Place, Any]
) -> Projection:
    values = {name: in_unit(value, old.units[name]) for name, value in old.values.items()}
    more: dict[str, Any] = {"where": old.where, "delay": old.delay}
    for place, value in own.items():
        if place.kind == "receptor":
            variable = old.synapse.variables[place.name]
            values[place.name] = with_unit(value, variable.unit) if variable.unit is not None else value
        elif place.kind == "rule":
            more["where"] = rule_with(dataclasses.replace(old, where=more["where"]), place.name, value)
        elif place.name == "where" and isinstance(value, np.ndarray):  # the synapses of a run in which they changed
            more["where"] = Edges(value[0], value[1], periodic=getattr(old.where, "periodic", None))
        elif place.name in more:
            more[place.name] = value
        else:
            values[place.name] = in_unit(value, old.units[place.name])
    return made.connect(ends[0], ends[1], old.synapse, into=old.into, immediate=old.immediate,
                        receptor=old.receptor, modulators=modulators, name=old.name, **more, **values)  # fmt: skip


def in_unit(value: Any, unit: Any) -> Any:
    """Write bare numbers and matrices as quantities, so that their unit is not guessed again."""
    if isinstance(value, str) or (not hasattr(value, "__array__") and not isinstance(value, (int, float, list, tuple))):
        return value
    if split(value)[1] is not None or unit.dimensionless:
        return value
    return value * unit if hasattr(value, "shape") and value.shape else with_unit(value, unit)


def _stimulus(old: Stimulation, own: Mapping[Place, Any]) -> Any:
    stimulus = old.stimulus
    for place, value in own.items():
        if isinstance(stimulus, Drive):
            unit = unit_of_drive(old, place.name)
            value = value if unit is None else with_unit(value, unit)
            stimulus = dataclasses.replace(stimulus, parameters={**stimulus.parameters, place.name: value})
        elif isinstance(stimulus, Samples):
            stimulus = samples(value, stimulus.dt, stimulus.start, stimulus.after, stimulus.unit, "the array")
        elif isinstance(stimulus, PoissonInput):
            if place.name == "rate":
                change: dict[str, Any] = {"rate": rate_of(value, None, 0.0, "error")}
            elif place.name == "w":
                unit = unit_of(value)
                change = {"w": plain_value(value, unit, "w of poisson()")}
                change |= {} if unit is ONE else {"w_unit": unit}
            else:
                change = {"n": whole_number("n, the number of sources,", value, "a positive whole number", 1)}
            stimulus = dataclasses.replace(stimulus, **change)
    return stimulus


def unit_of_drive(stimulation: Stimulation, name: str) -> Unit | None:
    """Return the unit in which bare numbers of a stimulus's parameter are."""
    neuron, stimulus = stimulation.target.population.neuron, stimulation.stimulus
    assert isinstance(neuron, Neuron)
    assert isinstance(stimulus, Drive)
    return stimulus.synapse(neuron.inputs[stimulation.variable].unit).variables[name].unit
