"""Synapses with code in memory: their rows, their columns where targets have events, and what they remember."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from lapicque.compile.circuit import Circuit, Coded
from lapicque.compile.columns import Columns, columns_of
from lapicque.compile.store import Store
from lapicque.compile.subnormals import flushed
from lapicque.compile.wiring import DelaySteps, Member, Rows, SynapseValues, pack
from lapicque.compile.wiring.rows import in_synapse_order
from lapicque.compile.wiring.values import Constant
from lapicque.threads import run_all


class StoreRows:
    """The synapses of a projection that has states, in each partition.

    Parameters
    ----------
    store : Store
    pathways : all code of the projection
    circuit : Circuit
    bounds : (partition + 1,) neurons of the target that each partition owns
    real : numpy.float32 or numpy.float64
    threads : int, optional
    empty : whether states are only made room for, because they will be written by synapse number

    Attributes
    ----------
    rows : of each partition
    columns : of each partition; None where nothing goes through columns
    """

    def __init__(
        self, store: Store, pathways: Sequence[Coded], circuit: Circuit, bounds: np.ndarray, real: Any,
        threads: int | None, empty: bool = False,
    ):  # fmt: skip
        self.store, self._bounds, self._real, self._threads, self._empty = store, bounds, real, threads, empty
        self._size = circuit.cells[store.source].size
        values: dict[str, SynapseValues] = dict(store.values)
        for pathway in pathways:
            values |= pathway.values
        self.of_synapses = tuple(sorted(name for name, v in values.items() if v.constant is None))
        self._values = {name: values[name] for name in self.of_synapses}
        self._own = [name for name, v in store.states.items() if v.constant is None]
        self._order: list[np.ndarray] | None = None
        drawn = any(pathway.text.random for pathway in pathways)
        self.rows, self._fresh = self._packed(drawn)
        through = any(p.trigger.at == "post" or (p.trigger.at == "third" and not p.trigger.shared) for p in pathways)
        self.columns: list[Columns | None] = [None] * len(self.rows)
        if through:
            sizes = np.diff(bounds)

            def work(p: int, stop: Any) -> Columns:
                return columns_of(self.rows[p].starts, self.rows[p].targets, int(sizes[p]))

            self.columns = run_all(work, range(len(self.rows)), threads)

    def _member(self, whole: bool) -> Member:
        store = self.store
        begun = self._own if whole and not self._empty else []
        weights: SynapseValues = store.states[begun[0]] if begun else Constant(0.0)
        more = {name: store.states[name] for name in begun[1:]}
        bases = [0] * (len(self._bounds) - 1)
        return Member(store.wiring, weights, store.delays, self._bounds, bases, store.sources, store.targets,
                      {**(self._values if whole else {}), **more})  # fmt: skip

    def _packed(self, order: bool) -> tuple[list[Rows], list[dict[str, np.ndarray]]]:
        """Return the rows without what changes, and the initial states of each partition."""
        found = pack([self._member(True)], self._size, self._real, self._threads, order=order or self._empty)
        if self._empty:
            self._order = [_short(r) for r in found]
        rows, states = [], []
        for r in found:
            if self._empty:
                begun = {name: np.zeros(r.count, self._real) for name in self._own}
            else:
                begun = {name: r.extras[name] for name in self._own[1:]}
            if self._own and not self._empty:
                begun[self._own[0]] = r.weights if r.weights is not None else np.empty(0, self._real)
            states.append({name: flushed(values) for name, values in begun.items()})
            kept = {name: r.extras[name] for name in self.of_synapses}
            numbers = r.order if order else None
            rows.append(dataclasses.replace(r, weights=None, weight=0.0, order=numbers, extras=MappingProxyType(kept)))
        return rows, states

    def fresh(self) -> list[dict[str, np.ndarray]]:
        """Return the initial states of each partition: arrays of the caller's own."""
        begun = self._fresh
        if begun is None:
            begun = self._packed(False)[1]
        self._fresh = None  # type: ignore[assignment]
        for p, r in enumerate(self.rows):
            for name, values in self.store.states.items():
                if values.constant is not None:
                    begun[p][name] = np.full(r.count, flushed(np.full(1, values.constant, self._real))[0])
        return begun

    # -- by synapse number -------------------------------------------------------------------------------------------

    def _ordered(self) -> tuple[list[Member], list[Rows]]:
        """Return rows that know the order of their synapses."""
        member = self._member(False)
        if self._order is None:
            known = all(r.order is not None for r in self.rows)
            packed = self.rows if known else pack([member], self._size, self._real, self._threads, order=True)
            self._order = [_short(r) for r in packed]
        return [member], [dataclasses.replace(r, order=o) for r, o in zip(self.rows, self._order, strict=True)]

    def by_number(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """Bring what belongs to synapses, in the order of the rows of each partition, into the order of numbers."""
        return in_synapse_order(*self._ordered(), values)[0]

    def by_row(self, values: np.ndarray) -> list[np.ndarray]:
        """Bring what belongs to synapses, by number, into the order of the rows of each partition."""
        (member,), rows = self._ordered()
        found = []
        for p, r in enumerate(rows):
            targets, _ = member.targets_in(p)
            indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(member.wiring.in_degrees[targets])])
            assert r.order is not None
            found.append(values[member.wiring.numbers(targets, indptr)][r.order])
        return found


