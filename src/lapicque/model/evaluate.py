"""Evaluate expressions of parameters: initial values, refractory times. Plain NumPy on syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np

from lapicque.errors import ModelError
from lapicque.model.equations import Expression, parse_expression
from lapicque.model.neuron import Neuron
from lapicque.units import find_unit, magnitude, split

_CONSTANTS = {"pi": np.pi, "e": np.e, "inf": np.inf}
_FUNCTIONS: dict[str, Any] = {
    **{f: getattr(np, f) for f in ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh",
                                   "floor", "ceil", "abs", "sign", "clip", "where", "arctan")},
    "round": np.rint, "int": np.trunc, "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "min": lambda *a: np.minimum.reduce(a), "max": lambda *a: np.maximum.reduce(a),
}  # fmt: skip


def evaluate(expression: Expression, values: Mapping[str, Any]) -> Any:
    """Return the value of a checked expression in internal units.

    Parameters
    ----------
    expression : Expression
        Checked by `lapicque.model.checks`.
    values : mapping of str to float or array
        The names it reads, in internal units.
    """
    namespace: dict[str, Any] = dict(_FUNCTIONS)
    for node in expression.names():
        name = node.id
        if name in values:
            namespace[name] = values[name]
        elif name in _CONSTANTS:
            namespace[name] = _CONSTANTS[name]
        elif (unit := find_unit(name)) is not None:
            namespace[name] = unit.scale
        else:
            raise expression.error(f"{name!r} has no value here", node)
    return eval(compile(ast.Expression(expression.tree), "expression", "eval"), {"__builtins__": {}}, namespace)


def parameter_values(neuron: Neuron) -> dict[str, Any]:
    """Return the parameters' values in internal units."""
    return {name: v.value * v.unit.scale for name, v in neuron.constants.items()}


def initial_values(neuron: Neuron, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the states' initial values in internal units, given the parameters' (in internal units too)."""
    found: dict[str, Any] = {}
    for name, variable in neuron.states.items():
        given = neuron.initial.get(name)
        if given is None:
            found[name] = 0.0 if variable.value is None else variable.value * variable.unit.scale
            continue
        if isinstance(given, str):
            try:
                split(given)
            except ModelError:
                found[name] = evaluate(parse_expression(given, f"initial value of {name!r}"), parameters)
                continue
        found[name] = magnitude(given, variable.unit) * variable.unit.scale
    return found
