"""Reductions over populations: who belongs to which group, and the loops that go through them in every step.

Each thread reduces the groups of its own neurons, from values of all neurons that threads have put where all can read
them. A group's values are always gone through in the order of its neurons, so results do not depend on threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from lapicque.compile.lanes import LANES
from lapicque.compile.memory import address, array_at
from lapicque.compile.network_tables import PUBLISHED, table
from lapicque.errors import SimulationError
from lapicque.model.checks import REDUCTIONS

if TYPE_CHECKING:
    from lapicque.compile.circuit import Cells, Circuit

#: Columns of the table of reductions.
REDUCED = ("WHOSE", "FUNCTION", "SLOT", "BLOCK", "AT", "GROUPS", "TOTAL", "STARTS", "MEMBERS", "RESULTS", "OF", "WORK")
_FUNCTION, _SLOT, _BLOCK, _AT, _GROUPS, _TOTAL, _STARTS, _MEMBERS, _RESULTS, _OF, _WORK = range(1, 12)
_SUM, _MEAN, _MAX, _MIN, _ARGMAX, _ARGMIN, _RANK = range(7)
_OPTIONS: Any = {"nogil": True, "error_model": "numpy"}


def groups_of(cells: Cells, by: str | None) -> np.ndarray:
    """Return the number of each neuron's group, (neuron,) int64 from 0 upward.

    Raises
    ------
    SimulationError
        If the parameter that says so is no whole number.
    """
    if by is None:
        return np.zeros(cells.size, np.int64)
    values = np.broadcast_to(np.asarray(cells.parameters[by], np.float64), (cells.size,))
    wrong = np.flatnonzero(values != np.floor(values))
    if len(wrong):
        raise SimulationError(
            f"{by!r} of {cells.name!r} is {values[wrong[0]]:g} for neuron {wrong[0]}: the groups of a population are "
            "whole numbers"
        )
    return np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.int64)


def reduced(function: str, values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return what a reduction gives each neuron, (neuron,): the obvious way, which defines it.

    Parameters
    ----------
    function : one of `lapicque.model.checks.REDUCTIONS`
    values : (neuron,)
    groups : (neuron,) number of each neuron's group

    Examples
    --------
    >>> values, groups = np.array([3.0, 1.0, 4.0, 1.0, 5.0]), np.array([0, 0, 0, 1, 1])
    >>> [reduced(f, values, groups).tolist() for f in ("sum", "argmax", "rank")]
    [[8.0, 8.0, 8.0, 6.0, 6.0], [2.0, 2.0, 2.0, 4.0, 4.0], [1.0, 2.0, 0.0, 1.0, 0.0]]
    """
    found = np.zeros_like(values)
    for group in range(groups.max(initial=-1) + 1):
        members = np.flatnonzero(groups == group)
        mine = values[members]
        if function == "rank":
            found[members[np.argsort(-mine, kind="stable")]] = np.arange(len(members))
            continue
        total = np.add.accumulate(np.concatenate([np.zeros(1, values.dtype), mine]))[-1]  # one after the other
        found[members] = {
            "sum": total, "mean": total / values.dtype.type(len(members)), "max": mine[np.argmax(mine)],
            "min": mine[np.argmin(mine)], "argmax": members[np.argmax(mine)], "argmin": members[np.argmin(mine)],
        }[function]  # fmt: skip
    return found


class ReductionTables:
    """What one thread needs for the reductions of its neurons.

    Parameters
    ----------
    partition : the thread's `Partition`, whose neurons are known
    begin : where the values of all neurons are put, in what threads share
    """

    def __init__(self, partition: Any, begin: int):
        self._part, self._kept, circuit = partition, list[np.ndarray](), partition.circuit
        places = published_values(circuit, begin)
        published, rows = [], []
        for (n, name), at in places.items():
            published.append(self._place(n, name) | dict(OUT=at))
        for n, cells in enumerate(circuit.cells):
            for one in cells.reductions:
                if partition.size[n]:
                    where = self._place(n, one.input) | dict(AT=places[n, one.argument])
                    rows.append(where | self._groups(n, groups_of(cells, one.by), one.function))
        self.published, self.rows = table(PUBLISHED, published), table(REDUCED, rows)

    def _place(self, population: int, name: str) -> dict[str, int]:
        slots = self._part.kernel.SLOTS[self._part.models[population]]
        return dict(WHOSE=population, SLOT=slots[name] * LANES, BLOCK=len(slots) * LANES)

    def _groups(self, n: int, groups: np.ndarray, function: str) -> dict[str, int]:
        """Return the part of a row that says who belongs together."""
        part = self._part
        own = groups[part.first[n] : part.first[n] + part.size[n]]
        mine = np.unique(own)
        members = np.flatnonzero(np.isin(groups, mine))
        members = members[np.argsort(groups[members], kind="stable")]
        starts = np.concatenate([[0], np.cumsum(np.bincount(groups[members], minlength=mine[-1] + 1)[mine])])
        of = np.searchsorted(mine, own)
        if function == "rank":  # of each neuron rather than of its group
            place = np.empty(len(groups), np.int64)
            place[members] = np.arange(len(members))
            of = place[part.first[n] : part.first[n] + part.size[n]]
        lanes = np.concatenate([of, np.full(part.blocks[n] * LANES - len(of), of[-1])])  # lanes at the end repeat
        results = np.zeros(max(len(mine), len(members)), part.kernel.REAL)
        return dict(
            FUNCTION=REDUCTIONS.index(function), GROUPS=len(mine), TOTAL=len(members), STARTS=self._at(starts),
            MEMBERS=self._at(members), RESULTS=self._at(results), OF=self._at(lanes),
            WORK=self._at(np.tile(np.arange(len(members)), 2)),  # an order of the members, and room for another
        )  # fmt: skip

    def _at(self, array: np.ndarray) -> int:
        self._kept.append(np.ascontiguousarray(array, np.int64 if array.dtype.kind == "i" else array.dtype))
        return address(self._kept[-1])


