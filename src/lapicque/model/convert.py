"""Checked syntax trees become SymPy expressions in internal units."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from lapicque.dimensions import Dimension
from lapicque.errors import ModelError
from lapicque.model import checks
from lapicque.model.equations import Expression
from lapicque.model.symbols import FUNCTIONS, and_, not_, or_, symbol, where
from lapicque.units import find_unit


@dataclass
class Converter:
    """Converts the expressions of one model.

    Attributes
    ----------
    dimensions : the model's own names; they win over built-ins and units
    meaning : what a name stands for, where it is not a symbol of its own (algebraic variables)
    draws : symbol of a random number -> ``"uniform"`` or ``"normal"``, filled as rand() and randn() are met
    """

    dimensions: Mapping[str, Dimension]
    meaning: dict[sp.Symbol, sp.Expr] = field(default_factory=dict)
    draws: dict[sp.Symbol, str] = field(default_factory=dict)

    def __call__(self, expression: Expression) -> sp.Expr:
        """Return what an expression means."""
        return self.walk(expression.tree, expression)

    def walk(self, node: ast.expr, expression: Expression) -> Any:
        """Return what a part of an expression means."""

        def walk(child: ast.expr) -> Any:
            return self.walk(child, expression)

        if isinstance(node, ast.Constant):
            if isinstance(node.value, bool):
                return sp.true if node.value else sp.false
            assert isinstance(node.value, (int, float))
            return _number(node.value)
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Subscript):
            return walk(node.value)
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.Not):
                return not_(walk(node.operand))
            return -walk(node.operand) if isinstance(node.op, ast.USub) else walk(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = walk(node.left), walk(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, ast.Div):
                return left / right
            if isinstance(node.op, ast.Pow):
                return left**right
            return left - right * FUNCTIONS["floor"](left / right)  # %
        if isinstance(node, ast.Compare):
            return compare(node.ops[0], walk(node.left), walk(node.comparators[0]))
        if isinstance(node, ast.BoolOp):
            return (and_ if isinstance(node.op, ast.And) else or_)(*map(walk, node.values))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        if checks.is_reduction(node):
            message = (
                f"{node.func.id}() runs over a population: put the neuron into a network, net.population(neuron, n)"
            )
            raise expression.error(message, node)
        return self._call(node.func.id, [walk(argument) for argument in node.args], node, expression)

    def _name(self, name: str) -> sp.Expr:
        if name in self.dimensions:
            return self.meaning.get(symbol(name), symbol(name))
        if name in ("t", "dt", "i", "N", "not_refractory") or checks.is_noise(name):
            return symbol(name)
        constant = {"pi": sp.Float(sp.pi.evalf(17)), "e": sp.Float(sp.E.evalf(17)), "inf": sp.oo, "True": sp.true,
                    "False": sp.false}.get(name)  # fmt: skip
        if constant is not None:
            return constant
        unit = find_unit(name)
        if unit is None:
            raise ModelError(f"unknown name {name!r}")
        return sp.nsimplify(unit.scale, rational=True) if unit.scale < 1 else sp.Integer(int(unit.scale))

    def _call(self, name: str, arguments: list[Any], node: ast.Call, expression: Expression) -> sp.Expr:
        if name in ("rand", "randn"):
            draw = symbol(f"_{name}_{len(self.draws)}")
            self.draws[draw] = "uniform" if name == "rand" else "normal"
            return draw
        if name == "int":
            inner = Expression(ast.unparse(node.args[0]), node.args[0], expression.source, expression.offset)
            if checks.dimension_of(inner, self.dimensions) is checks.BOOLEAN:
                return where(arguments[0], sp.Integer(1), sp.Integer(0))
        return FUNCTIONS[name](*arguments)


def _number(value: float) -> sp.Expr:
    if isinstance(value, int) or float(value).is_integer():
        return sp.Integer(int(value))
    return sp.Float(value)


def compare(operator: ast.cmpop, left: sp.Expr, right: sp.Expr) -> sp.Expr:
    """Return a comparison as it was written."""
    kinds = {ast.Gt: sp.Gt, ast.GtE: sp.Ge, ast.Lt: sp.Lt, ast.LtE: sp.Le, ast.Eq: sp.Eq, ast.NotEq: sp.Ne}
    return kinds[type(operator)](left, right, evaluate=False)
