"""A neuron as a value: equations, events, parameters with units. Checked when it is built, then trusted."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lapicque.errors import ModelError, UnitError, suggest
from lapicque.model import checks
from lapicque.model.equations import Equation, Expression, Statement, parse_equations, parse_expression, parse_statements
from lapicque.units import DIMENSIONLESS, ONE, Dimension, Unit, describe, find_unit, magnitude, split

#: Kinds of variables: states change in time, algebraic variables follow from the others, inputs come from outside.
KINDS = ("state", "algebraic", "parameter", "input")


@dataclass(frozen=True)
class Event:
    """What happens when a condition becomes true: a spike, a plateau, a dendritic event.

    Parameters
    ----------
    threshold : str
        One comparison (``"v > v_th"``), with further conditions joined by ``and``; or ``"hazard(rate)"``: the event
        happens in a step with probability ``1 - exp(-rate*dt)``.
    reset : str
        Statements that are run then, separated by newlines or ``;``.
    refractory : str or quantity, optional
        How long the event cannot happen again: a time, or a condition that prolongs what the event began.

    Examples
    --------
    >>> Event(threshold="u > 20*mV", reset="u = 0*mV", refractory="50*ms")
    Event(threshold='u > 20*mV', reset='u = 0*mV', refractory='50*ms')
    """

    threshold: str
    reset: str = ""
    refractory: Any = None


@dataclass(frozen=True)
class Variable:
    """A name of a model: its kind (see `KINDS`), unit, comment, and value (parameters) or initial value (states)."""

    name: str
    kind: str
    unit: Unit
    doc: str = ""
    flags: frozenset[str] = frozenset()
    value: Any = None  # parameters: float or 1-D array, in `unit`
    equation: Equation | None = None


@dataclass(frozen=True)
class ParsedEvent:
    """An `Event` whose texts are parsed."""

    name: str
    threshold: Expression
    reset: tuple[Statement, ...]
    refractory: Expression | None


@dataclass(frozen=True, eq=False, repr=False)
class Neuron:
    """A neuron written as equations.

    Parameters
    ----------
    equations : str
        Differential equations, algebraic variables, discrete maps, inputs and parameters; see :doc:`/language`.
    threshold, reset, refractory : str, optional
        The event called ``spike``; see `Event`.
    events : mapping of str to Event, optional
        Further named events.
    parameters : mapping of str to quantity
        Values with units: ``"200 pF"``, ``200*pF``; a bare number is taken in the declared unit, or as a pure number.
        One-dimensional arrays give each neuron its own value.
    initial : mapping of str to quantity or str
        Initial values of the states, as quantities or expressions of parameters (``v="e_l"``). Zero where absent.
    ranges : mapping of str to (low, high)
        Where a fit should look for a parameter if the user does not say.
    reference : str
        The paper, with its DOI.
    name : str

    Raises
    ------
    ModelError, UnitError
        If the text cannot mean anything, with the line, a caret and what to write instead.

    Examples
    --------
    >>> lif = Neuron("dv/dt = (e_l - v + r*i_ext)/tau : mV (unless refractory)\\ni_ext : pA (input)",
    ...              threshold="v > v_th", reset="v = e_l", refractory="t_ref",
    ...              parameters=dict(e_l="-70 mV", r="0.1 Gohm", tau="20 ms", v_th="-50 mV", t_ref="2 ms"),
    ...              initial=dict(v="e_l"))
    >>> lif.with_(tau="10 ms").parameters["tau"]
    '10 ms'
    >>> sorted(lif.states), sorted(lif.inputs)
    (['v'], ['i_ext'])
    """

    equations: str
    threshold: str | None = None
    reset: str | None = None
    refractory: Any = None
    events: Mapping[str, Event] = dataclasses.field(default_factory=dict)
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    initial: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    ranges: Mapping[str, tuple[Any, Any]] = dataclasses.field(default_factory=dict)
    reference: str = ""
    name: str = "neuron"

    def __post_init__(self) -> None:
        for text in ("equations", "threshold", "reset"):
            value = getattr(self, text)
            if value is not None and not isinstance(value, str):
                raise ModelError(f"{text} is a text, not {type(value).__name__}")
        self._check()

    # -- what the text says ------------------------------------------------------------------------------------------

    @cached_property
    def parsed_equations(self) -> tuple[Equation, ...]:
        """The equations, in the order of the text."""
        return parse_equations(self.equations)

    @cached_property
    def parsed_events(self) -> tuple[ParsedEvent, ...]:
        """The events: the spike first, then the named ones in the order given."""
        events = dict(self.events)
        if self.threshold is not None:
            if "spike" in events:
                raise ModelError("the event 'spike' is given twice: by threshold= and in events=")
            events = {"spike": Event(self.threshold, self.reset or "", self.refractory), **events}
        elif self.reset is not None or self.refractory is not None:
            what = "reset" if self.reset is not None else "refractory"
            raise ModelError(f"a {what} without a threshold never happens: write threshold='v > v_th'")
        return tuple(self._parse_event(name, event) for name, event in events.items())

    def _parse_event(self, name: str, event: Event) -> ParsedEvent:
        if not isinstance(event, Event):
            raise ModelError(f"event {name!r}: write lq.Event(threshold=..., reset=...), not {type(event).__name__}")
        prefix = "" if name == "spike" else f"{name}: "
        refractory = event.refractory
        if refractory is not None and not isinstance(refractory, str):
            refractory = f"{float(magnitude(refractory, 'ms', 'refractory'))!r}*ms"
        elif isinstance(refractory, str):
            try:
                number, unit = split(refractory)
                refractory = f"{number!r}*{unit}" if unit else refractory
            except UnitError:
                pass  # an expression, not a quantity
        return ParsedEvent(
            name,
            parse_expression(event.threshold, f"{prefix}threshold"),
            parse_statements(event.reset, f"{prefix}reset"),
            parse_expression(refractory, f"{prefix}refractory") if refractory else None,
        )

    @cached_property
    def variables(self) -> Mapping[str, Variable]:
        """Every name of the model, in the order of the text, parameters that only ``parameters=`` names at the end."""
        written = {s.target for event in self.parsed_events for s in event.reset}
        found: dict[str, Variable] = {}
        for equation in self.parsed_equations:
            if equation.name in found:
                raise equation.error(f"{equation.name!r} is defined twice")
            kind = {"differential": "state", "map": "state"}.get(equation.kind, equation.kind)
            given = self.parameters.get(equation.name)
            if kind == "parameter" and equation.name in written and "constant" not in equation.flags:
                kind = "state"
            if kind == "parameter" and given is None:
                hint = f"parameters=dict({equation.name}=... )"
                raise equation.error(f"the parameter {equation.name!r} has no value: give it in {hint}")
            value = None
            if given is not None:
                if kind not in ("parameter", "state"):
                    raise equation.error(f"{equation.name!r} is computed by the model, so parameters= cannot set it")
                value = _value(given, equation.unit, f"the parameter {equation.name!r}")
            found[equation.name] = Variable(
                equation.name, kind, equation.unit, equation.doc, equation.flags, value, equation
            )
        for name, given in self.parameters.items():
            if name not in found:
                number, unit = split(given)
                unit = unit or (split(number[0])[1] if isinstance(number, (list, tuple)) and len(number) else None) or ONE
                found[name] = Variable(name, "parameter", unit, value=_value(given, unit, f"the parameter {name!r}"))
        return found

    def _of_kind(self, kind: str) -> Mapping[str, Variable]:
        return {name: v for name, v in self.variables.items() if v.kind == kind}

    @cached_property
    def states(self) -> Mapping[str, Variable]:
        """The state variables."""
        return self._of_kind("state")

    @cached_property
    def inputs(self) -> Mapping[str, Variable]:
        """The inputs."""
        return self._of_kind("input")

    @cached_property
    def constants(self) -> Mapping[str, Variable]:
        """The parameters, with their values as floats or arrays in their own units."""
        return self._of_kind("parameter")

    @cached_property
    def algebraic(self) -> Mapping[str, Variable]:
        """The algebraic variables, each after those that it reads."""
        return {name: self.variables[name] for name in self._algebraic_order()}

    @property
    def spikes(self) -> bool:
        """Whether the neuron has the event ``spike``."""
        return any(event.name == "spike" for event in self.parsed_events)

    # -- rules -------------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        known = {name: v.unit.dimension for name, v in self.variables.items()}
        for name, variable in self.variables.items():
            _check_name(name, variable)
        self._check_parameters_used()
        self._algebraic_order()
        for equation in self.parsed_equations:
            if equation.expression is not None:
                self._check_equation(equation, known)
        held = [n for n, v in self.variables.items() if "unless refractory" in v.flags]
        refractory = [e for e in self.parsed_events if e.name == "spike" and e.refractory is not None]
        if held and not refractory:
            equation = self.variables[held[0]].equation
            assert equation is not None
            raise equation.error(f"{held[0]!r} holds (unless refractory), but the model has no refractory=")
        for event in self.parsed_events:
            self._check_event(event, known)
        self._check_initial(known)
        self._check_ranges()

    def _check_equation(self, equation: Equation, known: Mapping[str, Dimension]) -> None:
        expression = equation.expression
        assert expression is not None
        wanted, what = equation.unit.dimension, f"the right-hand side of {equation.name!r}"
        if equation.kind == "differential":
            wanted = tuple(a - b for a, b in zip(wanted, checks.TIME, strict=True))
            what = f"d{equation.name}/dt"
            checks.check_exponent_free_of_noise(expression)
        else:
            for name in expression.names():
                if checks.is_noise(name.id) and name.id not in known:
                    raise expression.error(f"white noise {name.id} belongs in a differential equation", name)
        for node in ast.walk(expression.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hazard":
                raise expression.error("hazard() belongs in a threshold", node)
        checks.check_dimension(expression, known, wanted, what)

    def _check_event(self, event: ParsedEvent, known: Mapping[str, Dimension]) -> None:
        checks.check_condition(event.threshold, known, "threshold")
        guard_of(event)
        for statement in event.reset:
            self._check_statement(event, statement, known)
        if event.refractory is not None:
            kind = checks.dimension_of(event.refractory, known)
            if kind not in (checks.BOOLEAN, checks.ANY, checks.TIME):
                message = f"refractory is {checks.describe_kind(kind)}, but a time or a condition is expected"
                raise event.refractory.error(message, event.refractory.tree, UnitError)

    def _check_statement(self, event: ParsedEvent, statement: Statement, known: Mapping[str, Dimension]) -> None:
        target = statement.target
        if target not in self.variables:
            raise statement.error(f"unknown variable {target!r}{suggest(target, self.states)}")
        variable = self.variables[target]
        if variable.kind != "state":
            reason = {
                "parameter": f"is a parameter: declare '{target} : {variable.unit}' in the equations so that events can "
                "change it",
                "algebraic": "is computed from other variables, so it cannot be set",
                "input": "is an input: it comes from outside",
            }[variable.kind]
            raise statement.error(f"{target!r} {reason}")
        for name in statement.expression.names():
            if checks.is_noise(name.id) and name.id not in known:
                raise statement.expression.error("white noise belongs in a differential equation: write randn()", name)
        wanted = variable.unit.dimension if statement.operator in ("=", "+=", "-=") else DIMENSIONLESS
        what = f"what is {_VERBS[statement.operator]} {target!r}"
        checks.check_dimension(statement.expression, known, wanted, what)

    def _check_parameters_used(self) -> None:
        expressions = [e.expression for e in self.parsed_equations if e.expression is not None]
        for event in self.parsed_events:
            expressions += [event.threshold, *(s.expression for s in event.reset)]
            expressions += [event.refractory] if event.refractory is not None else []
        used = {node.id for expression in expressions for node in expression.names()}
        used |= {n.id for value in self.initial.values() if isinstance(value, str) for n in _names(value)}
        for name in self.parameters:
            variable = self.variables[name]
            if name not in used and variable.equation is None:
                unknown = {u for u in used if u not in self.variables and u not in checks.BUILT_IN and not find_unit(u)}
                raise ModelError(f"the parameter {name!r} is not used by the model{suggest(name, unknown or self.variables)}")

    def _algebraic_order(self) -> list[str]:
        algebraic = {n: v.equation for n, v in self.variables.items() if v.kind == "algebraic"}
        order: list[str] = []

        def visit(name: str, path: tuple[str, ...]) -> None:
            equation = algebraic[name]
            assert equation is not None and equation.expression is not None
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

    def _check_initial(self, known: Mapping[str, Dimension]) -> None:
        for name, value in self.initial.items():
            if name not in self.states:
                what = f"a {self.variables[name].kind}, not a state" if name in self.variables else "no state of the model"
                raise ModelError(f"initial: {name!r} is {what}{suggest(name, self.states)}")
            if not _is_quantity(value):
                expression = parse_expression(value, f"initial value of {name!r}")
                readable = {n: d for n, d in known.items() if self.variables[n].kind == "parameter"}
                checks.check_dimension(expression, readable, known[name], f"the initial value of {name!r}")
            else:
                _value(value, self.states[name].unit, f"the initial value of {name!r}")

    def _check_ranges(self) -> None:
        for name, (low, high) in self.ranges.items():
            if name not in self.constants:
                raise ModelError(f"ranges: {name!r} is no parameter of the model{suggest(name, self.constants)}")
            unit = self.constants[name].unit
            if not magnitude(low, unit, f"the range of {name!r}") < magnitude(high, unit, f"the range of {name!r}"):
                raise ModelError(f"ranges: the lower end of {name!r} is not below its upper end")

    # -- new values --------------------------------------------------------------------------------------------------

    def with_(self, **changes: Any) -> Neuron:
        """Return a new neuron with other parameter values, or with other fields (``name=``, ``initial=``, ``reset=`` ...).

        Raises
        ------
        ModelError
            For a name that is neither a parameter nor a field, with the nearest one.
        """
        fields = {f.name for f in dataclasses.fields(self)}
        parameters = dict(self.parameters)
        replaced: dict[str, Any] = {}
        for name, value in changes.items():
            if name in self.constants or (name in self.states and name in parameters):
                parameters[name] = _with_unit(value, self.variables[name].unit)
            elif name in fields:
                replaced[name] = value
            else:
                raise ModelError(f"{name!r} is no parameter of the model{suggest(name, self.constants)}")
        return dataclasses.replace(self, **{"parameters": parameters, **replaced})

    # -- identity ----------------------------------------------------------------------------------------------------

    @cached_property
    def structure(self) -> str:
        """The text that determines the compiled code: equations and events, not the values of parameters."""
        lines = []
        for variable in self.variables.values():
            text = variable.equation.expression.text if variable.equation and variable.equation.expression else ""
            kind = variable.equation.kind if variable.equation else "parameter"
            flags = ",".join(sorted(variable.flags))
            lines.append(f"{kind} {variable.kind} {variable.name} = {text} : {variable.unit.dimension} ({flags})")
        for event in self.parsed_events:
            code = "; ".join(f"{s.target} {s.operator} {s.expression.text}" for s in event.reset)
            refractory = event.refractory.text if event.refractory else ""
            lines.append(f"event {event.name}: {event.threshold.text} -> {code} | {refractory}")
        return "\n".join(lines)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of `structure`."""
        return hashlib.blake2b(self.structure.encode(), digest_size=16).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Neuron) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @cached_property
    def _identity(self) -> tuple[Any, ...]:
        values = tuple((n, v.unit.name, np.asarray(v.value).tobytes()) for n, v in self.constants.items())
        return self.structure, values, tuple((k, str(v)) for k, v in self.initial.items())

    def __repr__(self) -> str:
        from lapicque.model.render import to_text

        return to_text(self)

    def _repr_markdown_(self) -> str:
        from lapicque.model.render import to_markdown

        return to_markdown(self)

    def nonzero_parameters(self) -> Iterator[str]:
        """Yield the parameters that divide in an equation: they must keep their sign and cannot be zero."""
        divisors: set[str] = set()
        for equation in self.parsed_equations:
            if equation.expression is not None:
                for node in ast.walk(equation.expression.tree):
                    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                        divisors.update(_factors(node.right))
        yield from (name for name in self.constants if name in divisors)


