"""The SymPy vocabulary of models: symbols, and functions that SymPy does not rewrite behind our back.

Minimum, maximum and selections are plain functions here (SymPy's own sort, merge and test their arguments, which is
slow), with derivatives where calculus needs them.
"""

# The functions are written as in the model language, in lower case.
# ruff: noqa: N801

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, reduce
from typing import Any

import sympy as sp


@cache
def symbol(name: str) -> sp.Symbol:
    """Return the real symbol of a variable (``not_refractory`` is a condition)."""
    return sp.Symbol(name, **({"real": True} if name not in ("not_refractory", "_free") else {}))


class _Real(sp.Function):
    """A function with real values, so that SymPy can differentiate its magnitude."""

    is_real = True


class where(_Real):
    """``where(condition, a, b)``: a where the condition holds, else b."""

    nargs = 3

    @classmethod
    def eval(cls, condition: Any, a: Any, b: Any) -> Any:
        """Simplify where the condition is known or both values are the same."""
        if condition is sp.true or a == b:
            return a
        return b if condition is sp.false else None

    def _eval_derivative(self, x: sp.Symbol) -> sp.Expr:
        condition, a, b = self.args
        return where(condition, a.diff(x), b.diff(x))


class minimum(_Real):
    """The smaller of two."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return 1 towards the smaller argument, else 0."""
        a, b = self.args
        chosen = a <= b if argindex == 1 else b < a
        return where(chosen, sp.Integer(1), sp.Integer(0))


class maximum(_Real):
    """The larger of two."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return 1 towards the larger argument, else 0."""
        a, b = self.args
        chosen = a >= b if argindex == 1 else b > a
        return where(chosen, sp.Integer(1), sp.Integer(0))


class exprel(_Real):
    """``(exp(x) - 1)/x``, 1 at 0."""

    nargs = 1

    @classmethod
    def eval(cls, x: Any) -> Any:
        """exprel(0) is 1."""
        return sp.Integer(1) if x == 0 else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return (exp(x) - exprel(x))/x."""
        x = self.args[0]
        return (sp.exp(x) - exprel(x)) / x


class expm1(_Real):
    """``exp(x) - 1`` without cancellation."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return exp(x)."""
        return sp.exp(self.args[0])


class log1p(_Real):
    """``log(1 + x)`` without cancellation."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return 1/(1 + x)."""
        return 1 / (1 + self.args[0])


class sigmoid(_Real):
    """``1/(1 + exp(-x))``."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return sigmoid(x) (1 - sigmoid(x))."""
        return self * (1 - self)


class trunc(_Real):
    """``int(x)``: towards zero."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return 0."""
        return sp.Integer(0)


class rint(_Real):
    """``round(x)``: to the nearest whole number, halves to even."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return 0."""
        return sp.Integer(0)


class floor(_Real):
    """The largest whole number that is not above x."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return 0."""
        return sp.Integer(0)


class ceil(_Real):
    """The smallest whole number that is not below x."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return 0."""
        return sp.Integer(0)


class sign(_Real):
    """-1, 0 or 1."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return 0."""
        return sp.Integer(0)


#: Functions that are constant between jumps. Their derivative is 0.
STEPWISE = (trunc, rint, floor, ceil, sign, sp.sign)


def not_(a: Any) -> Any:
    """Return the opposite condition."""
    return sp.Not(a)


def and_(*conditions: Any) -> Any:
    """Return the condition that holds where all do."""
    return sp.And(*conditions, evaluate=False) if len(conditions) > 1 else conditions[0]


def or_(*conditions: Any) -> Any:
    """Return the condition that holds where any does."""
    return sp.Or(*conditions, evaluate=False) if len(conditions) > 1 else conditions[0]


def _fold(function: Any) -> Callable[..., Any]:
    return lambda *arguments: reduce(function, arguments)


#: The functions of the model language.
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "exp": sp.exp, "expm1": expm1, "exprel": exprel, "log": sp.log, "log1p": log1p, "sqrt": sp.sqrt, "sin": sp.sin,
    "cos": sp.cos, "tan": sp.tan, "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh, "sigmoid": sigmoid,
    "arctan": sp.atan, "abs": sp.Abs, "sign": sign, "floor": floor, "ceil": ceil, "round": rint, "int": trunc,
    "where": where, "min": _fold(minimum), "max": _fold(maximum),
    "clip": lambda x, low, high: minimum(maximum(x, low), high),
}  # fmt: skip
