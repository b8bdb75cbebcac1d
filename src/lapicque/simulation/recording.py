"""What a network's recorders gather while it runs: spikes, samples of variables, rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.compile.circuit import Circuit
from lapicque.compile.network_run import Sampling, Stretch
from lapicque.errors import SimulationError
from lapicque.model.merge import part_name
from lapicque.network.network import Network
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
    neurons : numbers of the neurons
    every : steps
    unit : of samples
    """

    key: str
    kind: str
    population: int
    name: str
    neurons: np.ndarray
    every: int
    unit: Unit


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
    base = recorder.name.rpartition(".")[0] if recorder.name.endswith("+".join(recorder.variables)) else recorder.name
    found = []
    for variable in recorder.variables:
        key = recorder.name if single else f"{base}.{variable}"
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


def _steps(recorder: Recorder, dt: float) -> int:
    if recorder.every is None:
        return 1
    steps = round(recorder.every / dt)
    if steps == 0 or abs(recorder.every / dt - steps) > 1e-6:
        raise SimulationError(
            f"the recorder {recorder.name!r} samples every {recorder.every:g} ms, no whole number of steps of {dt:g} ms"
        )
    return steps


class Recording:
    """Gathers stretches of a run in memory.

    Parameters
    ----------
    items : what is recorded
    circuit : Circuit
    first : step at which the recording begins
    """

    def __init__(self, items: list[Item], circuit: Circuit, first: int = 0):
        self.items, self.circuit, self.first, self.last = items, circuit, first, first
        self.samplings = sampling_of(items)
        self.logged = logged_of(items)
        self._streams = {
            s: n for n, s in enumerate((n, e) for n, cells in enumerate(circuit.cells) for e in cells.events)
        }
        self._samples: list[list[np.ndarray]] = [[] for _ in self.samplings]
        self._spikes: list[np.ndarray] = []
        self._counts: list[np.ndarray] = []

    def write(self, stretch: Stretch) -> None:
        """Add a stretch."""
        self.last = stretch.last
        if len(stretch.spikes):
            self._spikes.append(stretch.spikes)
        for kept, new in zip(self._samples, stretch.samples, strict=True):
            if len(new):
                kept.append(new)
        if any(item.kind == "rate" for item in self.items):
            self._counts.append(stretch.counts)

    def results(self) -> tuple[dict[str, SpikeTrains], dict[str, Trace]]:
        """Return spike trains and traces of all that was written."""
        spikes: dict[str, SpikeTrains] = {}
        traces: dict[str, Trace] = {}
        every_spike = np.concatenate([np.empty((0, 3), np.int32), *self._spikes])
        sampled = iter(self._samples)
        for item in self.items:
            if item.kind == "samples":
                traces[item.key] = self._trace(item, next(sampled))
                continue
            mine = every_spike[every_spike[:, 0] == self._streams[item.population, item.name]]
            if item.kind == "events":
                spikes[item.key] = self._trains(item, mine)
            else:
                traces[item.key] = self._rate(item, mine)
        return spikes, traces

    def _trains(self, item: Item, mine: np.ndarray) -> SpikeTrains:
        size, dt = self.circuit.cells[item.population].size, self.circuit.dt
        place = np.full(size, -1, np.int64)
        place[item.neurons] = np.arange(len(item.neurons))
        neurons, steps = place[mine[:, 1]], mine[:, 2].astype(np.int64)
        kept = neurons >= 0
        neurons, steps = neurons[kept], steps[kept]
        order = np.lexsort((steps, neurons))
        counts = np.bincount(neurons, minlength=len(item.neurons))
        offsets = np.concatenate([[0], np.cumsum(counts)])
        return SpikeTrains.from_steps(
            steps[order] - self.first,
            offsets,
            dt=dt,
            t_start=self.first * dt,
            t_stop=self.last * dt,
            shape=(1, len(item.neurons)),
        )

    def _trace(self, item: Item, rows: list[np.ndarray]) -> Trace:
        values = np.concatenate(rows) if rows else np.empty((0, len(item.neurons)))
        times = np.arange(-(-self.first // item.every), -(-self.last // item.every)) * item.every * self.circuit.dt
        return Trace(values / values.dtype.type(item.unit.scale), times, item.unit, item.key)

    def _rate(self, item: Item, mine: np.ndarray) -> Trace:
        cells, dt = self.circuit.cells[item.population], self.circuit.dt
        if len(item.neurons) == cells.size:
            stream = self._streams[item.population, item.name]
            counts = np.concatenate([np.empty(0, np.int32), *(c[:, stream] for c in self._counts)])
        else:
            chosen = np.isin(mine[:, 1], item.neurons)
            counts = np.bincount(mine[chosen, 2] - self.first, minlength=self.last - self.first)
        edges = np.arange(0, self.last - self.first, item.every)
        totals = np.add.reduceat(counts, edges) if len(counts) else np.empty(0)
        widths = np.minimum(edges + item.every, self.last - self.first) - edges
        rates = totals / (widths * dt * 1e-3 * len(item.neurons))
        return Trace(rates[:, None], (self.first + edges) * dt, item.unit, item.key)


def sampling_of(items: list[Item]) -> tuple[Sampling, ...]:
    """Return the variables that are sampled, in the order of the items."""
    return tuple(Sampling(i.population, i.name, i.neurons, i.every) for i in items if i.kind == "samples")


def logged_of(items: list[Item]) -> list[tuple[int, str]]:
    """Return the events whose every occurrence is needed."""
    return [(i.population, i.name) for i in items if i.kind != "samples" and not _counted(i)]


def _counted(item: Item) -> bool:
    return item.kind == "rate" and bool((np.diff(item.neurons) == 1).all()) and item.neurons[0] == 0


def state_units(circuit: Circuit, population: int) -> dict[str, Any]:
    """Return the units of a population's states."""
    neuron = circuit.cells[population].neuron
    return {} if neuron is None else {name: v.unit for name, v in neuron.states.items()}
