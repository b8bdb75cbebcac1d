"""What a spike adds to a variable, where that is known when the network is built: numbers for each synapse."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.compile.wiring.values import SynapseValues
from lapicque.compile.wiring.wiring import Chunk
from lapicque.model.equations import Expression
from lapicque.model.evaluate import evaluate


def without_output(expression: Expression) -> ast.expr:
    """Return the tree of an expression in which ``output`` is 1, and products with it are gone."""
    return _One().visit(deepcopy(expression.tree))


def is_factor(tree: ast.expr) -> bool:
    """Say whether ``output`` is a factor of an expression, so that the rest does not depend on it."""
    if isinstance(tree, ast.Name):
        return tree.id == "output"
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return is_factor(tree.operand)
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Mult, ast.Div)):
        left, right = _reads_output(tree.left), _reads_output(tree.right)
        return (not right and is_factor(tree.left)) or (
            isinstance(tree.op, ast.Mult) and not left and is_factor(tree.right)
        )
    return False


def _reads_output(tree: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "output" for node in ast.walk(tree))


def calls_random(expression: Expression) -> bool:
    """Say whether an expression draws random numbers."""
    calls = (node for node in ast.walk(expression.tree) if isinstance(node, ast.Call))
    return any(isinstance(call.func, ast.Name) and call.func.id in ("rand", "randn") for call in calls)


class _One(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.copy_location(ast.Constant(1), node) if node.id == "output" else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(one, ast.Constant) and one.value == 1:
                    return other
        return node


@dataclass(frozen=True, eq=False)
class Increment(SynapseValues):
    """An expression of values of synapses and of their target neurons.

    Attributes
    ----------
    expression : Expression
    synapses : name -> values of each synapse
    neurons : name -> float or (target,), in internal units
    sign : 1 or -1
    """

    expression: Expression
    synapses: Mapping[str, SynapseValues]
    neurons: Mapping[str, Any]
    sign: int = 1

    @property
    def constant(self) -> float | None:
        """The one value of all synapses; None where they differ."""
        if isinstance(self.expression.tree, ast.Name) and self.expression.tree.id in self.synapses:
            value = self.synapses[self.expression.tree.id].constant
            return None if value is None else float(self.sign * value)
        known: dict[str, Any] = {name: values.constant for name, values in self.synapses.items()}
        known |= {name: float(value) if np.ndim(value) == 0 else None for name, value in self.neurons.items()}
        if any(value is None for value in known.values()):
            return None
        return float(self.sign * evaluate(self.expression, known))

    def of(self, chunk: Chunk, dtype: Any = np.float64) -> np.ndarray:
        """Return the values of a chunk's synapses, (synapse,)."""
        targets, indptr, sources = chunk
        if isinstance(self.expression.tree, ast.Name) and self.expression.tree.id in self.synapses:
            found = self.synapses[self.expression.tree.id].of(chunk, dtype)
            return found if self.sign > 0 else -found
        known: dict[str, Any] = {name: values.of(chunk, np.float64) for name, values in self.synapses.items()}
        for name, value in self.neurons.items():
            known[name] = value if np.ndim(value) == 0 else np.repeat(np.asarray(value)[targets], np.diff(indptr))
        found = np.broadcast_to(self.sign * np.asarray(evaluate(self.expression, known)), sources.shape)
        return found.astype(dtype)
