"""Simulate a network from event to event: exact spike times, no steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.compile.assemble import assemble
from lapicque.compile.circuit import Cells, Circuit
from lapicque.compile.closed_form import ClosedForm
from lapicque.compile.event.attach import plan_of
from lapicque.compile.event.run import EventRun
from lapicque.errors import SchemeError, SimulationError, suggest
from lapicque.model.evaluate import evaluate
from lapicque.network.network import Network
from lapicque.network.spike_source import SpikeSource
from lapicque.progress import bar
from lapicque.simulation.arguments import time_of, whole_number
from lapicque.simulation.recording import Item, items_of
from lapicque.simulation.results import Result, Trace
from lapicque.spikes.trains import SpikeTrains


@dataclass(frozen=True)
class EventDriven:
    """Run a network from event to event: ``lq.simulate(net, duration, engine=lq.EventDriven())``.

    Between events every variable follows its equation exactly, in closed form, and spikes happen at the times at which
    the threshold is reached, to the precision of floating-point numbers. Delays are not rounded. Time between events
    costs nothing: the engine is fast where spikes are rare, a grid of times where they are many.

    The equations between events must be linear along chains of variables with constant coefficients (integrate-and-fire
    neurons with or without a leak, with instantaneous, exponential and alpha currents, moving thresholds), quadratic in
    one variable (the quadratic integrate-and-fire neuron), or have a solution that the user gives,
    ``method={"exc": lq.schemes.ClosedForm(...)}``. Synapses add to variables (``g += w``); input is constant, changes
    in steps, or consists of spikes, given or of Poisson processes. Everything else is refused, with the reason.

    Of ``dt`` only two things depend: how often a recorder without ``every=`` samples, and the times of arrays that have
    no ``dt`` of their own. A sample shows the state before what happens at its time. The engine uses one thread.

    Notes
    -----
    At one time everything happens in the order of a step on a grid: spikes; arrivals, by projection, source and
    synapse; resets. Thresholds are looked at again after all arrivals of a time, so what is lifted above its threshold
    by an input spikes at that time, and inputs that cancel each other do nothing. A refractory period lasts exactly
    ``t_ref``.

    References
    ----------
    .. [1] Brette 2006, Exact simulation of integrate-and-fire models with synaptic conductances,
       doi:10.1162/neco.2006.18.8.2004
    .. [2] Brette 2007, Exact simulation of integrate-and-fire models with exponential currents,
       doi:10.1162/neco.2007.19.10.2604
    .. [3] Hanuschkin, Kunkel, Helias, Morrison & Diesmann 2010, A general and efficient method for incorporating
       precise spike times in globally time-driven simulations, doi:10.3389/fninf.2010.00113

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> cells = net.population(lq.neurons.lif, 1, name="cells")
    >>> _ = net.stimulate(cells, "i_ext", "400 pA")
    >>> _ = net.record(cells, "spikes")
    >>> result = lq.simulate(net, "50 ms", engine=lq.EventDriven())
    >>> result.spikes["cells"].times  # 20 ms log(2), then every 2 ms + 20 ms log(2)
    array([13.86294361, 29.72588722, 45.58883083])
    """

    def run(
        self,
        network: Network,
        duration: Any,
        *,
        dt: Any = "0.1 ms",
        method: Any = None,
        seed: int = 0,
        wiring_seed: int = 0,
        trial: int = 0,
        progress: bool = True,
    ) -> Result:
        """Run a network; the parameters are those of `lapicque.simulate`.

        Raises
        ------
        SchemeError
            If something has no closed form or needs steps, with the reason.
        SimulationError
            For impossible times, and neurons that spike without end at one time.
        """
        if not network.populations:
            raise SimulationError("the network has no populations: net.population(lq.neurons.lif, 100)")
        _check_steps(network)
        dt_ms, until = time_of("dt", dt), time_of("duration", duration)
        seed = whole_number("seed", seed, "an integer")
        wiring_seed = whole_number("wiring_seed", wiring_seed, "an integer")
        trial = whole_number("trial", trial, "an integer from 0 to 2**32 - 1", 0, 2**32 - 1)
        forms = _closed_forms(network, method)
        circuit = assemble(network, dt_ms, seed, wiring_seed)
        for stimulation in network.stimulations.values():
            check = getattr(stimulation.stimulus, "check_length", None)
            if check is not None:
                check(int(np.ceil(until / dt_ms - 1e-6)), dt_ms)
        trains = {
            p: (population.neuron.trains.times, population.neuron.trains.offsets)
            for p, population in enumerate(network.populations.values())
            if isinstance(population.neuron, SpikeSource)
        }
        items = items_of(network, circuit)
        steps, watched = _samplings(items, until, dt_ms)
        run = EventRun(plan_of(circuit, until, trains, forms), steps * dt_ms, watched, trial)
        with bar("simulate", until, show=progress) as tick:
            run.run(until, tick)
        gathered = _Gathered(circuit, run, steps, watched, until)
        spikes, traces = gathered.results(items)
        names = {name: n for n, name in enumerate(network.populations) if circuit.cells[n].neuron is not None}
        return Result(
            spikes,
            traces,
            {name: gathered.final(n) for name, n in names.items()},
            dt_ms,
            dict.fromkeys(names, "closed form, event-driven"),
            "float64",
            seed,
            wiring_seed,
            trial,
            until,
        )


def _check_steps(network: Network) -> None:
    acting = [f"the operation {name!r}" for name in network.operations]
    acting += [f"the signal {name!r}" for name, signal in network.signals.items() if len(signal.at)]
    acting += [f"the rule {name!r}" for name in network.restructurings]
    if acting:
        message = f"{acting[0]} acts at the beginning of a step, and the event-driven engine makes none"
        raise SimulationError(f"{message}: leave out engine=")


def _closed_forms(network: Network, given: Any) -> dict[str, ClosedForm]:
    if given is None:
        return {}
    found = dict(given) if isinstance(given, Mapping) else dict.fromkeys(network.populations, given)
    for name, form in found.items():
        if name not in network.populations:
            known = (
                suggest(str(name), network.populations) or f"; there are {', '.join(map(repr, network.populations))}"
            )
            raise SimulationError(f"method names {name!r}, which is no population{known}")
        if not isinstance(form, ClosedForm):
            raise SchemeError(
                f"method is {form!r} for {name!r}, but schemes make steps, and the event-driven engine makes none: "
                "leave method= out, or give lq.schemes.ClosedForm(...)"
            )
    return found


def _samplings(items: list[Item], until: float, dt: float) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Return the steps at which anything is sampled, and whose states are needed: population -> neurons."""
    every = {item.every for item in items if item.kind == "samples"}
    last = int(np.ceil(until / dt - 1e-6))
    steps = np.unique(np.concatenate([np.empty(0, np.int64), *(np.arange(0, last, k) for k in every)]))
    watched: dict[int, np.ndarray] = {}
    for item in items:
        if item.kind == "samples":
            before = watched.get(item.population, np.empty(0, np.int64))
            watched[item.population] = np.union1d(before, item.neurons)
    return steps, watched


