"""Run a circuit on the CPU: one partition of every population for each thread, in stretches that can be interrupted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.compile.bundles import all_bounds
from lapicque.compile.circuit import Circuit
from lapicque.compile.explosion import Watch, finite
from lapicque.compile.in_flight import check_memory
from lapicque.compile.lanes import LANES
from lapicque.compile.learned import Learned, Reader, learned_of, not_numbers
from lapicque.compile.memory import LINE
from lapicque.compile.network_plan import Planner, Wired
from lapicque.compile.network_state import State, put_state, put_values, state_of
from lapicque.compile.network_tables import table
from lapicque.compile.partition import Partition
from lapicque.compile.partition_codes import code_keys
from lapicque.compile.population import check_numbers
from lapicque.compile.recording import PROBE
from lapicque.compile.reductions import width_of
from lapicque.compile.store import Store
from lapicque.errors import SimulationError
from lapicque.random import stream_key
from lapicque.threads import processors

if TYPE_CHECKING:
    from lapicque.compile.rewired import Lent

#: How long a stretch of steps should take, seconds: an interrupt waits for its end.
STRETCH = 0.04
#: Entries of a thread's list of spikes in a stretch; memory that is not touched costs nothing.
LOG = 1 << 25


@dataclass(frozen=True)
class Sampling:
    """A variable to be sampled at the beginning of every ``every``-th step: of neurons, or of synapses with a store."""

    population: int
    name: str
    neurons: np.ndarray
    every: int
    store: Store | None = None


@dataclass(frozen=True)
class Stretch:
    """What happened between two steps.

    Attributes
    ----------
    first, last : steps
    spikes : (spike, 3) int32, stream, neuron and step, of the streams that are logged; in no particular order
    samples : one array (sample, neuron) for each `Sampling`
    counts : (step, stream) how many events there were
    """

    first: int
    last: int
    spikes: np.ndarray
    samples: list[np.ndarray]
    counts: np.ndarray

    def until(self, step: int, every: Sequence[int]) -> Stretch:
        """Return what happened before a step; ``every`` are the samplings' intervals."""
        rows = [-(-step // n) - -(-self.first // n) for n in every]
        return Stretch(
            self.first,
            step,
            self.spikes[self.spikes[:, 2] < step],
            [s[:n] for s, n in zip(self.samples, rows, strict=True)],
            self.counts[: step - self.first],
        )


class NetworkRun:
    """A circuit in memory, at some step.

    Parameters
    ----------
    circuit : Circuit
    methods : population -> scheme or its name; absent: the default scheme
    precision : ``"float32"`` or ``"float64"``
    threads : int, optional
    samplings : variables to be recorded
    logged : events to be recorded, (population, event)
    trial : int
    like : NetworkRun or Lent, optional
        A run with the same synapses and as many threads, which lends them; or what one whose other synapses have
        changed lends, what they remember too.
    """

    def __init__(
        self,
        circuit: Circuit,
        methods: Mapping[str, Any] | None = None,
        precision: str = "float64",
        threads: int | None = None,
        samplings: Sequence[Sampling] = (),
        logged: Sequence[tuple[int, str]] = (),
        trial: int = 0,
        like: NetworkRun | Lent | None = None,
    ):
        self.circuit, self.precision, self.trial = circuit, precision, trial
        self.samplings = tuple(samplings)
        blocks = sum(-(-cells.size // LANES) for cells in circuit.cells if cells.beside < 0)
        # where synapses learn, threads meet in every step, which takes as long as a dozen blocks
        self.threads = threads or max(1, min(processors(), blocks // (16 if circuit.stores else 4)))
        self.bounds = all_bounds(circuit, self.threads)
        self.wired: Wired = Wired.of(circuit, self.bounds, precision, threads) if like is None else like.wired
        self.shortest, self.longest = self.wired.delays()
        observed = self._observed()
        sampled = any(s.store is None for s in self.samplings)
        planner = Planner(circuit, self.wired, methods or {}, precision, observed, sampled)
        self.late = bool(planner.reason)
        slots = self._allocate()
        self._compiled = planner.compiled()
        self.models, self.kernel = self._compiled.models, self._compiled.kernel
        self.streams = [(n, event) for n, cells in enumerate(circuit.cells) for event in cells.events]
        self.logged = np.array([int(stream in logged) for stream in self.streams] or [0], np.int64)
        keys = self._keys()
        constants = [self.constants(n) for n in range(len(circuit.cells))]
        watched = [n for n, names in enumerate(observed) if names]
        lent: Mapping[str, list[Learned]] = getattr(like, "learned", {})
        learned = {
            name: lent[name] if name in lent else learned_of(rows)
            for name, rows in ((rows.store.projection, rows) for rows in self.wired.stores)
        }
        self.readers = {id(rows.store): Reader(self, rows) for rows in self.wired.stores}
        self.partitions = [
            Partition(p, circuit, self._compiled, self.wired, constants, self.bounds, slots, keys, watched,
                      {name: memories[p] for name, memories in learned.items()})
            for p in range(self.threads)
        ]  # fmt: skip
        self.varying = [part for part in self.partitions if part.varying]
        width = self.partitions[0].coded.width + width_of(circuit)  # of what all threads read
        self.shared = np.zeros((2, max(1, width)), self.kernel.REAL)
        self.step, self.changes = 0, 0
        self._pool = ThreadPoolExecutor(self.threads - 1, "lapicque") if self.threads > 1 else None
        self._length = max(1, 4096 // max(1, blocks))
        self.calls = any(feed.call is not None for cells in circuit.cells for feed in cells.feeds)
        self._watch = Watch(self)

    # -- setting up --------------------------------------------------------------------------------------------------

    def _observed(self) -> list[tuple[str, ...]]:
        """Return the algebraic variables that are recorded, by population."""
        found: list[tuple[str, ...]] = []
        for n, cells in enumerate(self.circuit.cells):
            names = dict.fromkeys(s.name for s in self.samplings if s.population == n)
            known = cells.neuron.algebraic if cells.neuron is not None else {}
            found.append(tuple(name for name in names if name in known))
        return found

    def _allocate(self) -> int:
        """Make what threads share; return how many steps a ring holds."""
        owned = max(sum(int(b[p + 1] - b[p]) for b in self.bounds) for p in range(self.threads))
        self.owned = max(owned, 1)
        self.span: int = 1 if self.late else max(1, min(self.shortest, (1 << 23) // self.owned))
        events = max((len(cells.events) for cells in self.circuit.cells), default=1) or 1
        # one half is written while the other is read; code that spikes run on arrival looks further back
        shape = max(2, self.wired.history() + 1), self.threads, self.span, len(self.circuit.cells), 2, events
        slots = 1 << int(self.longest + self.span).bit_length()
        if self.threads == 1:  # nobody waits at the end of a span: a small ring stays in the processor's memory
            slots = 1 << int(self.longest + 1).bit_length()
            self.span = min(self.span, slots - 1 - self.longest)
        real = np.dtype(self.precision)
        check_memory(self.wired, slots, shape, self.owned, real.itemsize, self.circuit.dt)
        self.ends = np.zeros(shape, np.int64)
        self.found = np.empty((shape[0], self.threads, events, self.span * self.owned), np.int32)
        self.emitted = np.empty((shape[0], self.threads, self.span * self.owned), real)
        self.counters = np.zeros(self.threads * LINE, np.int64)
        return slots

    def _keys(self) -> dict[str, np.uint64]:
        names = []
        for cells, m in zip(self.circuit.cells, self.models, strict=True):
            draws = self.kernel.DRAWS[m] if m >= 0 else {}
            names += [f"{cells.name}/{name}" for name in (*draws, *(d.name for d in cells.drives))]
        names += code_keys(self.wired.codes, self._compiled)
        return {name: stream_key(self.circuit.seed, name) for name in names}

    def constants(self, n: int) -> list[Any]:
        """Return what the loop needs of a population's parameters."""
        cells, m = self.circuit.cells[n], self.models[n]
        if m < 0:
            return []
        given = {"i": np.arange(cells.size, dtype=float), "N": float(cells.size), **cells.parameters}
        with np.errstate(all="ignore"):
            return self.kernel.COEFFICIENTS[m](given, self.circuit.dt, cells.size)

    # -- running -----------------------------------------------------------------------------------------------------

    def advance(self, last: int, stretched: Callable[[Stretch], Any]) -> None:
        """Run up to step ``last``; ``stretched`` is called with each stretch of steps as it is done.

        Raises
        ------
        SimulationError
            If a state is no longer a number, with the population, the neuron and the step; what happened before that
            step was reported.
        """
        longest = max(1, LOG // max(1, self._loggable()))
        while self.step < last:
            length = 1 if self.calls else min(self._length, longest)
            first, stop = self.step, min(last, self.step + length, self._next_sample())
            self._watch.remember()
            before = perf_counter()
            stretch = self._stretch(first, stop)
            took = perf_counter() - before
            self._length = max(1, min(int((stop - first) * STRETCH / max(took, 1e-6)), 2 * self._length))
            self.step = stop
            spoiled = not finite(self)
            stretched(self._watch.cut(stretch) if spoiled and self._wrong() else stretch)
            if spoiled and (reason := self._wrong()):
                learned = not_numbers(list(self.readers.values()))
                raise SimulationError(f"{learned}. And {reason}" if learned else reason)
        if reason := not_numbers(list(self.readers.values())):
            raise SimulationError(reason)

    def _next_sample(self) -> int:
        """Return the next step at whose beginning states of synapses are sampled, which is done between stretches."""
        steps = [(self.step // s.every + 1) * s.every for s in self.samplings if s.store is not None]
        return min(steps, default=1 << 62)

    def _loggable(self) -> int:
        """Return how many events that are logged can happen in one step, at most, in one partition."""
        populations = [n for (n, _), logged in zip(self.streams, self.logged, strict=False) if logged]
        return max(sum(int(self.bounds[n][p + 1] - self.bounds[n][p]) for n in populations)
                   for p in range(self.threads))  # fmt: skip

    def repeat(self, last: int) -> None:
        """Run up to step ``last`` once more, without recording."""
        if self.step < last:
            kept = self.samplings, self.logged
            self.samplings, self.logged = (), np.zeros_like(self.logged)
            try:
                self._stretch(self.step, last)
            finally:
                self.samplings, self.logged = kept
            self.step = last

    def _stretch(self, first: int, last: int) -> Stretch:
        samples = []
        self._call(first)
        for s in self.samplings:
            rows = -(-last // s.every) - -(-first // s.every)
            samples.append(np.zeros((rows, len(s.neurons)), self.kernel.REAL))
            if s.store is not None and rows:
                samples[-1][0] = self.read_learned(s.store, s.name)[s.neurons]
        room = max(1, (last - first) * self._loggable())
        logs = [np.empty((room, 3), np.int32) for _ in self.partitions]
        written = [np.zeros(1, np.int64) for _ in self.partitions]
        counts = [np.zeros((last - first, len(self.streams)), np.int32) for _ in self.partitions]
        self.counters[:] = 0
        # before any thread begins: where one fails, the others would wait for it
        list((self._pool.map if self._pool else map)(lambda part: part.set_rates(first, last), self.varying))

        def work(p: int) -> None:
            part = self.partitions[p]
            probes = [part.probe(s.population, s.name, s.neurons, s.every, out)
                      for s, out in zip(self.samplings, samples, strict=True) if s.store is None]  # fmt: skip
            events = np.zeros(self.found.shape[2], np.int64)
            self.kernel.advance(
                p, self.threads, first, last, self.span, self.circuit.dt, self.trial, part.arena, part.scratch,
                part.c,
                part.thresholds, part.key_array, part.drives, part.at_places, part.ring, part.words, part.populations,
                part.bundles, part.weights, part.coded.codes, part.coded.g, part.coded.pointers,
                part.coded.for_codes, part.coded.for_sums, part.coded.backs, self.shared, part.reductions.published,
                part.reductions.rows, part.feeds, table(PROBE, probes), self.found,
                self.emitted, self.ends, events, counts[p], self.logged, logs[p], written[p], self.counters,
            )  # fmt: skip

        others = [self._pool.submit(work, p) for p in range(1, self.threads)] if self._pool else []
        try:
            work(0)
        finally:
            for other in others:
                other.result()
        spikes = [log[: n[0]] for log, n in zip(logs, written, strict=True)]
        return Stretch(first, last, np.concatenate(spikes), samples, sum(counts[1:], counts[0]))

    def _call(self, k: int) -> None:
        """Let functions of the user's give the inputs of step ``k``."""
        for n, cells in enumerate(self.circuit.cells):
            for place, feed in enumerate(cells.feeds):
                if feed.call is not None:
                    values = feed.called(k * self.circuit.dt, cells.name)
                    for part in self.partitions:
                        part.feed_values[n, place][0] = values

    def _wrong(self) -> str:
        """Say which state is no longer a number; empty where all are."""
        for part in self.partitions:
            for n, (cells, m) in enumerate(zip(self.circuit.cells, self.models, strict=True)):
                if m >= 0 and part.size[n]:
                    values = {x: part.read(n, x) for x in self.kernel.STATES[m]}
                    try:
                        check_numbers(values, self.kernel.MOVING[m], part.first[n], self.step, self.kernel.SCHEMES[m])
                    except SimulationError as error:
                        return f"{cells.name}: {error}"
        return ""

    def forget(self) -> None:
        """Somebody writes to the memory: what is known of it is out of date."""
        self.changes += 1
        self._watch.forget()

    def state(self) -> State:
        """Return what the run carries into the next step; see `lapicque.compile.network_state`."""
        return state_of(self)

    def set_state(self, state: Mapping[str, np.ndarray], step: int) -> None:
        """Go on from a state at the beginning of a step.

        Raises
        ------
        SimulationError
            If it is that of another circuit.
        """
        self.forget()
        put_state(self, state, step)

    def set_values(self, circuit: Circuit) -> None:
        """Go on with the parameters of a circuit that `lapicque.compile.network_state.fits`."""
        self.forget()
        put_values(self, circuit)

    def read(self, population: int, name: str) -> np.ndarray:
        """Return a variable of a population, (neuron,), internal units."""
        parts = self.partitions[:1] if self.circuit.cells[population].everywhere else self.partitions
        return np.concatenate([part.read(population, name) for part in parts])

    def write(self, population: int, name: str, values: np.ndarray) -> None:
        """Give a state values, (neuron,), internal units."""
        self.forget()
        for part in self.partitions:
            part.fill(population, name, values)

    def read_learned(self, store: Store, name: str) -> np.ndarray:
        """Return a state of synapses, by its name in the code, (synapse,), internal units."""
        return self.readers[id(store)].read(name)

    def write_learned(self, store: Store, name: str, values: np.ndarray) -> None:
        """Give a state of synapses values, (synapse,), internal units."""
        self.forget()
        self.readers[id(store)].write(name, values)

    def ends_of(self, store: Store) -> tuple[np.ndarray, np.ndarray]:
        """Return the neurons that synapses come from and lead to, (synapse,)."""
        return self.readers[id(store)].ends()

    def schemes(self) -> dict[str, str]:
        """Return the name of each population's scheme."""
        pairs = zip(self.circuit.cells, self.models, strict=True)
        return {cells.name: self.kernel.SCHEMES[m] for cells, m in pairs if m >= 0 and cells.beside < 0}

    def describe(self) -> str:
        """Say how the circuit is run, and why so."""
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        often = f"every {self.span} steps" if self.span > 1 else "in every step"
        if self.late:
            return f"{self.precision}, {threads} that meet in every step, because {self._compiled.reason}"
        return f"{self.precision}, {threads} that meet {often}, as delays allow"

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown()
