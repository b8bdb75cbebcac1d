"""The reference interpreter for networks: slow and obvious. It defines what a step of a network means.

One step, in the order that is normative:

0. record; stimuli of the step are read. 2. Find who is free. 3. Flow, everywhere at once. 4. Conditions. 5. Deliver:
(a) what synapses bring, (b) stimulus events. 6. Jumps.

All additive pathways onto one variable are summed from 0, in the order of emission steps (oldest first), projections as
created, sources and synapse numbers, and added once. A write to a variable that holds is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lapicque.compile.circuit import Additive, Cells, Circuit
from lapicque.compile.kernels import step_of
from lapicque.compile.network_run import Sampling, Stretch
from lapicque.compile.poisson import counts, thresholds, words
from lapicque.compile.population import check_numbers
from lapicque.compile.reference import Interpreter
from lapicque.compile.subnormals import flushed
from lapicque.random import stream_key


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
        self.dtype = np.dtype(precision).type
        self.streams = [(n, event) for n, cells in enumerate(circuit.cells) for event in cells.events]
        self.logged = [stream in logged for stream in self.streams]
        self.cells = [self._interpreter(n, cells, methods or {}, precision) for n, cells in enumerate(circuit.cells)]
        self._synapses = [_Synapses(pathway, circuit, self.dtype) for pathway in circuit.pathways]
        self._coming: dict[tuple[int, str], dict[int, list[tuple[np.ndarray, np.ndarray]]]] = {
            channel: {} for channel in circuit.channels()
        }

    def _interpreter(self, n: int, cells: Cells, methods: Mapping[str, Any], precision: str) -> Interpreter | None:
        if cells.neuron is None:
            return None
        names = dict.fromkeys(s.name for s in self.samplings if s.population == n and s.name in cells.neuron.algebraic)
        step = step_of(cells.neuron, methods.get(cells.name), tuple(names), cells.steady)
        keys = {draw: stream_key(self.circuit.seed, f"{cells.name}/{draw}") for draw in step.draws}
        return Interpreter(
            step, cells.parameters, cells.initial, keys, cells.size, self.circuit.dt, precision, trial=self.trial
        )

    def advance(self, last: int, stretched: Callable[[Stretch], Any]) -> None:
        """Run up to step ``last``, one stretch."""
        first, found = self.step, []
        samples: list[list[np.ndarray]] = [[] for _ in self.samplings]
        tally = np.zeros((last - first, len(self.streams)), np.int32)
        with np.errstate(all="ignore"):
            for k in range(first, last):
                for stream, neurons in self._one_step(k, samples).items():
                    tally[k - first, stream] = len(neurons)
                    if self.logged[stream]:
                        found.append(
                            np.column_stack([np.full(len(neurons), stream), neurons, np.full(len(neurons), k)])
                        )
        self.step = last
        for n, cells in enumerate(self.cells):
            if cells is not None:
                check_numbers(
                    cells.state, cells.step.new, 0, last, f"{cells.step.scheme} of {self.circuit.cells[n].name}"
                )
        arrays = [np.array(rows, self.dtype).reshape(len(rows), len(s.neurons))
                  for rows, s in zip(samples, self.samplings, strict=True)]  # fmt: skip
        spikes = np.concatenate(found) if found else np.empty((0, 3))
        stretched(Stretch(first, last, spikes.astype(np.int32), arrays, tally))

    def _one_step(self, k: int, samples: list[list[np.ndarray]]) -> dict[int, np.ndarray]:
        circuit = self.circuit
        # 0. record; 2. who is free
        for cells, described in zip(self.cells, circuit.cells, strict=True):
            if cells is not None:
                cells.begin(k, {u: self._input(described, u, k) for u in cells.step.inputs})
        for sampling, rows in zip(self.samplings, samples, strict=True):
            if k % sampling.every == 0:
                cells = self.cells[sampling.population]
                assert cells is not None
                rows.append(cells.read(sampling.name)[sampling.neurons])
        # 3. flow, 4. conditions
        for cells in self.cells:
            if cells is not None:
                cells.flow()
                cells.conditions()
        # 5. deliver
        for synapses in self._synapses:
            spiking = self._spiking(synapses.pathway.source, k)
            for lag, targets, amounts in synapses.sent(spiking):
                coming = self._coming[synapses.pathway.target, synapses.pathway.variable]
                coming.setdefault(k + lag, []).append((targets, amounts))
        for (population, variable), coming in self._coming.items():
            cells = self.cells[population]
            assert cells is not None
            total = np.zeros(cells.size, self.dtype)
            for targets, amounts in coming.pop(k, ()):
                np.add.at(total, targets, amounts)  # one after the other
            cells.write(variable, cells.state[variable] + total)
        for cells, described in zip(self.cells, circuit.cells, strict=True):
            for drive in described.drives if cells is not None else ():
                assert cells is not None
                happened = self._drive(described, drive, k)
                cells.write(drive.variable, cells.state[drive.variable] + flushed(self._weight(drive) * happened))
        # 6. jumps
        found = {}
        for n, cells in enumerate(self.cells):
            jumped = cells.jump() if cells is not None else {"spike": self._spiking(n, k)}
            for event, neurons in jumped.items():
                if len(neurons):
                    found[self.streams.index((n, event))] = neurons
        return found

    def _input(self, cells: Cells, name: str, k: int) -> Any:
        values = [feed.at(k, cells.size) for feed in cells.feeds if feed.input == name]
        return values[0]

    def _spiking(self, population: int, k: int) -> np.ndarray:
        cells, described = self.cells[population], self.circuit.cells[population]
        if cells is not None:
            return np.flatnonzero(cells.happened.get("spike", np.zeros(0, bool)))
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
        cells.state[name] = flushed(values.astype(self.dtype))

    def schemes(self) -> dict[str, str]:
        """Return the name of each population's scheme."""
        pairs = zip(self.circuit.cells, self.cells, strict=True)
        return {described.name: cells.step.scheme for described, cells in pairs if cells is not None}

    def describe(self) -> str:
        """Say how the circuit is run."""
        return "the reference interpreter"

    def close(self) -> None:
        """Do nothing: there are no threads."""


