"""The tables of one thread for synapses with code: where their rows, their constants and what they read lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lapicque.compile.bundles import CodeRows, synapse_numbers
from lapicque.compile.circuit import Cells
from lapicque.compile.lanes import LANES
from lapicque.compile.memory import address
from lapicque.compile.network_plan import Compiled, Wired, scalars_of
from lapicque.compile.network_tables import BUNDLE, PUBLISHED, table
from lapicque.compile.subnormals import flushed


class CodeTables:
    """What one thread needs for synapses with code.

    Parameters
    ----------
    partition : the thread's `Partition`, whose neurons are known
    wired, compiled : of the circuit
    keys : name of a random stream -> key; those of code are added to the partition's
    """

    def __init__(self, partition: Any, wired: Wired, compiled: Compiled, keys: Mapping[str, np.uint64]):
        self._part, self._wired, self._compiled, self._keys = partition, wired, compiled, keys
        self._kept: list[Any] = []
        self._scalars: list[float] = []
        self._pointers: list[int] = []
        self._published, self.width = published_places(wired, partition.circuit.cells)
        rows: dict[bool, list[dict[str, int]]] = {False: [], True: []}
        cleared: set[tuple[int, str]] = set()
        for j, code in enumerate(wired.codes):
            if code.rows[partition.number].count:
                rows[code.pathway.summed].append(self._row(j, code, cleared))
        # a sum of which this thread has no synapse stays 0, as its slot is at first
        self.codes, self.sums = table(BUNDLE, rows[False]), table(BUNDLE, rows[True])
        self.g = flushed(np.array(self._scalars or [0.0], partition.kernel.REAL))
        self.pointers = np.array(self._pointers or [0], np.int64)
        self.for_codes, self.for_sums = self._publishing(False), self._publishing(True)

    def _row(self, j: int, code: CodeRows, cleared: set[tuple[int, str]]) -> dict[str, int]:
        part, pathway, r = self._part, code.pathway, code.rows[self._part.number]
        scalars, by_target, by_source = scalars_of(code)
        row = dict(
            SOURCE=pathway.source, TARGET=pathway.target, DELAYS=self._at(r.delays, np.int64), BUCKETS=len(r.delays),
            STARTS=address(r.starts), TARGETS=address(r.targets), OFFSETS=address(r.offsets), LAGS=address(r.delay),
            SYNAPSES=r.count, SOURCES=len(r.starts) - 1, CODE=self._compiled.codes[j, part.number],
            AT_G=len(self._scalars), AT_POINTERS=len(self._pointers), AT_STREAMS=len(part.keys),
        )  # fmt: skip
        self._scalars += scalars.values()
        own = slice(part.first[pathway.target], part.first[pathway.target] + part.size[pathway.target])
        arrays = [value[own] for value in by_target.values()]
        arrays += list(by_source.values())
        arrays += [r.extras[name] for name in code.of_synapses]
        self._pointers += [self._at(flushed(np.asarray(x)), part.kernel.REAL) for x in arrays]
        self._pointers += [
            self._published[pathway.summed, pathway.source, pathway.reads[x]] for x in sorted(pathway.reads)
        ]
        draws = part.kernel.CODE_DRAWS[row["CODE"]]
        part.keys += [self._keys[pathway.stream(draw)] for draw in draws]
        if draws:
            numbers = synapse_numbers(pathway, r, part.bounds[pathway.target], part.number)
            row["NUMBERS"] = self._at(numbers, np.int64)
        if pathway.summed:
            target = pathway.target, pathway.text.statements[0][0]
            row["CLEARS"] = int(target not in cleared)
            cleared.add(target)
        return row

    def _at(self, array: np.ndarray, dtype: Any) -> int:
        self._kept.append(np.ascontiguousarray(array, dtype))
        return address(self._kept[-1])

    def _publishing(self, summed: bool) -> np.ndarray:
        part, rows = self._part, []
        for (mine, population, name), out in self._published.items():
            if mine == summed:
                slots = part.kernel.SLOTS[part.models[population]]
                rows.append(dict(WHOSE=population, SLOT=slots[name] * LANES, BLOCK=len(slots) * LANES, OUT=out))
        return table(PUBLISHED, rows)


def published_places(wired: Wired, cells: Sequence[Cells]) -> tuple[dict[tuple[bool, int, str], int], int]:
    """Return where what synapses read of their sources is published, and the width of all of it.

    Keys are (for a sum, population, variable); the places are the same for all threads.
    """
    found: dict[tuple[bool, int, str], int] = {}
    width = 0
    for code in wired.codes:
        p = code.pathway
        for name in sorted(p.reads):
            key = p.summed, p.source, p.reads[name]
            if key not in found:
                found[key] = width
                width += cells[p.source].size
    return found, width


def code_keys(codes: Sequence[CodeRows], compiled: Compiled) -> list[str]:
    """Return the names of the random streams of synapses with code."""
    found: list[str] = []
    for (j, _), number in compiled.codes.items():
        found += [codes[j].pathway.stream(draw) for draw in compiled.kernel.CODE_DRAWS[number]]
    return found
