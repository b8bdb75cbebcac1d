"""Rules that a synapse must keep whatever it connects: what may be read, written and given where.

Those that need the neurons are in `lapicque.model.projection_rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lapicque.errors import ModelError, suggest
from lapicque.model import checks, rules
from lapicque.model.bounds import bounding, check_bounds
from lapicque.model.distribution import Distribution
from lapicque.model.equations import Equation, Expression, Statement, parse_expression
from lapicque.model.synapse_reductions import OVER_SYNAPSES, refuse_over_synapses
from lapicque.model.synapse_variables import expressions, expressions_in_target, parameter_value
from lapicque.model.values import is_quantity, names_of_expressions, plain_value
from lapicque.units import DIMENSIONLESS, Dimension

if TYPE_CHECKING:
    from lapicque.model.synapse import Synapse
    from lapicque.model.synapse_variables import SynapseVariable

#: Names whose meaning in a synapse would depend on which side is meant.
ONE_SIDED = ("i", "N", "not_refractory")


def check_synapse(synapse: Synapse) -> None:
    """The synapse keeps every rule that needs no neuron.

    Raises
    ------
    ModelError, UnitError
    """
    for name, variable in synapse.variables.items():
        rules.check_name(name, variable)
        if name == "output":
            message = "'output' is what the source neuron emits: choose another name"
            raise variable.equation.error(message) if variable.equation else ModelError(message)
        if variable.scope == "post" and isinstance(variable.value, Distribution):
            raise ModelError(
                f"the parameter {name!r} lives once per target neuron: give one value, or an array with one a neuron"
            )
    rules.algebraic_order(synapse)
    if synapse.parsed_output is not None:
        refuse_over_synapses(synapse.parsed_output)
    for expression in expressions_in_target(synapse):
        _check_reads_in_target(synapse, expression)
    for expression in expressions(synapse):
        rules.refuse_hazard(expression)
    for equation in synapse.parsed_equations:
        _check_noise_and_draws(synapse, equation)
    for pathway in synapse.pathways:
        for statement in pathway.written:
            rules.refuse_noise(
                statement.expression, synapse.variables, "belongs in a differential equation: write randn()"
            )
            if (own := synapse.variables.get(statement.target)) is not None:
                _check_written(statement, own)
    for name in synapse.initial:
        _check_initial(synapse, name)
    _ = synapse.event_driven  # says what is flagged so, and cannot be
    for name in synapse.bounds:
        check_bounds(synapse, name)
    _check_used(synapse)
    _check_own_dimensions(synapse)


def _check_reads_in_target(synapse: Synapse, expression: Expression) -> None:
    """What lives once per target neuron reads nothing that every synapse has of its own."""
    for node in expression.names():
        own = synapse.variables.get(node.id)
        if own is not None and own.per_target:
            continue
        if node.id == "w" or own is not None or node.id == "output":
            message = (
                f"{node.id!r} belongs to a single synapse, but this expression is evaluated once per target neuron: "
                "read it in on_pre, or in a variable flagged (summed)"
            )
            if node.id == "w":
                message += "; the target's own variable is 'w_post'"
            raise expression.error(message, node)


def _check_noise_and_draws(synapse: Synapse, equation: Equation) -> None:
    expression = equation.expression
    if expression is None:
        return
    refuse_over_synapses(expression)
    if equation.kind == "differential":
        checks.check_noise_is_linear(expression, synapse.variables)
    else:
        rules.refuse_noise(expression, synapse.variables, "belongs in a differential equation")
    if "post" not in equation.flags and equation.kind not in ("differential", "map"):
        rules.refuse_draws(expression, f"cannot stand in {equation.name!r}: draw in on_pre, when a spike arrives")


def _check_written(statement: Statement, own: SynapseVariable) -> None:
    name = own.name
    if own.kind == "state":
        return
    if own.kind == "algebraic":
        reason = "is computed from other variables, so it cannot be set"
    elif own.scope == "post":
        reason = f"is constant: declare '{name} : {own.unit} (post)' in the equations for code to change it"
    else:
        unit = "1" if own.unit is None else own.unit
        reason = f"is constant: declare '{name} : {unit}' in the equations for code to change it in every synapse"
    raise statement.error(f"{name!r} {reason}")


def _check_initial(synapse: Synapse, name: str) -> None:
    states = {**synapse.of_scope("post", "state"), **synapse.learned}
    if name not in states:
        raise ModelError(f"initial: {name!r} is no state of the synapse{suggest(name, states)}")
    if name == "w":
        raise ModelError("initial: the weight is given where the synapse connects: connect(..., w=...)")
    if name in synapse.parameters:
        raise ModelError(f"{name!r} has a value in parameters= and in initial=: keep one")
    value, what = synapse.initial[name], f"the initial value of {name!r}"
    if name in synapse.learned:
        if not isinstance(value, str) or is_quantity(value, synapse.variables):
            parameter_value(value, states[name].unit, what)  # type: ignore[arg-type]
        return  # an expression of the pair of neurons is checked where the synapse connects
    if is_quantity(value, synapse.variables):
        unit = states[name].unit
        assert unit is not None
        plain_value(value, unit, what)
        return
    expression = parse_expression(value, f"initial value of {name!r}")
    rules.refuse_hazard(expression)
    rules.refuse_noise(expression, synapse.variables, "has no meaning in an initial value")
    rules.refuse_draws(expression, "has no meaning in an initial value: give an array of values")


def _check_used(synapse: Synapse) -> None:
    """A parameter that only ``parameters=`` names is read somewhere, and the synapse does something."""
    for name in unused_parameters(synapse):
        hint = suggest(name, [other for other in synapse.variables if other != name])
        raise ModelError(f"the parameter {name!r} is not used by the synapse{hint}")
    if not synapse.pathways and not synapse.clock_driven and synapse.parsed_output is None:
        message = "the synapse does nothing: give it code that spikes run, on_pre='g += w', or output='g*(e - v_post)'"
        raise ModelError(message)


def unused_parameters(synapse: Synapse) -> list[str]:
    """Return the parameters that ``parameters=`` names, but no equation, code or initial value reads."""
    used = {node.id for expression in expressions(synapse) for node in expression.names()}
    used |= names_of_expressions(synapse.initial.values())
    used |= bounding(synapse)
    return [name for name in synapse.parameters if name not in used and synapse.variables[name].equation is None]


def _check_own_dimensions(synapse: Synapse) -> None:
    """Expressions that read nothing of the neurons are checked when the synapse is built."""
    known = {name: v.unit.dimension for name, v in synapse.variables.items() if v.unit is not None}

    def own(expression: Expression) -> bool:
        return all(
            node.id in known
            or (node.id in checks.BUILT_IN and node.id not in ("e", *ONE_SIDED))
            or checks.is_noise(node.id)
            or checks.unit_in(node.id) is not None
            for node in expression.names()
        )

    for equation in synapse.parsed_equations:
        if equation.expression is not None and own(equation.expression):
            check_equation(synapse, equation, known)
    for statement in (s for pathway in synapse.pathways for s in pathway.written):
        if statement.target in known and own(statement.expression):
            check_assigned(synapse, statement, known, known[statement.target])


def check_equation(synapse: Synapse, equation: Equation, known: Mapping[str, Dimension]) -> None:
    """A right-hand side has the dimension that its left side asks for."""
    assert equation.expression is not None
    wanted, what = equation.unit.dimension, f"the right-hand side of {equation.name!r}"
    if equation.kind == "differential":
        wanted = tuple(a - b for a, b in zip(wanted, checks.TIME, strict=True))
        what = f"d{equation.name}/dt"
    rules.explaining(synapse, equation.expression, checks.check_dimension, known, wanted, what)


def check_assigned(synapse: Synapse, statement: Statement, known: Mapping[str, Dimension], wanted: Dimension) -> None:
    """What is assigned to a variable has its dimension, ``wanted``, or scales it."""
    if statement.operator not in ("=", "+=", "-="):
        wanted = DIMENSIONLESS
    what = f"what is {rules.VERBS[statement.operator]} {statement.target!r}"
    rules.explaining(synapse, statement.expression, checks.check_dimension, known, wanted, what, OVER_SYNAPSES)