_VERBS = {"=": "assigned to", "+=": "added to", "-=": "subtracted from", "*=": "multiplied with", "/=": "divided into"}


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


def _factors(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Pow)):
        return _factors(node.left) | (_factors(node.right) if isinstance(node.op, ast.Mult) else set())
    return set()


def _names(text: str) -> list[ast.Name]:
    try:
        return [n for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Name)]
    except SyntaxError:
        return []


def _with_unit(value: Any, unit: Unit) -> Any:
    """Write a bare number as a quantity in ``unit``; leave what has a unit alone."""
    if isinstance(value, str) or split(value)[1] is not None or unit.dimensionless:
        return value
    return f"{float(value)!r} {unit}" if np.ndim(value) == 0 else np.asarray(value, dtype=float) * unit


def _is_quantity(value: Any) -> bool:
    if not isinstance(value, str):
        return True
    try:
        split(value)
    except UnitError:
        return False
    return True


def _value(given: Any, unit: Unit, what: str) -> Any:
    if isinstance(given, (bool, np.bool_)) or given is None:
        raise ModelError(f"{what} is {given!r}, but a number with a unit is expected")
    number, found = split(given)
    if found is not None and found.dimension != unit.dimension:
        raise UnitError(f"{what} is declared as {describe(unit)}, but {given} is {describe(found)}")
    try:
        array = np.asarray(magnitude(given, unit, what), dtype=float)
    except (TypeError, ValueError):
        raise ModelError(f"{what} is {number!r}: a number with a unit is expected, such as '5 {unit}'") from None
    if array.ndim > 1:
        raise ModelError(f"{what} has shape {array.shape}: one value, or one value a neuron, is expected")
    if np.isnan(array).any():
        raise ModelError(f"{what} is not a number (NaN)")
    return float(array) if array.ndim == 0 else array


def _check_name(name: str, variable: Variable) -> None:
    message = None
    if not name.isidentifier():
        message = f"{name!r} is no name: use letters, digits and '_'"
    elif name in checks.FUNCTIONS:
        message = f"{name!r} is the name of a function: choose another name"
    elif name in ("t", "dt", "not_refractory", "True", "False") or checks.is_noise(name):
        message = f"{name!r} has a meaning of its own (time, time step, noise): choose another name"
    elif keyword.iskeyword(name):
        message = f"{name!r} is a word of Python: choose another name, such as '{name}_'"
    if message:
        raise variable.equation.error(message) if variable.equation else ModelError(message)
