"""Reductions over a population: the largest potential, the mean rate, who is first.

A reduction is like an input of the neuron, whose value is computed at the beginning of each step from those of all
neurons of its population, or of its group. `separated` writes a neuron like that: ``top = max(v) : mV (shared)``
becomes ``top = reduced__0 : mV (shared)`` with the input ``reduced__0`` and a `Reduction` that says how it is computed.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Collection, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lapicque.errors import SimulationError, suggest
from lapicque.model import checks
from lapicque.model.equations import Expression
from lapicque.units import internal_unit

if TYPE_CHECKING:
    from lapicque.model.equations import Equation
    from lapicque.model.neuron import Neuron

#: What the names of inputs begin with that stand for reductions.
PREFIX = "reduced__"


@dataclass(frozen=True)
class Reduction:
    """One number for each group of a population, or, for a rank, for each neuron.

    Attributes
    ----------
    function : one of `lapicque.model.checks.REDUCTIONS`
    input : of the neuron, which stands for the result
    argument : state or algebraic variable that is reduced
    by : parameter with the number of each neuron's group; None: all neurons are one group
    """

    function: str
    input: str
    argument: str
    by: str | None = None


def reductions_in(expression: Expression) -> Iterator[ast.Call]:
    """Yield the reductions that stand in an expression."""
    for node in ast.walk(expression.tree):
        if isinstance(node, ast.Call) and checks.is_reduction(node):
            yield node


def allowed_in(equation: Equation) -> tuple[str, ...]:
    """Return the reductions that an equation may contain."""
    if equation.kind != "algebraic":
        return ()
    return checks.SHARED_REDUCTIONS if "shared" in equation.flags else ("rank",)


def outside(expression: Expression) -> Iterator[ast.Name]:
    """Yield the names of an expression that stand in no reduction."""
    inside = {id(name) for call in reductions_in(expression) for name in ast.walk(call)}
    yield from (name for name in expression.names() if id(name) not in inside)


def check_reductions(neuron: Neuron, expression: Expression) -> None:
    """A reduction has a group that exists, and what it reduces is known at the beginning of a step.

    Raises
    ------
    ModelError
    """
    for call in reductions_in(expression):
        for keyword in call.keywords:
            _check_group(neuron, expression, keyword.value)
        part = Expression(ast.unparse(call.args[0]), call.args[0], expression.source, expression.offset)
        for name, inner in _read(neuron, part):
            through = "" if inner is part else f", through {name!r}"
            for other in reductions_in(inner):
                assert isinstance(other.func, ast.Name)
                message = f"what is reduced depends on {ast.unparse(other)}{through}: all reductions of a step are made"
                raise expression.error(f"{message} at once, from states and inputs", call)
            for node in ast.walk(inner.tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("rand", "randn"):
                    message = f"what is reduced draws a random number{through}: let a state hold it"
                    raise expression.error(message, call)


def _check_group(neuron: Neuron, expression: Expression, node: ast.expr) -> None:
    parameters = [n for n, v in neuron.constants.items() if v.unit.dimensionless]
    name = node.id if isinstance(node, ast.Name) else ast.unparse(node)
    variable = neuron.variables.get(name)
    if variable is None or variable.kind != "parameter":
        hint = suggest(name, parameters)
        message = f"by={name}: groups are given by a parameter with a whole number for each neuron"
        raise expression.error(f"{message}, 'group : 1'{hint}", node)
    if not variable.unit.dimensionless:
        message = f"by={name}: the numbers of groups are pure numbers, but {name!r} is in {variable.unit}"
        raise expression.error(message, node)
    if "shared" in variable.flags:
        raise expression.error(f"by={name}: {name!r} is (shared), so all neurons are one group: leave out by=", node)


def _read(neuron: Neuron, root: Expression) -> Iterator[tuple[str, Expression]]:
    """Yield an expression, and those of the algebraic variables that it reads, with their names."""
    todo, seen = [("", root)], set()
    while todo:
        name, expression = todo.pop()
        yield name, expression
        for node in expression.names():
            variable = neuron.variables.get(node.id)
            if variable is not None and variable.kind == "algebraic" and node.id not in seen:
                seen.add(node.id)
                assert variable.equation is not None
                assert variable.equation.expression is not None
                todo.append((node.id, variable.equation.expression))


def separated(neuron: Neuron, summed: Collection[str] = ()) -> tuple[Neuron, tuple[Reduction, ...]]:
    r"""Return a neuron in which inputs stand for reductions, and the reductions.

    Parameters
    ----------
    summed : inputs that are sums over synapses, and not known when reductions are made

    Raises
    ------
    SimulationError
        If a reduction depends on one of these.

    Examples
    --------
    >>> from lapicque import Neuron
    >>> text = "dv/dt = (2*mV - v)/tau : mV\ntop = max(v - 1*mV) : mV (shared)"
    >>> made, found = separated(Neuron(text, parameters=dict(tau="5 ms")))
    >>> print(made.equations)
    dv/dt = (2*mV - v)/tau : mV
    top = reduced__0 : mV (shared)
    reduced__0_of = v - 1 * mV : mV
    reduced__0 : mV (input, shared)
    >>> found
    (Reduction(function='max', input='reduced__0', argument='reduced__0_of', by=None),)
    """
    writer = _Writer(neuron, summed)
    lines = [writer.line(equation) for equation in neuron.parsed_equations]
    events = {}
    for event in neuron.parsed_events:
        given = neuron.events.get(event.name)
        code = [f"{s.target} {s.operator} {writer.put(s.expression)}" for s in event.reset]
        events[event.name] = (writer.put(event.threshold), "\n".join(code), given)
    if not writer.found:
        return neuron, ()
    groups = dict.fromkeys(one.by for one in writer.found.values() if one.by is not None)
    lines += [f"{by} : 1" for by in groups if neuron.variables[by].equation is None]  # nothing else may read it
    changes: dict[str, object] = {"events": {}}
    for name, (threshold, reset, given) in events.items():
        if given is None:
            changes |= {"threshold": threshold, "reset": reset or None}
        else:
            named = changes["events"]
            assert isinstance(named, dict)
            named[name] = dataclasses.replace(given, threshold=threshold, reset=reset)
    made = dataclasses.replace(neuron, equations="\n".join([*lines, *writer.more]), **changes)  # type: ignore[arg-type]
    return made, tuple(writer.found.values())


class _Writer:
    """Puts names of inputs where reductions stand."""

    def __init__(self, neuron: Neuron, summed: Collection[str]):
        self.neuron, self.summed = neuron, summed
        self.dimensions = {name: v.unit.dimension for name, v in neuron.variables.items()}
        self.found: dict[tuple[str, str, str | None], Reduction] = {}
        self.more: list[str] = []

    def line(self, equation: Equation) -> str:
        """Return an equation."""
        from lapicque.model.merge import equation_line

        text = "" if equation.expression is None else self.put(equation.expression)
        return equation_line(equation, equation.name, text)

    def put(self, expression: Expression) -> str:
        """Return an expression's text."""
        if not any(True for _ in reductions_in(expression)):
            return expression.text
        return ast.unparse(_Put(self, expression).visit(deepcopy(expression.tree)))

    def reduction(self, call: ast.Call, expression: Expression) -> Reduction:
        """Return a reduction, the same for the same text."""
        assert isinstance(call.func, ast.Name)
        by = call.keywords[0].value.id if call.keywords else None  # type: ignore[attr-defined]
        text = ast.unparse(call.args[0])
        key = call.func.id, text, by
        if key not in self.found:
            self.found[key] = self._made(call.func.id, text, by, call, expression)
        return self.found[key]

    def _made(self, function: str, text: str, by: str | None, call: ast.Call, expression: Expression) -> Reduction:
        part = Expression(text, call.args[0], expression.source, expression.offset)
        for _, inner in _read(self.neuron, part):
            for node in inner.names():
                if node.id in self.summed:
                    raise SimulationError(
                        f"{ast.unparse(call)} depends on {node.id.replace('__', '.')!r}, a sum over synapses of the "
                        "same step: reduce a state instead"
                    )
        name = f"{PREFIX}{len(self.found)}"
        kind = checks.dimension_of(part, self.dimensions)
        unit = internal_unit(kind) if isinstance(kind, tuple) else "1"
        argument = text
        if text not in self.neuron.states:
            argument = f"{name}_of"
            self.more.append(f"{argument} = {text} : {unit}")
        flags = "input" if function == "rank" else "input, shared"
        self.more.append(f"{name} : {'1' if function in checks.COUNTING else unit} ({flags})")
        return Reduction(function, name, argument, by)


class _Put(ast.NodeTransformer):
    def __init__(self, writer: _Writer, expression: Expression):
        self.writer, self.expression = writer, expression

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if checks.is_reduction(node):
            return ast.copy_location(ast.Name(self.writer.reduction(node, self.expression).input, ast.Load()), node)
        return self.generic_visit(node)  # type: ignore[return-value]
