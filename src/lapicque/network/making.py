"""How a population is made: its name, its size, the values of its neurons. Checked here, and drawn here later."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from lapicque.errors import SimulationError, suggest
from lapicque.model.distribution import Distribution
from lapicque.model.equations import parse_expression
from lapicque.model.evaluate import initial_values, parameter_values
from lapicque.model.neuron import Neuron
from lapicque.model.values import is_quantity, names_in
from lapicque.network.distributions import NEURON_NAMES, check_length, check_value, drawn
from lapicque.network.population import Population
from lapicque.random import stream_key
from lapicque.units import Dimension, Unit, magnitude


def population_name(taken: Mapping[str, Any], name: str | None, base: str) -> str:
    """Return the name of a new population: the one given, or a free one.

    Raises
    ------
    SimulationError
        If it is taken, or no name.
    """
    if name is not None:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z]\w*", name):
            message = f"name={name!r}: letters, digits and '_' are expected, beginning with a letter, such as 'exc'"
            raise SimulationError(message)
        if name in taken:
            raise SimulationError(f"there is a population {name!r} already: choose another name")
        return name
    base = re.sub(r"\W+", "_", base).strip("_") or "population"
    base = base if base[0].isalpha() else f"population_{base}"
    chosen, number = base, 1
    while chosen in taken:
        number += 1
        chosen = f"{base}_{number}"
    return chosen


def made_population(
    name: str, neuron: Any, n: Any, initial: Mapping[str, Any], positions: Any, parameters: Mapping[str, Any]
) -> Population:
    """Return a population, checked.

    Raises
    ------
    SimulationError, ModelError, UnitError
    """
    if not isinstance(neuron, Neuron):
        hint = f": write lapicque.neurons.{neuron}" if isinstance(neuron, str) and neuron.isidentifier() else ""
        raise SimulationError(f"a population is made of a Neuron, not of {type(neuron).__name__}{hint}")
    size = _size(n)
    for key, variable in neuron.variables.items():
        if isinstance(variable.value, np.ndarray):
            check_length(variable.value, size, f"the parameter {key!r} of {neuron.name!r}")
    places = _positions(positions, size)
    neuron, later = _with_parameters(neuron, size, parameters, places)
    if not isinstance(initial, Mapping):
        raise SimulationError(f"initial maps names to values, initial=dict(v=...): {type(initial).__name__} does not")
    for state, value in initial.items():
        if state not in neuron.states:
            raise SimulationError(f"initial: {state!r} is no state of {neuron.name!r}{suggest(state, neuron.states)}")
        _check_initial(neuron, state, value, size, places)
    return Population(name, neuron, size, dict(initial), places, later)


def _size(n: Any) -> int:
    try:
        number = operator.index(n)
    except TypeError:
        whole = isinstance(n, float) and n.is_integer()
        hint = f": write {int(n)}" if whole else ""
        raise SimulationError(f"the number of neurons is {n!r}, but a whole number is expected{hint}") from None
    if isinstance(n, bool) or not 1 <= number < 2**31:
        raise SimulationError(f"the number of neurons is {n!r}, but at least 1, and fewer than 2**31, are expected")
    return number


def _positions(given: Any, size: int) -> np.ndarray | None:
    if given is None:
        return None
    found = np.array(magnitude(given, "um", "positions"), np.float64)
    if found.ndim == 1:
        found = found[:, None]
    if found.ndim != 2 or found.shape[0] != size or not 1 <= found.shape[1] <= 3:
        raise SimulationError(f"positions have shape {found.shape}, but ({size}, 1 to 3) is expected, in um")
    if not np.isfinite(found).all():
        raise SimulationError(f"the position of neuron {int(np.argwhere(~np.isfinite(found))[0][0])} is not finite")
    found.flags.writeable = False
    return found


def _known(neuron: Neuron, places: np.ndarray | None) -> dict[str, Dimension]:
    """Return what an expression of a neuron's value may read."""
    axes = 0 if places is None else places.shape[1]
    free = {n: d for n, d in NEURON_NAMES.items() if n not in "xyz" or "xyz".index(n) < axes}
    return {**free, **{name: v.unit.dimension for name, v in neuron.constants.items()}}


