"""The tables of one thread for synapses with code: where their rows, their constants and what they read lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lapicque.compile.circuit import Cells
from lapicque.compile.code_rows import CodeRows, synapse_numbers
from lapicque.compile.lanes import LANES
from lapicque.compile.memory import address
from lapicque.compile.network_plan import Compiled, Wired, own_names, scalars_of
from lapicque.compile.network_tables import BUNDLE, PUBLISHED, TRIGGERS, table
from lapicque.compile.pathway_code import PRE
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
        rows: list[dict[str, int]] = []
        self._backs: list[dict[str, int]] = []
        cleared: set[tuple[int, str]] = set()
        for j, code in enumerate(wired.codes):
            if code.runs_in(partition.number):
                rows.append(self._row(j, code, cleared))
        # a sum of which this thread has no synapse stays 0, as its slot is at first
        self.codes, self.backs = table(BUNDLE, rows), table(PUBLISHED, self._backs)
        self.g = flushed(np.array(self._scalars or [0.0], partition.kernel.REAL))
        self.pointers = np.array(self._pointers or [0], np.int64)
        self.for_codes, self.for_sums = self._publishing(False), self._publishing(True)

    def _row(self, j: int, code: CodeRows, cleared: set[tuple[int, str]]) -> dict[str, int]:
        part, pathway, r = self._part, code.pathway, code.rows[self._part.number]
        trigger = pathway.trigger
        scalars, by_target, by_source = scalars_of(code)
        row = dict(
            KIND=TRIGGERS.index(trigger.at), SOURCE=pathway.source, TARGET=pathway.target,
            DELAYS=self._at(r.delays, np.int64), BUCKETS=len(r.delays),
            STARTS=address(r.starts), TARGETS=address(r.targets), OFFSETS=address(r.offsets), LAGS=address(r.delay),
            SYNAPSES=r.count, SOURCES=len(r.starts) - 1, CODE=self._compiled.codes[j, part.number],
            AT_G=len(self._scalars), AT_POINTERS=len(self._pointers), AT_STREAMS=len(part.keys),
            EVENTS=trigger.population, LAG=trigger.lag or 0, INTERVAL=trigger.interval,
        )  # fmt: skip
        self._scalars += scalars.values()
        own = slice(part.first[pathway.target], part.first[pathway.target] + part.size[pathway.target])
        arrays = [value[own] for value in by_target.values()]
        arrays += list(by_source.values())
        arrays += [r.extras[name] for name in code.of_synapses]
        self._pointers += [self._at(flushed(np.asarray(x)), part.kernel.REAL) for x in arrays]
        for name in sorted(pathway.reads):
            read = pathway.reads[name]
            place = self._published[published_key(code, name)]
            self._pointers.append(place + (int(read.neurons) if read.by == "one" else 0))
            if read.by == "target":
                self._pointers.append(self._at(np.maximum(np.asarray(read.neurons)[own], 0), np.int64))
        draws = part.kernel.CODE_DRAWS[row["CODE"]]
        part.keys += [self._keys[pathway.stream(draw)] for draw in draws]
        if draws:
            numbers = synapse_numbers(pathway, r, part.bounds[pathway.target], part.number)
            row["NUMBERS"] = self._at(numbers, np.int64)
        if pathway.summed:
            target = pathway.target, pathway.text.statements[0][0]
            row["CLEARS"] = int(target not in cleared)
            cleared.add(target)
        if trigger.at == "third":
            row |= self._third(code)
        if code.store is not None:
            row |= self._learned(code)
        if code.writes_back:
            row |= self._back(code)
        return row

    def _third(self, code: CodeRows) -> dict[str, int]:
        """Whose events run the code: one neuron, or for each neuron of the population the target that it belongs to."""
        trigger, cells = code.pathway.trigger, self._part.circuit.cells
        if trigger.shared:
            return dict(THIRD=int(trigger.neurons))
        whose = np.full(cells[trigger.population].size, -1, np.int64)
        places = np.asarray(trigger.neurons)
        whose[places[places >= 0]] = np.flatnonzero(places >= 0)
        return dict(THIRD=self._at(whose, np.int64), THIRDS=len(whose))

    def _learned(self, code: CodeRows) -> dict[str, int]:
        """Where the states of the synapses lie, and their traces."""
        part, store = self._part, code.pathway.store
        assert store is not None
        assert code.store is not None
        memory = part.learned[store.projection]
        self._pointers += [address(memory.states[name]) for name in own_names(code)]
        for name, _, by, _ in code.pathway.text.reductions:
            size = part.size[store.target] if by == "post" else part.circuit.cells[store.source].size
            kept = memory.over if by == "pre" else {}  # those of sources are for all threads
            for what, dtype in (("", part.kernel.REAL), ("count", np.int64)):
                array = kept.setdefault(f"{code.pathway.name}/{name}/{what}", np.zeros(size, dtype))
                self._pointers.append(self._at(array, dtype))
        if code.pathway.text.reductions:
            self._pointers.append(self._at(np.zeros(max(1, part.blocks[store.target])), part.kernel.REAL))
        columns = code.store.columns[part.number]
        row = dict(PRE=max(store.pre, 0), POST=max(store.post, 0), TOUCHED=address(memory.touched))
        if columns is not None:
            row |= dict(
                COLUMNS=address(columns.starts), PLACES=address(columns.places), ORIGINS=address(columns.sources)
            )
        return row

    def _back(self, code: CodeRows) -> dict[str, int]:
        """What is written to the sources, in memory that threads share until it is taken back."""
        part, first = self._part, len(self._backs)
        population = code.pathway.source
        slots = part.kernel.SLOTS[part.models[population]]
        for name in code.pathway.text.written:
            if name.startswith(PRE):
                out = self._published[published_key(code, name)]
                slot = slots[name.removeprefix(PRE)] * LANES
                self._backs.append(dict(WHOSE=population, SLOT=slot, BLOCK=len(slots) * LANES, OUT=out))
        return dict(AT_BACK=first, BACKS=len(self._backs) - first)

    def _at(self, array: np.ndarray, dtype: Any) -> int:
        self._kept.append(np.ascontiguousarray(array, dtype))
        return address(self._kept[-1])

    def _publishing(self, early: bool) -> np.ndarray:
        part, rows = self._part, []
        for (mine, population, name, writer), out in self._published.items():
            if mine == early and not writer:
                slots = part.kernel.SLOTS[part.models[population]]
                rows.append(dict(WHOSE=population, SLOT=slots[name] * LANES, BLOCK=len(slots) * LANES, OUT=out))
        return table(PUBLISHED, rows)


_Key = tuple[bool, int, str, str]


def published_key(code: CodeRows, name: str) -> _Key:
    """Return what a variable that code reads is published under.

    Code that writes variables of its source has a copy of its own; others see what was there before.
    """
    pathway = code.pathway
    read = pathway.reads.get(name)
    population, variable = (
        (pathway.source, name.removeprefix(PRE)) if read is None else (read.population, read.variable)
    )
    own = f"{pathway.projection}/{pathway.name}" if name in pathway.text.written else ""
    return pathway.trigger.early, population, variable, own


def published_places(wired: Wired, cells: Sequence[Cells]) -> tuple[dict[_Key, int], int]:
    """Return where what synapses read of other populations is published, and the width of all of it.

    The places are the same for all threads.
    """
    found: dict[_Key, int] = {}
    width = 0
    for code in wired.codes:
        written = [x for x in code.pathway.text.written if x.startswith(PRE)]
        for name in sorted({*code.pathway.reads, *written}):
            key = published_key(code, name)
            if key not in found:
                found[key] = width
                width += cells[key[1]].size
    return found, width


def code_keys(codes: Sequence[CodeRows], compiled: Compiled) -> list[str]:
    """Return the names of the random streams of synapses with code."""
    found: list[str] = []
    for (j, _), number in compiled.codes.items():
        found += [codes[j].pathway.stream(draw) for draw in compiled.kernel.CODE_DRAWS[number]]
    return found
