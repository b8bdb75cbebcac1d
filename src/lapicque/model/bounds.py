"""Between which values a state of single synapses stays: what may be given for the two ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import ModelError, UnitError, suggest
from lapicque.model.distribution import Distribution
from lapicque.model.values import is_quantity, plain_value, unit_of
from lapicque.units import Unit, describe, internal

if TYPE_CHECKING:
    from lapicque.model.synapse import Synapse


def check_bounds(synapse: Synapse, name: str) -> None:
    """A bound is a number of the state's dimension, a parameter, or None; the lower one is smaller.

    Raises
    ------
    ModelError, UnitError
    """
    if name not in synapse.learned:
        raise ModelError(f"bounds: {name!r} {_why_unbounded(synapse, name)}")
    pair = synapse.bounds[name]
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ModelError(f"bounds: {name!r} needs (low, high), where None is open, not {pair!r}")
    unit = synapse.learned[name].unit
    low, high = (_end(synapse, name, bound, unit) for bound in pair)
    if low is not None and high is not None and not low < high:
        raise ModelError(reversed_bounds(name, *pair))


def is_below(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Say where values are below others, by more than what is lost in single precision or by a change of unit.

    Examples
    --------
    >>> is_below(np.array([0.1, 0.2]), np.float32([0.1, 0.3])).tolist()
    [False, True]
    """
    return values < others - np.finfo(np.float32).eps * np.abs(others)


def reversed_bounds(name: str, low: Any, high: Any) -> str:
    """Say that the lower bound of a state is not smaller than the upper one."""
    return f"bounds: {name!r} is to lie between {low} and {high}, but the first is not smaller"


def bounding(synapse: Synapse) -> set[str]:
    """Return the parameters that bounds name."""
    ends = (bound for pair in synapse.bounds.values() if isinstance(pair, (tuple, list)) for bound in pair)
    return {bound for bound in ends if isinstance(bound, str)} & set(synapse.variables)


def bound_value(synapse: Synapse, bound: Any, unit: Unit, what: str) -> float | np.ndarray | Distribution | None:
    """Return a bound in internal units; a parameter's where it has a value already, None if open or unknown.

    Parameters
    ----------
    unit : of the state; that of bare numbers
    what : the bound, for the message
    """
    if isinstance(bound, str) and bound in synapse.variables:
        variable = synapse.variables[bound]
        if variable.value is None or isinstance(variable.value, Distribution):
            return variable.value
        return internal(variable.value, variable.unit or unit)
    return None if bound is None else internal(plain_value(bound, unit, what), unit)


def _why_unbounded(synapse: Synapse, name: str) -> str:
    variable = synapse.variables.get(name)
    if variable is None:
        hint = suggest(name, synapse.learned) or f"; it has {', '.join(map(repr, synapse.learned)) or 'none'}"
        return f"is no state of single synapses{hint}"
    if variable.kind == "parameter" and variable.scope == "synapse":
        return "never changes: no code writes it"
    where = "lives once per target neuron" if variable.per_target else "is computed from others"
    return f"{where}: only states of single synapses are bounded; write clip(x, low, high) in the code"


def _end(synapse: Synapse, name: str, bound: Any, unit: Unit | None) -> float | None:
    """Return one end where it is a number that is known, or given without a unit."""
    if bound is None:
        return None
    if isinstance(bound, str) and bound in synapse.variables:
        return _named_end(synapse, name, bound, unit)
    what = f"the bound of {name!r}"
    if not is_quantity(bound, synapse.variables):
        parameters = [n for n, v in synapse.variables.items() if v.kind == "parameter"]
        message = f"bounds: {bound!r} of {name!r} is neither a quantity nor a parameter{suggest(bound, parameters)}"
        raise ModelError(message)
    if isinstance(bound, Distribution):
        raise ModelError(f"{what} is {bound!r}: draw a parameter of each synapse, and name it here")
    value = plain_value(bound, unit or unit_of(bound), what)
    if isinstance(value, np.ndarray):
        message = f"{what} is an array: declare a parameter of each synapse, name it here, and give it to connect()"
        raise ModelError(message)
    return value if unit is not None or unit_of(bound).dimensionless else None


def _named_end(synapse: Synapse, name: str, bound: str, unit: Unit | None) -> float | None:
    variable = synapse.variables[bound]
    if variable.kind != "parameter":
        raise ModelError(f"bounds: {bound!r} is no parameter, but {name!r} is bounded by it")
    if unit is not None and variable.unit is not None and variable.unit.dimension != unit.dimension:
        message = f"the bound of {name!r} is {bound!r}, {describe(variable.unit)}, but {describe(unit)} is expected"
        if variable.equation is None and variable.unit.dimensionless:
            message += f" (the parameter {bound!r} was given without a unit, so it is a pure number)"
        raise UnitError(message)
    if unit is None or variable.unit is None or not isinstance(variable.value, float):
        return None
    return internal(variable.value, variable.unit) / unit.scale
