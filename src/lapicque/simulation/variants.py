"""One network that is run again and again with other values: what a search over networks does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np

from lapicque.compile.circuit import Circuit
from lapicque.compile.copies import alike, can_be_copied, side_by_side
from lapicque.compile.network_run import NetworkRun, Stretch
from lapicque.errors import SimulationError
from lapicque.network.network import Network
from lapicque.simulation.arguments import time_of
from lapicque.simulation.batch import Member, run_member
from lapicque.simulation.build import Options, backend
from lapicque.simulation.recording import Item, items_of
from lapicque.simulation.results import Result
from lapicque.simulation.revising import Revision
from lapicque.simulation.running import advance
from lapicque.simulation.settings import setting_of
from lapicque.simulation.variation import place_of
from lapicque.spikes.ragged import parted
from lapicque.spikes.trains import SpikeTrains

#: Networks of so many neurons run side by side: targets of 64 of them have numbers of 16 bits.
SMALL = 1024
#: So few runs are done one by one: they would leave most lanes empty.
FEW = 8
#: Kinds of values that are numbers of a population.
NUMBERS = ("parameter", "receptor", "stimulus", "input")


class ExplodedError(SimulationError):
    """A run that could not go on: with these values a state is no longer a number."""


class Variants:
    """Runs of a network with other values, each on one thread; several threads may ask at once.

    Parameters
    ----------
    network : Network
    duration : time
    dt : time
    method, precision, seed, wiring_seed : as of `lapicque.simulate`

    Raises
    ------
    SimulationError
        If the network cannot be run like that.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> cells = net.population(lq.neurons.lif, 10, name="cells")
    >>> _ = net.stimulate(cells, "i_ext", "600 pA")
    >>> _ = net.record(cells, "spikes")
    >>> many = Variants(net, "100 ms", dt="0.1 ms")
    >>> [many.run({"cells.c_m": c}).spikes["cells"].counts.sum().item() for c in ("200 pF", "400 pF")]
    [100, 50]
    """

    def __init__(
        self, network: Network, duration: Any, *, dt: Any, method: Any = None, precision: str = "float64",
        seed: int = 0, wiring_seed: int = 0,
    ):  # fmt: skip
        self.network = network
        self.options = Options.of(network, dt, method, precision, seed, wiring_seed, 0, 1, False)
        self.steps = round(time_of("duration", duration) / self.options.dt)
        self._lock = Lock()
        self._revision: Revision | None = None

    @property
    def prepared(self) -> tuple[Network, Circuit]:
        """The network as it is, and its circuit."""
        if self._revision is None:
            self._revision = Revision(*Member(self.network, 0, {}, self.options, self.steps).built(),
                                      self.options.wiring_seed)  # fmt: skip
        return self._revision.network, self._revision.circuit

    def run(
        self,
        values: Mapping[str, Any],
        trial: int = 0,
        seed: int | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> Result:
        """Run the network with some values, named as for `lapicque.simulate`'s ``sweep``.

        Parameters
        ----------
        values : name -> value
        trial : int
            Of the random numbers during the run.
        seed : int, optional
            In place of the usual one.
        interrupted : callable
            Asked now and then whether to stop.

        Raises
        ------
        ExplodedError
            If the run cannot go on.
        SimulationError, ModelError, UnitError
            If a name or value does not fit.
        """
        options = replace(self.options, trial=trial, seed=self.options.seed if seed is None else seed)
        with self._lock:  # what is compiled is compiled once
            prepared = self._circuit(values, options)
            run = backend(prepared[1], options, items_of(*prepared))
        try:
            member = Member(self.network, 0, dict(values), options, self.steps)
            return run_member(member, prepared, run, interrupted=interrupted)
        except SimulationError as error:
            raise ExplodedError(str(error)) from error

    def _circuit(self, values: Mapping[str, Any], options: Options) -> tuple[Network, Circuit]:
        network, _ = self.prepared
        assert self._revision is not None
        circuit = self._revision.of(values, options.seed)
        if circuit is not None:
            return network, circuit
        return Member(self.network, 0, dict(values), options, self.steps).built()

    def spikes(
        self,
        many: Sequence[Mapping[str, Any]],
        trial: int = 0,
        seed: int | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> list[dict[str, SpikeTrains] | ExplodedError]:
        """Return the spikes of runs with many values, by recorder, the same as those of single runs.

        Small networks run side by side, in the lanes of vectors.

        Parameters
        ----------
        many : sequence of mappings
            With the same names.
        trial, seed, interrupted : as of `run`

        Raises
        ------
        SimulationError, ModelError, UnitError
            If a name or value does not fit.
        """
        found: list[dict[str, SpikeTrains] | ExplodedError] = []
        for part in self.together(many, trial, seed, interrupted):
            if isinstance(part.spikes, ExplodedError):
                found.append(part.spikes)
                continue
            each = [parted(trains, part.count) for trains in part.spikes.values()]
            found += [dict(zip(part.spikes, one, strict=True)) for one in zip(*each, strict=True)]
        return found

    def together(
        self,
        many: Sequence[Mapping[str, Any]],
        trial: int = 0,
        seed: int | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> list[Part]:
        """Return the same spikes, those of runs that went side by side in one: (run, neuron).

        Parameters
        ----------
        many, trial, seed, interrupted : as of `spikes`

        Returns
        -------
        list of Part
            In the order of the runs.
        """
        options = replace(self.options, trial=trial, seed=self.options.seed if seed is None else seed)
        if len(many) < FEW or not self._small:
            return [self._alone(values, trial, seed, interrupted) for values in many]
        with self._lock:
            network, base = self.prepared
        circuits = [self._circuit(values, options)[1] for values in many]
        if not alike(circuits):
            return [self._alone(values, trial, seed, interrupted) for values in many]
        known = [setting_of(network, base, name) for name in many[0] if place_of(network, name).kind in NUMBERS]
        varying = {(one.population, one.variable) for one in known if one.kind == "constant"}
        circuit = side_by_side(circuits, varying)
        items = [item for item in items_of(network, base) if item.kind == "events"]
        logged = [(item.population, item.name) for item in items]
        with self._lock:
            run = NetworkRun(circuit, options.methods, options.precision, 1, (), logged, trial)
        rows = _Kept()
        try:
            advance(run, circuit, self.steps, [rows], lambda *_: None, interrupted)
        except SimulationError:
            half = (len(many) + 1) // 2  # who it was shows when they are apart
            parts = many[:half], many[half:]
            return [one for part in parts for one in self.together(part, trial, seed, interrupted)]
        finally:
            run.close()
        log = rows.log()
        spikes = {
            item.key: self._trains(log, run.streams.index((item.population, item.name)), item, circuit, len(many))
            for item in items
        }
        return [Part(len(many), spikes)]

    def _alone(self, values: Mapping[str, Any], trial: int, seed: int | None, interrupted: Callable[[], bool]) -> Part:
        try:
            return Part(1, dict(self.run(values, trial, seed, interrupted).spikes))
        except ExplodedError as error:
            return Part(1, error)

    @cached_property
    def _small(self) -> bool:
        """Whether runs fit side by side: into the fast memory of a processor."""
        network, circuit = self.prepared
        neurons = sum(cells.size for cells in circuit.cells)
        acts = network.operations or network.restructurings or network.signals
        return neurons <= SMALL and not acts and can_be_copied(circuit)

    def _trains(self, log: np.ndarray, stream: int, item: Item, circuit: Circuit, count: int) -> SpikeTrains:
        """Return trains (candidate, neuron) from rows of stream, neuron and step, which are in the order of steps."""
        from lapicque.compile.beside import count_spikes, put_spikes  # compiled

        size, neurons = len(item.neurons), circuit.cells[item.population].size // circuit.copies
        trains = np.full((neurons, circuit.copies), -1)
        trains[item.neurons, :count] = np.arange(size)[:, None] + size * np.arange(count)
        offsets = np.zeros(count * size + 1, np.int64)
        count_spikes(log, stream, trains.reshape(-1), offsets)
        np.cumsum(offsets, out=offsets)
        steps = np.empty(offsets[-1], np.int64)
        put_spikes(log, stream, trains.reshape(-1), offsets[:-1].copy(), steps)
        dt = self.options.dt
        return SpikeTrains.from_steps(
            steps, offsets, dt=dt, t_stop=self.steps * dt, shape=(count, size), neurons=item.neurons.tolist()
        )


@dataclass(frozen=True)
class Part:
    """What some runs, one after the other in a list, gave.

    Attributes
    ----------
    count : number of runs
    spikes : recorder -> SpikeTrains (run, neuron); or why there are none of the one run
    """

    count: int
    spikes: dict[str, SpikeTrains] | ExplodedError


class _Kept:
    """Spikes of stretches, as they come."""

    def __init__(self) -> None:
        self.rows = [np.empty((0, 3), np.int32)]

    def write(self, stretch: Stretch) -> None:
        """Add a stretch."""
        self.rows.append(stretch.spikes.copy())

    def log(self) -> np.ndarray:
        """Return all spikes: stream, neuron, step."""
        return np.concatenate(self.rows)
