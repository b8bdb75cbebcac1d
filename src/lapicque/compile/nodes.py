"""Arithmetic, explicit to the last operation: what the interpreter evaluates and the backends print.

SymPy's sums and products have any number of arguments and no order of evaluation. Lowering fixes one, so that every
backend rounds alike:

* what depends on parameters and ``dt`` alone is gathered (``dt/c_m`` times the rest), to be computed once per neuron;
* quotients of such constants become products with a reciprocal; whole powers become products.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from lapicque.compile.pathway_code import FREE
from lapicque.model import symbols

#: SymPy function -> operation of the same meaning.
FUNCTIONS = {
    sp.exp: "exp", sp.log: "log", sp.sin: "sin", sp.cos: "cos", sp.tanh: "tanh", sp.atan: "arctan", sp.Abs: "abs",
    symbols.exprel: "exprel", symbols.expm1: "expm1", symbols.log1p: "log1p", symbols.sigmoid: "sigmoid",
    sp.sign: "sign", symbols.floor: "floor", symbols.ceil: "ceil", symbols.rint: "rint", symbols.sign: "sign",
    symbols.where: "where", symbols.minimum: "minimum", symbols.maximum: "maximum",
}  # fmt: skip
RELATIONS = {sp.Gt: "gt", sp.Ge: "ge", sp.Lt: "lt", sp.Le: "le", sp.Eq: "eq", sp.Ne: "ne"}

#: Infix operators, as Python writes them.
INFIX = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "==",
    "ne": "!=", "and": "&", "or": "|",
}  # fmt: skip


_CONDITIONS = {*RELATIONS.values(), "and", "or", "not"}


@dataclass(frozen=True, eq=False)
class Node:
    """One operation. ``op`` is ``"const"`` (``value`` a float or bool), ``"var"`` (``value`` a name) or an operation.

    ``constant`` says that the node depends on parameters and dt alone. Equal nodes of a `Lowering` are one object.
    """

    op: str
    args: tuple[Node, ...] = ()
    value: Any = None
    constant: bool = False

    @property
    def leaf(self) -> bool:
        """Whether the node is a literal or a variable."""
        return self.op in ("const", "var")

    @property
    def condition(self) -> bool:
        """Whether the value is true or false rather than a number."""
        return self.op in _CONDITIONS or isinstance(self.value, bool) or (self.op == "var" and self.value == FREE)

    def walk(self) -> Iterator[Node]:
        """Yield every node below and this one, arguments first, each once."""
        seen: set[int] = set()

        def visit(node: Node) -> Iterator[Node]:
            if id(node) not in seen:
                seen.add(id(node))
                for argument in node.args:
                    yield from visit(argument)
                yield node

        yield from visit(self)

    def variables(self) -> set[str]:
        """Return the names of the variables that the node reads."""
        return {node.value for node in self.walk() if node.op == "var"}


class Lowering:
    """Turns SymPy expressions into nodes; equal subexpressions become the same node.

    Parameters
    ----------
    constants : collection of str
        Names whose values do not change during a run.
    """

    def __init__(self, constants: Collection[str]):
        self._constants = frozenset(constants)
        self._made: dict[Any, Node] = {}
        self._known: dict[sp.Basic, Node] = {}

    def __call__(self, expression: Any) -> Node:
        """Return the node of a SymPy expression."""
        if expression not in self._known:
            self._known[expression] = self._lower(expression)
        return self._known[expression]

    def number(self, value: float) -> Node:
        """Return a literal."""
        return self.make("const", (), float(value))

    def make(self, op: str, args: tuple[Node, ...] = (), value: Any = None) -> Node:
        """Return the node of an operation; the same for equal arguments."""
        key = (op, tuple(map(id, args)), value, isinstance(value, bool))  # True is 1.0 to Python
        if key not in self._made:
            if op == "var":
                constant = value in self._constants
            else:
                constant = all(a.constant for a in args)
            self._made[key] = Node(op, args, value, constant)
        return self._made[key]

    def _lower(self, e: Any) -> Node:
        if e is sp.true or e is sp.false:
            return self.make("const", (), bool(e))
        if e.is_Number or e is sp.oo or e is -sp.oo or e.is_NumberSymbol:
            return self.number(float(e))
        if e.is_Symbol:
            return self.make("var", (), e.name)
        if e.is_Add:
            return self._sum(e.args)
        if e.is_Mul:
            return self._product(e.args)
        if e.is_Pow:
            return self._power(e.base, e.exp)
        if type(e) in RELATIONS:
            return self.make(RELATIONS[type(e)], (self(e.lhs), self(e.rhs)))
        if isinstance(e, sp.Not):
            return self.make("not", (self(e.args[0]),))
        if isinstance(e, (sp.And, sp.Or)):
            return self._chain("and" if isinstance(e, sp.And) else "or", [self(a) for a in e.args])
        if isinstance(e, (sp.tan, sp.sinh, sp.cosh)):
            return self(_by_exponentials(e))
        if isinstance(e, symbols.trunc):
            x = e.args[0]
            return self(symbols.where(sp.Lt(x, 0, evaluate=False), symbols.ceil(x), symbols.floor(x)))
        if type(e) in FUNCTIONS:
            return self.make(FUNCTIONS[type(e)], tuple(self(a) for a in e.args))
        raise TypeError(f"no operation for {type(e).__name__}: {e}")

    def _chain(self, op: str, nodes: Iterable[Node]) -> Node:
        first, *rest = nodes
        for node in rest:
            first = self.make(op, (first, node))
        return first

    def _sum(self, terms: Iterable[sp.Expr]) -> Node:
        signed = [(-1, -t) if t.could_extract_minus_sign() and t.is_Mul else (1, t) for t in terms]
        lowered = [(s, self(t)) for s, t in signed]
        varying = [(s, n) for s, n in lowered if not n.constant]
        fixed = [(s, n) for s, n in lowered if n.constant]
        if varying and len(fixed) > 1:
            return self._signed_sum([*varying, (1, self._signed_sum(fixed))])
        return self._signed_sum([*varying, *fixed])

    def _signed_sum(self, terms: list[tuple[int, Node]]) -> Node:
        terms = sorted(terms, key=lambda term: -term[0])  # a positive term first; the sort is stable
        sign, total = terms[0]
        if sign < 0:
            total = self.make("neg", (total,))
        for sign, node in terms[1:]:
            total = self.make("add" if sign > 0 else "sub", (total, node))
        return total

    def _product(self, factors: Iterable[sp.Expr]) -> Node:
        fixed_up: list[Node] = []
        fixed_down: list[Node] = []
        up: list[Node] = []
        down: list[Node] = []
        negative = False
        for factor in factors:
            if factor is sp.S.NegativeOne:
                negative = True
                continue
            inverse = factor.is_Pow and factor.exp.could_extract_minus_sign()
            node = self(factor.base**-factor.exp) if inverse else self(factor)
            ((fixed_down if inverse else fixed_up) if node.constant else (down if inverse else up)).append(node)
        result = self._ratio(up, down)
        fixed = self._ratio(fixed_up, fixed_down)
        if fixed is not None and result is not None:
            result = self.make("mul", (fixed, result))
        result = result or fixed
        assert result is not None
        return self.make("neg", (result,)) if negative else result

    def _ratio(self, up: list[Node], down: list[Node]) -> Node | None:
        if not up and not down:
            return None
        top = self._chain("mul", up) if up else self.number(1.0)
        return self.make("div", (top, self._chain("mul", down))) if down else top

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> Node:
        if exponent.is_Integer and 0 < abs(int(exponent)) <= 64:
            power = self._whole_power(self(base), abs(int(exponent)))
            return power if exponent > 0 else self.make("div", (self.number(1.0), power))
        if exponent == sp.Rational(1, 2):
            return self.make("sqrt", (self(base),))
        if exponent == sp.Rational(-1, 2):
            return self.make("div", (self.number(1.0), self.make("sqrt", (self(base),))))
        if exponent.could_extract_minus_sign():
            return self.make("div", (self.number(1.0), self._power(base, -exponent)))
        return self.make("power", (self(base), self(exponent)))

    def _whole_power(self, base: Node, n: int) -> Node:
        if n == 1:
            return base
        half = self._whole_power(base, n // 2)
        square = self.make("mul", (half, half))
        return self.make("mul", (square, base)) if n % 2 else square


def _by_exponentials(e: sp.Expr) -> sp.Expr:
    x = e.args[0]
    if isinstance(e, sp.tan):
        return sp.sin(x) / sp.cos(x)
    sign = 1 if isinstance(e, sp.cosh) else -1
    return (sp.exp(x) + sign * sp.exp(-x)) / 2


def hoisted(roots: Iterable[Node]) -> list[Node]:
    """Return the largest constant operations below ``roots``, arguments first: what is computed once per neuron.

    Constant conditions stay where they are, and what they compare is returned instead: coefficients are numbers.
    """
    found: dict[int, Node] = {}
    seen: set[int] = set()

    def visit(node: Node) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if node.constant and not node.condition:
            if not node.leaf:
                found[id(node)] = node
            return
        for argument in node.args:
            visit(argument)

    for root in roots:
        visit(root)
    return list(found.values())
