"""A network that is running: advance it, look at it, change it, go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lapicque.compile.assemble import assemble
from lapicque.compile.network_run import NetworkRun, Stretch
from lapicque.errors import SimulationError, suggest
from lapicque.model.merge import part_name
from lapicque.network.network import Network
from lapicque.simulation.arguments import time_of, whole_number, whole_steps
from lapicque.simulation.progress import bar
from lapicque.simulation.recording import Recording, items_of
from lapicque.simulation.results import Result
from lapicque.units import internal, magnitude


class Simulation:
    """A network at some time, which can be run further.

    Parameters
    ----------
    network : Network
    dt : time
        Step.
    method : str or Scheme, or a mapping of populations to them, optional
        By default exact where all is linear, exponential Euler where every variable is conditionally linear, else
        Euler.
    precision : ``"float64"`` or ``"float32"``
    seed, trial : int
        Of random numbers during the run.
    wiring_seed : int
        Of connections, weights, delays, and of parameters and initial values that are drawn.
    threads : int, optional
        All processors if absent, one for small networks. Results do not depend on it.
    reference : bool
        Run the slow interpreter that defines the semantics instead of compiled code.
    progress : bool
        Show a bar if a run takes longer than two seconds.

    Raises
    ------
    SimulationError, SchemeError
        If the network cannot run like this, with the reason.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> cells = net.population(lq.neurons.lif, 10, name="cells")
    >>> _ = net.stimulate(cells, "i_ext", "300 pA")
    >>> _ = net.record(cells, "spikes")
    >>> with lq.Simulation(net) as sim:
    ...     early = sim.run("50 ms")
    ...     sim.set("cells.v", "-70 mV")
    ...     late = sim.run("50 ms")
    >>> late.spikes["cells"].t_start
    50.0
    """

    def __init__(
        self,
        network: Network,
        *,
        dt: Any = "0.1 ms",
        method: Any = None,
        precision: str = "float64",
        seed: int = 0,
        wiring_seed: int = 0,
        trial: int = 0,
        threads: int | None = None,
        reference: bool = False,
        progress: bool = True,
    ):
        if not isinstance(network, Network):
            raise SimulationError(f"a Network is simulated, not {type(network).__name__}")
        if not network.populations:
            raise SimulationError("the network has no populations: net.population(lq.neurons.lif, 100)")
        if precision not in ("float64", "float32"):
            raise SimulationError(f"precision is {precision!r}: write 'float64' or 'float32'")
        self.network, self.precision, self._progress = network, precision, progress
        self.dt = time_of("dt", dt)
        self.seed = whole_number("seed", seed, "an integer")
        self.wiring_seed = whole_number("wiring_seed", wiring_seed, "an integer")
        self.trial = whole_number("trial", trial, "an integer from 0 to 2**32 - 1", 0, 2**32 - 1)
        if threads is not None:
            threads = whole_number("threads", threads, "a positive integer", 1)
        self.circuit = assemble(network, self.dt, self.seed, self.wiring_seed)
        self.items = items_of(network, self.circuit)
        fresh = Recording(self.items, self.circuit)
        self._run = self._backend(reference)(
            self.circuit, methods_of(network, method), precision, threads, fresh.samplings, fresh.logged, self.trial
        )
        self._numbers = {name: n for n, name in enumerate(network.populations)}

    @staticmethod
    def _backend(reference: bool) -> Any:
        if reference:
            from lapicque.compile.network_reference import NetworkInterpreter

            return NetworkInterpreter
        return NetworkRun

    # -- running -----------------------------------------------------------------------------------------------------

    @property
    def step_number(self) -> int:
        """How many steps have been done."""
        return self._run.step

    @property
    def time(self) -> float:
        """The time reached, ms."""
        return self._run.step * self.dt

    def run(self, duration: Any) -> Result:
        """Run on for some time, and return what was recorded in it.

        Raises
        ------
        SimulationError
            If a state is no longer a number; the exception's ``result`` has what was recorded until then.
        """
        return self._advance(whole_steps("duration", duration, self.dt))

    def step(self) -> Result:
        """Run one step."""
        return self._advance(1)

    def _advance(self, steps: int) -> Result:
        for stimulation in self.network.stimulations.values():
            check = getattr(stimulation.stimulus, "check_length", None)
            if check is not None:
                check(self._run.step + steps, self.dt)
        recording = Recording(self.items, self.circuit, self._run.step)
        last = self._run.step + steps
        with bar("simulate", steps, show=self._progress) as tick:

            def stretched(stretch: Stretch) -> None:
                recording.write(stretch)
                tick(stretch.last - stretch.first, self._report(stretch))

            try:
                self._run.advance(last, stretched)
            except SimulationError as error:
                error.result = self._result(recording)  # type: ignore[attr-defined]
                raise
        return self._result(recording)

    def _report(self, stretch: Stretch) -> str:
        rates = []
        seconds = (stretch.last - stretch.first) * self.dt * 1e-3
        totals = stretch.counts.sum(axis=0)
        for (n, event), total in zip(self._run.streams, totals, strict=True):
            cells = self.circuit.cells[n]
            if event == "spike":
                rates.append(f"{cells.name} {total / seconds / cells.size:.1f} Hz")
        return f"{stretch.last * self.dt:.0f} ms, " + ", ".join(rates[:6])

    def _result(self, recording: Recording) -> Result:
        spikes, traces = recording.results()
        final = {name: self._states(n) for name, n in self._numbers.items() if self.circuit.cells[n].neuron is not None}
        return Result(
            spikes, traces, final, self.dt, self._run.schemes(), self.precision, self.seed, self.wiring_seed,
            self.trial, (recording.last - recording.first) * self.dt,
        )  # fmt: skip

    def _states(self, n: int) -> dict[str, np.ndarray]:
        neuron = self.circuit.cells[n].neuron
        assert neuron is not None
        return {x: self._run.read(n, x) / v.unit.scale for x, v in neuron.states.items()}

    # -- looking and changing ----------------------------------------------------------------------------------------

    def _place(self, name: str) -> tuple[int, str]:
        population, _, variable = name.partition(".")
        if population not in self._numbers:
            raise SimulationError(f"there is no population {population!r}{suggest(population, self._numbers)}")
        n = self._numbers[population]
        neuron = self.circuit.cells[n].neuron
        if neuron is None:
            raise SimulationError(f"{population!r} is a list of spikes: it has no variables")
        variable = part_name(*variable.split(".", 1)) if "." in variable else variable
        if variable not in neuron.states:
            hint = suggest(variable, neuron.states) or f"; it has {', '.join(map(repr, neuron.states))}"
            raise SimulationError(f"{population!r} has no state {variable!r}{hint}")
        return n, variable

    def get(self, name: str) -> np.ndarray:
        """Return a state, ``"exc.v"`` or ``"exc.ampa.g"``, (neuron,), in its own unit."""
        n, variable = self._place(name)
        neuron = self.circuit.cells[n].neuron
        assert neuron is not None
        return self._run.read(n, variable) / neuron.states[variable].unit.scale

    def set(self, name: str, value: Any) -> None:
        """Give a state a value: one number, or one a neuron; bare numbers are in its own unit."""
        n, variable = self._place(name)
        cells = self.circuit.cells[n]
        assert cells.neuron is not None
        unit = cells.neuron.states[variable].unit
        array = np.asarray(internal(magnitude(value, unit, name), unit), np.float64)
        if array.ndim and array.shape != (cells.size,):
            raise SimulationError(f"{name} is given {array.size} values, but there are {cells.size} neurons")
        if np.isnan(array).any():
            raise SimulationError(f"{name} is given NaN (not a number)")
        self._run.write(n, variable, np.broadcast_to(array, (cells.size,)))

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the threads go."""
        self._run.close()

    def __repr__(self) -> str:
        how = self._run.describe()
        return f"Simulation({self.network.size} neurons at {self.time:g} ms, dt {self.dt:g} ms; {how})"


def methods_of(network: Network, given: Any) -> dict[str, Any]:
    """Return the scheme of each population, from one for all or from a mapping.

    Raises
    ------
    SimulationError
        If a population is unknown.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return dict.fromkeys(network.populations, given)
    for name in given:
        if name not in network.populations:
            raise SimulationError(f"method: there is no population {name!r}{suggest(str(name), network.populations)}")
    return dict(given)
