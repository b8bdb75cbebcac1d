"""A network laid out in memory, at some step: run it, look at it, change it. What every kind of run is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from lapicque.compile.circuit import Circuit
from lapicque.compile.network_state import fits
from lapicque.compile.storing import check_bounds, name_in_code, store_of
from lapicque.errors import SimulationError, suggest
from lapicque.network.network import Network
from lapicque.network.projection import Projection
from lapicque.network.signal import one_number
from lapicque.simulation.acting import Acts
from lapicque.simulation.build import Options, backend, built, network_with
from lapicque.simulation.recording import Recording, items_of
from lapicque.simulation.running import advance
from lapicque.simulation.settings import (
    Setting,
    number_of,
    plain,
    read_constant,
    setting_of,
    stands_alone,
    with_constant,
)
from lapicque.units import internal


class Live:
    """A network at some step.

    Parameters
    ----------
    described : Network
    options : Options
    prepared : the network with the values that it is run with, and its circuit, where they are known
    run : what runs that circuit, where it is there already

    Attributes
    ----------
    network, circuit : with the values that have been set; the network is that from which all was laid out last
    changed : projections whose synapses have changed since then
    values : what has been set besides states, name -> float or array, in the unit of each; and of projections whose
        synapses have changed, where they are
    items : what is recorded
    run : compiled kernels or the interpreter
    acts : what happens between steps
    """

    def __init__(
        self, described: Network, options: Options, prepared: tuple[Network, Circuit] | None = None, run: Any = None
    ):
        self.described, self.options = described, options
        self.values: dict[str, Any] = {}
        self.changed: dict[str, Projection] = {}
        self.network, self.circuit = prepared or built(described, options, {})
        self.items = items_of(self.network, self.circuit)
        self.acts = Acts(described, options, self.items, self.circuit)
        self.run = run or backend(self.circuit, options, self.items)

    # -- running -----------------------------------------------------------------------------------------------------

    @property
    def time(self) -> float:
        """The time reached, ms."""
        return self.run.step * self.options.dt

    def advance(
        self,
        last: int,
        recordings: Iterable[Recording],
        tick: Callable[..., Any],
        interrupted: Callable[[], bool],
    ) -> None:
        """Run up to step ``last``, with what operations do in between; see `lapicque.simulation.running.advance`."""
        recordings = tuple(recordings)
        while self.run.step < last:
            self.acts.act(self)
            stop = min(last, self.acts.next(self.run.step))
            advance(self.run, self.circuit, stop, [*recordings, *self.acts.recordings], tick, interrupted)

    def close(self) -> None:
        """Let the threads go."""
        self.run.close()

    # -- looking and changing ----------------------------------------------------------------------------------------

    def get(self, name: str) -> np.ndarray:
        """Return a state or a parameter, (neuron,), in its own unit; see `lapicque.Simulation.get`."""
        found = setting_of(self.network, self.circuit, name)
        if found.kind == "described":
            raise SimulationError(f"{name!r} is not one value a neuron: it is in the network, sim.network")
        if found.kind == "constant":
            return read_constant(self.circuit, found)
        assert found.unit is not None
        if found.kind == "learned":
            store = store_of(self.circuit, found.projection)
            return self.run.read_learned(store, name_in_code(store, found.variable)) / found.unit.scale
        return self.run.read(found.population, found.variable) / found.unit.scale

    def set(self, name: str, value: Any) -> None:
        """Change a value from now on; see `lapicque.Simulation.set`."""
        found = setting_of(self.network, self.circuit, name)
        if found.kind == "described":
            self._go_on(lambda: self.build({**self.values, name: plain(found, value)}))
            return
        number = number_of(found, value)
        if found.kind == "state":
            assert found.unit is not None
            array = np.asarray(internal(number, found.unit), np.float64)
            self.run.write(found.population, found.variable, np.broadcast_to(array, (found.size,)))
            return
        if found.kind == "learned":
            assert found.unit is not None
            array = np.broadcast_to(np.asarray(internal(number, found.unit), np.float64), (found.size,))
            self._learn(found, array)
            return
        if np.ndim(self.circuit.cells[found.population].parameters[found.variable]) and not np.ndim(number):
            number = np.full(found.size, number)  # the layout stays
        if not stands_alone(self.network, self.circuit, found):
            self._go_on(lambda: self.build({**self.values, name: number}))
            return
        circuit = with_constant(self.circuit, found, number)
        self.values[name] = number
        if not self.options.reference and fits(self.circuit, circuit):
            self.run.set_values(circuit)
            self.circuit = circuit
            return
        self.circuit = circuit
        self._go_on(lambda: self._lay_out(None if self.options.reference else self.run))

    def _learn(self, setting: Setting, values: np.ndarray) -> None:
        """Give a state of synapses values, inside its bounds."""
        store = store_of(self.circuit, setting.projection)
        name = name_in_code(store, setting.variable)
        check_bounds(store, setting.name, name, values)
        if name not in store.traces:
            self.run.write_learned(store, name, values)
            return
        population = store.traces[name]
        ends = self.run.ends_of(store)[int(population == store.post)]
        whole = np.asarray(self.run.read(population, setting.variable), np.float64)
        whole[ends] = values
        if not np.array_equal(whole[ends], values):
            side = "source" if population == store.pre else "target"
            raise SimulationError(
                f"{setting.name} is the same in all synapses of a {side} neuron, but is given values that differ there"
            )
        self.run.write(population, setting.variable, whole)

    def signal(self, name: str, value: Any) -> None:
        """Set a signal, and let it spike in the next step; see `lapicque.Simulation.signal`."""
        signals = self.described.signals
        if name not in signals:
            hint = suggest(str(name), signals) or (
                f"; there are {', '.join(map(repr, signals))}" if signals else f": write net.signal({name!r})"
            )
            is_population = isinstance(name, str) and name in self.described.populations
            if is_population:
                hint = f": it is a population, whose states are set by sim.set('{name}.v', ...)"
            raise SimulationError(f"there is no signal {name!r}{hint}")
        number = one_number(value, signals[name].unit, f"the signal {name!r}")
        self.set(f"{name}.value", number)
        self.set(f"{name}.pending", 1.0)

    # -- laying out --------------------------------------------------------------------------------------------------

    def build(self, values: Mapping[str, Any]) -> None:
        """Lay out the network with some values changed, at step 0."""
        self.network, self.circuit = built(self.described, self.options, values)
        self.values, self.changed = dict(values), {}
        self._lay_out()

    def current(self) -> Network:
        """Return the network as it is now, with the synapses that it has."""
        return network_with(self.described, self.values) if self.changed else self.network

    def _lay_out(self, like: Any = None) -> None:
        self.items = items_of(self.network, self.circuit)
        self.run = backend(self.circuit, self.options, self.items, like)

    def _go_on(self, build: Callable[[], None]) -> None:
        """Lay the network out anew, and go on from where it is."""
        old, step, state = self.run, self.run.step, self.run.state()
        before = dict(vars(self))
        kept = {store.projection: set(store.traces) for store in self.circuit.stores}
        try:
            build()
            for store in self.circuit.stores:
                if kept.get(store.projection, set()) != set(store.traces):
                    raise SimulationError(
                        f"the parameters of {store.projection!r} decide whether its traces are kept once per neuron, "
                        "which cannot change during a simulation: give one number where it was one, else one a synapse"
                    )
            self.run.set_state(state, step)
        except BaseException:
            if self.run is not old:
                self.run.close()
            vars(self).update(before)
            raise
        old.close()
