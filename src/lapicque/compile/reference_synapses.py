"""Synapses as the reference interpreter sees them: lists by source, code that is run one synapse after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.compile.circuit import Additive, Circuit, Coded
from lapicque.compile.pathway_code import OUTPUT, lower
from lapicque.compile.random_kernels import normal, uniform
from lapicque.compile.reference import Interpreter, evaluate
from lapicque.compile.subnormals import flushed
from lapicque.random import stream_key


class Edges:
    """The synapses of a pathway, sorted by source, then by synapse number.

    Attributes
    ----------
    sources, targets : numbers of neurons of the populations
    lags : steps
    order : synapse number of each
    """

    def __init__(self, pathway: Additive | Coded):
        wiring = pathway.wiring
        indptr, sources = wiring.draw()
        targets = np.repeat(np.arange(wiring.n_target), np.diff(indptr))
        chosen = _chosen(pathway.sources, wiring.n_source)[sources]
        self.order = np.argsort(chosen, kind="stable")
        self.sources = chosen[self.order]
        self.targets = _chosen(pathway.targets, wiring.n_target)[targets[self.order]]
        self.lags = np.zeros(len(sources), np.int64)
        if pathway.delays is not None:
            parts = [np.empty(0, np.int64)]
            for chunk in wiring.chunks(np.arange(wiring.n_target)):
                constant = pathway.delays.constant
                parts.append(pathway.delays.of(chunk) if constant is None else np.full(len(chunk[2]), constant))
            self.lags = np.concatenate(parts).astype(np.int64)[self.order]

    def of(self, spiking: np.ndarray) -> np.ndarray:
        """Return the synapses of some sources, by source, then by synapse number."""
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


class RunCode:
    """The synapses of a pathway with code."""

    def __init__(self, pathway: Coded, circuit: Circuit, dtype: Any, trial: int):
        neuron = circuit.cells[pathway.target].neuron
        assert neuron is not None
        self.pathway, self.edges, self.dtype, self.trial, self.dt = pathway, Edges(pathway), dtype, trial, circuit.dt
        self.code = lower(pathway.text, neuron, circuit.cells[pathway.source].neuron)
        order = self.edges.order
        self._values = {name: flushed(v.all(pathway.wiring, dtype))[order] for name, v in pathway.values.items()}
        self._keys = {draw: stream_key(circuit.seed, pathway.stream(draw)) for draw in self.code.draws}
        self.sent: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._before: dict[str, np.ndarray] = {}
        self.longest = int(self.edges.lags.max(initial=0))

    def note(self, k: int, spiking: np.ndarray, source: Interpreter | None) -> None:
        """Remember the spikes of step ``k`` with their outputs, and what the code may read of the sources now."""
        outputs = source.output()[spiking] if source is not None else np.ones(len(spiking), self.dtype)
        self.sent[k] = spiking, outputs
        self.sent.pop(k - self.longest - 1, None)
        self._before = {name: source.value(x) for name, x in self.pathway.reads.items()} if source else {}

    def run(self, target: Interpreter, k: int) -> None:
        """Run the code of every spike that arrives in step ``k``."""
        for emitted in sorted(self.sent):
            spiking, outputs = self.sent[emitted]
            by_source = dict(zip(spiking.tolist(), outputs, strict=True))
            for e in self.edges.of(spiking):
                if self.edges.lags[e] == k - emitted:
                    self._one(e, target, k, by_source[int(self.edges.sources[e])])

    def _one(self, e: int, target: Interpreter, k: int, output: Any) -> None:
        n = self.edges.targets[e]
        names = self._names(e, target, k) | {OUTPUT: np.array([output], self.dtype)}
        for variable, node in self.code.statements:
            value = flushed(np.broadcast_to(evaluate(node, names, self.dtype), (1,)).astype(self.dtype))
            if variable not in self.pathway.held or target.free[n]:
                whole = target.state[variable].copy()
                whole[n] = value[0]
                target.overwrite(variable, whole)
                names[variable] = value

    def add(self, total: np.ndarray, source: Interpreter | None, target: Interpreter, k: int) -> None:
        """Add each synapse's term to its target, one after the other."""
        assert source is not None
        outputs = source.output() if OUTPUT in self.pathway.reads else None
        self._before = {name: source.read(x) for name, x in self.pathway.reads.items() if x != OUTPUT}
        ((_, node),) = self.code.statements
        e = np.arange(len(self.edges.targets))
        names = self._names(e, target, k)
        if outputs is not None:
            names[OUTPUT] = outputs[self.edges.sources]
        terms = np.broadcast_to(evaluate(node, names, self.dtype), e.shape).astype(self.dtype)
        np.add.at(total, self.edges.targets, flushed(terms))

    def _names(self, e: Any, target: Interpreter, k: int) -> dict[str, Any]:
        e = np.atleast_1d(e)
        n, s = self.edges.targets[e], self.edges.sources[e]
        pathway, dtype = self.pathway, self.dtype

        def chosen(value: Any, where: np.ndarray) -> np.ndarray:
            value = np.asarray(value, np.float64)
            return flushed((np.broadcast_to(value, e.shape) if value.ndim == 0 else value[where]).astype(dtype))

        names = {name: chosen(value, n) for name, value in pathway.constants.items()}
        names |= {name: chosen(value, s) for name, value in pathway.source_constants.items()}
        names |= {name: values[e] for name, values in self._values.items()}
        names |= {name: values[s] for name, values in self._before.items()}
        known = [name for name, _ in pathway.text.dimensions if target.knows(name) and name not in names]
        names |= {name: target.value(name)[n] for name in known}
        names |= {"t": np.full(e.shape, k * self.dt), "dt": np.full(e.shape, self.dt)}
        for draw, kind in self.code.draws.items():
            function = normal if kind == "normal" else uniform
            names[draw] = function(self._keys[draw], k, self.edges.order[e], self.trial, dtype)
        return names
