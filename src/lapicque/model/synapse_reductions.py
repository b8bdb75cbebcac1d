"""Functions over the synapses of a neuron, in code on schedule: ``w *= total/sum(w, by='post')``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass

from lapicque.model import checks
from lapicque.model.equations import Expression, Statement
from lapicque.units import DIMENSIONLESS, Dimension

#: What runs over synapses. The result has the dimension of what is reduced.
OVER_SYNAPSES = ("sum", "mean", "max", "min")
#: What the names begin with that stand for reductions in code.
PREFIX = "_reduced_"


@dataclass(frozen=True)
class Reduction:
    """One number for each neuron of a side, from all its synapses, as they are before the code runs.

    Attributes
    ----------
    name : str
        What stands in the statements instead.
    function : one of `OVER_SYNAPSES`
    by : str
        ``"pre"``: for each source. ``"post"``: for each target.
    expression : Expression
        What is reduced; it is evaluated for every synapse.
    """

    name: str
    function: str
    by: str
    expression: Expression

    def __str__(self) -> str:
        return f"{self.function}({self.expression.text}, by={self.by!r})"

    def dimension(self, known: Mapping[str, Dimension]) -> Dimension:
        """Return the dimension of the result, that of what is reduced."""
        kind = checks.dimension_of(self.expression, known)
        return kind if isinstance(kind, tuple) else DIMENSIONLESS


def calls_over_synapses(expression: Expression) -> list[ast.Call]:
    """Return the functions over synapses, or over anything else, that an expression calls, outermost first."""
    calls = [node for node in ast.walk(expression.tree) if isinstance(node, ast.Call)]
    return [call for call in calls if checks.is_reduction(call) or (call.keywords and _name(call) in OVER_SYNAPSES)]


def refuse_over_synapses(expression: Expression) -> None:
    """A function over synapses does not stand in an equation, an output, or code that an event runs.

    Raises
    ------
    ModelError
    """
    for call in calls_over_synapses(expression):
        name = _name(call)
        over = "over the neurons of a population it belongs among their equations, 'x = {}(v) : unit (shared)'"
        message = f"{name}() over synapses belongs in code on schedule, on=dict(name=lq.Every('10 ms', code))"
        if name in ("min", "max"):
            message += f"; of two values it is {name}(a, b)"
        elif name not in OVER_SYNAPSES:
            message = f"{name}() does not run over synapses"
        if not call.keywords:
            message += f"; {over.format(name)}"
        raise expression.error(message, call)


def separated(statements: Iterable[Statement]) -> tuple[tuple[Statement, ...], tuple[Reduction, ...]]:
    """Return statements in which names stand for reductions, and the reductions.

    Raises
    ------
    ModelError
        If one is nested, draws random numbers, or does not say over which synapses it runs.

    Examples
    --------
    >>> from lapicque.model.equations import parse_statements
    >>> (statement,), found = separated(parse_statements("w *= total/sum(w, by='post')", "code"))
    >>> statement.expression.text, [str(reduction) for reduction in found]
    ('total / _reduced_0', ["sum(w, by='post')"])
    """
    found: dict[tuple[str, str, str], Reduction] = {}
    written = []
    for statement in statements:
        expression = statement.expression
        calls = calls_over_synapses(expression)
        names = {_place(call): _reduction(expression, call, found).name for call in calls}
        if names:
            text = ast.unparse(_Put(names).visit(deepcopy(expression.tree)))
            tree = ast.parse(text, mode="eval").body
            expression = Expression(text, tree, expression.source, expression.offset)
        written.append(Statement(statement.target, statement.operator, expression, statement.source, statement.offset))
    return tuple(written), tuple(found.values())


def _reduction(expression: Expression, call: ast.Call, found: dict[tuple[str, str, str], Reduction]) -> Reduction:
    name = _name(call)
    if name not in OVER_SYNAPSES:
        raise expression.error(f"{name}() does not run over synapses: {', '.join(OVER_SYNAPSES)} do", call)
    shown = "those of a target, by='post', or of a source, by='pre'"
    if not call.keywords:
        hint = f"; of two values it is {name}(a, b)" if name in ("min", "max") else ""
        raise expression.error(f"say over which synapses {name}() runs: {shown}{hint}", call)
    if [keyword.arg for keyword in call.keywords] != ["by"] or len(call.args) != 1:
        raise expression.error(f"{name}() takes what is reduced, and by=: {name}(w, by='post')", call)
    by = call.keywords[0].value
    if not isinstance(by, ast.Constant) or by.value not in ("pre", "post"):
        raise expression.error(f"by={ast.unparse(by)} says over which synapses: {shown}", by)
    argument = call.args[0]
    for node in ast.walk(argument):
        if isinstance(node, ast.Call):
            if checks.is_reduction(node) or node.keywords:
                message = f"{name}() of what runs over synapses itself: let a state of the synapses hold the inner one"
                raise expression.error(message, node)
            if _name(node) in ("rand", "randn"):
                raise expression.error(f"{name}() of random numbers: let a state of the synapses hold them", node)
    text = expression.text_of(argument)
    key = name, ast.unparse(argument), by.value
    if key not in found:
        inner = Expression(
            text, ast.parse(text, mode="eval").body, expression.source, expression.offset + argument.col_offset
        )
        found[key] = Reduction(f"{PREFIX}{len(found)}", name, by.value, inner)
    return found[key]


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _place(call: ast.Call) -> tuple[int, int | None]:
    return call.col_offset, call.end_col_offset


class _Put(ast.NodeTransformer):
    def __init__(self, names: Mapping[tuple[int, int | None], str]):
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if _place(node) in self.names:
            return ast.Name(self.names[_place(node)], ast.Load())
        return self.generic_visit(node)  # type: ignore[return-value]
