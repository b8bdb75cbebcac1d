"""A neuron as a value: equations, events, parameters with units. Checked when it is built, then trusted."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lapicque.errors import ModelError, UnitError, suggest
from lapicque.model import rules
from lapicque.model.equations import (
    Equation,
    Expression,
    Statement,
    parse_equations,
    parse_expression,
    parse_statements,
)
from lapicque.model.values import is_quantity, plain_value, unit_of, with_unit
from lapicque.units import Unit, internal, parse_unit, split

MS = parse_unit("ms")

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
    r"""A neuron written as equations.

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
        Initial values of the states: quantities, or expressions of parameters (``v="e_l"``), of algebraic variables
        and of other states' initial values (``m="alpha_m/(alpha_m + beta_m)"``). Zero where absent.
    ranges : mapping of str to (low, high)
        Where a fit should look for a parameter if the user does not say.
    reference : str
        The paper, with its DOI.
    name : str
    output : str, optional
        What synapses receive as ``output``: an expression of the neuron's variables, of any unit. At a spike it is
        read before the reset; continuous couplings read it in every step. 1 where absent.

    Raises
    ------
    ModelError, UnitError
        If the text cannot mean anything, with the line, a caret and what to write instead.

    Examples
    --------
    >>> lif = Neuron(
    ...     "dv/dt = (e_l - v + r*i_ext)/tau : mV (unless refractory)\ni_ext : pA (input)",
    ...     threshold="v > v_th",
    ...     reset="v = e_l",
    ...     refractory="t_ref",
    ...     parameters=dict(e_l="-70 mV", r="0.1 Gohm", tau="20 ms", v_th="-50 mV", t_ref="2 ms"),
    ...     initial=dict(v="e_l"),
    ... )
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
    output: str | None = None

    def __post_init__(self) -> None:
        for text in ("equations", "threshold", "reset", "output"):
            value = getattr(self, text)
            if not isinstance(value, str) and (value is not None or text == "equations"):
                raise ModelError(f"{text} is a text, not {type(value).__name__}")
        for table in ("events", "parameters", "initial", "ranges"):
            value = getattr(self, table)
            if not isinstance(value, Mapping):
                raise ModelError(f"{table} maps names to values, {table}=dict(...): {type(value).__name__} does not")
            object.__setattr__(self, table, dict(value))  # a copy: the caller's may change
        rules.check_neuron(self)

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

    @cached_property
    def parsed_output(self) -> Expression | None:
        """What synapses receive as ``output``; None for 1."""
        return None if self.output is None else parse_expression(self.output, "output")

    def _parse_event(self, name: str, event: Event) -> ParsedEvent:
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
            raise ModelError(f"the event {name!r} needs a name of letters, digits and '_', beginning with a letter")
        if not isinstance(event, Event):
            raise ModelError(f"event {name!r}: write lq.Event(threshold=..., reset=...), not {type(event).__name__}")
        for part in ("threshold", "reset"):
            if not isinstance(getattr(event, part), str):
                raise ModelError(f"event {name!r}: {part} is a text, not {type(getattr(event, part)).__name__}")
        prefix = "" if name == "spike" else f"{name}: "
        refractory = event.refractory
        quantity = is_quantity(refractory) and not (isinstance(refractory, str) and split(refractory)[1] is None)
        if refractory is not None and quantity:
            refractory = f"{plain_value(refractory, MS, 'refractory')!r}".removesuffix(".0") + "*ms"
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
                hint = f"parameters=dict({equation.name}=...)"
                raise equation.error(f"the parameter {equation.name!r} has no value: give it in {hint}")
            value = None
            if given is not None:
                if equation.kind != "parameter":
                    raise equation.error(_NOT_A_PARAMETER[equation.kind].format(name=equation.name))
                value = plain_value(given, equation.unit, f"the parameter {equation.name!r}")
            found[equation.name] = Variable(
                equation.name, kind, equation.unit, equation.doc, equation.flags, value, equation
            )
        for name, given in self.parameters.items():
            if name not in found:
                what = f"the parameter {name!r}"
                try:
                    unit = unit_of(given)
                except UnitError as error:
                    raise UnitError(f"{what}: {error.summary}") from None
                found[name] = Variable(name, "parameter", unit, value=plain_value(given, unit, what))
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
        return {name: self.variables[name] for name in rules.algebraic_order(self)}

    @property
    def spikes(self) -> bool:
        """Whether the neuron has the event ``spike``."""
        return any(event.name == "spike" for event in self.parsed_events)

    # -- new values --------------------------------------------------------------------------------------------------

    def with_(self, **changes: Any) -> Neuron:
        """Return a new neuron with other parameter values, or other fields (``name=``, ``initial=``, ``reset=`` ...).

        Parameters that a new text no longer reads go with the old one.

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
                unit = self.variables[name].unit
                plain_value(value, unit, f"the parameter {name!r}")  # of the dimension that it has had
                parameters[name] = with_unit(value, unit)
            elif name in fields:
                replaced[name] = value
            else:
                raise ModelError(f"{name!r} is no parameter of the model{suggest(name, self.constants)}")
        if "parameters" not in replaced:
            unread = set(rules.unused_parameters(self._unchecked(parameters=parameters, **replaced))) - set(changes)
            replaced["parameters"] = {name: value for name, value in parameters.items() if name not in unread}
            ranges = replaced.get("ranges", self.ranges)
            replaced["ranges"] = {name: ends for name, ends in ranges.items() if name not in unread}
        return dataclasses.replace(self, **replaced)

    def _unchecked(self, **fields: Any) -> Neuron:
        made = object.__new__(Neuron)
        for field in dataclasses.fields(self):
            object.__setattr__(made, field.name, fields.get(field.name, getattr(self, field.name)))
        return made

    # -- identity ----------------------------------------------------------------------------------------------------

    @cached_property
    def structure(self) -> str:
        """The text that determines the compiled code: equations and events, not the values of parameters."""
        lines = []
        for variable in self.variables.values():
            expression = variable.equation.expression if variable.equation else None
            text = ast.unparse(expression.tree) if expression else ""
            kind = variable.equation.kind if variable.equation else "parameter"
            flags = ",".join(sorted(variable.flags))
            lines.append(f"{kind} {variable.kind} {variable.name} = {text} : {variable.unit.dimension} ({flags})")
        for event in self.parsed_events:
            code = "; ".join(f"{s.target} {s.operator} {s.expression.text}" for s in event.reset)
            refractory = event.refractory.text if event.refractory else ""
            lines.append(f"event {event.name}: {event.threshold.text} -> {code} | {refractory}")
        if self.parsed_output is not None:
            lines.append(f"output {self.parsed_output.text}")
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
        given = [v for v in self.variables.values() if v.value is not None]
        arrays = [np.asarray(internal(v.value, v.unit)) for v in given]
        values = tuple((v.name, a.shape, a.tobytes()) for v, a in zip(given, arrays, strict=True))
        return self.structure, values, tuple(sorted((k, str(v)) for k, v in self.initial.items()))

    def __repr__(self) -> str:
        from lapicque.model.render import to_text

        return to_text(self)

    def _repr_markdown_(self) -> str:
        from lapicque.model.render import to_markdown

        return to_markdown(self)

    def nonzero_parameters(self) -> Iterator[str]:
        """Yield the parameters that divide in an expression: they must keep their sign and cannot be zero."""
        divisors: set[str] = set()
        for expression in rules.expressions(self):
            for node in ast.walk(expression.tree):
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                    divisors.update(_factors(node.right))
        yield from (name for name in self.constants if name in divisors)


_NOT_A_PARAMETER = {
    "differential": "{name!r} is a state, not a parameter: give its first value in initial=dict({name}=...)",
    "map": "{name!r} is a state, not a parameter: give its first value in initial=dict({name}=...)",
    "algebraic": "{name!r} is computed by its equation, so parameters= cannot set it: write '{name} : unit' instead",
    "input": "{name!r} is an input, which comes from outside: leave out '(input)' to make it a parameter",
}


def _factors(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Pow)):
        return _factors(node.left) | (_factors(node.right) if isinstance(node.op, ast.Mult) else set())
    return set()
