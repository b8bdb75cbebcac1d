"""Run a plan: lay out its memory, call the kernel, read what it left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.compile import cache
from lapicque.compile.event import memory
from lapicque.compile.event.plan import EventCells, EventPathway, EventPlan
from lapicque.compile.random_kernels import uniform
from lapicque.compile.vector_math import log
from lapicque.errors import SchemeError, SimulationError

if TYPE_CHECKING:
    from lapicque.compile.event.solve import Solved

_EVENTS_A_CALL = 50_000  # some hundredths of a second: between looks at the outside


def solved(cells: EventCells) -> Solved:
    """Return a population's closed form.

    Raises
    ------
    SchemeError
        If there is none, with the neuron, the variable and the reason.
    """
    from lapicque.compile.event.solve import solve
    from lapicque.model.hybrid import Hybrid

    assert cells.neuron is not None
    try:
        return solve(Hybrid.of(cells.neuron), cells.changing, cells.closed_form)
    except SchemeError as error:
        raise SchemeError(f"the event-driven engine cannot run {cells.neuron.name!r}: {error}") from None


def kernel_of(plan: EventPlan) -> tuple[ModuleType, list[int]]:
    """Return the compiled kernel of a plan and each population's kind."""
    keys: list[Any] = []
    kinds, models = [], []
    for cells in plan.cells:
        if cells.neuron is None:
            kinds.append(memory.LIST)
            continue
        key = (cells.neuron.structure, cells.changing, cells.closed_form)
        if key not in keys:
            keys.append(key)
            models.append(cells)
        kinds.append(keys.index(key))

    def source() -> str:
        from lapicque.compile.event.generate import generate

        return generate([solved(cells) for cells in models])

    return cache.kernel(f"event-driven {keys!r}", source), kinds


