"""Evaluate expressions of parameters: initial values, refractory times. Plain NumPy on syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from copy import deepcopy
from functools import reduce
from typing import Any

import numpy as np

from lapicque.model.equations import Expression, parse_expression
from lapicque.model.neuron import Neuron, Variable
from lapicque.model.values import is_quantity, plain_value
from lapicque.units import find_unit, internal


def exprel(x: Any) -> Any:
    """``(exp(x) - 1)/x``, 1 at 0."""
    x = np.asarray(x, dtype=float)
    nonzero = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.expm1(nonzero) / nonzero)[()]


_CONSTANTS = {"pi": np.pi, "e": np.e, "inf": np.inf}
_FUNCTIONS: dict[str, Any] = {
    **{f: getattr(np, f) for f in ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh",
                                   "floor", "ceil", "abs", "sign", "clip", "where", "arctan")},
    "(and)": lambda *a: reduce(np.logical_and, a), "(or)": lambda *a: reduce(np.logical_or, a), "(not)": np.logical_not,
    "exprel": exprel, "round": np.rint, "int": np.trunc, "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "min": lambda *a: reduce(np.minimum, a), "max": lambda *a: reduce(np.maximum, a),
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
    tree = ast.Expression(_Elementwise().visit(deepcopy(expression.tree)))
    code = compile(ast.fix_missing_locations(tree), "expression", "eval")
    with np.errstate(over="ignore", under="ignore"):  # exp(1000) is inf
        return eval(code, {"__builtins__": {}}, namespace)


class _Elementwise(ast.NodeTransformer):
    """and, or, not become functions, which take arrays; no variable can have their names."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        name = "(and)" if isinstance(node.op, ast.And) else "(or)"
        values = [self.visit(value) for value in node.values]
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), values, []), node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        operand = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            return ast.copy_location(ast.Call(ast.Name("(not)", ast.Load()), [operand], []), node)
        return ast.copy_location(ast.UnaryOp(node.op, operand), node)


def parameter_values(neuron: Neuron) -> dict[str, Any]:
    """Return the parameters' values in internal units."""
    return {name: internal(v.value, v.unit) for name, v in neuron.constants.items()}


def initial_values(neuron: Neuron, parameters: Mapping[str, Any]) -> dict[str, Any]:
    r"""Return the states' initial values in internal units, given the parameters' (in internal units too).

    Expressions may read parameters, algebraic variables and other states' initial values.

    Examples
    --------
    >>> text = "dv/dt = -v/tau : mV\ndw/dt = (a*v - w)/tau : pA"
    >>> neuron = Neuron(text, parameters=dict(tau="5 ms", a="2 nS"), initial=dict(v="-70 mV", w="a*v"))
    >>> initial_values(neuron, parameter_values(neuron))
    {'v': -70.0, 'w': -140.0}
    """
    known: dict[str, Any] = dict(parameters)

    def value_of(name: str) -> Any:
        if name not in known:
            known[name] = compute(neuron.variables[name])
        return known[name]

    def compute(variable: Variable) -> Any:
        if variable.kind == "algebraic":
            assert variable.equation is not None
            assert variable.equation.expression is not None
            return of_expression(variable.equation.expression)
        given = neuron.initial.get(variable.name, variable.value)
        if given is None:
            return 0.0
        if is_quantity(given, neuron.variables):
            value = plain_value(given, variable.unit, f"the initial value of {variable.name!r}")
            return internal(value, variable.unit)
        return of_expression(parse_expression(given, f"initial value of {variable.name!r}"))

    def of_expression(expression: Expression) -> Any:
        read = {node.id for node in expression.names() if node.id in neuron.variables}
        return evaluate(expression, {name: value_of(name) for name in read})

    found = {name: value_of(name) for name in neuron.states}
    return {name: value if np.ndim(value) else float(value) for name, value in found.items()}
