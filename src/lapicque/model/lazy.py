"""Which states of single synapses need not be advanced in every step.

A state whose equation is linear, with constant coefficients, is known at any time after an event in closed form: it is
brought up to date when an event touches its synapse. So is one that only code changes.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lapicque.model import checks

if TYPE_CHECKING:
    from lapicque.model.equations import Expression
    from lapicque.model.synapse import Synapse


def event_driven(synapse: Synapse) -> tuple[str, ...]:
    """Return the states with an equation that are solved exactly between events.

    Raises
    ------
    ModelError
        If a state is flagged (event-driven) and cannot be, with the reason.
    """
    moving = {n: v for n, v in synapse.learned.items() if v.equation is not None and v.equation.expression is not None}
    found = {n for n, v in moving.items() if "clock-driven" not in v.flags and v.equation.kind == "differential"}  # type: ignore[union-attr]
    reasons: dict[str, tuple[str, Expression, ast.AST | None]] = {}
    while True:
        for name in sorted(found):
            expression = moving[name].equation.expression  # type: ignore[union-attr]
            assert expression is not None
            why = _why_not(synapse, name, expression, found) or _read_in_every_step(synapse, name, found)
            if why:
                reasons[name] = why[0], why[1] or expression, why[2]
        lost = found & set(reasons)
        if not lost:
            break
        found -= lost
    for name, (reason, expression, node) in reasons.items():
        if "event-driven" in moving[name].flags:
            offer = "flag it (clock-driven), it is then advanced in every step"
            raise expression.error(f"{name!r} cannot be (event-driven): {reason}; {offer}", node)
    return tuple(name for name in moving if name in found)


_Reason = tuple[str, "Expression | None", "ast.AST | None"]


def _why_not(synapse: Synapse, name: str, expression: Expression, lazy: set[str]) -> _Reason | None:
    for node in expression.names():
        variable = synapse.variables.get(node.id)
        constant = variable is not None and variable.kind == "parameter"
        if node.id not in lazy and not constant and (variable is not None or not _is_constant(node.id)):
            reason = "noise is not known" if checks.is_noise(node.id) else f"{node.id!r} changes"
            return f"{reason} between events", None, node
    for call in ast.walk(expression.tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("rand", "randn"):
            return "it draws random numbers", None, call
    try:
        _degree(expression.tree, lazy)
    except _NotLinearError as error:
        return "its equation is not linear", None, error.node
    return _chained(synapse, name, lazy)


def _is_constant(name: str) -> bool:
    return name in ("pi", "e", "inf") or checks.unit_in(name) is not None


def _read_in_every_step(synapse: Synapse, name: str, lazy: set[str]) -> _Reason | None:
    """What is advanced or summed in every step reads only what is known in every step."""
    for equation in synapse.parsed_equations:
        if equation.expression is None or equation.name in lazy:
            continue
        variable = synapse.variables[equation.name]
        if variable.kind == "state" or variable.scope == "summed":
            for node in equation.expression.names():
                if node.id == name:
                    return f"{equation.name!r} reads it in every step", equation.expression, node
    return None


def _chained(synapse: Synapse, name: str, lazy: set[str]) -> _Reason | None:
    """A variable may follow another one, but not one that follows a third, nor may they follow each other."""

    def follows(one: str) -> list[str]:
        equation = synapse.variables[one].equation
        assert equation is not None
        assert equation.expression is not None
        return [n.id for n in equation.expression.names() if n.id in lazy and n.id != one]

    for other in follows(name):
        if further := follows(other):
            return f"it follows {other!r}, which follows {further[0]!r}: too long a chain for a closed form", None, None
    return None


class _NotLinearError(Exception):
    def __init__(self, node: ast.AST):
        self.node = node


def _degree(node: ast.expr, states: set[str]) -> int:
    """Return 1 where an expression depends on the states, 0 where it does not."""
    if isinstance(node, ast.Name):
        return int(node.id in states)
    if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
        return _degree(node.operand, states)
    if isinstance(node, ast.BinOp):
        left, right = _degree(node.left, states), _degree(node.right, states)
        if isinstance(node.op, (ast.Add, ast.Sub)):
            return max(left, right)
        if isinstance(node.op, ast.Mult) and left + right <= 1:
            return left + right
        if isinstance(node.op, ast.Div) and not right:
            return left
        if left or right:
            raise _NotLinearError(node)
        return 0
    inside = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in states]
    if inside:
        raise _NotLinearError(node)
    return 0