def _short(rows: Rows) -> np.ndarray:
    """Return the order of rows in as little memory as it needs."""
    return np.asarray(rows.order, np.uint32 if rows.count < 2**32 else np.int64)


@dataclass(frozen=True, eq=False)
class CodeRows:
    """A pathway with code, and its rows in each partition; targets are counted within the population."""

    pathway: Coded
    rows: tuple[Rows, ...]
    of_synapses: tuple[str, ...]  # names with a value for each synapse, which are extras of the rows
    store: StoreRows | None = None

    @property
    def lag(self) -> int | None:
        """Steps that an event takes; None where each synapse has its delay."""
        return self.pathway.trigger.lag

    def longest(self) -> int:
        """Return for how many steps at most an event is on its way."""
        if self.pathway.trigger.early:
            return 0
        if self.lag is not None:
            return self.lag
        return max((int(r.delays[-1]) for r in self.rows if r.count), default=0)

    def runs_in(self, partition: int) -> bool:
        """Say whether a partition has something to do for it, even if it is only to keep traces of neurons."""
        store = self.pathway.store
        everywhere = store is not None and (store.pre >= 0 or store.post >= 0)
        chained = any(by == "pre" for _, _, by, _ in self.pathway.text.reductions)
        return bool(self.rows[partition].count) or everywhere or self.writes_back or chained

    @property
    def writes_back(self) -> bool:
        """Whether the code writes variables of the source."""
        from lapicque.compile.pathway_code import PRE

        return any(x.startswith(PRE) for x in self.pathway.text.written)


def packed_codes(
    circuit: Circuit,
    bounds: Sequence[np.ndarray],
    precision: str,
    threads: int | None,
    known: tuple[Sequence[CodeRows], Sequence[StoreRows]] | None = None,
) -> tuple[list[CodeRows], list[StoreRows]]:
    """Return the pathways with code, in the order in which they run, and what synapses remember.

    What is ``known`` of a circuit with the same populations is not packed again where its pathways are the same; the
    states of the others are then written by synapse number.
    """
    real = np.dtype(precision).type
    there = {id(code.pathway): code for code in known[0]} if known is not None else {}
    stores = {id(rows.store): rows for rows in known[1]} if known is not None else {}
    for store in circuit.stores:
        if id(store) not in stores:
            mine = [p for p in circuit.codes if p.store is store]
            stores[id(store)] = StoreRows(store, mine, circuit, bounds[store.target], real, threads, known is not None)
    found = []
    for pathway in (*circuit.coded, *circuit.couplings, *circuit.scheduled, *circuit.flows):
        if id(pathway) in there:
            found.append(there[id(pathway)])
            continue
        if pathway.store is not None:
            rows = stores[id(pathway.store)]
            every = {**pathway.store.values, **pathway.values}
            own = tuple(sorted(name for name, v in every.items() if v.constant is None))
            found.append(CodeRows(pathway, tuple(rows.rows), own, rows))
            continue
        extras: Mapping[str, SynapseValues] = {n: v for n, v in pathway.values.items() if v.constant is None}
        delays = pathway.delays or DelaySteps(Constant(0.0), circuit.dt)
        bases = [0] * (len(bounds[0]) - 1)
        member = Member(pathway.wiring, Constant(0.0), delays, bounds[pathway.target], bases, pathway.sources,
                        pathway.targets, extras)  # fmt: skip
        packed = pack([member], circuit.cells[pathway.source].size, real, threads, order=pathway.text.random)
        found.append(CodeRows(pathway, tuple(packed), tuple(sorted(extras))))
    return found, [stores[id(store)] for store in circuit.stores]


def synapse_numbers(pathway: Coded, rows: Rows, bounds: np.ndarray, partition: int) -> np.ndarray:
    """Return the number of each synapse of a partition, in the order of its rows."""
    wiring = pathway.wiring
    numbers = np.arange(wiring.n_target)
    if pathway.targets is not None:
        chosen = np.arange(int(bounds[-1]))[pathway.targets]
        numbers = numbers[(chosen >= bounds[partition]) & (chosen < bounds[partition + 1])]
    else:
        numbers = numbers[int(bounds[partition]) : int(bounds[partition + 1])]
    each = [np.arange(wiring.starts[t], wiring.starts[t + 1]) for t in numbers]
    return np.concatenate([np.empty(0, np.int64), *each])[rows.order]
