"""What states of single synapses begin with lies between their bounds: checked when connected, as far as it is known.

What is drawn, or computed for each pair of neurons, is checked when the run begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.model.bounds import bound_value, is_below, reversed_bounds
from lapicque.model.distribution import Distribution
from lapicque.model.synapse import Synapse
from lapicque.model.values import is_quantity
from lapicque.units import Unit, describe, internal, magnitude


def check_start(synapse: Synapse, values: Mapping[str, Any], units: Mapping[str, Unit], every_pair: bool) -> None:
    """Bounds are in order, and initial values lie between them.

    Parameters
    ----------
    values : of each synapse, as given
    units : of bare numbers among them
    every_pair : bool
        Whether each pair of neurons has a synapse: else a matrix may hold anything where there is none.

    Raises
    ------
    SimulationError, ModelError, UnitError
    """
    for name, pair in synapse.bounds.items():
        unit = units[name]
        low, high = (_end(synapse, name, bound, values, units) for bound in pair)
        if low is not None and high is not None and np.ndim(low) == np.ndim(high) == 0 and not low < high:
            raise ModelError(reversed_bounds(name, *(_shown(end, unit) for end in (low, high))))
        start = _known(values[name], unit)
        if start is None or (start.ndim == 2 and not every_pair):
            continue
        for end, beyond in ((low, is_below), (high, _is_above)):
            if end is None or (end.ndim and end.shape != start.shape):
                continue
            outside = np.argwhere(beyond(start, end))
            if not len(outside):
                continue
            place = tuple(outside[0])
            which = {0: "", 1: " in synapse {}", 2: " from neuron {} to neuron {}"}[start.ndim].format(*place)
            first, last = (None if b is None else _shown(b, unit, place) for b in (low, high))
            bounds = f"outside its bounds, {first} to {last}"
            if first is None or last is None:
                bounds = f"above its bound, {last}" if first is None else f"below its bound, {first}"
            raise SimulationError(
                f"{name} is {_shown(start, unit, place)}{which}, {bounds}: give a value inside, connect(..., {name}=), "
                "or change bounds="
            )


def _is_above(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    return is_below(others, values)


def _end(
    synapse: Synapse, name: str, bound: Any, values: Mapping[str, Any], units: Mapping[str, Unit]
) -> np.ndarray | None:
    """Return a bound in internal units, or None where it is open or not known yet."""
    if not (isinstance(bound, str) and bound in synapse.variables):
        found = bound_value(synapse, bound, units[name], f"the bound of {name!r}")
        return None if found is None else np.asarray(found)
    unit = units[bound] if bound in values else synapse.variables[bound].unit
    assert unit is not None
    if unit.dimension != units[name].dimension:
        message = f"the bound of {name!r} is {bound!r}, {describe(unit)}, but {describe(units[name])} is expected"
        raise UnitError(message)
    if bound in values:
        return _known(values[bound], unit)
    found = bound_value(synapse, bound, unit, f"the bound of {name!r}")
    if np.ndim(found):  # type: ignore[arg-type]
        raise SimulationError(
            f"the bound {bound!r} of {name!r} lives once per target neuron, with a value of its own for each: bounds "
            "of synapses are single numbers or parameters of each synapse"
        )
    return None if found is None else np.asarray(found)


def _known(value: Any, unit: Unit) -> np.ndarray | None:
    if isinstance(value, Distribution) or (isinstance(value, str) and not is_quantity(value)):
        return None
    return np.asarray(internal(magnitude(value, unit, "a value"), unit), np.float64)


def _shown(value: np.ndarray, unit: Unit, place: tuple[int, ...] = ()) -> str:
    number = float(value[place] if value.ndim else value) / unit.scale
    return f"{number:g}" if unit.dimensionless else f"{number:g} {unit}"
