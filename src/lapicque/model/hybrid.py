"""A neuron in continuous time: flow between events, guards, jumps. What every scheme, engine and analysis starts from.

Here the syntax trees become SymPy expressions in internal units. White noise is kept apart from the drift, so that

    dx = flow[x] dt + sum over names of diffusion[name][x] dW_name        (Ito)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from lapicque.errors import ModelError
from lapicque.model import checks
from lapicque.model.equations import Expression
from lapicque.model.neuron import Neuron, ParsedEvent
from lapicque.model.rules import guard_of
from lapicque.model.symbols import FUNCTIONS, and_, not_, or_, symbol, where
from lapicque.units import find_unit


@dataclass(frozen=True)
class Guard:
    """When an event happens: ``margin > 0`` (or ``>= 0``) or a hazard rate, and further conditions."""

    margin: sp.Expr | None
    strict: bool
    hazard: sp.Expr | None
    condition: sp.Expr  # the comparison as written; true for a hazard
    gates: tuple[sp.Expr, ...]


@dataclass(frozen=True)
class Jump:
    """One assignment of an event: ``target`` takes the value of ``expression``, in the order of the text."""

    target: sp.Symbol
    expression: sp.Expr


@dataclass(frozen=True)
class HybridEvent:
    """An event of a hybrid system. Of ``refractory_time`` and ``refractory_condition`` at most one is given."""

    name: str
    guard: Guard
    jumps: tuple[Jump, ...]
    refractory_time: sp.Expr | None = None
    refractory_condition: sp.Expr | None = None


@dataclass(frozen=True)
class Hybrid:
    """A neuron as a hybrid dynamical system, in internal units (ms, mV, pA ...).

    Attributes
    ----------
    states : symbols in the order of the text
    flow : state -> drift, algebraic variables substituted (0 for variables that only events write)
    diffusion : noise name -> state -> coefficient
    maps : state -> next value, for discrete maps
    held : states that hold while the neuron is refractory
    algebraic : name -> expression of states, parameters and inputs
    parameters, inputs : symbols
    events : the spike first
    outputs : names of the events that others can see
    draws : symbol of a random number -> ``"uniform"`` or ``"normal"``, one an occurrence of rand() or randn()

    Examples
    --------
    >>> from lapicque import Neuron
    >>> system = Hybrid.of(Neuron("dv/dt = (e_l - v)/tau : mV", parameters=dict(e_l="-70 mV", tau="10 ms")))
    >>> system.flow
    {v: (e_l - v)/tau}
    """

    states: tuple[sp.Symbol, ...]
    flow: Mapping[sp.Symbol, sp.Expr]
    diffusion: Mapping[str, Mapping[sp.Symbol, sp.Expr]]
    maps: Mapping[sp.Symbol, sp.Expr]
    held: frozenset[sp.Symbol]
    algebraic: Mapping[sp.Symbol, sp.Expr]
    parameters: tuple[sp.Symbol, ...]
    inputs: tuple[sp.Symbol, ...]
    events: tuple[HybridEvent, ...]
    draws: Mapping[sp.Symbol, str]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The events that others can see."""
        return tuple(event.name for event in self.events)

    def replaced(self, meaning: Mapping[sp.Symbol, sp.Expr]) -> Hybrid:
        """Return the system in which symbols mean something else wherever they are read."""

        def put(e: Any) -> Any:
            return None if e is None else e.xreplace(meaning)

        def put_all(values: Mapping[sp.Symbol, sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
            return {x: put(e) for x, e in values.items()}

        def put_event(event: HybridEvent) -> HybridEvent:
            guard = event.guard
            read = Guard(
                put(guard.margin), guard.strict, put(guard.hazard), put(guard.condition), tuple(map(put, guard.gates))
            )
            jumps = tuple(Jump(j.target, put(j.expression)) for j in event.jumps)
            return HybridEvent(event.name, read, jumps, put(event.refractory_time), put(event.refractory_condition))

        return replace(
            self,
            flow=put_all(self.flow),
            diffusion={xi: put_all(g) for xi, g in self.diffusion.items()},
            maps=put_all(self.maps),
            algebraic=put_all(self.algebraic),
            events=tuple(map(put_event, self.events)),
        )

    @classmethod
    def of(cls, neuron: Neuron) -> Hybrid:
        """Return the hybrid system that a neuron's text means."""
        return _Builder(neuron).build()


@dataclass
class _Builder:
    neuron: Neuron
    draws: dict[sp.Symbol, str] = field(default_factory=dict)
    algebraic: dict[sp.Symbol, sp.Expr] = field(default_factory=dict)

    def build(self) -> Hybrid:
        neuron = self.neuron
        for name, variable in neuron.algebraic.items():
            assert variable.equation is not None
            assert variable.equation.expression is not None
            self.algebraic[symbol(name)] = self.convert(variable.equation.expression)
        flow: dict[sp.Symbol, sp.Expr] = {}
        maps: dict[sp.Symbol, sp.Expr] = {}
        diffusion: dict[str, dict[sp.Symbol, sp.Expr]] = {}
        for name, variable in neuron.states.items():
            equation, x = variable.equation, symbol(name)
            assert equation is not None
            if equation.kind == "map":
                assert equation.expression is not None
                maps[x] = self.convert(equation.expression)
                continue
            rate = self.convert(equation.expression) if equation.expression is not None else sp.Integer(0)
            noises = sorted((s for s in rate.free_symbols if self._is_noise(s)), key=str)
            for xi in noises:
                coefficient = sp.diff(rate, xi)
                if coefficient.free_symbols & set(noises):
                    assert equation.expression is not None
                    raise equation.expression.error(f"white noise enters linearly: {xi} is multiplied with noise")
                diffusion.setdefault(str(xi), {})[x] = coefficient
            flow[x] = rate.subs(dict.fromkeys(noises, 0)) if noises else rate
        held = frozenset(symbol(n) for n, v in neuron.states.items() if "unless refractory" in v.flags)
        return Hybrid(
            states=tuple(symbol(n) for n in neuron.states),
            flow=flow,
            diffusion=diffusion,
            maps=maps,
            held=held,
            algebraic=self.algebraic,
            parameters=tuple(symbol(n) for n in neuron.constants),
            inputs=tuple(symbol(n) for n in neuron.inputs),
            events=tuple(self._event(event) for event in neuron.parsed_events),
            draws=self.draws,
        )

    def _is_noise(self, x: sp.Symbol) -> bool:
        return checks.is_noise(x.name) and x.name not in self.neuron.variables

    def _event(self, event: ParsedEvent) -> HybridEvent:
        guard, gates = guard_of(event)
        extra = tuple(self._walk(gate, event.threshold) for gate in gates)
        if isinstance(guard, ast.Call):
            hazard = self._walk(guard.args[0], event.threshold)
            made = Guard(None, True, hazard, sp.true, extra)
        else:
            assert isinstance(guard, ast.Compare)
            left, right = self._walk(guard.left, event.threshold), self._walk(guard.comparators[0], event.threshold)
            greater = isinstance(guard.ops[0], (ast.Gt, ast.GtE))
            margin = left - right if greater else right - left
            strict = isinstance(guard.ops[0], (ast.Gt, ast.Lt))
            made = Guard(margin, strict, None, _compare(guard.ops[0], left, right), extra)
        time = condition = None
        if event.refractory is not None:
            known = {name: v.unit.dimension for name, v in self.neuron.variables.items()}
            value = self.convert(event.refractory)
            if checks.dimension_of(event.refractory, known) is checks.BOOLEAN:
                condition = value
            else:
                time = value
        return HybridEvent(event.name, made, tuple(self._jumps(event)), time, condition)

    def _jumps(self, event: ParsedEvent) -> Iterator[Jump]:
        for statement in event.reset:
            target, value = symbol(statement.target), self.convert(statement.expression)
            combined = {"=": value, "+=": target + value, "-=": target - value, "*=": target * value,
                        "/=": target / value}  # fmt: skip
            yield Jump(target, combined[statement.operator])

    # -- syntax tree to SymPy ----------------------------------------------------------------------------------------

    def convert(self, expression: Expression) -> sp.Expr:
        return self._walk(expression.tree, expression)

    def _walk(self, node: ast.expr, expression: Expression) -> Any:
        def walk(child: ast.expr) -> Any:
            return self._walk(child, expression)

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
            return _compare(node.ops[0], walk(node.left), walk(node.comparators[0]))
        if isinstance(node, ast.BoolOp):
            return (and_ if isinstance(node.op, ast.And) else or_)(*map(walk, node.values))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        return self._call(node.func.id, [walk(argument) for argument in node.args], node, expression)

    def _name(self, name: str) -> sp.Expr:
        if name in self.neuron.variables:
            return self.algebraic.get(symbol(name), symbol(name))
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
            known = {n: v.unit.dimension for n, v in self.neuron.variables.items()}
            inner = Expression(ast.unparse(node.args[0]), node.args[0], expression.source, expression.offset)
            if checks.dimension_of(inner, known) is checks.BOOLEAN:
                return where(arguments[0], sp.Integer(1), sp.Integer(0))
        return FUNCTIONS[name](*arguments)


def _number(value: float) -> sp.Expr:
    if isinstance(value, int) or float(value).is_integer():
        return sp.Integer(int(value))
    return sp.Float(value)


def _compare(operator: ast.cmpop, left: sp.Expr, right: sp.Expr) -> sp.Expr:
    kinds = {ast.Gt: sp.Gt, ast.GtE: sp.Ge, ast.Lt: sp.Lt, ast.LtE: sp.Le, ast.Eq: sp.Eq, ast.NotEq: sp.Ne}
    return kinds[type(operator)](left, right, evaluate=False)
