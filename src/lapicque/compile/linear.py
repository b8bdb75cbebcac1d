"""Linear flows: what of a flow is linear, and its exact solution over one step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from lapicque.errors import SchemeError
from lapicque.model.hybrid import Hybrid
from lapicque.model.symbols import STEPWISE, symbol, where

DT, T = symbol("dt"), symbol("t")
_ALTERNATIVES = "use exponential_euler, rk4 or euler"


@dataclass(frozen=True)
class Propagator:
    """Exact solution of ``x' = A x + b`` over one step: ``P x + Q b``, ``P = exp(A dt)``, ``Q = int_0^dt exp(A s) ds``.

    ``entries`` names the elements that the symbols allow to be non-zero: symbol -> ("P" or "Q", row, column). Their
    numbers come from a matrix exponential at run time.
    """

    matrix: sp.Matrix
    entries: Mapping[sp.Symbol, tuple[str, int, int]]


@dataclass(frozen=True)
class Solution:
    """The states after one step, ``P x + Q b``, as expressions of a propagator's entries."""

    propagator: Propagator
    values: Mapping[sp.Symbol, sp.Expr]

    def used_in(self, expressions: Collection[sp.Expr]) -> Propagator:
        """Return the propagator with the entries that these expressions read."""
        read = set().union(*(e.free_symbols for e in expressions))
        entries = {s: place for s, place in self.propagator.entries.items() if s in read}
        return Propagator(self.propagator.matrix, entries)


def linear_part(system: Hybrid) -> tuple[sp.Matrix, list[sp.Expr]]:
    """Return A and b of ``x' = A x + b`` with constant A.

    Raises
    ------
    SchemeError
        If the flow is not of this form, with the variable and the reason.
    """
    states = list(system.flow)
    changing = {*states, *system.inputs, T, symbol("not_refractory"), *system.draws, *system.maps}
    rows, drive = [], []
    for x, f in system.flow.items():
        if where_it_jumps := discontinuity(f, states):
            raise SchemeError(f"d{x}/dt is not linear: it changes in steps, with {where_it_jumps}: {_ALTERNATIVES}")
        row = [sp.diff(f, y) for y in states]
        for y, entry in zip(states, row, strict=True):
            if entry.free_symbols & changing or entry.has(where):
                why = _why_not(entry, states, system)
                raise SchemeError(f"d{x}/dt is not linear in {y} with constant coefficients ({why}): {_ALTERNATIVES}")
        rest = f.xreplace(dict.fromkeys(states, sp.Integer(0)))
        if rest.has(T):
            raise SchemeError(f"d{x}/dt depends on time explicitly, which exact integration cannot do: {_ALTERNATIVES}")
        rows.append(row)
        drive.append(rest)
    return sp.Matrix(rows), drive


def discontinuity(expression: sp.Expr, states: Collection[sp.Symbol]) -> str:
    """Return a part of the expression that jumps where the states pass some value, as text; empty if there is none.

    A derivative does not show it: that of ``floor(x)`` and of ``where(x > 0, 1, 2)`` is 0.
    """
    for part in sp.preorder_traversal(expression):
        if isinstance(part, (Relational, *STEPWISE)) and part.free_symbols & set(states):
            return str(part)
    return ""


def _why_not(entry: sp.Expr, states: list[sp.Symbol], system: Hybrid) -> str:
    names = sorted(str(s) for s in entry.free_symbols & {*states, *system.maps})
    if names:
        return f"the coefficient depends on {', '.join(names)}"
    inputs = sorted(str(s) for s in entry.free_symbols & {*system.inputs, T, *system.draws})
    return (
        f"the coefficient changes with {', '.join(inputs)}" if inputs else "the coefficient is a choice between cases"
    )


def reaches(matrix: sp.Matrix, start: int, goals: Sequence[bool]) -> bool:
    """Whether the state ``start`` reads one of the goals, through others or itself alone."""
    seen, stack = {start}, [start]
    while stack:
        row = stack.pop()
        for column in range(matrix.shape[0]):
            if matrix[row, column] != 0 and column not in seen:
                seen.add(column)
                stack.append(column)
    return any(goals[i] for i in seen if i != start)


def solve(states: Sequence[sp.Symbol], matrix: sp.Matrix, drive: Sequence[Any], suffix: str = "") -> Solution:
    """Return the solution of ``x' = A x + b`` over one step, with constant b.

    Parameters
    ----------
    suffix : part of the names of the propagator's entries
    """
    n = len(states)
    reach = sp.Matrix(n, n, lambda i, j: int(i == j or matrix[i, j] != 0))
    for _ in range(n):
        reach = (reach * reach).applyfunc(lambda e: sp.Integer(int(e != 0)))
    entries: dict[sp.Symbol, tuple[str, int, int]] = {}

    def entry(kind: str, i: int, j: int) -> sp.Symbol:
        name = symbol(f"_{kind}{suffix}_{i}_{j}")
        entries[name] = (kind, i, j)
        return name

    values = {}
    for i, x in enumerate(states):
        if not any(matrix[i, :]):
            values[x] = x + DT * drive[i]
            continue
        terms = []
        for j, y in enumerate(states):
            if reach[i, j] != 0:
                terms.append(entry("P", i, j) * y)
                if drive[j] != 0:
                    terms.append(entry("Q", i, j) * drive[j])
        values[x] = sp.Add(*terms)
    return Solution(Propagator(matrix, entries), values)
