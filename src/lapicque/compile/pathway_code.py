"""Code of synapses that is run spike by spike, or summed over synapses in every step: text, and what it means.

Where an increment is known before the run, `lapicque.compile.circuit.Additive` does with numbers. All other code reads
and writes variables of its target neuron, reads those of its source, the values of its synapse, and draws random
numbers. In its expressions a variable of the target keeps its name; others carry marks (`PRE`, `OWN`).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lapicque.dimensions import Dimension
from lapicque.model.equations import parse_expression

if TYPE_CHECKING:
    from lapicque.compile.nodes import Node
    from lapicque.model.neuron import Neuron

#: Before the name of a variable of the source, or of a value of the synapse.
PRE, OWN = "_pre_", "_own_"
#: What the source emits.
OUTPUT = "_output"


@dataclass(frozen=True)
class CodeText:
    """Statements with resolved names.

    Attributes
    ----------
    statements : (variable, operator, expression), in order; the variable is one of the target's merged neuron
    dimensions : every name that the expressions read
    """

    statements: tuple[tuple[str, str, str], ...]
    dimensions: tuple[tuple[str, Dimension], ...]

    def names(self) -> set[str]:
        """Return the names that the expressions read."""
        trees = [parse_expression(text, "code") for _, _, text in self.statements]
        return {node.id for tree in trees for node in tree.names()} & {name for name, _ in self.dimensions}

    @property
    def random(self) -> bool:
        """Whether the code draws random numbers."""
        calls = [n for _, _, text in self.statements for n in ast.walk(ast.parse(text, mode="eval"))]
        return any(isinstance(n, ast.Call) and getattr(n.func, "id", "") in ("rand", "randn") for n in calls)


@dataclass(frozen=True)
class Code:
    """Statements as nodes, over the names of a `CodeText`, ``t``, ``dt`` and random draws."""

    statements: tuple[tuple[str, Node], ...]
    draws: Mapping[str, str]


def lower(text: CodeText, target: Neuron, source: Neuron | None) -> Code:
    """Return the nodes of a code.

    Parameters
    ----------
    target, source : the merged neurons, whose algebraic variables are computed from the others where they are read
    """
    import sympy as sp

    from lapicque.compile.nodes import Lowering
    from lapicque.model.convert import Converter
    from lapicque.model.hybrid import Hybrid
    from lapicque.model.symbols import symbol

    algebraic: dict[sp.Symbol, Any] = dict(Hybrid.of(target).algebraic)
    if source is not None:
        marked = {symbol(name): symbol(f"{PRE}{name}") for name in source.variables}
        algebraic |= {marked[s]: e.xreplace(marked) for s, e in Hybrid.of(source).algebraic.items()}
    convert = Converter(dict(text.dimensions), {s: e for s, e in algebraic.items() if str(s) in dict(text.dimensions)})
    lowering = Lowering(())
    found = []
    for variable, operator, expression in text.statements:
        value, x = convert(parse_expression(expression, "code")), symbol(variable)
        combined = {"=": value, "+=": x + value, "-=": x - value, "*=": x * value, "/=": x / value}[operator]
        found.append((variable, lowering(combined)))
    return Code(tuple(found), {str(draw): kind for draw, kind in convert.draws.items()})
