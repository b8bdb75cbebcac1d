"""What a network's recorders gather while it runs: spikes, samples of variables, rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lapicque.compile.circuit import Circuit
from lapicque.compile.network_run import Sampling, Stretch
from lapicque.compile.store import Store as SynapseStore
from lapicque.compile.storing import name_in_code, store_of
from lapicque.errors import SimulationError
from lapicque.model.merge import part_name
from lapicque.network.interval import steps_of
from lapicque.network.network import Network
from lapicque.network.projection import Projection
from lapicque.network.recorder import Recorder
from lapicque.simulation.results import Trace
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import Unit, parse_unit

HZ = parse_unit("Hz")


@dataclass(frozen=True, eq=False)
class Item:
    """One thing that is recorded.

    Attributes
    ----------
    key : what it is called in the result
    kind : ``"events"``, ``"samples"`` or ``"rate"``
    population : number
    name : of the event, or of the variable in the merged neuron
    neurons : numbers of the neurons, or of the synapses
    every : steps
    unit : of samples
    store : whose synapses' states are sampled; None for those of neurons
    """

    key: str
    kind: str
    population: int
    name: str
    neurons: np.ndarray
    every: int
    unit: Unit
    store: SynapseStore | None = None


def items_of(network: Network, circuit: Circuit) -> list[Item]:
    """Return what a network's recorders ask for.

    Raises
    ------
    SimulationError
        If an interval is no whole number of steps.
    """
    numbers = {name: n for n, name in enumerate(network.populations)}
    return [item for recorder in network.recorders.values() for item in _items(recorder, numbers, circuit)]


def _items(recorder: Recorder, numbers: Mapping[str, int], circuit: Circuit) -> list[Item]:
    target = recorder.target
    population = numbers[target.population.name]
    neuron = circuit.cells[population].neuron
    every = _steps(recorder, circuit.dt)
    single = len(recorder.variables) == 1
    base = recorder.name.removesuffix(f".{'+'.join(recorder.variables)}")
    found = []
    for variable in recorder.variables:
        key = recorder.name if single else f"{base}.{variable}"
        if isinstance(recorder.what, Projection) and variable in recorder.what.synapse.learned:
            store = store_of(circuit, recorder.what.name)
            synapses, unit = _synapses(recorder, store.wiring.count), recorder.what.units[variable]
            found.append(Item(key, "samples", -1, name_in_code(store, variable), synapses, every, unit, store))
            continue
        if variable == "rate":
            found.append(Item(key, "rate", population, "spike", target.numbers, every, HZ))
            continue
        events = circuit.cells[population].events
        if variable == "spikes" or (variable in events and (neuron is None or variable not in neuron.variables)):
            key = base if variable == "spikes" and not single else key
            name = "spike" if variable == "spikes" else variable
            found.append(Item(key, "events", population, name, target.numbers, 1, HZ))
            continue
        assert neuron is not None
        name = part_name(*variable.split(".", 1)) if "." in variable else variable
        found.append(Item(key, "samples", population, name, target.numbers, every, neuron.variables[name].unit))
    return found


def _synapses(recorder: Recorder, count: int) -> np.ndarray:
    if recorder.synapses is None:
        return np.arange(count)
    if recorder.synapses.max() >= count:
        raise SimulationError(
            f"the recorder {recorder.name!r} names synapse {recorder.synapses.max()}, but {recorder.what.name!r} has "  # type: ignore[union-attr]
            f"{count}: lq.connections lists them"
        )
    return recorder.synapses


def _steps(recorder: Recorder, dt: float) -> int:
    return (
        1 if recorder.every is None else steps_of(recorder.every, dt, f"the recorder {recorder.name!r} samples every")
    )


class Collector:
    """Takes one item's part of each stretch: rows that only need to be put behind each other.

    Rows of events are (step, neuron) int32, sorted by step, then neuron, where neurons are counted among those that
    are recorded; rows of samples are (neuron,) in the item's unit; rows of rates (1,) in Hz.

    Parameters
    ----------
    item : Item
    circuit : Circuit
    first : step at which the recording begins
    dtype : of samples
    alone : whether no other events are logged
    in_order : whether rows must be sorted; else they are as they come
    """

    def __init__(
        self, item: Item, circuit: Circuit, first: int, dtype: Any, alone: bool = False, in_order: bool = True
    ):
        self._alone, self._in_order = alone, in_order
        size = circuit.cells[item.population].size if item.store is None else item.store.wiring.count
        self.item, self.dt, self.first = item, circuit.dt, first
        streams = [(n, event) for n, c in enumerate(circuit.cells) for event in c.events]
        self._stream = streams.index((item.population, item.name)) if item.kind != "samples" else -1
        self._place = np.full(size, -1, np.int32)
        self._place[item.neurons] = np.arange(len(item.neurons), dtype=np.int32)
        self._whole = _counted(item, circuit)
        self._all = len(item.neurons) == size
        self._open, self._waiting = 0, 0  # events and steps of the bin that is not complete
        kind = {"events": ((2,), np.int32), "rate": ((1,), np.float64)}
        self.shape, kept = kind.get(item.kind, ((len(item.neurons),), dtype))
        self.dtype = np.dtype(kept)

    def take(self, stretch: Stretch, samples: Iterator[np.ndarray]) -> np.ndarray:
        """Return the rows of a stretch; ``samples`` has those of the items that are sampled, in their order."""
        if self.item.kind == "samples":
            values = next(samples)
            return values / values.dtype.type(self.item.unit.scale)
        if self.item.kind == "events":
            return self._events(stretch)
        if self._whole:
            counts = stretch.counts[:, self._stream]
        else:
            counts = np.bincount(self._events(stretch)[:, 0] - stretch.first, minlength=stretch.last - stretch.first)
        return self._bins(counts)

    def _events(self, stretch: Stretch) -> np.ndarray:
        mine = stretch.spikes if self._alone else stretch.spikes[stretch.spikes[:, 0] == self._stream]
        rows = np.empty((len(mine), 2), np.int32)
        rows[:, 0], rows[:, 1] = mine[:, 2], self._place[mine[:, 1]]
        if not self._all:
            rows = rows[rows[:, 1] >= 0]
        return np.column_stack(sorted_pairs(*rows.T)).astype(np.int32) if self._in_order else rows

    def _bins(self, counts: np.ndarray) -> np.ndarray:
        every = self.item.every
        ends = np.arange(every - self._waiting, len(counts) + 1, every)
        sums = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        totals = np.diff(sums[ends], prepend=0)
        if len(ends):
            totals[0] += self._open
        self._open = int(sums[-1] - (sums[ends[-1]] if len(ends) else -self._open))
        self._waiting = (self._waiting + len(counts)) % every
        return self._rate(totals, every)

    def _rate(self, totals: np.ndarray, steps: int) -> np.ndarray:
        return (totals / (steps * self.dt * 1e-3 * len(self.item.neurons)))[:, None]

    def rest(self) -> np.ndarray:
        """Return what is known of the bin that is not complete."""
        if self.item.kind != "rate" or not self._waiting:
            return np.empty((0, *self.shape), self.dtype)
        return self._rate(np.array([self._open]), self._waiting)


class Store(Protocol):
    """Where rows are put."""

    def append(self, number: int, rows: np.ndarray) -> None:
        """Put rows behind those of an item."""

    def reached(self, step: int) -> None:
        """Everything before a step has been appended."""

    def close(self) -> None:
        """Nothing more will come."""


class Memory:
    """Keeps rows in memory."""

    def __init__(self, collectors: list[Collector]):
        self._rows: list[list[np.ndarray]] = [[np.empty((0, *c.shape), c.dtype)] for c in collectors]

    def append(self, number: int, rows: np.ndarray) -> None:
        """Put rows behind those of an item."""
        self._rows[number].append(rows)

    def reached(self, step: int) -> None:
        """Nothing is to be done."""

    def close(self) -> None:
        """Nothing is to be done."""

    def rows(self, number: int) -> np.ndarray:
        """Return all rows of an item."""
        return np.concatenate(self._rows[number])


class Recording:
    """Gathers stretches of a run.

    Parameters
    ----------
    items : what is recorded
    circuit : Circuit
    first : step at which the recording begins
    precision : of samples
    store : where the rows go; by default they are kept in memory
    of : all that the run records, where these items are a part of it
    """

    def __init__(
        self,
        items: list[Item],
        circuit: Circuit,
        first: int = 0,
        precision: str = "float64",
        store: Store | None = None,
        of: list[Item] | None = None,
    ):
        self.items, self.dt, self.first, self.last = items, circuit.dt, first, first
        alone = len(set(logged_of(items if of is None else of, circuit))) == 1
        self.collectors = [
            Collector(item, circuit, first, np.dtype(precision), alone, in_order=store is not None) for item in items
        ]
        self.store: Store = Memory(self.collectors) if store is None else store

    def write(self, stretch: Stretch) -> None:
        """Add a stretch."""
        samples = iter(stretch.samples)
        for number, collector in enumerate(self.collectors):
            rows = collector.take(stretch, samples)
            if len(rows):
                self.store.append(number, rows)
        self.last = stretch.last
        self.store.reached(stretch.last)

    def finish(self) -> None:
        """Add what is known of bins that are not complete."""
        for number, collector in enumerate(self.collectors):
            rows = collector.rest()
            if len(rows):
                self.store.append(number, rows)

    def close(self) -> None:
        """Leave it as it is."""
        self.store.close()

    def results(self) -> tuple[dict[str, SpikeTrains], dict[str, Trace]]:
        """Return spike trains and traces of all that is kept in memory."""
        assert isinstance(self.store, Memory)
        self.finish()
        spikes: dict[str, SpikeTrains] = {}
        traces: dict[str, Trace] = {}
        for number, item in enumerate(self.items):
            rows = self.store.rows(number)
            if item.kind == "events":
                spikes[item.key] = trains_of(rows, item.neurons, self.first, self.last, self.dt)
            else:
                times = times_of(item.kind, item.every, self.first, len(rows), self.dt)
                traces[item.key] = Trace(rows, times, item.unit, item.key, item.neurons)
        return spikes, traces


def trains_of(rows: np.ndarray, neurons: np.ndarray, first: int, last: int, dt: float) -> SpikeTrains:
    """Return the spike trains that rows (step, neuron) mean, between two steps."""
    places, steps = sorted_pairs(rows[:, 1], rows[:, 0])
    offsets = np.concatenate([[0], np.cumsum(np.bincount(places, minlength=len(neurons)))])
    # a step's time is k*dt wherever a run begins, so that a run in parts has the times of the whole
    return SpikeTrains(
        steps * dt, offsets, first * dt, last * dt, (1, len(neurons)), steps, dt, neurons=neurons.tolist()
    )


def sorted_pairs(major: np.ndarray, minor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of numbers from 0 to 2^31 - 1, sorted; one sort of both together is ten times faster than two."""
    both = np.sort((major.astype(np.int64) << 32) | minor)
    return both >> 32, both & 0xFFFFFFFF


def times_of(kind: str, every: int, first: int, rows: int, dt: float) -> np.ndarray:
    """Return the times of rows: samples are taken in multiples of their interval, bins are counted from the first."""
    begin = first if kind == "rate" else -(-first // every) * every
    return (begin + np.arange(rows) * every) * dt


def sampling_of(items: list[Item]) -> tuple[Sampling, ...]:
    """Return the variables that are sampled, in the order of the items."""
    return tuple(Sampling(i.population, i.name, i.neurons, i.every, i.store) for i in items if i.kind == "samples")


def logged_of(items: list[Item], circuit: Circuit) -> list[tuple[int, str]]:
    """Return the events whose every occurrence is needed."""
    return [(i.population, i.name) for i in items if i.kind != "samples" and not _counted(i, circuit)]


def _counted(item: Item, circuit: Circuit) -> bool:
    """Say whether the number of events in the whole population is enough."""
    return item.kind == "rate" and np.array_equal(item.neurons, np.arange(circuit.cells[item.population].size))
