"""What synapses remember while a network runs, one partition or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.compile.code_rows import StoreRows
from lapicque.compile.pathway_code import ELAPSED, OWN, TRACE, Code, lower_lazy
from lapicque.compile.store import Store
from lapicque.compile.subnormals import flushed

if TYPE_CHECKING:
    from lapicque.compile.network_run import NetworkRun


@dataclass(frozen=True, eq=False)
class Learned:
    """The states of a projection's synapses in one partition, in the order of its rows.

    Attributes
    ----------
    states : name in the code -> (synapse,)
    touched : (synapse,) int32, the step at whose end each synapse was up to date; None where nothing moves by itself
    over : what is reduced over the synapses of sources, the same arrays in all partitions
    """

    states: dict[str, np.ndarray]
    touched: np.ndarray | None
    over: dict[str, np.ndarray]


def learned_of(rows: StoreRows) -> list[Learned]:
    """Return new memory for each partition."""
    lazy = rows.store.lazy is not None
    touched = [np.full(r.count, -1, np.int32) if lazy else None for r in rows.rows]
    over: dict[str, np.ndarray] = {}
    return [Learned(states, t, over) for states, t in zip(rows.fresh(), touched, strict=True)]


class Reader:
    """Reads and writes the states of one projection's synapses, by synapse number.

    Parameters
    ----------
    run : NetworkRun
    rows : StoreRows
    """

    def __init__(self, run: NetworkRun, rows: StoreRows):
        self.run, self.rows, self.store = run, rows, rows.store
        self._lazy: Code | None = None
        self._ends: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def _memories(self) -> list[Learned]:
        return [part.learned[self.store.projection] for part in self.run.partitions]

    def read(self, name: str) -> np.ndarray:
        """Return a state as it is at the end of the last step, (synapse,), internal units."""
        store = self.store
        if name in store.traces:
            population = store.traces[name]
            ends = self.ends()[0 if population == store.pre else 1]
            return self.run.read(population, name.removeprefix(TRACE))[ends]
        if store.lazy is not None and name in store.lazy.written:
            return self.rows.by_number([self._now(p)[name] for p in range(len(self._memories))])
        return self.rows.by_number([memory.states[name] for memory in self._memories])

    def write(self, name: str, values: np.ndarray) -> None:
        """Give a state values, (synapse,), internal units."""
        for p, (memory, given) in enumerate(zip(self._memories, self.rows.by_row(values), strict=True)):
            if memory.touched is not None:
                for x, now in self._now(p).items():
                    memory.states[x][:] = now
                memory.touched[:] = self.run.step - 1
            memory.states[name][:] = flushed(given.astype(memory.states[name].dtype))

    def _now(self, p: int) -> dict[str, np.ndarray]:
        """Return the states that move by themselves as they are at the end of the last step, in the order of rows."""
        from lapicque.compile.reference import evaluate  # which needs SymPy: a warm start does not

        memory, store, rows = self._memories[p], self.store, self.rows.rows[p]
        assert store.lazy is not None
        assert memory.touched is not None
        if self._lazy is None:
            target = self.run.circuit.cells[store.target].neuron
            assert target is not None
            self._lazy = lower_lazy(store.lazy, target)
        real = self.run.kernel.REAL
        names: dict[str, Any] = dict(memory.states)
        for name, values in store.values.items():
            alike = values.constant is not None
            names[name] = np.full(rows.count, values.constant, real) if alike else rows.extras[name]
        mine = self.run.bounds[store.target][p] + rows.targets
        for name, value in store.constants.items():
            names[name] = np.broadcast_to(value if np.ndim(value) == 0 else np.asarray(value)[mine], rows.count)
            names[name] = flushed(names[name].astype(real))
        names[ELAPSED] = ((self.run.step - 1 - memory.touched) * self.run.circuit.dt).astype(real)
        with np.errstate(all="ignore"):
            return {
                x: flushed(np.broadcast_to(evaluate(node, names, real), rows.count).astype(real))
                for x, node in self._lazy.statements
            }

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the neurons that synapses come from and lead to, (synapse,), as numbers of their populations."""
        if self._ends is None:
            self._ends = ends_of(self.store)
        return self._ends

    def ago(self) -> np.ndarray:
        """Return how many steps ago each synapse was up to date, (synapse,) int32."""
        step = self.run.step
        return self.rows.by_number([np.asarray(step - 1 - m.touched, np.int32) for m in self._memories])  # type: ignore[operator]

    def put(self, states: dict[str, np.ndarray], ago: np.ndarray | None, step: int) -> None:
        """Take over states by synapse number, as they were when each synapse was touched."""
        for name, values in states.items():
            for memory, given in zip(self._memories, self.rows.by_row(values), strict=True):
                memory.states[name][:] = given
        if ago is not None:
            for memory, given in zip(self._memories, self.rows.by_row(ago), strict=True):
                assert memory.touched is not None
                memory.touched[:] = step - 1 - given

    def raw(self) -> dict[str, np.ndarray]:
        """Return the states as they were when each synapse was touched, by synapse number."""
        return {name: self.rows.by_number([m.states[name] for m in self._memories]) for name in self.store.states}


def ends_of(store: Store) -> tuple[np.ndarray, np.ndarray]:
    """Return the neurons that synapses come from and lead to, (synapse,) int32, as numbers of their populations."""
    indptr, sources = store.wiring.draw()
    targets = np.repeat(np.arange(store.wiring.n_target, dtype=np.int32), np.diff(indptr))
    return _of(store.sources, sources), _of(store.targets, targets)


def _of(selection: slice | np.ndarray | None, numbers: np.ndarray) -> np.ndarray:
    if selection is None:
        return numbers
    if isinstance(selection, slice):
        return (selection.start or 0) + (selection.step or 1) * numbers
    return np.asarray(selection, np.int32)[numbers]


def not_numbers(readers: Sequence[Reader]) -> str:
    """Say which state of a synapse is no longer a number; empty where all are."""
    for reader in readers:
        for name in reader.store.states:
            if any(np.isnan(memory.states[name]).any() for memory in reader._memories):
                return no_number(reader.store, name, reader.raw()[name])
    return ""


def no_number(store: Store, name: str, values: np.ndarray) -> str:
    """Say in which synapse a state, (synapse,), is no longer a number."""
    synapse = int(np.argmax(np.isnan(values)))
    source, target = (int(ends[synapse]) for ends in ends_of(store))
    return (
        f"{store.projection}: {name.removeprefix(OWN)!r} of synapse {synapse}, from neuron {source} to neuron "
        f"{target}, is no longer a number: divide by nothing that can be 0, give it bounds, or use a smaller dt"
    )
