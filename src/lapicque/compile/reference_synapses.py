"""Code of synapses as the reference interpreter runs it: one synapse after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lapicque.compile.circuit import Circuit, Coded
from lapicque.compile.lanes import LANES
from lapicque.compile.pathway_code import OUTPUT, OWN, PRE, TRACE, Code, lower, lower_flow
from lapicque.compile.random_kernels import normal, uniform
from lapicque.compile.reference import Interpreter, evaluate
from lapicque.compile.reference_memory import Edges, Memory, value_of
from lapicque.compile.store import Read
from lapicque.compile.subnormals import flushed
from lapicque.random import stream_key


class RunCode:
    """The synapses of a pathway with code.

    Parameters
    ----------
    pathway : Coded
    circuit : Circuit
    cells : interpreters of all populations
    memories : store -> its memory
    """

    def __init__(
        self, pathway: Coded, circuit: Circuit, cells: Sequence[Interpreter | None], memories: dict[int, Memory],
        dtype: Any, trial: int,
    ):  # fmt: skip
        neuron = circuit.cells[pathway.target].neuron
        assert neuron is not None
        self.pathway, self.dtype, self.trial, self.dt, self.cells = pathway, dtype, trial, circuit.dt, cells
        self._back = [x for x in pathway.text.written if x.startswith(PRE)]
        self.memory = memories[id(pathway.store)] if pathway.store is not None else None
        self.edges = self.memory.edges if self.memory is not None else Edges(pathway)
        others = {mark: circuit.cells[n].neuron for mark, n in pathway.marks.items()}
        if pathway.trigger.at == "flow":
            self.code: Code = lower_flow(pathway.text, neuron, others, pathway.maps)
        else:
            self.code = lower(pathway.text, neuron, others)
        order = self.edges.order
        self._values = {name: flushed(v.all(pathway.wiring, dtype))[order] for name, v in pathway.values.items()}
        self._keys = {draw: stream_key(circuit.seed, pathway.stream(draw)) for draw in self.code.draws}
        self.sent: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._before: dict[str, np.ndarray] = {}
        self._reduced: dict[str, np.ndarray] = {}
        lag = pathway.trigger.lag
        self.longest = int(self.edges.lags.max(initial=0)) if lag is None else lag
        side = (
            {"pre": -1, "post": -1} if pathway.store is None else {"pre": pathway.store.pre, "post": pathway.store.post}
        )
        self._side = side.get(pathway.trigger.at, -1)

    @property
    def target(self) -> Interpreter:
        """The neurons whose variables the code writes."""
        cells = self.cells[self.pathway.target]
        assert cells is not None
        return cells

    def note(self, k: int, spiking: np.ndarray) -> None:
        """Remember the events of step ``k`` with their outputs."""
        cells = self.cells[self.pathway.trigger.population]
        outputs = cells.output()[spiking] if cells is not None else np.ones(len(spiking), self.dtype)
        self.sent[k] = spiking, outputs
        self.sent.pop(k - self.longest - 1, None)

    def look(self) -> None:
        """Remember what the code may read of other populations now."""
        self._before = {name: self._read(read) for name, read in self.pathway.reads.items()}

    def _read(self, read: Read) -> np.ndarray:
        cells = self.cells[read.population]
        assert cells is not None
        early = self.pathway.trigger.early
        if read.variable == OUTPUT:
            return cells.output()
        return cells.read(read.variable) if early else cells.value(read.variable)

    def run(self, k: int) -> None:
        """Run the code of every event that arrives in step ``k``."""
        self._begin()
        for emitted in sorted(self.sent):
            spiking, outputs = self.sent[emitted]
            for neuron, output in zip(spiking.tolist(), outputs, strict=True):
                traces = self._traced(neuron, k, output) if self._side >= 0 and self._due(k, emitted) else None
                for e in self._touched_by(neuron, k - emitted):
                    self._one(e, k, output, traces)
                if traces is not None:
                    self._keep(neuron, traces)
        self._end()

    def _begin(self) -> None:
        """What is written to sources begins as it is now; the source has it when the pathway has run."""
        for name in self._back:
            self._before[name] = self._source.value(name.removeprefix(PRE))

    def _end(self) -> None:
        for name in self._back:
            self._source.overwrite(name.removeprefix(PRE), self._before[name])

    @property
    def _source(self) -> Interpreter:
        source = self.cells[self.pathway.source]
        assert source is not None
        return source

    def _due(self, k: int, emitted: int) -> bool:
        return k - emitted == self.pathway.trigger.lag

    def _touched_by(self, neuron: int, ago: int) -> np.ndarray:
        """Return the synapses for which an event of a neuron arrives now, ``ago`` steps after it happened."""
        trigger, edges = self.pathway.trigger, self.edges
        if trigger.lag is not None and ago != trigger.lag:
            return np.empty(0, np.int64)
        if trigger.at == "pre":
            mine = edges.of(np.array([neuron]))
            return mine if trigger.lag is not None else mine[edges.lags[mine] == ago]
        if trigger.at == "post":
            return np.flatnonzero(edges.targets == neuron)
        if trigger.shared:
            return np.arange(len(edges.targets)) if neuron == trigger.neurons else np.empty(0, np.int64)
        return np.flatnonzero(np.asarray(trigger.neurons)[edges.targets] == neuron)

    def _traced(self, neuron: int, k: int, output: Any) -> list[tuple[str, np.ndarray]]:
        """Return what the statements that write traces of this side give, in order."""
        cells = self.cells[self._side]
        assert cells is not None
        names = self._names(np.empty(0, np.int64), k, neuron)
        names[OUTPUT] = np.array([output], self.dtype)
        found = []
        for variable, node in self.code.statements:
            if variable.startswith(TRACE):
                names[variable] = value_of(node, names, self.dtype, (1,))
                found.append((variable, names[variable]))
        return found

    def _keep(self, neuron: int, traces: list[tuple[str, np.ndarray]]) -> None:
        cells = self.cells[self._side]
        assert cells is not None
        for variable, value in traces:
            _put(cells, variable.removeprefix(TRACE), neuron, value[0])

    def _one(self, e: int, k: int, output: Any, traces: list[tuple[str, np.ndarray]] | None = None) -> None:
        target, memory = self.target, self.memory
        n, s = int(self.edges.targets[e]), int(self.edges.sources[e])
        if memory is not None:
            memory.touch(np.array([e]), k - self.pathway.trigger.early)
        names = {OUTPUT: np.array([output], self.dtype), **self._names(np.array([e]), k)}
        written = iter(traces or ())
        for variable, node in self.code.statements:
            if variable.startswith(TRACE):
                names[variable] = next(written)[1]
                continue
            value = value_of(node, names, self.dtype, (1,))
            if variable.startswith(OWN):
                assert memory is not None
                memory.states[variable][e] = value[0]
            elif variable.startswith(PRE):
                self._before[variable][s] = value[0]
            elif variable in self.pathway.held and not target.free[n]:
                continue
            else:
                _put(target, variable, n, value[0])
            names[variable] = value

    def everyone(self, k: int) -> None:
        """Run the code of every synapse, by source, at the beginning of step ``k``."""
        self._reduced = self._reduce(k) if self.code.reductions else {}
        self._begin()
        for e in range(len(self.edges.targets)):
            self._one(e, k, 1.0)
        self._end()

    def _reduce(self, k: int) -> dict[str, np.ndarray]:
        """Return what is reduced over the synapses of each target or source.

        Those of a target are added one after the other; of those of a source, first those to every 64 targets, so that
        threads, which own as many, can add theirs.
        """
        memory, edges = self.memory, self.edges
        assert memory is not None
        e = np.arange(len(edges.targets))
        memory.touch(e, k - 1)
        names, found = self._names(e, k), {}
        for name, function, by, node in self.code.reductions:
            values = value_of(node, names, self.dtype, e.shape)
            ends, rows = (edges.targets, 1) if by == "post" else (edges.sources, self.target.size // LANES + 1)
            size = int(ends.max(initial=-1)) + 1
            start = {"max": -np.inf, "min": np.inf}.get(function, 0.0)
            parts = np.full((rows, size), start, self.dtype)
            where = (edges.targets // LANES if by == "pre" else np.zeros_like(ends), ends)
            {"max": np.maximum, "min": np.minimum}.get(function, np.add).at(parts, where, values)  # one after the other
            total = parts[0]
            for part in parts[1:]:
                total = {"max": np.maximum, "min": np.minimum}.get(function, np.add)(total, part)
            if function == "mean":
                with np.errstate(invalid="ignore"):
                    total = total / np.bincount(ends, minlength=size).astype(self.dtype)
            found[name] = flushed(total[ends])
        return found

    def advance(self, k: int) -> None:
        """Advance states of all synapses by one step, at once."""
        memory = self.memory
        assert memory is not None
        e = np.arange(len(self.edges.targets))
        names = self._names(e, k)
        for name, node in self.code.lets:
            names[name] = evaluate(node, names, self.dtype)
        new = {x: value_of(node, names, self.dtype, e.shape) for x, node in self.code.statements}
        memory.states.update(new)

    def add(self, total: np.ndarray, k: int) -> None:
        """Add each synapse's term to its target, one after the other."""
        ((_, node),) = self.code.statements
        e = np.arange(len(self.edges.targets))
        terms = value_of(node, self._names(e, k), self.dtype, e.shape)
        np.add.at(total, self.edges.targets, terms)

    def _names(self, e: np.ndarray, k: int, alone: int | None = None) -> dict[str, Any]:
        """Return what names stand for in some synapses; or for what a neuron does alone."""
        pathway, dtype, target = self.pathway, self.dtype, self.target
        if alone is None:
            n, s = self.edges.targets[e], self.edges.sources[e]
        else:
            n = s = np.array([alone])
        shape = n.shape
        only = {"pre": (True, False), "post": (False, True)}.get(pathway.trigger.at, (False, False))
        at_source, at_target = (True, True) if alone is None else only

        def chosen(value: Any, where: np.ndarray) -> np.ndarray:
            value = np.asarray(value, np.float64)
            return flushed((np.broadcast_to(value, shape) if value.ndim == 0 else value[where]).astype(dtype))

        names: dict[str, Any] = {}
        if at_target:
            names |= {name: chosen(value, n) for name, value in pathway.constants.items()}
        if at_source:
            names |= {name: chosen(value, s) for name, value in pathway.source_constants.items()}
        for name, read in pathway.reads.items():
            values = self._before[name]
            if read.by == "source" and at_source:
                names[name] = values[s]
            elif read.by == "one":
                names[name] = np.full(shape, values[read.neurons])
            elif read.by == "target" and at_target:
                names[name] = values[np.asarray(read.neurons)[n]]
        for name, v in pathway.values.items():
            if v.constant is not None:
                names[name] = np.full(shape, self._values[name][:1] if len(self._values[name]) else dtype(v.constant))
            elif alone is None:
                names[name] = self._values[name][e]
        if alone is None and self.memory is not None:
            names |= {name: values[e] for name, values in self.memory.states.items()}
        if pathway.store is not None:
            for name, population in pathway.store.traces.items():
                where = s if population == pathway.store.pre else n
                if alone is None or population == self._side:
                    cells = self.cells[population]
                    assert cells is not None
                    names[name] = cells.state[name.removeprefix(TRACE)][where]
        if at_target:
            known = [name for name, _ in pathway.text.dimensions if target.knows(name) and name not in names]
            names |= {name: target.value(name)[n] for name in known}
        names |= {name: values[e] for name, values in self._reduced.items()}
        names |= {"t": np.full(shape, k * self.dt), "dt": np.full(shape, self.dt)}
        if alone is None:
            for draw, kind in self.code.draws.items():
                function = normal if kind == "normal" else uniform
                names[draw] = function(self._keys[draw], k, self.edges.order[e], self.trial, dtype)
        return names


def _put(cells: Interpreter, variable: str, n: int, value: Any) -> None:
    whole = cells.state[variable].copy()
    whole[n] = value
    cells.overwrite(variable, whole)