@dataclass(frozen=True, eq=False)
class _Gathered:
    """Reads what a run left."""

    circuit: Circuit
    run: EventRun
    steps: np.ndarray
    watched: dict[int, np.ndarray]
    until: float

    def results(self, items: list[Item]) -> tuple[dict[str, SpikeTrains], dict[str, Trace]]:
        spikes, traces = {}, {}
        for item in items:
            if item.kind == "samples":
                traces[item.key] = self._trace(item)
            elif item.kind == "events":
                spikes[item.key] = self._trains(item)
            else:
                traces[item.key] = self._rate(item)
        return spikes, traces

    def _trains(self, item: Item) -> SpikeTrains:
        times, offsets = self.run.spikes(item.population)
        trains = SpikeTrains(times, offsets, 0.0, self.until, (1, self.circuit.cells[item.population].size))
        whole = len(item.neurons) == trains.shape[1]
        if whole:
            return trains
        chosen = trains[0, item.neurons]
        return SpikeTrains(chosen.times, chosen.offsets, 0.0, self.until, (1, len(item.neurons)))

    def _rate(self, item: Item) -> Trace:
        width = item.every * self.circuit.dt
        edges = np.arange(0, int(np.ceil(self.until / width - 1e-9))) * width
        counts = np.bincount(np.searchsorted(edges, self._trains(item).times, side="right") - 1, minlength=len(edges))
        widths = np.minimum(edges + width, self.until) - edges
        return Trace((counts / (widths * 1e-3 * len(item.neurons)))[:, None], edges, item.unit, item.key)

    def _trace(self, item: Item) -> Trace:
        rows = np.flatnonzero(self.steps % item.every == 0)
        columns = np.searchsorted(self.watched[item.population], item.neurons)
        states = {x: values[np.ix_(rows, columns)] for x, values in self.run.samples(item.population).items()}
        times = self.steps[rows] * self.circuit.dt
        cells = self.circuit.cells[item.population]
        values = value_of(item.name, cells, states, item.neurons, times)
        shape = (len(rows), len(item.neurons))
        return Trace(np.broadcast_to(values, shape) / item.unit.scale, times, item.unit, item.key)

    def final(self, p: int) -> dict[str, np.ndarray]:
        neuron = self.circuit.cells[p].neuron
        assert neuron is not None
        values = self.run.states(p)
        return {x: values[x] / v.unit.scale for x, v in neuron.states.items()}


def value_of(name: str, cells: Cells, states: Mapping[str, np.ndarray], neurons: np.ndarray, times: np.ndarray) -> Any:
    """Return a variable of some neurons from their states, in internal units, for (time, neuron).

    Raises
    ------
    SimulationError
        For an algebraic variable that reads ``not_refractory``, which states do not tell.
    """
    neuron = cells.neuron
    assert neuron is not None
    known: dict[str, Any] = {"t": times[:, None], "i": neurons, "N": cells.size}
    known |= {x: np.asarray(v)[neurons] if np.ndim(v) and np.size(v) > 1 else v for x, v in cells.parameters.items()}
    known |= states
    if name in known:
        return known[name]
    for other, variable in neuron.algebraic.items():
        assert variable.equation is not None
        expression = variable.equation.expression
        assert expression is not None
        if any(node.id == "not_refractory" for node in expression.names()):
            if other == name:
                raise SimulationError(f"{name!r} reads not_refractory and cannot be recorded between events")
            continue
        known[other] = evaluate(expression, known)
        if other == name:
            break
    return known[name]
