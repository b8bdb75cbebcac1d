"""The reference interpreter for networks: slow and obvious. It defines what a step of a network means.

One step, in the order that is normative:

0. Stimuli of the step are read; record. Scheduled code of synapses. 1. Reductions over populations, then sums over
synapses, from the values at the beginning of the step. 2. Find who is free. Then, population after population where
immediate projections lead from one to the next, else everywhere at once: immediate arrivals; 3. flow, of synapses too;
4. conditions.
5. Deliver: (a) additive pathways, then code that spikes of the source run, as created; (b) stimulus events; (c) code
that events of the target run; (d) code that events of third parties run. 6. Jumps.

All additive pathways onto one variable are summed from 0, in the order of emission steps (oldest first), projections as
created, sources and synapse numbers, and added once. Code is run in the same order and sees what was written before;
what it reads of the source are the values before any delivery of the step. A write to a variable that holds is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from lapicque.compile.circuit import Cells, Circuit, Coded
from lapicque.compile.kernels import step_of
from lapicque.compile.learned import no_number
from lapicque.compile.network_run import Sampling, Stretch
from lapicque.compile.network_state import State, interpreter_state, put_interpreter_state
from lapicque.compile.pathway_code import TRACE
from lapicque.compile.poisson import counts, thresholds, words
from lapicque.compile.population import check_numbers
from lapicque.compile.reductions import groups_of, reduced
from lapicque.compile.reference import Interpreter
from lapicque.compile.reference_memory import Increments, Memory
from lapicque.compile.reference_synapses import RunCode
from lapicque.compile.store import Store
from lapicque.compile.subnormals import flushed
from lapicque.errors import SimulationError
from lapicque.random import stream_key

#: Steps between looks at the outside.
STRETCH = 20


class NetworkInterpreter:
    """A circuit at some step; the same interface as `lapicque.compile.network_run.NetworkRun`."""

    def __init__(
        self,
        circuit: Circuit,
        methods: Mapping[str, Any] | None = None,
        precision: str = "float64",
        threads: int | None = None,
        samplings: Sequence[Sampling] = (),
        logged: Sequence[tuple[int, str]] = (),
        trial: int = 0,
    ):
        self.circuit, self.samplings, self.trial, self.step = circuit, tuple(samplings), trial, 0
        self.changes = 0
        self.dtype = np.dtype(precision).type
        self.streams = [(n, event) for n, cells in enumerate(circuit.cells) for event in cells.events]
        self.logged = [stream in logged for stream in self.streams]
        self.cells = [self._interpreter(n, cells, methods or {}, precision) for n, cells in enumerate(circuit.cells)]
        self._increments = [Increments(pathway, self.dtype) for pathway in circuit.additive]
        self.coming: dict[tuple[int, str], dict[int, list[tuple[np.ndarray, np.ndarray]]]] = {
            channel: {} for channel in circuit.channels()
        }
        self.memories = {id(store): Memory(store, circuit, self.dtype) for store in circuit.stores}

        def runs(pathways: Sequence[Coded]) -> list[RunCode]:
            return [RunCode(p, circuit, self.cells, self.memories, self.dtype, self.trial) for p in pathways]

        self.codes, self._sums = runs(circuit.coded), runs(circuit.couplings)
        self._scheduled, self._flows = runs(circuit.scheduled), runs(circuit.flows)
        self._levels = circuit.levels()

    def _interpreter(self, n: int, cells: Cells, methods: Mapping[str, Any], precision: str) -> Interpreter | None:
        if cells.neuron is None:
            return None
        names = dict.fromkeys(s.name for s in self.samplings if s.population == n and s.name in cells.neuron.algebraic)
        step = step_of(cells.neuron, methods.get(cells.name), (*names, *cells.reduced), cells.steady)
        keys = {draw: stream_key(self.circuit.seed, f"{cells.name}/{draw}") for draw in step.draws}
        return Interpreter(
            step, cells.parameters, cells.initial, keys, cells.size, self.circuit.dt, precision, trial=self.trial
        )

    def advance(self, last: int, stretched: Callable[[Stretch], Any]) -> None:
        """Run up to step ``last``; ``stretched`` is called with each stretch of steps as it is done.

        Raises
        ------
        SimulationError
            If a state is no longer a number, with the population, the neuron and the step.
        """
        while self.step < last:
            reason = self._stretch(min(last, self.step + STRETCH), stretched)
            if reason:
                raise SimulationError(reason)

    def _stretch(self, last: int, stretched: Callable[[Stretch], Any]) -> str:
        first, found, reason = self.step, [], ""
        samples: list[list[np.ndarray]] = [[] for _ in self.samplings]
        tally = np.zeros((last - first, len(self.streams)), np.int32)
        with np.errstate(all="ignore"):
            while self.step < last and not reason:
                k = self.step
                for stream, neurons in self._one_step(k, samples).items():
                    tally[k - first, stream] = len(neurons)
                    if self.logged[stream]:
                        found.append(
                            np.column_stack([np.full(len(neurons), stream), neurons, np.full(len(neurons), k)])
                        )
                self.step = k + 1
                reason = self._wrong()
        arrays = [np.array(rows, self.dtype).reshape(len(rows), len(s.neurons))
                  for rows, s in zip(samples, self.samplings, strict=True)]  # fmt: skip
        spikes = np.concatenate(found) if found else np.empty((0, 3))
        stretched(Stretch(first, self.step, spikes.astype(np.int32), arrays, tally[: self.step - first]))
        return reason

    def _wrong(self) -> str:
        """Say which state is no longer a number; empty where all are."""
        for memory in self.memories.values():
            for name, values in memory.states.items():
                if np.isnan(values).any():
                    return no_number(memory.store, name, memory.by_number(values))
        for described, cells in zip(self.circuit.cells, self.cells, strict=True):
            if cells is not None:
                try:
                    check_numbers(cells.state, cells.step.new, 0, self.step, cells.step.scheme)
                except SimulationError as error:
                    return f"{described.name}: {error}"
        return ""

    def state(self) -> State:
        """Return what the run carries into the next step; see `lapicque.compile.network_state`."""
        return interpreter_state(self)

    def set_state(self, state: Mapping[str, np.ndarray], step: int) -> None:
        """Go on from a state at the beginning of a step.

        Raises
        ------
        SimulationError
            If it is that of another circuit.
        """
        self.changes += 1
        put_interpreter_state(self, state, step)

    def _one_step(self, k: int, samples: list[list[np.ndarray]]) -> dict[int, np.ndarray]:
        circuit = self.circuit
        # 0. stimuli; 2. who is free; 1. reductions over populations, then sums
        for cells, described in zip(self.cells, circuit.cells, strict=True):
            if cells is not None:
                cells.begin(k, {u: self._input(described, u, k) for u in cells.step.inputs})
                self._reduce(described, cells)
        early = [*self._sums, *self._flows, *self._scheduled]
        for code in early:
            code.look()
        sums: dict[tuple[int, str], np.ndarray] = {}
        for code in self._sums:
            target = code.pathway.target, code.pathway.text.statements[0][0]
            code.add(sums.setdefault(target, np.zeros(self._cells(target[0]).size, self.dtype)), k)
        for (population, name), total in sums.items():
            self._cells(population).read_input(name, total)
        # record
        for sampling, rows in zip(self.samplings, samples, strict=True):
            if k % sampling.every == 0:
                store = sampling.store
                whole = self._cells(sampling.population).read if store is None else partial(self.read_learned, store)
                rows.append(whole(sampling.name)[sampling.neurons])
        # scheduled code, then 3. flow, 4. conditions
        for code in self._scheduled:
            if k % code.pathway.trigger.interval == 0:
                code.everyone(k)
        for code in self._flows:
            code.advance(k)
        now: dict[tuple[int, str], list[tuple[np.ndarray, np.ndarray]]] = {}
        for level in range(max(self._levels, default=0) + 1):
            for n, cells in enumerate(self.cells):
                if self._levels[n] == level and cells is not None:
                    for (population, variable), arrivals in now.items():
                        if population == n:
                            self._arrive(n, variable, arrivals)
                    cells.flow()
                    cells.conditions()
            for increments in self._increments:
                pathway = increments.pathway
                if pathway.immediate and self._levels[pathway.source] == level:
                    arrivals = now.setdefault((pathway.target, pathway.variable), [])
                    arrivals += [(targets, amounts) for _, targets, amounts in self._sent(increments, k)]
        # 5. deliver
        for increments in self._increments:
            pathway = increments.pathway
            if not pathway.immediate:
                coming = self.coming[pathway.target, pathway.variable]
                for lag, targets, amounts in self._sent(increments, k):
                    coming.setdefault(k + lag, []).append((targets, amounts))
        for code in self.codes:
            trigger = code.pathway.trigger
            code.note(k, self._events(trigger.population, trigger.event, k))
            code.look()
        for (population, variable), coming in self.coming.items():
            self._arrive(population, variable, coming.pop(k, []))
        self._run_codes(("pre",), k)
        for cells, described in zip(self.cells, circuit.cells, strict=True):
            for drive in described.drives if cells is not None else ():
                assert cells is not None
                happened = self._drive(described, drive, k)
                cells.write(drive.variable, cells.state[drive.variable] + flushed(self._weight(drive) * happened))
        self._run_codes(("post", "third"), k)
        # 6. jumps
        found = {}
        for n, cells in enumerate(self.cells):
            jumped = cells.jump() if cells is not None else {"spike": self._spiking(n, k)}
            for event, neurons in jumped.items():
                if len(neurons):
                    found[self.streams.index((n, event))] = neurons
        return found

    def _run_codes(self, at: Sequence[str], k: int) -> None:
        for code in self.codes:
            if code.pathway.trigger.at in at:
                code.run(k)

    @staticmethod
    def _reduce(described: Cells, cells: Interpreter) -> None:
        found = {
            one.input: reduced(one.function, cells.read(one.argument), groups_of(described, one.by))
            for one in described.reductions
        }
        for name, values in found.items():
            cells.read_input(name, values)

    def _cells(self, population: int) -> Interpreter:
        cells = self.cells[population]
        assert cells is not None
        return cells

    def _arrive(self, population: int, variable: str, arrivals: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        cells = self._cells(population)
        total = np.zeros(cells.size, self.dtype)
        for targets, amounts in arrivals:
            np.add.at(total, targets, amounts)  # one after the other
        cells.write(variable, cells.state[variable] + flushed(total))

    def _sent(self, increments: Increments, k: int) -> list[tuple[int, np.ndarray, np.ndarray]]:
        source = self.cells[increments.pathway.source]
        outputs = source.output() if source is not None and increments.pathway.graded else None
        return increments.sent(self._spiking(increments.pathway.source, k), outputs)

    def _input(self, cells: Cells, name: str, k: int) -> Any:
        feed = next((feed for feed in cells.feeds if feed.input == name), None)
        return 0.0 if feed is None else feed.at(k, cells.size, self.circuit.dt)  # a sum over synapses comes later

    def _spiking(self, population: int, k: int) -> np.ndarray:
        return self._events(population, 0, k, "spike")

    def _events(self, population: int, event: int, k: int, name: str = "") -> np.ndarray:
        cells, described = self.cells[population], self.circuit.cells[population]
        if cells is not None:
            return np.flatnonzero(cells.happened.get(name or described.events[event], np.zeros(0, bool)))
        assert described.spikes is not None
        steps, neurons = described.spikes
        return neurons[steps == k]

    def _drive(self, cells: Cells, drive: Any, k: int) -> np.ndarray:
        key = stream_key(self.circuit.seed, f"{cells.name}/{drive.name}")
        drawn = words(key, k, np.arange(cells.size), self.trial)
        means = drive.means(np.array([k]))[0]
        number = counts(thresholds(means), drawn)
        return number.astype(self.dtype)

    def _weight(self, drive: Any) -> np.ndarray:
        return flushed(np.asarray(drive.weight, np.float64).astype(self.dtype))

    def read(self, population: int, name: str) -> np.ndarray:
        """Return a state of a population, (neuron,), internal units."""
        cells = self.cells[population]
        assert cells is not None
        return cells.state[name].copy()

    def write(self, population: int, name: str, values: np.ndarray) -> None:
        """Give a state values, (neuron,), internal units."""
        cells = self.cells[population]
        assert cells is not None
        self.changes += 1
        cells.state[name] = flushed(values.astype(self.dtype))

    def read_learned(self, store: Store, name: str) -> np.ndarray:
        """Return a state of synapses, by its name in the code, (synapse,), internal units."""
        memory = self.memories[id(store)]
        if name in store.traces:
            population = store.traces[name]
            ends = memory.edges.sources if population == store.pre else memory.edges.targets
            found = np.empty(len(ends), self.dtype)
            found[memory.edges.order] = self._cells(population).state[name.removeprefix(TRACE)][ends]
            return found
        return memory.read(name, self.step - 1)

    def write_learned(self, store: Store, name: str, values: np.ndarray) -> None:
        """Give a state of synapses values, (synapse,), internal units."""
        self.changes += 1
        self.memories[id(store)].write(name, values, self.step - 1)

    def ends_of(self, store: Store) -> tuple[np.ndarray, np.ndarray]:
        """Return the neurons that synapses come from and lead to, (synapse,)."""
        edges = self.memories[id(store)].edges
        back = np.argsort(edges.order)
        return edges.sources[back], edges.targets[back]

    def schemes(self) -> dict[str, str]:
        """Return the name of each population's scheme."""
        pairs = zip(self.circuit.cells, self.cells, strict=True)
        return {
            described.name: cells.step.scheme
            for described, cells in pairs
            if cells is not None and described.beside < 0
        }

    def describe(self) -> str:
        """Say how the circuit is run."""
        return "the reference interpreter"

    def close(self) -> None:
        """Do nothing: there are no threads."""
