"""What can be looked at and changed in a running network, by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.compile.assemble import stimulus_part
from lapicque.compile.circuit import Additive, Circuit
from lapicque.compile.reductions import groups_of
from lapicque.compile.storing import store_of
from lapicque.errors import SimulationError, UnitError, suggest
from lapicque.model.merge import part_name
from lapicque.model.reductions import PREFIX
from lapicque.model.stimulus import HZ, Drive, PoissonInput
from lapicque.network.network import Network
from lapicque.simulation.variation import Place, input_of, place_of, unit_of_drive
from lapicque.units import ONE, Unit, internal, magnitude


@dataclass(frozen=True)
class Setting:
    """What a name means in a running network.

    Attributes
    ----------
    name : as the user writes it
    kind : ``"state"``; ``"constant"``: a number among a population's parameters; ``"learned"``: a state of single
        synapses; ``"described"``: something from which a circuit is made, such as constant weights
    population : number; -1 for what belongs to none
    variable : of the merged neuron, or of the synapse
    size : how many neurons, or synapses, there are
    unit : of the value; None for what is no number
    projection : name, of what synapses learn
    """

    name: str
    kind: str
    population: int = -1
    variable: str = ""
    size: int = 0
    unit: Unit | None = None
    projection: str = ""


def setting_of(network: Network, circuit: Circuit, name: str) -> Setting:
    """Return what a name such as ``"exc.v"``, ``"exc.ampa.tau"`` or ``"exc->inh.w"`` means.

    Raises
    ------
    SimulationError
        If there is nothing of that name, with the nearest one.
    """
    if not isinstance(name, str):
        raise SimulationError(f"a name is expected, such as 'exc.v', not {name!r}")
    return _learned(network, circuit, name) or _state(network, circuit, name) or _described(network, circuit, name)


def _learned(network: Network, circuit: Circuit, name: str) -> Setting | None:
    """Return a state of the single synapses of a projection; None for another name."""
    owner, _, variable = name.rpartition(".")
    if owner not in network.projections or variable not in network.projections[owner].synapse.learned:
        return None
    unit = network.projections[owner].units[variable]
    return Setting(name, "learned", -1, variable, store_of(circuit, owner).wiring.count, unit, owner)


def _state(network: Network, circuit: Circuit, name: str) -> Setting | None:
    """Return a state of neurons, or of their receptors; None for another name.

    Raises
    ------
    SimulationError
        For lists of spikes, which have no variables, and variables that follow from others.
    """
    owner, _, variable = name.partition(".")
    if owner not in network.populations:
        return None
    n = list(network.populations).index(owner)
    cells = circuit.cells[n]
    if cells.neuron is None:
        raise SimulationError(f"{owner!r} is a list of spikes: it has no variables")
    inner = part_name(*variable.split(".", 1)) if "." in variable else variable
    if inner in cells.neuron.states:
        return Setting(name, "state", n, inner, cells.size, cells.neuron.states[inner].unit)
    found = cells.neuron.variables.get(inner)
    if found is not None and found.kind == "algebraic" and inner not in network.populations[owner].neuron.inputs:  # type: ignore[union-attr]
        raise SimulationError(f"{name!r} is computed from other variables: net.record({owner}, {variable!r}) shows it")
    return None


def _described(network: Network, circuit: Circuit, name: str) -> Setting:
    """Return what the description of the network says: a constant of neurons, or what a circuit is made from."""
    place = _place(network, circuit, name)
    owner, constant = name.partition(".")[0], ""
    if place.kind in ("parameter", "input"):
        constant = place.name
    elif place.kind == "receptor":
        constant = part_name(place.receptor, place.name)
    elif place.kind == "stimulus":
        stimulation = network.stimulations[place.owner]
        owner = stimulation.target.population.name
        if isinstance(stimulation.stimulus, Drive) and stimulation.target.whole:
            constant = part_name(stimulus_part(stimulation), place.name)
    if owner in network.populations:
        n = list(network.populations).index(owner)
        cells = circuit.cells[n]
        if constant in cells.parameters:
            assert cells.neuron is not None
            return Setting(name, "constant", n, constant, cells.size, cells.neuron.variables[constant].unit)
    return Setting(name, "described", unit=_unit_of(network, place))


def _place(network: Network, circuit: Circuit, name: str) -> Place:
    """Return where a description keeps what a name means.

    Raises
    ------
    SimulationError
        If there is nothing of that name, with the nearest one.
    """
    owner, _, variable = name.partition(".")
    numbers = {population: n for n, population in enumerate(network.populations)}
    known_owner = owner in numbers or name.rpartition(".")[0] in network.projections or "->" in name
    if not known_owner and owner not in {s.partition(".")[0] for s in network.stimulations}:
        raise SimulationError(f"there is no population {owner!r}{suggest(owner, numbers)}")
    try:
        return input_of(network, place_of(network, name))
    except SimulationError:
        if owner not in numbers:
            raise
        variables = circuit.cells[numbers[owner]].neuron.variables  # type: ignore[union-attr]
        known = [
            x.replace("__", ".") for x, v in variables.items() if v.kind != "algebraic" and not x.startswith(PREFIX)
        ]
        hint = suggest(variable, known) or f"; it has {', '.join(map(repr, known))}"
        raise SimulationError(f"{owner!r} has nothing called {variable!r}{hint}") from None


def _unit_of(network: Network, place: Place) -> Unit | None:
    if place.kind == "rule":
        return None
    if place.kind == "projection":
        return network.projections[place.owner].units.get(place.name)
    if place.kind != "stimulus":
        neuron = network.populations[place.owner].model
        assert neuron is not None
        return neuron.variables[place.name].unit
    stimulation = network.stimulations[place.owner]
    stimulus = stimulation.stimulus
    if isinstance(stimulus, Drive):
        return unit_of_drive(stimulation, place.name)
    if isinstance(stimulus, PoissonInput) and place.name == "w":
        return stimulus.w_unit
    return {"rate": HZ, "n": ONE}.get(place.name)


def number_of(setting: Setting, value: Any) -> Any:
    """Return a value as a float, or one a neuron, in the unit of the setting.

    Raises
    ------
    SimulationError, UnitError
        If its dimension or length does not fit, or it is not a number.
    """
    try:
        array = np.asarray(magnitude(value, setting.unit or "1", setting.name), np.float64)
    except UnitError as error:
        named = error.summary.startswith(setting.name)
        raise UnitError(error.summary if named else f"{setting.name}: {error.summary}") from None
    if array.ndim and array.shape != (setting.size,):
        shown = f"{array.size} values" if array.ndim == 1 else f"an array of shape {array.shape}"
        what = "synapses" if setting.kind == "learned" else "neurons"
        raise SimulationError(f"{setting.name} is given {shown}, but there are {setting.size} {what}")
    if np.isnan(array).any():
        raise SimulationError(f"{setting.name} is given NaN (not a number)")
    return array.copy() if array.ndim else float(array)


def plain(setting: Setting, value: Any) -> Any:
    """Return the number or array that a description is given in place of its own.

    Raises
    ------
    SimulationError, UnitError
        If it is no number, or of another dimension.
    """
    if setting.unit is None:
        raise SimulationError(f"{setting.name!r} cannot change during a simulation: begin another one")
    array = np.asarray(magnitude(value, setting.unit, setting.name), np.float64)
    return float(array) if array.ndim == 0 else array.copy()


def read_constant(circuit: Circuit, setting: Setting) -> np.ndarray:
    """Return a parameter, (neuron,), in its own unit."""
    assert setting.unit is not None
    value = np.asarray(circuit.cells[setting.population].parameters[setting.variable], np.float64)
    return np.broadcast_to(value / setting.unit.scale, (setting.size,)).copy()


def with_constant(circuit: Circuit, setting: Setting, value: Any) -> Circuit:
    """Return a circuit in which a parameter has another value, given in its own unit.

    Raises
    ------
    SimulationError
        If it is the number of a group, and not whole.
    """
    assert setting.unit is not None
    cells = circuit.cells[setting.population]
    parameters = {**cells.parameters, setting.variable: internal(value, setting.unit)}
    changed = list(circuit.cells)
    changed[setting.population] = made = dataclasses.replace(cells, parameters=parameters)
    for one in made.reductions:
        groups_of(made, one.by)  # refused here, before anything is changed
    return dataclasses.replace(circuit, cells=tuple(changed))


def stands_alone(network: Network, circuit: Circuit, setting: Setting) -> bool:
    """Say whether nothing else was computed from a parameter when the circuit was made."""
    population = list(network.populations.values())[setting.population]
    computed = any(isinstance(value, str) for value in population.parameters.values())
    mine = [p for p in circuit.pathways if setting.population in (p.target, p.source)]
    simple = all(isinstance(p, Additive) and not getattr(p.increments, "neurons", ()) for p in mine)
    return simple and not computed


def same_values(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Say whether two tables of floats and arrays are equal.

    Examples
    --------
    >>> same_values({"x": 1.0}, {"x": np.array([1.0, 2.0])}), same_values({"x": 1.0}, {"x": 1.0})
    (False, True)
    """
    return a.keys() == b.keys() and all(np.ndim(a[k]) == np.ndim(b[k]) and np.array_equal(a[k], b[k]) for k in a)
