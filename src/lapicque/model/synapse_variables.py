"""The names of a synapse: what kind each is, and whether it lives once per synapse or once per target neuron."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lapicque.errors import UnitError
from lapicque.model.distribution import Distribution
from lapicque.model.equations import Equation, Expression
from lapicque.model.values import names_of_expressions, plain_value, unit_of
from lapicque.units import ONE, Unit

if TYPE_CHECKING:
    from lapicque.model.synapse import Synapse


@dataclass(frozen=True)
class SynapseVariable:
    """A name of a synapse.

    Attributes
    ----------
    name : str
    kind : str
        ``"state"``, ``"algebraic"`` or ``"parameter"``.
    unit : Unit or None
        None for a weight that is declared nowhere: it has the unit of what is given.
    scope : str
        ``"post"``: one value per target neuron and receptor. ``"summed"``: one per target neuron, the sum over its
        synapses. ``"synapse"``: one per synapse; such states are what a synapse learns.
    flags, value, equation, doc : as of a neuron's `Variable`; a parameter's value may be a `Distribution`
    """

    name: str
    kind: str
    unit: Unit | None
    scope: str
    flags: frozenset[str] = frozenset()
    value: Any = None
    equation: Equation | None = None
    doc: str = ""

    @property
    def per_target(self) -> bool:
        """Whether there is one value per target neuron."""
        return self.scope != "synapse"


def find_variables(synapse: Synapse) -> dict[str, SynapseVariable]:
    """Return every name of a synapse: equations first, then what ``parameters=`` alone names, then the weight.

    A parameter that something per target neuron reads, an equation (post) or the output, lives there too.
    """
    in_target = {node.id for e in expressions_in_target(synapse) for node in e.names()}
    post = {e.name for e in synapse.parsed_equations if "post" in e.flags}
    in_target |= names_of_expressions(value for name, value in synapse.initial.items() if name in post)
    written = {s.target for pathway in synapse.pathways for s in pathway.statements}
    found: dict[str, SynapseVariable] = {}
    for equation in synapse.parsed_equations:
        if equation.name in found:
            raise equation.error(f"{equation.name!r} is defined twice")
        found[equation.name] = _declared(synapse, equation, in_target, written)
    for name, given in synapse.parameters.items():
        if name not in found:
            what = f"the parameter {name!r}"
            unit = _unit_given(given, what)
            scope = "post" if name in in_target and name != "w" else "synapse"
            value = parameter_value(given, unit, what)
            found[name] = SynapseVariable(name, "parameter", unit, scope, _flags(name), value)
    if "w" not in found and ("w" in written or any(n.id == "w" for e in expressions(synapse) for n in e.names())):
        kind = "state" if "w" in written else "parameter"
        found["w"] = SynapseVariable("w", kind, None, "synapse", _flags("w"))
    return found


def _flags(name: str) -> frozenset[str]:
    return frozenset({"weight"} if name == "w" else ())


def _declared(synapse: Synapse, equation: Equation, in_target: set[str], written: set[str]) -> SynapseVariable:
    name, flags = equation.name, equation.flags
    scope = _scope(equation, in_target)
    kind = {"differential": "state", "map": "state"}.get(equation.kind, equation.kind)
    if kind == "parameter" and name in written and "constant" not in flags and (scope == "synapse" or "post" in flags):
        kind = "state"  # that only code changes
    value = None
    if name in synapse.parameters:
        if equation.kind != "parameter":
            reason = "is computed by its equation" if kind == "algebraic" else "is a state: use initial="
            raise equation.error(f"parameters= cannot set {name!r}: it {reason}")
        value = parameter_value(synapse.parameters[name], equation.unit, f"the parameter {name!r}")
    return SynapseVariable(name, kind, equation.unit, scope, flags | _flags(name), value, equation, equation.doc)


def _scope(equation: Equation, in_target: set[str]) -> str:
    name, flags = equation.name, equation.flags
    if {"clock-driven", "event-driven"} & flags:
        _check_driven(equation)
    if equation.kind in ("differential", "map"):
        if "summed" in flags:
            raise equation.error(f"{name!r} changes in time and cannot be (summed): sum it by another name")
        return "post" if "post" in flags else "synapse"
    if "weight" in flags or name == "w":
        if name != "w":
            raise equation.error(f"the weight is called 'w', which connect(..., w=) gives: rename {name!r}")
        if equation.kind != "parameter" or flags & {"post", "summed"}:
            raise equation.error("'w' is the weight of a synapse, which connect(..., w=) gives: write 'w : unit'")
        return "synapse"
    if "summed" in flags:
        if equation.kind == "parameter":
            raise equation.error(f"{name!r} is (summed), so it needs an expression: write '{name} = ... : unit'")
        if "post" in flags:
            raise equation.error(f"{name!r} is (post) and (summed): leave out '(post)', a sum is per target neuron")
        return "summed"
    if "constant" in flags and equation.kind != "parameter":
        raise equation.error(f"(constant) belongs to a parameter, and {name!r} has an equation")
    if "post" in flags or (equation.kind == "parameter" and name in in_target):
        return "post"
    return "synapse"


def _check_driven(equation: Equation) -> None:
    name, flags = equation.name, equation.flags
    flag = "clock-driven" if "clock-driven" in flags else "event-driven"
    if {"clock-driven", "event-driven"} <= flags:
        raise equation.error(f"{name!r} is (clock-driven) and (event-driven): keep one")
    if equation.kind not in ("differential", "map"):
        raise equation.error(f"({flag}) belongs to a differential equation, and {name!r} has none")
    if flag == "event-driven" and equation.kind == "map":
        message = f"{name!r} is a map from step to step, so it is advanced in every step: leave out '(event-driven)'"
        raise equation.error(message)
    if flag == "event-driven" and "post" in flags:
        raise equation.error(
            f"{name!r} lives in the target neuron, which is advanced in every step: leave out '(event-driven)'"
        )


def expressions_in_target(synapse: Synapse) -> Iterator[Expression]:
    """Yield the expressions that are evaluated once per target neuron."""
    for equation in synapse.parsed_equations:
        if "post" in equation.flags and equation.expression is not None:
            yield equation.expression
    if synapse.parsed_output is not None:
        yield synapse.parsed_output


def expressions(synapse: Synapse) -> Iterator[Expression]:
    """Yield every expression of equations, code and output."""
    yield from (e.expression for e in synapse.parsed_equations if e.expression is not None)
    yield from (s.expression for pathway in synapse.pathways for s in pathway.written)
    if synapse.parsed_output is not None:
        yield synapse.parsed_output


def parameter_value(given: Any, unit: Unit, what: str) -> Any:
    """Return a parameter's value in ``unit``: a float, a 1-D array, or the distribution as it is.

    Raises
    ------
    ModelError, UnitError
    """
    if isinstance(given, Distribution):
        given.internal(unit, what)
        return given
    return plain_value(given, unit, what)


def _unit_given(value: Any, what: str) -> Unit:
    if isinstance(value, Distribution):
        return value.unit or ONE
    try:
        return unit_of(value)
    except UnitError as error:
        raise UnitError(f"{what}: {error.summary}") from None
