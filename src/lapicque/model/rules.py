"""Rules that a neuron must keep as a whole: what may be read, written and given where. One function a rule.

The rules about single expressions (names and dimensions) are in `lapicque.model.checks`.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import ModelError, UnitError, suggest
from lapicque.model import checks, reductions
from lapicque.model.equations import Equation, Expression, Statement, parse_expression
from lapicque.model.values import is_quantity, names_of_expressions, plain_value
from lapicque.units import DIMENSIONLESS, ONE, Dimension

if TYPE_CHECKING:
    from lapicque.model.neuron import Neuron, ParsedEvent, Variable
    from lapicque.model.synapse import Synapse
    from lapicque.model.synapse_variables import SynapseVariable

VERBS = {"=": "assigned to", "+=": "added to", "-=": "subtracted from", "*=": "multiplied with", "/=": "divided into"}
_READ_AS = {"e": "Euler's number", "i": "the number of the neuron", "N": "the size of the population"}


def check_neuron(neuron: Neuron) -> None:
    """The neuron keeps every rule.

    Raises
    ------
    ModelError, UnitError
    """
    known = {name: v.unit.dimension for name, v in neuron.variables.items()}
    for name, variable in neuron.variables.items():
        check_name(name, variable)
    algebraic_order(neuron)
    for equation in neuron.parsed_equations:
        check_flags(neuron, equation)
        if equation.expression is not None:
            check_equation(neuron, equation, known)
    check_held(neuron)
    for event in neuron.parsed_events:
        check_event(neuron, event, known)
    check_output(neuron, known)
    for name in neuron.initial:
        check_initial(neuron, name, known)
    for name in neuron.ranges:
        check_range(neuron, name)
    check_parameters_used(neuron)


def check_name(name: str, variable: Variable | SynapseVariable) -> None:
    """A name is an identifier without another meaning."""
    message = None
    if not name.isidentifier():
        message = f"{name!r} is no name: use letters, digits and '_'"
    elif name.startswith("_"):
        message = f"{name!r} begins with '_', as lapicque's own names do: choose another name"
    elif name in checks.FUNCTIONS:
        message = f"{name!r} is the name of a function: choose another name"
    elif name in ("t", "dt", "not_refractory", "True", "False") or checks.is_noise(name):
        message = f"{name!r} has a meaning of its own (time, time step, noise): choose another name"
    elif keyword.iskeyword(name):
        message = f"{name!r} is a word of Python: choose another name, such as '{name}_'"
    if message:
        raise variable.equation.error(message) if variable.equation else ModelError(message)


def check_parameters_used(neuron: Neuron) -> None:
    """A parameter that only ``parameters=`` names is read somewhere: else it is misspelled."""
    for name in unused_parameters(neuron):
        hint = suggest(name, [other for other in neuron.variables if other != name])
        raise ModelError(f"the parameter {name!r} is not used by the model{hint}")


def unused_parameters(neuron: Neuron) -> list[str]:
    """Return the parameters that ``parameters=`` names, but no equation, event or initial value reads."""
    used = {node.id for expression in expressions(neuron) for node in expression.names()}
    used |= names_of_expressions(neuron.initial.values())
    return [name for name in neuron.parameters if name not in used and neuron.variables[name].equation is None]


def expressions(neuron: Neuron) -> Iterator[Expression]:
    """Yield every expression of equations and events."""
    yield from (e.expression for e in neuron.parsed_equations if e.expression is not None)
    for event in neuron.parsed_events:
        yield event.threshold
        yield from (s.expression for s in event.reset)
        if event.refractory is not None:
            yield event.refractory
    if neuron.parsed_output is not None:
        yield neuron.parsed_output


def algebraic_order(neuron: Neuron | Synapse) -> list[str]:
    """Return the algebraic variables, each after those that it reads.

    Raises
    ------
    ModelError
        If they define each other in a circle.
    """
    algebraic = {n: v.equation for n, v in neuron.variables.items() if v.kind == "algebraic"}
    order: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        equation = algebraic[name]
        assert equation is not None
        assert equation.expression is not None
        if name in path:
            circle = " -> ".join([*path[path.index(name) :], name])
            raise equation.error(f"algebraic variables define each other in a circle: {circle}")
        if name in order:
            return
        for node in equation.expression.names():
            if node.id in algebraic:
                visit(node.id, (*path, name))
        order.append(name)

    for name in algebraic:
        visit(name, ())
    return order


def check_flags(neuron: Neuron, equation: Equation) -> None:
    """(constant) is for parameters, (shared) for what has one value in a population."""
    if "constant" in equation.flags and equation.kind != "parameter":
        raise equation.error(f"(constant) belongs to a parameter, and {equation.name!r} has an equation")
    if "shared" not in equation.flags:
        return
    if neuron.variables[equation.name].kind == "state":
        message = f"{equation.name!r} changes in time, so each neuron has its own: leave out '(shared)'"
        raise equation.error(message)
    if isinstance(values := neuron.variables[equation.name].value, np.ndarray):
        raise equation.error(f"{equation.name!r} is (shared), but has {values.size} values in parameters=")
    for node in reductions.outside(equation.expression) if equation.expression is not None else ():
        read = neuron.variables.get(node.id)
        if (read is not None and "shared" not in read.flags) or node.id in ("i", "not_refractory"):
            assert equation.expression is not None
            message = f"{equation.name!r} is (shared), but reads {node.id!r}, which each neuron has of its own"
            raise equation.expression.error(message, node)


def check_equation(neuron: Neuron, equation: Equation, known: Mapping[str, Dimension]) -> None:
    """A right-hand side has the dimension that its left side asks for; noise stands in differential equations only."""
    expression = equation.expression
    assert expression is not None
    wanted, what = equation.unit.dimension, f"the right-hand side of {equation.name!r}"
    if equation.kind == "differential":
        wanted = tuple(a - b for a, b in zip(wanted, checks.TIME, strict=True))
        what = f"d{equation.name}/dt"
    refuse_hazard(expression)
    allowed = reductions.allowed_in(equation)
    explaining(neuron, expression, checks.check_dimension, known, wanted, what, allowed)
    reductions.check_reductions(neuron, expression)
    if equation.kind == "differential":
        checks.check_noise_is_linear(expression, known)
    else:
        refuse_noise(expression, known, "belongs in a differential equation")


def check_held(neuron: Neuron) -> None:
    """Variables hold (unless refractory) only where the spike has a refractory period."""
    held = [v for v in neuron.variables.values() if "unless refractory" in v.flags]
    if held and not any(e.name == "spike" and e.refractory is not None for e in neuron.parsed_events):
        assert held[0].equation is not None
        raise held[0].equation.error(f"{held[0].name!r} holds (unless refractory), but the model has no refractory=")


def check_event(neuron: Neuron, event: ParsedEvent, known: Mapping[str, Dimension]) -> None:
    """A threshold is a condition, a reset writes states, a refractory period is a time or a condition."""
    refuse_noise(event.threshold, known, "belongs in a differential equation: write randn()")
    explaining(neuron, event.threshold, checks.check_condition, known, "threshold", ("rank",))
    reductions.check_reductions(neuron, event.threshold)
    guard, _ = guard_of(event)
    refuse_hazard(event.threshold, allowed=guard)
    for statement in event.reset:
        check_statement(neuron, statement, known)
    if event.refractory is not None:
        refuse_noise(event.refractory, known, "belongs in a differential equation")
        refuse_hazard(event.refractory)
        kind = explaining(neuron, event.refractory, checks.dimension_of, known)
        if kind not in (checks.BOOLEAN, checks.ANY, checks.TIME):
            message = f"refractory is {checks.describe_kind(kind)}, but a time or a condition is expected"
            raise event.refractory.error(message, event.refractory.tree, UnitError)


def check_output(neuron: Neuron, known: Mapping[str, Dimension]) -> None:
    """An output is a number of any dimension, and the same whoever reads it."""
    expression = neuron.parsed_output
    if expression is None:
        return
    refuse_noise(expression, known, "belongs in a differential equation")
    refuse_hazard(expression)
    refuse_draws(expression, "has no meaning in an output: let a state hold the random number")
    if explaining(neuron, expression, checks.dimension_of, known) is checks.BOOLEAN:
        message = f"the output is a condition: write where({' '.join(expression.text.split())}, 1, 0)"
        raise expression.error(message, expression.tree)


def check_statement(neuron: Neuron, statement: Statement, known: Mapping[str, Dimension]) -> None:
    """A reset writes a state, with a value of its dimension."""
    target = statement.target
    if target not in neuron.variables:
        raise statement.error(f"unknown variable {target!r}{suggest(target, neuron.states)}")
    variable = neuron.variables[target]
    if variable.kind != "state":
        reason = {
            "parameter": f"is constant: declare '{target} : {variable.unit}' in the equations for events to change it",
            "algebraic": "is computed from other variables, so it cannot be set",
            "input": "is an input: it comes from outside",
        }[variable.kind]
        raise statement.error(f"{target!r} {reason}")
    refuse_noise(statement.expression, known, "belongs in a differential equation: write randn()")
    refuse_hazard(statement.expression)
    wanted = variable.unit.dimension if statement.operator in ("=", "+=", "-=") else DIMENSIONLESS
    what = f"what is {VERBS[statement.operator]} {target!r}"
    explaining(neuron, statement.expression, checks.check_dimension, known, wanted, what, ("rank",))
    reductions.check_reductions(neuron, statement.expression)


def guard_of(event: ParsedEvent) -> tuple[ast.expr, list[ast.expr]]:
    """Split a threshold into its guard (one comparison or a hazard) and its gates (further conditions, by ``and``).

    Raises
    ------
    ModelError
        If no such comparison stands there.
    """
    tree = event.threshold.tree
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or):
        message = "a threshold is one comparison: instead of 'a > b or c > d' write 'max(a - b, c - d) > 0'"
        raise event.threshold.error(message, tree.values[1])
    guard = parts[0]
    if isinstance(guard, ast.Call) and isinstance(guard.func, ast.Name) and guard.func.id == "hazard":
        return guard, list(parts[1:])
    if isinstance(guard, ast.Compare) and isinstance(guard.ops[0], (ast.Gt, ast.GtE, ast.Lt, ast.LtE)):
        return guard, list(parts[1:])
    raise event.threshold.error("a threshold begins with a comparison such as 'v > v_th', or with hazard(rate)", guard)


def check_initial(neuron: Neuron, name: str, known: Mapping[str, Dimension]) -> None:
    """An initial value is a quantity, or an expression of parameters and of other initial values."""
    if name not in neuron.states:
        kind = neuron.variables[name].kind if name in neuron.variables else ""
        what = f"{'an' if kind[0] in 'ai' else 'a'} {kind} variable, not a state" if kind else "no state of the model"
        what = what.replace("input variable", "input").replace("parameter variable", "parameter")
        raise ModelError(f"initial: {name!r} is {what}{suggest(name, neuron.states)}")
    if name in neuron.parameters:
        raise ModelError(f"{name!r} has a value in parameters= and in initial=: keep one")
    value, what = neuron.initial[name], f"the initial value of {name!r}"
    if is_quantity(value, neuron.variables):
        plain_value(value, neuron.states[name].unit, what)
        return
    expression = parse_expression(value, f"initial value of {name!r}")
    explaining(neuron, expression, checks.check_dimension, known, known[name], what)
    refuse_hazard(expression)
    refuse_draws(expression, "has no meaning in an initial value: give an array, or initial= of a population")
    _check_initial_reads(neuron, name, expression)


def _check_initial_reads(neuron: Neuron, first: str, root: Expression) -> None:
    def visit(expression: Expression, path: tuple[str, ...], shown: ast.Name | None) -> None:
        for node in expression.names():
            name, caret = node.id, shown or node
            through = f", through {shown.id!r}" if shown else ""
            if name in path:
                circle = " -> ".join([*path[path.index(name) :], name])
                raise root.error(f"initial values depend on each other in a circle: {circle}", caret)
            variable = neuron.variables.get(name)
            if variable is None and (name in ("t", "dt", "i", "N", "not_refractory") or checks.is_noise(name)):
                message = f"the initial value of {first!r} reads {name!r}{through}, which has no value yet"
                raise root.error(message, caret)
            if variable is None or variable.kind == "parameter":
                continue
            if variable.kind == "input":
                raise root.error(f"the initial value of {first!r} reads the input {name!r}{through}", caret)
            if variable.kind == "algebraic":
                assert variable.equation is not None
                assert variable.equation.expression is not None
                for _ in reductions.reductions_in(variable.equation.expression):
                    message = f"the initial value of {first!r} reads {name!r}, which runs over a population"
                    raise root.error(f"{message} and has no value yet", caret)
                visit(variable.equation.expression, (*path, name), caret)
            elif not is_quantity(given := neuron.initial.get(name, 0), neuron.variables):
                visit(parse_expression(given, f"initial value of {name!r}"), (*path, name), caret)

    visit(root, (first,), None)


def check_range(neuron: Neuron, name: str) -> None:
    """A range belongs to a parameter, has its dimension, and is not reversed."""
    if name not in neuron.constants:
        raise ModelError(f"ranges: {name!r} is no parameter of the model{suggest(name, neuron.constants)}")
    unit, what = neuron.constants[name].unit, f"the range of {name!r}"
    given = neuron.ranges[name]
    try:
        if isinstance(given, str):
            raise TypeError
        ends = tuple(given)  # of a tuple, a list, an array, or a quantity such as (50, 400)*pF
        low, high = (plain_value(end, unit, what) for end in ends)
    except (TypeError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        message = f"ranges: {name!r} is {given!r}, but a lower and an upper end are expected: (low, high)"
        raise ModelError(message) from None
    if isinstance(low, np.ndarray) or isinstance(high, np.ndarray):
        raise ModelError(f"ranges: an end of {name!r} is an array, but a number is expected")
    if not low < high:
        raise ModelError(f"ranges: the lower end of {name!r}, {ends[0]}, is not below its upper end, {ends[1]}")


def refuse_noise(expression: Expression, known: Mapping[str, object], reason: str) -> None:
    """White noise does not stand here."""
    for node in expression.names():
        if checks.is_noise(node.id) and node.id not in known:
            raise expression.error(f"white noise {node.id} {reason}", node)


def refuse_hazard(expression: Expression, allowed: ast.expr | None = None) -> None:
    """hazard() stands at one place only."""
    for node in ast.walk(expression.tree):
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hazard"
        if called and node is not allowed:
            where = "stands first in a threshold, and once" if allowed is not None else "belongs in a threshold"
            raise expression.error(f"hazard() {where}", node)


def refuse_draws(expression: Expression, reason: str) -> None:
    """rand() and randn() do not stand here."""
    for node in ast.walk(expression.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("rand", "randn"):
            raise expression.error(f"{node.func.id}() {reason}", node)


def explaining(model: Neuron | Synapse, expression: Expression, rule: Callable[..., Any], *arguments: Any) -> Any:
    """Apply a rule about dimensions; where it fails, say which names have a meaning that was perhaps not meant."""
    try:
        return rule(expression, *arguments)
    except UnitError as error:
        hint = _misread(model, expression)
        if not hint:
            raise
        raise UnitError(f"{error.summary} {hint}", error.line, error.column, error.where) from None


def _misread(model: Neuron | Synapse, expression: Expression) -> str:
    for node in expression.names():
        name = node.id
        variable = model.variables.get(name)
        if variable is not None and variable.equation is None and variable.unit is ONE:
            return f"(the parameter {name!r} was given without a unit, so it is a pure number)"
        if variable is None and checks.is_noise(name):
            return f"(white noise {name} is in 1/sqrt(ms): 'sigma*sqrt(2/tau)*{name}' is in sigma's unit per time)"
        if variable is None and name in _READ_AS:
            return f"({name!r} is read as {_READ_AS[name]}: the model has no variable of this name)"
    return ""