def published_values(circuit: Circuit, begin: int = 0) -> dict[tuple[int, str], int]:
    """Return where the values that are reduced are put: (population, variable) -> place."""
    found: dict[tuple[int, str], int] = {}
    for n, cells in enumerate(circuit.cells):
        for one in cells.reductions:
            if (n, one.argument) not in found:
                found[n, one.argument] = begin
                begin += cells.size
    return found


def width_of(circuit: Circuit) -> int:
    """Return how many numbers are put where all threads can read them."""
    return sum(circuit.cells[n].size for n, _ in published_values(circuit))


def same_groups(old: Cells, new: Cells) -> bool:
    """Say whether the neurons of a population belong together as before; checks the new groups."""
    names = {one.by for one in new.reductions if one.by is not None}
    return all(np.array_equal(groups_of(old, by), groups_of(new, by)) for by in names)


# -- in kernels ------------------------------------------------------------------------------------------------------


@njit(**_OPTIONS)
def reduce(a, row, start, blocks, values, real):
    """Reduce the groups of this thread's neurons, and put the results into the slot of an input.

    Parameters
    ----------
    a : memory of the thread
    row : of the table of reductions
    start, blocks : where the population's memory begins, and its number of blocks
    values : of all neurons, at the place that the row says
    """
    starts = array_at(row[_STARTS], row[_GROUPS] + 1, np.int64)
    members = array_at(row[_MEMBERS], row[_TOTAL], np.int64)
    results = array_at(row[_RESULTS], row[_TOTAL], real)
    of = array_at(row[_OF], blocks * LANES, np.int64)
    work = array_at(row[_WORK], 2 * row[_TOTAL], np.int64)
    function, at = row[_FUNCTION], row[_AT]
    for g in range(row[_GROUPS]):
        low, high = starts[g], starts[g + 1]
        if function == _RANK:
            rank(values, at, members, low, high, work, results)
        elif function <= _MEAN:
            total = real(0.0)
            for j in range(low, high):
                total += values[at + members[j]]
            results[g] = total / real(high - low) if function == _MEAN else total
        else:
            first = members[low]
            best = values[at + first]
            for j in range(low + 1, high):
                value = values[at + members[j]]
                better = value > best if function in (_MAX, _ARGMAX) else value < best
                if better:
                    best, first = value, members[j]
            results[g] = best if function in (_MAX, _MIN) else real(first)
    for b in range(blocks):
        o = start + b * row[_BLOCK] + row[_SLOT]
        for l in range(LANES):
            a[o + l] = results[of[b * LANES + l]]


@njit(**_OPTIONS)
def rank(values, at, members, low, high, work, results):
    """Put into ``results`` how many members of a group are before each: larger, or equal with a smaller number.

    Runs of twice the length are merged again and again, from one half of ``work`` into the other. They begin with the
    order of the step before, which has changed little: most runs follow each other, and are copied. The order is one
    and the same wherever they begin.
    """
    here, there = 0, members.shape[0]
    for n in range(low, high):
        results[n] = values[at + members[n]]
    width = 1
    while width < high - low:
        for begin in range(low, high, 2 * width):
            middle, end = min(begin + width, high), min(begin + 2 * width, high)
            apart = middle == end or before(results, work[here + middle - 1], work[here + middle])
            if apart:
                for n in range(begin, end):
                    work[there + n] = work[here + n]
                continue
            i, j = begin, middle
            for n in range(begin, end):
                left = j == end or (i < middle and before(results, work[here + i], work[here + j]))
                if left:
                    work[there + n] = work[here + i]
                    i += 1
                else:
                    work[there + n] = work[here + j]
                    j += 1
        here, there = there, here
        width *= 2
    for n in range(low, high):
        results[work[here + n]] = n - low
        work[n] = work[here + n]


@njit(inline="always")
def before(values, one, other):
    """Say whether one member has the larger value, or the same and the smaller number."""
    a, b = values[one], values[other]
    return a > b or (a == b and one < other)
