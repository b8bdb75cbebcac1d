"""Advance what runs a circuit, stretch by stretch: record, report, stop when asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from lapicque.compile.circuit import Circuit
from lapicque.compile.network_run import Stretch
from lapicque.compile.store import Store
from lapicque.compile.storing import name_in_code
from lapicque.errors import SimulationError
from lapicque.network.network import Network
from lapicque.simulation.build import Options
from lapicque.simulation.recording import Recording
from lapicque.simulation.results import Result


class Writes(Protocol):
    """What takes what happens."""

    def write(self, stretch: Stretch) -> None:
        """Add a stretch."""


def advance(
    run: Any,
    circuit: Circuit,
    last: int,
    recordings: Iterable[Writes],
    tick: Callable[..., Any],
    interrupted: Callable[[], bool],
) -> None:
    """Run up to step ``last``.

    Parameters
    ----------
    tick : called with the number of steps done, and a text
    interrupted : says whether to stop

    Raises
    ------
    SimulationError
        If a state is no longer a number.
    KeyboardInterrupt
        If the run was to be stopped; what runs is then in order between two steps.
    """
    recordings = tuple(recordings)

    def stretched(stretch: Stretch) -> None:
        for recording in recordings:
            recording.write(stretch)
        tick(stretch.last - stretch.first, report(run, circuit, stretch))
        if interrupted():
            raise KeyboardInterrupt

    run.advance(last, stretched)


def report(run: Any, circuit: Circuit, stretch: Stretch) -> str:
    """Say the time and the rate of each population in a stretch."""
    rates = []
    seconds = (stretch.last - stretch.first) * circuit.dt * 1e-3
    for (n, event), total in zip(run.streams, stretch.counts.sum(axis=0), strict=True):
        cells = circuit.cells[n]
        if event == "spike":
            rates.append(f"{cells.name} {total / seconds / cells.size:.1f} Hz")
    return f"{stretch.last * circuit.dt:.0f} ms, " + ", ".join(rates[:6])


class Final(Mapping[str, Mapping[str, np.ndarray]]):
    """The states after a run: those of each population, (neuron,), and what synapses learned, (synapse,).

    What synapses learned is brought into the order of their numbers when it is first asked for, which takes long where
    there are many; copies have all of it.

    Parameters
    ----------
    run, circuit : at the end of the run
    """

    def __init__(self, run: Any, circuit: Circuit):
        self._run, self._then = run, (run.step, run.changes)
        self._stores = {store.projection: store for store in circuit.stores}
        self._known: dict[str, Mapping[str, np.ndarray]] = {
            cells.name: {x: run.read(n, x) / v.unit.scale for x, v in cells.neuron.states.items()}
            for n, cells in enumerate(circuit.cells)
            if cells.neuron is not None and cells.beside < 0
        }

    def __getitem__(self, name: str) -> Mapping[str, np.ndarray]:
        if name not in self._known:
            self._known[name] = _Learned(self, self._stores[name])
        return self._known[name]

    def learned(self, store: Store, name: str) -> np.ndarray:
        """Return what synapses had learned, as long as the run is where it was.

        Raises
        ------
        SimulationError
        """
        if (self._run.step, self._run.changes) != self._then:
            raise SimulationError(
                f"the simulation has gone on since this result: look at final[{store.projection!r}][{name!r}] before, "
                f"or at sim.get('{store.projection}.{name}') at any time"
            )
        code = name_in_code(store, name)
        return self._run.read_learned(store, code) / store.units[code].scale

    def whole(self) -> dict[str, dict[str, np.ndarray]]:
        """Return all of it, which needs the run no more."""
        return {name: dict(states) for name, states in self.items()}

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self.whole(),)

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((*self._known, *self._stores))

    def __len__(self) -> int:
        return len({*self._known, *self._stores})


class _Learned(Mapping[str, np.ndarray]):
    """The states of a projection's synapses, each read when it is first asked for."""

    def __init__(self, final: Final, store: Store):
        self._final, self._store = final, store
        self._known: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._store.learned:
            raise KeyError(name)
        if name not in self._known:
            self._known[name] = self._final.learned(self._store, name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._store.learned)

    def __len__(self) -> int:
        return len(self._store.learned)

    def __repr__(self) -> str:
        return repr(dict(self))


def result_of(run: Any, circuit: Circuit, recording: Recording, options: Options) -> Result:
    """Return what was recorded in memory."""
    spikes, traces = recording.results()
    duration = (recording.last - recording.first) * options.dt
    return Result(
        spikes, traces, Final(run, circuit), options.dt, run.schemes(), options.precision, options.seed,
        options.wiring_seed, options.trial, duration,
    )  # fmt: skip


def check_stimuli(network: Network, steps: int, dt: float) -> None:
    """Refuse a run of more steps than a stimulus has samples for.

    Raises
    ------
    SimulationError
    """
    for stimulation in network.stimulations.values():
        check = getattr(stimulation.stimulus, "check_length", None)
        if check is not None:
            check(steps, dt)
