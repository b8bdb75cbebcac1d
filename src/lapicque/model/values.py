"""What a user may give as a value: a number, a quantity, an array of either; or an expression of the model's names."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable
from typing import Any

import numpy as np

from lapicque.errors import ModelError, UnitError
from lapicque.units import ONE, Unit, describe, magnitude, split


def plain_value(given: Any, unit: Unit, what: str) -> float | np.ndarray:
    """Return a value as a float or as a 1-D array with one element a neuron, in ``unit``.

    Raises
    ------
    UnitError
        If the dimension differs; ``what`` names the value.
    ModelError
        If it is no number, NaN, or has more than one dimension.

    Examples
    --------
    >>> from lapicque.units import parse_unit
    >>> plain_value("0.2 nF", parse_unit("pF"), "c_m")
    200.0
    """
    if isinstance(given, (bool, np.bool_)) or given is None:
        raise ModelError(f"{what} is {given!r}, but a number is expected, such as {_example(unit)}")
    try:
        found = split(given)[1]
    except UnitError as error:
        named = error.summary.startswith(repr(given))
        raise UnitError(f"{what}: {error.summary}" if named else f"{what} is {given!r}: {error.summary}") from None
    if found is not None and found.dimension != unit.dimension:
        raise UnitError(f"{what} is declared as {describe(unit)}, but {_shown(given)} is {describe(found)}")
    array = np.asarray(magnitude(given, unit, what))
    if array.ndim > 1:
        raise ModelError(f"{what} has shape {array.shape}, but one value, or one value a neuron (1-D), is expected")
    if not array.size:
        raise ModelError(f"{what} is an empty array: one value, or one value a neuron, is expected")
    if np.isnan(array).any():
        raise ModelError(f"{what} is NaN (not a number)")
    return float(array) if array.ndim == 0 else array


def unit_of(given: Any) -> Unit:
    """Return the unit that a value carries itself, 1 for a bare number."""
    number, unit = split(given)
    if unit is None and isinstance(number, (list, tuple)) and len(number):
        unit = split(number[0])[1]
    return unit or ONE


def with_unit(value: Any, unit: Unit) -> Any:
    """Write a bare number as a quantity in ``unit``; leave what has a unit alone."""
    if isinstance(value, str) or unit.dimensionless or not unit_of(value).dimensionless:
        return value
    if isinstance(value, (bool, np.bool_)) or np.asarray(value).dtype.kind not in "iuf":
        return value
    return f"{float(value)!r} {unit}" if np.ndim(value) == 0 else np.asarray(value, dtype=float) * unit


def names_in(text: str) -> list[str]:
    """Return the names that a text reads, none if it is no expression."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        return []
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def is_quantity(value: Any, variables: Container[str] = ()) -> bool:
    """Whether a value is a number with or without a unit, rather than an expression of the model's names.

    The model's names win over units: with a gating variable ``m``, ``"2*m"`` is an expression, not two metres.

    Examples
    --------
    >>> is_quantity("-70 mV"), is_quantity("e_l"), is_quantity("2*m"), is_quantity("2*m", ["m"])
    (True, False, True, False)
    """
    if not isinstance(value, str):
        return True
    if any(name in variables for name in names_in(value)):
        return False
    try:
        split(value)
    except UnitError:
        return False
    return True


def names_of_expressions(values: Iterable[Any]) -> set[str]:
    """Return the names that the texts among the values read."""
    return {name for value in values if isinstance(value, str) for name in names_in(value)}


def _example(unit: Unit) -> str:
    return "5" if unit.dimensionless else f"'5 {unit}'"


def _shown(given: Any) -> str:
    return given if isinstance(given, str) and len(given) < 40 else "what is given"
