"""One neuron from a neuron and what is attached to it: receptors, input currents, noise.

A receptor's variables live once per target neuron and its current is a term of one of the neuron's inputs, so both
together are again a neuron. `merged` writes its text; everything else (dimensions, schemes, kernels, recording)
follows from that text as for any neuron. The variable ``g`` of a part ``ampa`` is called ``ampa__g`` there.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from lapicque.errors import ModelError
from lapicque.model import checks
from lapicque.model.equations import Equation, Expression, parse_expression
from lapicque.model.neuron import Neuron
from lapicque.model.values import is_quantity

#: Between the name of a part and that of its variable.
MARK = "__"


def part_name(part: str, variable: str) -> str:
    """Return what a part's variable is called in the merged neuron.

    Examples
    --------
    >>> part_name("ampa", "g")
    'ampa__g'
    """
    return f"{part}{MARK}{variable}"


@dataclass(frozen=True)
class Part:
    """Equations that are attached to a neuron.

    Attributes
    ----------
    name : str
    equations : variables of the part; they read each other, the neuron's variables (bare or as ``x_post``), and
        parameters that only ``parameters`` names
    into, output : the neuron's input that the part adds to, and what it adds; both or neither
    parameters, initial : as in a Neuron
    """

    name: str
    equations: tuple[Equation, ...] = ()
    into: str | None = None
    output: Expression | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """The part's own names."""
        return {equation.name for equation in self.equations} | set(self.parameters)


def merged(neuron: Neuron, parts: Iterable[Part]) -> Neuron:
    r"""Return the neuron with parts attached.

    Parameters
    ----------
    parts : iterable of Part

    Raises
    ------
    ModelError
        If two parts have one name, or a name of the neuron collides with a part's.

    Examples
    --------
    >>> from lapicque.model.equations import parse_equations
    >>> cell = Neuron("dv/dt = (i_ext - g*v)/c : mV\ni_ext : pA (input)", parameters=dict(g="10 nS", c="1 nF"))
    >>> decay = parse_equations("dx/dt = -x/tau : pA")
    >>> part = Part("ampa", decay, "i_ext", parse_expression("x", "output"), dict(tau="5 ms"))
    >>> print(merged(cell, [part]).equations)
    dv/dt = (i_ext - g*v)/c : mV
    i_ext = ampa__x : pA
    dampa__x/dt = -ampa__x / ampa__tau : pA
    """
    parts = tuple(parts)
    names = [part.name for part in parts]
    for part in parts:
        if names.count(part.name) > 1:
            raise ModelError(f"{part.name!r} is attached twice to {neuron.name!r}: give one of them another name")
        for name in part.names:
            if part_name(part.name, name) in neuron.variables:
                raise ModelError(f"{part_name(part.name, name)!r} is a name of {neuron.name!r} already: rename it")
    terms = {name: [_expression(p.output, p, neuron) for p in parts if p.into == name and p.output is not None]
             for name in neuron.inputs}  # fmt: skip
    changed = {name for name, found in terms.items() if found}
    if not parts:
        return neuron
    parameters, initial = dict(neuron.parameters), dict(neuron.initial)
    lines = [line for equation in neuron.parsed_equations for line in _neuron_lines(equation, terms, changed)]
    for part in parts:
        lines += [equation_line(e, part_name(part.name, e.name), _expression(e.expression, part, neuron))
                  for e in part.equations]  # fmt: skip
        parameters |= {part_name(part.name, name): value for name, value in part.parameters.items()}
        for name, value in part.initial.items():
            known = {**neuron.variables, **dict.fromkeys(part.names)}
            if not is_quantity(value, known):
                value = _expression(parse_expression(value, f"initial value of {name!r}"), part, neuron)
            initial[part_name(part.name, name)] = value
    return dataclasses.replace(neuron, equations="\n".join(lines), parameters=parameters, initial=initial)


def _neuron_lines(equation: Equation, terms: Mapping[str, list[str]], changed: Collection[str]) -> Iterator[str]:
    name = equation.name
    if name not in changed:
        yield equation_line(equation, name, equation.expression.text if equation.expression else "")
        return
    yield f"{name} = {' + '.join(terms[name])} : {equation.unit}"


def equation_line(equation: Equation, name: str, expression: str) -> str:
    """Return an equation's text with another name and another right-hand side."""
    left = {"differential": f"d{name}/dt = ", "map": f"{name}[n+1] = ", "algebraic": f"{name} = "}.get(
        equation.kind, ""
    )
    flags = ", ".join(sorted(equation.flags - {"post"} | ({"input"} if equation.kind == "input" else set())))
    doc = f"  # {equation.doc}" if equation.doc else ""
    return (
        f"{left or name + ' '}{expression}{' ' if left else ''}: {equation.unit}{f' ({flags})' if flags else ''}{doc}"
    )


def _expression(expression: Expression | None, part: Part, neuron: Neuron) -> str:
    if expression is None:
        return ""

    def meaning(name: str) -> str:
        if name in part.names:
            return part_name(part.name, name)
        if name.endswith("_post") and name.removesuffix("_post") in neuron.variables:
            return name.removesuffix("_post")
        if checks.is_noise(name):
            return f"xi_{part.name}{name.removeprefix('xi')}"
        return name

    return renamed(expression, meaning)


def renamed(expression: Expression, meaning: Callable[[str], str]) -> str:
    """Return an expression's text with other names in it."""
    mine = {id(node) for node in expression.names()}
    if all(meaning(node.id) == node.id for node in expression.names()):
        return expression.text
    places = [i for i, node in enumerate(ast.walk(expression.tree)) if id(node) in mine]
    tree = deepcopy(expression.tree)
    nodes = list(ast.walk(tree))
    for i in places:
        node = nodes[i]
        assert isinstance(node, ast.Name)
        node.id = meaning(node.id)
    return ast.unparse(tree)
