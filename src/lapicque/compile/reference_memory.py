"""What the reference interpreter remembers of synapses: lists by source, increments, states."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.compile.circuit import Additive, Circuit, Coded
from lapicque.compile.nodes import Node
from lapicque.compile.pathway_code import ELAPSED, lower_lazy
from lapicque.compile.reference import evaluate
from lapicque.compile.store import Store
from lapicque.compile.subnormals import flushed


class Edges:
    """The synapses of a pathway, sorted by source, then by delay and synapse number.

    Attributes
    ----------
    sources, targets : numbers of neurons of the populations
    lags : steps
    order : synapse number of each
    """

    def __init__(self, pathway: Additive | Coded | Store):
        wiring = pathway.wiring
        indptr, sources = wiring.draw()
        targets = np.repeat(np.arange(wiring.n_target), np.diff(indptr))
        chosen = _chosen(pathway.sources, wiring.n_source)[sources]
        lags = np.zeros(len(sources), np.int64)
        if pathway.delays is not None:
            parts = [np.empty(0, np.int64)]
            for chunk in wiring.chunks(np.arange(wiring.n_target)):
                constant = pathway.delays.constant
                parts.append(pathway.delays.of(chunk) if constant is None else np.full(len(chunk[2]), constant))
            lags = np.concatenate(parts).astype(np.int64)
        self.order = np.lexsort((lags, chosen))
        self.sources, self.lags = chosen[self.order], lags[self.order]
        self.targets = _chosen(pathway.targets, wiring.n_target)[targets[self.order]]

    def of(self, spiking: np.ndarray) -> np.ndarray:
        """Return the synapses of some sources, by source, then by delay and synapse number."""
        return np.flatnonzero(np.isin(self.sources, spiking))


def _chosen(selection: slice | np.ndarray | None, n: int) -> np.ndarray:
    if selection is None:
        return np.arange(n)
    if isinstance(selection, slice):
        return np.arange(selection.start, selection.stop, selection.step)
    return np.asarray(selection)


class Increments:
    """The synapses of an additive pathway."""

    def __init__(self, pathway: Additive, dtype: Any):
        self.pathway, self.edges = pathway, Edges(pathway)
        values = pathway.increments.all(
            pathway.wiring, np.float64 if pathway.increments.constant is not None else dtype
        )
        self._weights = flushed(values.astype(dtype))[self.edges.order]

    def sent(self, spiking: np.ndarray, outputs: np.ndarray | None) -> list[tuple[int, np.ndarray, np.ndarray]]:
        """Return the delay, the targets and the increments of what spikes send, for each delay."""
        edges, mine = self.edges, self.edges.of(spiking)
        amounts = self._weights if outputs is None else flushed(self._weights * outputs[edges.sources])
        found = []
        for lag in np.unique(edges.lags[mine]):
            some = mine[edges.lags[mine] == lag]
            found.append((int(lag), edges.targets[some], amounts[some]))
        return found


class Memory:
    """The states of a projection's synapses.

    Attributes
    ----------
    states : name in the code -> (synapse,), in the order of ``edges``
    touched : (synapse,) int64, the step at whose end each synapse was up to date
    """

    def __init__(self, store: Store, circuit: Circuit, dtype: Any):
        target = circuit.cells[store.target].neuron
        assert target is not None
        self.store, self.edges, self.dtype, self.dt = store, Edges(store), dtype, circuit.dt
        order = self.edges.order
        self.states = {name: flushed(v.all(store.wiring, dtype))[order] for name, v in store.states.items()}
        self.values = {name: flushed(v.all(store.wiring, dtype))[order] for name, v in store.values.items()}
        self.touched = np.full(len(order), -1, np.int64)
        self._lazy = lower_lazy(store.lazy, target) if store.lazy is not None else None

    def now(self, e: Any, k: int) -> dict[str, np.ndarray]:
        """Return the states of some synapses as they are at the end of step ``k``."""
        found = {name: values[e] for name, values in self.states.items()}
        if self._lazy is not None:
            names = {**found, **{name: values[e] for name, values in self.values.items()}}
            for name, value in self.store.constants.items():
                each = np.asarray(value, np.float64)
                each = np.broadcast_to(each if each.ndim == 0 else each[self.edges.targets[e]], self.touched[e].shape)
                names[name] = flushed(each.astype(self.dtype))
            names[ELAPSED] = flushed(((k - self.touched[e]) * self.dt).astype(self.dtype))
            for name, node in self._lazy.statements:
                found[name] = value_of(node, names, self.dtype, np.shape(names[ELAPSED]))
        return found

    def read(self, name: str, k: int) -> np.ndarray:
        """Return a state as it is at the end of step ``k``, (synapse,) by synapse number."""
        return self.by_number(self.now(slice(None), k)[name])

    def by_number(self, values: np.ndarray) -> np.ndarray:
        """Bring what belongs to synapses into the order of their numbers."""
        found = np.empty_like(values)
        found[self.edges.order] = values
        return found

    def put(self, states: dict[str, np.ndarray], ago: np.ndarray | None, step: int) -> None:
        """Take over states by synapse number, as they were when each synapse was touched."""
        self.states = {name: values[self.edges.order].astype(self.dtype) for name, values in states.items()}
        if ago is not None:
            self.touched = step - 1 - ago[self.edges.order].astype(np.int64)

    def write(self, name: str, values: np.ndarray, k: int) -> None:
        """Give a state values at the end of step ``k``, (synapse,) by synapse number."""
        self.touch(slice(None), k)
        self.states[name] = flushed(values.astype(self.dtype))[self.edges.order]

    def touch(self, e: Any, k: int) -> None:
        """Bring some synapses up to date at the end of step ``k``."""
        for name, values in self.now(e, k).items():
            self.states[name][e] = values
        self.touched[e] = k


def value_of(node: Node, names: dict[str, Any], dtype: Any, shape: Any) -> np.ndarray:
    """Return what an expression gives, with the names of some synapses."""
    return flushed(np.broadcast_to(evaluate(node, names, dtype), shape).astype(dtype))