class _Synapses:
    """The synapses of a pathway as lists, by source."""

    def __init__(self, pathway: Additive, circuit: Circuit, dtype: Any):
        wiring = pathway.wiring
        indptr, sources = wiring.draw()
        targets = np.repeat(np.arange(wiring.n_target), np.diff(indptr))
        weights = flushed(pathway.increments.all(wiring, np.float64).astype(dtype))
        chunks = wiring.chunks(np.arange(wiring.n_target))
        constant = pathway.delays.constant
        lags = [np.full(len(c[2]), constant) if constant is not None else pathway.delays.of(c).copy() for c in chunks]
        order = np.argsort(sources, kind="stable")  # by source, then synapse number
        self.pathway = pathway
        self._sources = _chosen(pathway.sources, wiring.n_source)[sources[order]]
        self._targets = _chosen(pathway.targets, wiring.n_target)[targets[order]]
        self._weights = weights[order]
        self._lags = np.concatenate([np.empty(0, np.int64), *lags]).astype(np.int64)[order]

    def sent(self, spiking: np.ndarray) -> list[tuple[int, np.ndarray, np.ndarray]]:
        """Return the delay, the targets and the increments of what spikes send, for each delay."""
        mine = np.isin(self._sources, spiking)
        order = np.flatnonzero(mine)
        order = order[np.argsort(self._sources[order], kind="stable")]
        return [
            (int(lag), self._targets[some], self._weights[some])
            for lag in np.unique(self._lags[order])
            for some in [order[self._lags[order] == lag]]
        ]


def _chosen(selection: slice | np.ndarray | None, n: int) -> np.ndarray:
    if selection is None:
        return np.arange(n)
    if isinstance(selection, slice):
        return np.arange(selection.start, selection.stop, selection.step)
    return np.asarray(selection)