def _with_parameters(
    neuron: Neuron, size: int, parameters: Mapping[str, Any], places: np.ndarray | None
) -> tuple[Neuron, dict[str, Any]]:
    """Values that are known now go into the neuron; the others are returned, to be drawn later."""
    known, later = _known(neuron, places), {}
    for name, value in parameters.items():
        settable = [n for n, v in neuron.variables.items() if v.value is not None]
        if name not in settable:
            raise SimulationError(f"{name!r} is no parameter of {neuron.name!r}{suggest(name, settable)}")
        variable, what = neuron.variables[name], f"the parameter {name!r}"
        check_value(value, variable.unit, size, known, what)
        if not _is_later(value, known):
            neuron = neuron.with_(**{name: value})
            continue
        if "shared" in variable.flags:
            raise SimulationError(f"{what} is (shared): one value is expected, not {value!r}")
        for other in names_in(value) if isinstance(value, str) else ():
            if other in parameters and (other == name or other not in later) and _is_later(parameters[other], known):
                message = f"{what} reads {other!r}, which is drawn itself and later: give {other!r} before {name!r}"
                raise SimulationError(message if other != name else f"{what} reads itself: {value!r}")
        later[name] = value
    return neuron, later


def _is_later(value: Any, known: Mapping[str, Any]) -> bool:
    return isinstance(value, Distribution) or (isinstance(value, str) and not is_quantity(value, known))


def _check_initial(neuron: Neuron, state: str, value: Any, size: int, places: np.ndarray | None) -> None:
    unit, what = neuron.states[state].unit, f"the initial value of {state!r}"
    if _is_plain_text(neuron, value, places):
        neuron.with_(**_as_initial(neuron, {state: value}))  # the rules of a neuron's own initial values
        return
    check_value(value, unit, size, _known(neuron, places), what)


def _as_initial(neuron: Neuron, texts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes that give states these initial values, also those that ``parameters=`` has set."""
    parameters = {name: value for name, value in neuron.parameters.items() if name not in texts}
    declared = {n for n in texts if n in neuron.parameters}
    return {"initial": {**neuron.initial, **texts}, **({"parameters": parameters} if declared else {})}


def _is_plain_text(neuron: Neuron, value: Any, places: np.ndarray | None) -> bool:
    """Whether a value is an expression such as a neuron's own initial values: no draws, numbers or positions in it."""
    if not isinstance(value, str) or is_quantity(value, neuron.variables):
        return False
    tree = parse_expression(value, "initial value").tree

    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return not {n for n in named if n in (*NEURON_NAMES, "rand", "randn") and n not in neuron.variables}


def values(population: Population, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters and initial states of a population's neurons, in internal units.

    Parameters
    ----------
    population : Population
        Of neurons, not of spikes.
    seed : int
        The wiring seed. What is drawn depends on it and on ``"population/symbol"``.

    Returns
    -------
    parameters, initial : dict of str to float or (neuron,) float64

    Examples
    --------
    >>> import lapicque as lq
    >>> exc = lq.Network().population(lq.neurons.lif, 3, name="exc", initial=dict(v="e_l + 5*mV*rand()"), e_l="-60 mV")
    >>> parameters, initial = values(exc, seed=1)
    >>> parameters["e_l"], initial["v"].round(2)
    (-60.0, array([-57.23, -58.63, -59.53]))
    """
    neuron, size = population.model, population.size
    assert neuron is not None
    places = {} if population.positions is None else dict(zip("xyz", population.positions.T, strict=False))
    parameters: dict[str, Any] = parameter_values(neuron)

    def draw(name: str, value: Any, unit: Unit, what: str) -> np.ndarray:
        key = stream_key(seed, f"{population.name}/{name}")
        return _finite(drawn(value, unit, size, key, {**places, **parameters}, what), what)

    written: dict[str, Any] = {}
    for name, value in population.parameters.items():
        found = draw(name, value, neuron.variables[name].unit, f"the parameter {name!r}")
        (parameters if name in neuron.constants else written)[name] = found
    texts = {n: v for n, v in population.initial.items() if _is_plain_text(neuron, v, population.positions)}
    known = {**parameters, **written}
    for name, value in population.initial.items():
        if name not in texts:
            known[name] = draw(name, value, neuron.states[name].unit, f"the initial value of {name!r}")
    found_initial = initial_values(neuron.with_(**_as_initial(neuron, texts)) if texts else neuron, known)
    return parameters, found_initial


def _finite(found: np.ndarray, what: str) -> np.ndarray:
    if np.isnan(found).any():
        raise SimulationError(f"{what} is NaN (not a number) for neuron {int(np.argmax(np.isnan(found)))}")
    return found
