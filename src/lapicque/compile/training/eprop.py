"""What e-prop needs of a layer's step: its eligibility recursion, derived from the step that the layer runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from lapicque.compile.nodes import FUNCTIONS, RELATIONS, Node
from lapicque.compile.training.graph import DETACHED
from lapicque.compile.training.kernel import event_values
from lapicque.compile.training.recipe import Recipe
from lapicque.compile.training.transition import Transition
from lapicque.model.calculus.eligibility import (
    SOURCE,
    Eligibility,
    SurrogateStep,
    chosen,
    coefficients,
    component,
    earlier,
    trace,
)
from lapicque.model.symbols import symbol, where

_BACK = {op: function for function, op in FUNCTIONS.items()}
_COMPARED = {op: relation for relation, op in RELATIONS.items()}


def raised(node: Node, known: dict[Node, sp.Basic], smooth: bool = False) -> sp.Basic:
    """Return a node as SymPy; ``known`` holds what was raised before, ``smooth``: events may lie between 0 and 1.

    An event through whose jump no gradient passes is another symbol, ``_held_s_EVENT``.
    """
    if node not in known:
        known[node] = _raised(node, [raised(a, known, smooth) for a in node.args], smooth)
    return known[node]


def _raised(node: Node, args: list[sp.Basic], smooth: bool) -> sp.Basic:
    op = node.op
    if op == "const":
        if isinstance(node.value, bool):
            return sp.true if node.value else sp.false
        whole = float(node.value).is_integer()
        return sp.Integer(int(node.value)) if whole else sp.Float(node.value)
    if op == "var":
        return symbol(node.value)
    if op in ("add", "sub", "mul", "div"):
        a, b = args
        return {"add": a + b, "sub": a - b, "mul": a * b}[op] if op != "div" else a / b
    if op == "neg":
        return -args[0]
    if op == "power":
        return args[0] ** args[1]
    if op == "sqrt":
        return sp.sqrt(args[0])
    if op == "mix":
        s, a, b = args
        if node.value == DETACHED:
            s = s.xreplace({x: symbol(f"_held{x}") for x in s.free_symbols})
        return b + s * (a - b) if smooth else chosen(s, a, b)
    if op in _COMPARED:
        return _COMPARED[op](*args, evaluate=False)
    if op in ("and", "or", "not"):
        return {"and": sp.And, "or": sp.Or, "not": sp.Not}[op](*args, evaluate=False)
    return _BACK[op](*args) if op != "where" else where(*args)


def _plain(s: sp.Expr, a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return where(sp.Gt(s, 0, evaluate=False), a, b)


@dataclass(frozen=True)
class Form:
    """A sum of products: symbol of a trace -> name of the number that it is multiplied with, ``""`` for 1."""

    terms: Mapping[sp.Symbol, str]

    @property
    def names(self) -> set[str]:
        """The numbers."""
        return set(self.terms.values()) - {""}


@dataclass(frozen=True)
class Forms:
    """A recursion as sums of products with numbers that have names.

    Attributes
    ----------
    traces : state -> its trace of a source
    components : state -> its component of a synapse
    e : the eligibility trace
    matrix : state -> its row of D, for what is no synapse: over components
    row : c, likewise
    pushes : learned coefficient -> how it moves the states of a step, and the output (None where it does not)
    named : number -> its name
    """

    traces: Mapping[str, Form]
    components: Mapping[str, Form]
    e: Form
    matrix: Mapping[str, Form]
    row: Form
    pushes: Mapping[str, tuple[Mapping[str, str], str | None]]
    named: Mapping[sp.Expr, str]


class _Forms:
    """Gives names to numbers, in the order in which they come."""

    def __init__(self, states: Iterable[str]):
        self.named: dict[sp.Expr, str] = {}
        self.symbols = {SOURCE, *(made(x) for x in states for made in (trace, earlier, component))}

    def form(self, expression: sp.Expr) -> Form:
        found = coefficients(expression, sorted(expression.free_symbols & self.symbols, key=str))
        return Form({y: self.name(e) for y, e in found.items()})

    def name(self, e: sp.Expr) -> str:
        return "" if e == 1 else self.named.setdefault(e, f"q{len(self.named)}")


@dataclass(frozen=True)
class Derived:
    """The eligibility recursion of a layer's step, as sums of products with numbers that are named.

    Attributes
    ----------
    recipe : of the layer
    output : what others see: ``"spikes"``, an event or a state
    shared : coefficients that have one value for all neurons
    learned : coefficients whose gradient is wanted
    given : whether first values may be learned
    """

    recipe: Recipe
    output: str
    shared: tuple[str, ...]
    learned: tuple[str, ...] = ()
    given: bool = False

    @cached_property
    def states(self) -> tuple[str, ...]:
        """The states through which something passes."""
        return tuple(x for x in self.recipe.transition.states if not x.startswith(("_age_", "_bound_")))

    @cached_property
    def step(self) -> SurrogateStep:
        """The step in SymPy."""
        t: Transition = self.recipe.transition
        known: dict[Node, sp.Basic] = {}
        slopes = {
            symbol(name): symbol(f"_psi_{name.removeprefix('_s_')}") for name in t.decisions if name in self.slopes
        }
        return SurrogateStep(
            {symbol(x): raised(t.after[x], known, t.smooth) for x in self.states},
            raised(t.outputs[self.output], known, t.smooth),
            symbol(t.inputs[0]),
            {symbol(name): raised(node, known, t.smooth) for name, node in t.margins.items()},
            slopes,
        )

    @cached_property
    def slopes(self) -> dict[str, Node]:
        """Event -> derivative of its surrogate where the event may happen, else 0."""
        t = self.recipe.transition
        g, found = t.graph, {}
        for name, margin in t.margins.items():
            surrogate = self.recipe.surrogates.get(name.removeprefix("_s_"))
            if surrogate is not None and surrogate.support != 0:
                slope = g.copy(g(surrogate.derivative(symbol("_x"))), {"_x": margin})
                found[name] = g.where(t.allowed[name], slope, g.number(0.0))
        return found

    @cached_property
    def eligibility(self) -> Eligibility:
        """The recursion."""
        return Eligibility.of(self.step, [symbol(c) for c in self.shared])

    def key(self, *what: object) -> str | None:
        """Return what code made of the recursion is found by; None where a part of the recipe is the user's own."""
        known = self.recipe.key
        return (
            None if known is None else repr(("eprop", known, self.output, self.shared, self.learned, self.given, *what))
        )

    # -- sums of products --------------------------------------------------------------------------------------------

    @cached_property
    def forms(self) -> Forms:
        """The recursion as sums of products."""
        made, found = _Forms(self.states), self.eligibility
        d, c, states = found.transition, found.readout, found.states
        traces = {str(x): made.form(e) for x, e in found.traces.items()}
        components = {str(x): made.form(e) for x, e in found.components.items()}
        e = made.form(found.eligibility)
        matrix, row, pushes = {}, Form({}), {}
        if self.learned or self.given:
            for k, x in enumerate(states):
                matrix[str(x)] = made.form(sp.Add(*(d[k, n] * component(y) for n, y in enumerate(states))))
            row = made.form(sp.Add(*(c[0, n] * component(y) for n, y in enumerate(states))))
        for name in self.learned:
            moved, output = found.of_parameter(self.step, symbol(name))
            pushes[name] = (
                {x: made.name(e) for x, e in zip(self.states, moved, strict=True) if e != 0},
                None if output == 0 else made.name(output),
            )
        return Forms(traces, components, e, matrix, row, pushes, made.named)

    @cached_property
    def numbers(self) -> dict[str, Node]:
        """Name -> node over states, inputs, events and coefficients."""
        g = self.recipe.transition.graph
        events = self.recipe.transition.decisions
        held = {symbol(f"_held{name}"): symbol(name) for name in events}
        slopes = {f"_psi_{name.removeprefix('_s_')}": node for name, node in self.slopes.items()}
        plain = {name: e.xreplace(held).replace(chosen, _plain) for e, name in self.forms.named.items()}
        return {name: g.copy(g(e), slopes) for name, e in plain.items()}

    @cached_property
    def varying(self) -> dict[str, Node]:
        """The numbers that change in time."""
        fixed = set(self.recipe.transition.coefficients)
        return {name: node for name, node in self.numbers.items() if not node.variables() <= fixed}

    @cached_property
    def fixed(self) -> dict[str, Node]:
        """The numbers of coefficients alone."""
        return {name: node for name, node in self.numbers.items() if name not in self.varying}

    def values(self) -> dict[str, Node]:
        """Event -> node of its value, 1 where it happens."""
        return event_values(self.recipe)
