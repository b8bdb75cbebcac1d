"""Expressions of pairs of neurons: ``"0.3*exp(-(d/(200*um))**2)"``, ``"1*nS*rand()"``. Evaluated in NumPy."""

from __future__ import annotations

import ast
from collections.abc import Callable
from copy import deepcopy
from functools import cached_property
from typing import Any

import numpy as np

from lapicque.errors import SimulationError
from lapicque.model.equations import Expression
from lapicque.model.evaluate import evaluate
from lapicque.network.connectivity.rule import Ends


class Pairs:
    """Some pairs of neurons, and what expressions may read of them.

    Parameters
    ----------
    ends : Ends
    sources, targets : int arrays that broadcast against each other
        Numbers of the neurons.
    """

    def __init__(self, ends: Ends, sources: np.ndarray, targets: np.ndarray):
        self.ends, self.sources, self.targets = ends, sources, targets

    @cached_property
    def distance(self) -> np.ndarray:
        """The Euclidean distance, um; around the ring or torus where the rule is periodic."""
        source, target = self._positions("pre", "d"), self._positions("post", "d")
        if source.shape[1] != target.shape[1]:
            raise SimulationError(
                f"the positions of the source have {source.shape[1]} dimensions and those of the target "
                f"{target.shape[1]}: distances need the same"
            )
        lengths = _lengths(self.ends.periodic, source.shape[1])
        square = np.zeros(np.broadcast_shapes(self.sources.shape, self.targets.shape))
        for k in range(source.shape[1]):
            apart = source[:, k][self.sources] - target[:, k][self.targets]
            if np.isfinite(lengths[k]):
                apart -= lengths[k] * np.rint(apart / lengths[k])  # to the nearest image
            apart *= apart
            square += apart
        return np.sqrt(square, out=square)

    def read(self, name: str) -> Any:
        """Return what a name means, an array or a number; None for a name that is none of a pair."""
        if name in ("i", "j"):
            return (self.sources if name == "i" else self.targets).astype(np.float64)
        if name in ("N_pre", "N_post"):
            return float(self.ends.n_source if name == "N_pre" else self.ends.n_target)
        if name == "d":
            return self.distance
        axis, _, side = name.partition("_")
        if axis in ("x", "y", "z") and side in ("pre", "post"):
            positions, k = self._positions(side, name), "xyz".index(axis)
            if k >= positions.shape[1]:
                raise SimulationError(f"{name!r} is read, but the positions have {positions.shape[1]} dimensions")
            return positions[:, k][self.sources if side == "pre" else self.targets]
        return None

    def _positions(self, side: str, name: str) -> np.ndarray:
        found = self.ends.source_positions if side == "pre" else self.ends.target_positions
        if found is None:
            end = "source" if side == "pre" else "target"
            raise SimulationError(
                f"{name!r} needs positions, which the {end} has none of: population(..., positions=...)"
            )
        return np.asarray(found, np.float64)

    def evaluate(self, expression: Expression, draw: Callable[[str, int], np.ndarray] | None = None) -> np.ndarray:
        """Return the value of an expression for each pair, in internal units.

        Parameters
        ----------
        expression : Expression
            Checked before.
        draw : callable, optional
            ``draw("rand" or "randn", k)``: the numbers of the k-th call of either in the text.
        """
        tree = _Draws().visit(deepcopy(expression.tree))
        values = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id.startswith("(rand"):
                function, number = node.id[1:-1].split()
                if draw is None:
                    raise expression.error(f"{function}() has no meaning here: the synapses are drawn anyway")
                values[node.id] = draw(function, int(number))
        numbered = Expression(expression.text, tree, expression.source, expression.offset)
        values |= {node.id: v for node in expression.names() if (v := self.read(node.id)) is not None}
        found = np.asarray(evaluate(numbered, values), np.float64)
        return np.array(np.broadcast_to(found, np.broadcast_shapes(self.sources.shape, self.targets.shape)))


class _Draws(ast.NodeTransformer):
    """rand() and randn() become names that no variable can have, numbered as they stand in the text."""

    def __init__(self) -> None:
        self.count = 0

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id in ("rand", "randn"):
            self.count += 1
            return ast.copy_location(ast.Name(f"({node.func.id} {self.count - 1})", ast.Load()), node)
        self.generic_visit(node)
        return node


def _lengths(periodic: tuple[float, ...] | None, dimensions: int) -> np.ndarray:
    if periodic is None:
        return np.full(dimensions, np.inf)
    if len(periodic) not in (1, dimensions):
        raise SimulationError(
            f"periodic has {len(periodic)} lengths, but the positions have {dimensions} dimensions: give one length "
            "for all, or one a dimension (inf where it does not close)"
        )
    return np.resize(np.asarray(periodic, np.float64), dimensions)