class EventRun:
    """A network between two events: it can be run further, looked at, and changed.

    Attributes
    ----------
    time : ms, up to which all events have happened
    """

    def __init__(
        self,
        plan: EventPlan,
        sample_times: Any = (),
        watched: Mapping[int, Any] | None = None,
        trial: int = 0,
    ):
        """Lay out memory.

        Parameters
        ----------
        sample_times : (sample,), ms, ascending
        watched : population -> neurons whose states are kept at these times
        trial : which of the runs with the same keys of random numbers
        """
        self.plan, self.time, self.trial = plan, 0.0, trial
        self.kernel, self.kinds = kernel_of(plan)
        self.begins = np.concatenate([[0], np.cumsum([cells.size for cells in plan.cells])]).astype(np.int64)
        self.cells = self._lay_out_cells()
        self.wires = self._lay_out_wires()
        self.clock = np.zeros(memory.CLOCK, np.int64)
        self.clock[memory.TRIAL] = trial
        self.flights = _flights(2 * len(self.wires.row) + 1024)
        self.watched = {} if watched is None else {p: np.asarray(n, np.int64) for p, n in watched.items()}
        self.book = self._lay_out_book(np.asarray(sample_times, float))

    # -- memory ------------------------------------------------------------------------------------------------------

    def _lay_out_cells(self) -> memory.Cells:
        total = int(self.begins[-1])
        who = np.zeros((total, 7), np.int64)
        when = np.zeros((total, 4))
        when[:] = [0.0, -np.inf, np.inf, -np.inf]
        who[:, memory.TOUCHED] = -1
        states, constants = [np.empty(0)], [np.empty(0)]
        keys: list[np.uint64] = []
        states_size = constants_size = 0
        for p, cells in enumerate(self.plan.cells):
            here = slice(int(self.begins[p]), int(self.begins[p + 1]))
            who[here, memory.KIND] = self.kinds[p]
            if cells.rates is not None:
                rates = np.broadcast_to(np.asarray(cells.rates, float), cells.size)
                elements = np.arange(cells.size)
                who[here, memory.KIND] = memory.POISSON
                who[here, memory.CONSTANTS] = constants_size + elements
                who[here, memory.COUNT], who[here, memory.REPEATS] = len(keys), elements
                waiting = -log(uniform(np.uint64(cells.key), 0, elements, self.trial, np.float64))
                with np.errstate(divide="ignore"):
                    when[here, memory.DUE] = waiting / rates
                keys.append(np.uint64(cells.key))
                constants.append(rates)
                constants_size += cells.size
                continue
            if cells.neuron is None:
                assert cells.given is not None
                times, offsets = np.asarray(cells.given[0], float), np.asarray(cells.given[1], np.int64)
                who[here, memory.STATES] = constants_size + offsets[:-1]
                who[here, memory.CONSTANTS] = constants_size + offsets[1:]
                some = offsets[:-1] < offsets[1:]
                when[here, memory.DUE][some] = times[offsets[:-1][some]]
                constants.append(times)
                constants_size += len(times)
                continue
            rows = self._constants(p)
            names = self.kernel.STATE_NAMES[self.kinds[p]]
            values = np.zeros((cells.size, len(names)))
            for n, name in enumerate(names):
                values[:, n] = cells.initial.get(name, 0.0)
            own = rows.shape[1] if len(rows) > 1 else 0
            who[here, memory.STATES] = states_size + np.arange(cells.size) * len(names)
            who[here, memory.CONSTANTS] = constants_size + np.arange(cells.size) * own
            who[here, memory.COUNT] = len(names)
            states.append(values.ravel())
            constants.append(rows.ravel())
            states_size += values.size
            constants_size += rows.size
        heap = np.empty((2, total), np.int64)
        heap[0] = np.argsort(when[:, memory.DUE], kind="stable")
        heap[1, heap[0]] = np.arange(total)
        return memory.Cells(
            who, when, heap, np.concatenate(states), np.concatenate(constants), np.array(keys, np.uint64)
        )

    def _constants(self, p: int) -> np.ndarray:
        """Return what a population's kernel needs: (1 or neuron, constant)."""
        cells, kind = self.plan.cells[p], self.kinds[p]
        given = {**cells.parameters, "N": float(cells.size)}
        with np.errstate(all="ignore"):
            found = self.kernel.coefficients(kind, {"i": np.arange(cells.size, dtype=float), **given}, cells.size)
        arrays = [np.asarray(value, float) for value in found]
        rows = cells.size if any(a.ndim and len(a) > 1 for a in arrays) else 1
        table = np.empty((rows, len(arrays)))
        for n, a in enumerate(arrays):
            table[:, n] = a if rows > 1 or not a.ndim else a[0]
        return table

    def _lay_out_wires(self) -> memory.Wires:
        source, row, target, synapse = ([] for _ in range(4))
        offset = 0
        for pathway in self.plan.pathways:
            rows, counts, targets, values = _by_source(pathway)
            kind = self.kinds[pathway.target]
            ends = offset + np.cumsum(counts)
            slot = self.kernel.STATE_NAMES[kind].index(pathway.variable)
            held = pathway.variable in self.kernel.HELD_NAMES[kind]
            table = np.empty((len(rows), 4), np.int64)
            table[:, memory.FIRST], table[:, memory.LAST] = ends - counts, ends
            table[:, memory.SLOT], table[:, memory.HELD] = slot, held
            source.append(rows + self.begins[pathway.source])
            row.append(table)
            target.append((targets + self.begins[pathway.target]).astype(np.int32))
            synapse.append(values)
            offset += len(targets)
        sources = _join(source, np.int64)
        order = np.argsort(sources, kind="stable")
        rows_at = np.searchsorted(sources[order], np.arange(self.begins[-1] + 1))
        return memory.Wires(
            rows_at.astype(np.int64), order.astype(np.int64), _join(row, np.int64, 4), _join(target, np.int32),
            _join(synapse, np.float64, 2),
        )  # fmt: skip

    def _lay_out_book(self, sample_times: np.ndarray) -> memory.Book:
        plan, total = self.plan, int(self.begins[-1])
        watched = [np.empty((0, 2), np.int64)]
        width = 0
        for p, neurons in self.watched.items():
            count = len(self.kernel.STATE_NAMES[self.kinds[p]])
            places = width + count * np.arange(len(neurons))
            watched.append(np.column_stack([neurons + self.begins[p], places]))
            width += count * len(neurons)
        when, what = [np.empty((0, 2))], [np.empty((0, 2), np.int64)]
        for change in plan.changes:
            size, rows = plan.cells[change.population].size, len(change.times)
            slot = self.kernel.STATE_NAMES[self.kinds[change.population]].index(change.input)
            neurons = np.tile(np.arange(size) + self.begins[change.population], rows)
            values = np.broadcast_to(change.values, (rows, size)).ravel()
            when.append(np.column_stack([np.repeat(change.times, size), values]))
            what.append(np.column_stack([neurons, np.full(rows * size, slot)]))
        change_when = np.concatenate(when)
        order = np.argsort(change_when[:, 0], kind="stable")
        most = max((len(names) for names in self.kernel.STATE_NAMES), default=0) + 8
        return memory.Book(
            np.empty(total + 4096), np.empty(total + 4096, np.int64), sample_times, np.concatenate(watched),
            np.zeros((len(sample_times), width)), change_when[order], np.concatenate(what)[order],
            busy=np.empty((2, total), np.int64), scratch=np.empty((2, most)),
        )  # fmt: skip

    # -- running -----------------------------------------------------------------------------------------------------

    def run(self, until: float, tick: Callable[[float], Any] | None = None) -> None:
        """Run all events before a time in ms.

        Parameters
        ----------
        tick : called with the model time in ms that was passed since the last call

        Raises
        ------
        SimulationError
            If a neuron spikes without end at one time, or its states are no longer numbers.
        """
        fresh = True
        while True:
            reason = self.kernel.run(
                self.cells, self.wires, self.flights, self.book, self.clock, float(until), _EVENTS_A_CALL, fresh
            )
            fresh = False
            if reason == memory.DONE:
                break
            if reason == memory.MORE_FLIGHTS:
                self.flights = _grown(self.flights, len(self.wires.row))
            elif reason == memory.MORE_SPIKES:
                book, more = self.book, len(self.book.spike_times) + len(self.cells.who)
                self.book = book._replace(
                    spike_times=np.concatenate([book.spike_times, np.empty(more)]),
                    spike_neurons=np.concatenate([book.spike_neurons, np.empty(more, np.int64)]),
                )
            elif reason != memory.PAUSED:
                raise self._fault(reason)
            if tick is not None and self.clock[memory.SPIKES]:
                now = float(self.book.spike_times[self.clock[memory.SPIKES] - 1])
                tick(now - self.time)
                self.time = now
        if tick is not None:
            tick(until - self.time)
        self.time = float(until)

    def _fault(self, reason: int) -> SimulationError:
        fault = int(self.clock[memory.FAULT])
        p = int(np.searchsorted(self.begins, fault, side="right")) - 1
        who, when = (
            f"neuron {fault - self.begins[p]} of {self.plan.cells[p].name!r}",
            float(self.cells.when[fault, memory.AT]),
        )
        if reason == memory.ENDLESS:
            return SimulationError(
                f"{who} spikes again and again at {when:.12g} ms: its reset leaves it above the threshold, or synapses "
                "without delay excite it in a circle. Give it a refractory period, or the synapses a delay"
            )
        return SimulationError(
            f"{who} has states that are no longer numbers at {when:.12g} ms: a parameter or a weight is impossible"
        )

    # -- what is there -----------------------------------------------------------------------------------------------

    def spikes(self, p: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a population's spike times, one neuron behind the other, and (neuron + 1,) where each begins."""
        count = int(self.clock[memory.SPIKES])
        times, neurons = self.book.spike_times[:count], self.book.spike_neurons[:count]
        here = (neurons >= self.begins[p]) & (neurons < self.begins[p + 1])
        times, neurons = times[here], neurons[here] - self.begins[p]
        counts = np.bincount(neurons, minlength=self.plan.cells[p].size)
        return times[np.argsort(neurons, kind="stable")], np.concatenate([[0], np.cumsum(counts)])

    def states(self, p: int) -> dict[str, np.ndarray]:
        """Return a population's states now, (neuron,); those of the run stay where they are."""
        cells, names = self.plan.cells[p], self.kernel.STATE_NAMES[self.kinds[p]]
        values = np.empty((cells.size, len(names)))
        self.kernel.read(self.cells, int(self.begins[p]), self.time, values)
        return {name: values[:, n] for n, name in enumerate(names)}

    def samples(self, p: int) -> dict[str, np.ndarray]:
        """Return the states of a population's watched neurons, name -> (sample, neuron)."""
        done = int(self.clock[memory.SAMPLE])
        before = 0
        for q, neurons in self.watched.items():
            names = self.kernel.STATE_NAMES[self.kinds[q]]
            width = len(names) * len(neurons)
            if q == p:
                block = self.book.samples[:done, before : before + width].reshape(done, len(neurons), len(names))
                return {name: block[:, :, n] for n, name in enumerate(names)}
            before += width
        raise KeyError(p)


def _by_source(pathway: EventPathway) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the sources that have synapses, how many each, and targets and values of these by (delay, number)."""
    sources, targets = np.asarray(pathway.sources, np.int64), np.asarray(pathway.targets, np.int64)
    values = np.empty((len(sources), 2))
    values[:, memory.WEIGHT], values[:, memory.DELAY] = pathway.weights, pathway.delays
    delays = values[:, memory.DELAY]
    order = np.lexsort((delays, sources)) if np.ndim(pathway.delays) else np.argsort(sources, kind="stable")
    rows, counts = np.unique(sources, return_counts=True)
    return rows, counts, targets[order], values[order]


def _join(pieces: list[np.ndarray], dtype: Any, columns: int = 0) -> np.ndarray:
    return np.concatenate([np.empty((0, columns) if columns else 0, dtype), *pieces])


def _flights(size: int) -> memory.Flights:
    return memory.Flights(np.empty((size, 2)), np.empty((size, 2), np.int64))


def _grown(flights: memory.Flights, more: int) -> memory.Flights:
    extra = _flights(len(flights.time) + more)
    return memory.Flights(*(np.concatenate(pair) for pair in zip(flights, extra, strict=True)))
