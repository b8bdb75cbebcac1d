"""A neuron in continuous time: flow between events, guards, jumps. What every scheme, engine and analysis starts from.

Here the syntax trees become SymPy expressions in internal units. White noise is kept apart from the drift, so that

    dx = flow[x] dt + sum over names of diffusion[name][x] dW_name        (Ito)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from lapicque.model import checks
from lapicque.model.convert import Converter, compare
from lapicque.model.neuron import Neuron, ParsedEvent
from lapicque.model.rules import guard_of
from lapicque.model.symbols import symbol


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
    output : what others read of the neuron in every step and at a spike; None for 1
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
    output: sp.Expr | None = None

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
            output=put(self.output),
            events=tuple(map(put_event, self.events)),
        )

    @classmethod
    def of(cls, neuron: Neuron) -> Hybrid:
        """Return the hybrid system that a neuron's text means."""
        return _Builder(neuron).build()


class _Builder:
    def __init__(self, neuron: Neuron):
        self.neuron = neuron
        self.convert = Converter({name: v.unit.dimension for name, v in neuron.variables.items()})

    def build(self) -> Hybrid:
        neuron = self.neuron
        for name, variable in neuron.algebraic.items():
            assert variable.equation is not None
            assert variable.equation.expression is not None
            self.convert.meaning[symbol(name)] = self.convert(variable.equation.expression)
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
            algebraic=self.convert.meaning,
            parameters=tuple(symbol(n) for n in neuron.constants),
            inputs=tuple(symbol(n) for n in neuron.inputs),
            events=tuple(self._event(event) for event in neuron.parsed_events),
            draws=self.convert.draws,
            output=None if neuron.parsed_output is None else self.convert(neuron.parsed_output),
        )

    def _is_noise(self, x: sp.Symbol) -> bool:
        return checks.is_noise(x.name) and x.name not in self.neuron.variables

    def _event(self, event: ParsedEvent) -> HybridEvent:
        guard, gates = guard_of(event)
        extra = tuple(self.convert.walk(gate, event.threshold) for gate in gates)
        if isinstance(guard, ast.Call):
            hazard = self.convert.walk(guard.args[0], event.threshold)
            made = Guard(None, True, hazard, sp.true, extra)
        else:
            assert isinstance(guard, ast.Compare)
            left, right = (
                self.convert.walk(guard.left, event.threshold),
                self.convert.walk(guard.comparators[0], event.threshold),
            )
            greater = isinstance(guard.ops[0], (ast.Gt, ast.GtE))
            margin = left - right if greater else right - left
            strict = isinstance(guard.ops[0], (ast.Gt, ast.Lt))
            made = Guard(margin, strict, None, compare(guard.ops[0], left, right), extra)
        time = condition = None
        if event.refractory is not None:
            value = self.convert(event.refractory)
            if checks.dimension_of(event.refractory, self.convert.dimensions) is checks.BOOLEAN:
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
