"""Runs of networks on the interpreter and on compiled code with one, two and three threads; networks that are drawn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lapicque as lq
from lapicque import synapses
from lapicque.units import parse_unit

#: Who runs a network.
WAYS = {"reference": {"reference": True}, **{f"threads {n}": {"threads": n} for n in (1, 2, 3)}}


@pytest.fixture(params=WAYS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run a network for a number of steps (of 1 ms, or dt), each way."""

    def answer(net: Any, steps: int, dt: float = 1.0, **options: Any) -> Any:
        return lq.simulate(net, f"{steps * dt!r} ms", dt=dt, progress=False, **WAYS[request.param], **options)

    return answer


@pytest.fixture(name="bench")
def bench_fixture() -> Callable[..., Any]:
    """See `bench`."""
    return bench


@pytest.fixture
def values() -> Callable[..., Any]:
    """Recorded values of one neuron, as a list."""
    return lambda answer, name, neuron=0: answer.traces[name].values[:, neuron].tolist()


@pytest.fixture
def every_way() -> Callable[..., dict[str, Any]]:
    """Run a network each way; the results by the names of the ways, the interpreter's first."""

    def answers(net: Any, duration: Any, **options: Any) -> dict[str, Any]:
        return {way: lq.simulate(net, duration, progress=False, **how, **options) for way, how in WAYS.items()}

    return answers


@pytest.fixture
def check_alike() -> Callable[[dict[str, Any]], None]:
    """Check that results are the same to the last bit: spikes, traces and final states."""

    def check(answers: dict[str, Any]) -> None:
        first = next(iter(answers.values()))
        for way, answer in answers.items():
            for name, trains in first.spikes.items():
                found = answer.spikes[name]
                np.testing.assert_array_equal(trains.offsets, found.offsets, f"spikes of {name}, {way}")
                np.testing.assert_array_equal(trains.times, found.times, f"spikes of {name}, {way}")
            for name, trace in first.traces.items():
                wrong = np.argwhere(trace.values != answer.traces[name].values)
                assert not len(wrong), f"{name}, {way}: first at (sample, neuron) {wrong[0].tolist()}"
            for name, states in first.final.items():
                for x, values in states.items():
                    np.testing.assert_array_equal(values, answer.final[name][x], f"{name}.{x}, {way}")

    return check


# -- a bench for single clauses --------------------------------------------------------------------------------------

#: ``x`` holds while refractory, the others do not; resets write digits behind ``order``. No rounding happens in it.
CELL = lq.Neuron(
    """
    dx/dt = slope + u/ms : 1 (unless refractory)
    dz/dt = 0/ms : 1
    dn/dt = 0/ms : 1
    dorder/dt = 0/ms : 1
    u : 1 (input)
    slope : 1/ms
    theta : 1
    high : 1
    t_ref : ms
    """,
    threshold="x >= theta",
    reset="x = 0; z = 2*z; order = 10*order + 1",
    refractory="t_ref",
    events={
        "second": lq.Event("z >= high", reset="order = 10*order + 2"),
        "third": lq.Event("z >= high", reset="order = 10*order + 3; z = 0"),
    },
    parameters=dict(slope=0, theta=1e6, high=1e6, t_ref="0 ms"),
    name="cell",
)


def bench(
    trains: Any = ((),), n: int = 2, u: Any = 0.0, rate: Any = 0.0, initial: Any = None, **parameters: Any
) -> Any:
    """A list of spikes and cells; all networks on it without projections of their own need one kernel a precision."""
    net = lq.Network()
    source = net.spikes(trains, name="source")
    cells = net.population(CELL.with_(**parameters), n, name="cells", initial=initial or {})
    net.stimulate(cells, "u", lq.stimuli.array([u], after="hold") if isinstance(u, float) else u)
    net.stimulate(cells, "n", lq.stimuli.poisson(rate, 1.0))
    for variable in ("x", "z"):
        net.connect(source, cells, on_pre=f"{variable} += w", w=np.zeros((len(trains), n)), delay="1 ms")
    for variable in ("x", "z", "n", "order", "u"):
        net.record(cells, variable, name=variable)
    net.record(cells, "spikes")
    return net


# -- networks that are drawn -----------------------------------------------------------------------------------------

#: Made up for these tests: a graded output, a second event, an algebraic variable.
INVENTED = lq.Neuron(
    """
    dv/dt = (e_l - v + drive)/tau_m : mV (unless refractory)
    dw/dt = (0.02*(v - e_l) - w)/(30*ms) : mV
    drive = (i_ext - g_e*(v - e_e))/g_l - w : mV
    dg_e/dt = -g_e/(4*ms) : nS
    i_ext : pA (input)
    e_l : mV
    e_e : mV
    g_l : nS
    tau_m : ms
    t_ref : ms
    """,
    threshold="v > -52*mV",
    reset="v = e_l - 3*mV; w += 2*mV",
    refractory="t_ref",
    events={"plateau": lq.Event("g_e > 5*nS", reset="w -= 0.5*mV", refractory="7*ms")},
    output="1 + 0.1*w/mV",
    parameters=dict(e_l="-65 mV", e_e="5 mV", g_l="9 nS", tau_m="12 ms", t_ref="1.5 ms"),
    initial=dict(v="e_l"),
    name="invented",
)
#: Neurons with their resting currents in pA and the state that synapses without a receptor may change.
NEURONS = {
    "lif": (lq.neurons.lif, (210, 290), "v"),
    "adex": (lq.neurons.adex, (400, 700), "w"),
    "izhikevich": (lq.neurons.izhikevich, (6, 14), "v"),
    "hodgkin_huxley": (lq.neurons.hodgkin_huxley.with_(area="20000 um2"), (1200, 2400), "v"),
    "invented": (INVENTED, (100, 160), "g_e"),
}
UNITS = {"v": "mV", "w": "pA", "g_e": "nS"}


class Lottery:
    """Draws a network: neurons, synapses, rules, delays, weights, parts of populations, stimuli."""

    def __init__(self, seed: int):
        self.random = np.random.default_rng([seed, 7])
        self.net = lq.Network()

    def one_of(self, *choices: Any) -> Any:
        return choices[self.random.integers(len(choices))]

    def network(self) -> Any:
        names = [self.one_of(*NEURONS) for _ in range(self.random.integers(1, 5))]
        for n, name in enumerate(names):
            self.population(f"{name}_{n}", name)
        ends = list(self.net.populations.values())
        trains = [np.unique(self.random.integers(0, 280, 6)) * 0.1 + 0.02 for _ in range(self.random.integers(3, 90))]
        ends.append(self.net.spikes(trains, name="list"))
        for _ in range(self.random.integers(2, 6)):
            self.projection(self.one_of(*ends), self.one_of(*ends[:-1]))
        for population in ends:
            self.net.record(population, "spikes")
            if population.model is not None:
                self.net.record(population, *population.model.states)
        for projection in self.net.projections.values():
            if projection.receptor is not None and not self.recorded(projection):
                self.net.record(projection, *projection.synapse.of_scope("post", "state") or ["i_gap"])
        return self.net

    def recorded(self, projection: Any) -> bool:
        known = [r.target for r in self.net.recorders.values()]
        return any(getattr(k, "receptor", None) == projection.receptor for k in known)

    def population(self, name: str, kind: str) -> None:
        neuron, (low, high), variable = NEURONS[kind]
        parameters = {}
        if kind in ("lif", "invented"):
            parameters["t_ref"] = self.one_of("2 ms", lq.uniform("0.5 ms", "4 ms"))
        cells = self.net.population(neuron, int(self.random.integers(20, 131)), name=name, **parameters)
        lasting = self.one_of(
            lambda: lq.stimuli.ornstein_uhlenbeck(f"{(low + high) / 2} pA", f"{0.2 * low} pA", "3 ms"),
            lambda: self.random.uniform(low, high, cells.size),
            lambda: lq.stimuli.array(self.random.uniform(low, high, (40, cells.size)), dt="1 ms", after="repeat"),
            lambda: f"{high}*pA*(1 + 0.3*sin(2*pi*100*Hz*t + i))",
        )
        self.net.stimulate(cells, "i_ext", lasting())
        if self.random.random() < 0.5:
            rate = self.one_of("300 Hz", self.random.uniform(100, 500, cells.size), "400*Hz*(1 + sin(t/(3*ms)))")
            self.net.stimulate(cells, variable, lq.stimuli.poisson(rate, f"0.7 {UNITS[variable]}"), name=f"{name} rain")
        if self.random.random() < 0.3:
            part = cells[self.random.permutation(cells.size)[:7]]
            self.net.stimulate(part, "i_ext", lq.stimuli.pulse("30 pA", "5 ms", "4 ms"), name=f"{name} pulse")

    def part(self, population: Any) -> Any:
        n = population.size
        return self.one_of(
            population,
            population,
            population[1 : n // 2 + 1],
            population[self.random.random(n) < 0.6],
            population[self.random.permutation(n)[: n // 2].tolist()],
        )

    def synapse(self, source: Any, target: Any) -> dict[str, Any]:
        """Return a synapse with the scale of its weight; how it is connected."""
        kind = target.model.name
        variable = NEURONS[kind][2]
        receptors = [
            (synapses.exponential("3 ms"), "pA"), (synapses.alpha("2 ms"), "pA"),
            (synapses.double_exponential("1 ms", "4 ms"), "pA"), (synapses.conductance("4 ms", "0 mV"), "nS"),
            (synapses.conductance_alpha("2 ms", "-75 mV"), "nS"), (synapses.nmda("2 ms", "20 ms"), "nS"),
            (synapses.conductance_double_exponential("1 ms", "6 ms", "-80 mV"), "nS"),
            (synapses.saturating("5 ms", "3 nS", "0 mV"), "1"),
            (synapses.releasing(synapses.exponential("3 ms"), 0.4), "pA"),
        ]  # fmt: skip
        if source.model is not None and "v" in source.model.states:
            receptors.append((synapses.gap_junction(), "nS"))
        if self.random.random() < 0.7:
            synapse, unit = self.one_of(*receptors)
            return dict(synapse=synapse, into="i_ext", unit=unit, scale={"1": 0.3, "nS": 0.2, "pA": 5}[unit])
        unit = UNITS[variable]
        code = self.one_of(
            f"{variable}_post += w", f"{variable}_post -= w*output", f"{variable}_post += w*(1 + rand())",
            f"{variable}_post += w*tanh(v/(50*mV))", f"{variable}_post *= 1 + w/(10*{unit})",
        )  # fmt: skip
        return dict(on_pre=code, unit=unit, scale=0.3)

    def projection(self, source: Any, target: Any) -> None:
        how = self.synapse(source, target)
        source, target = self.part(source), self.part(target)
        unit, scale = how.pop("unit"), how.pop("scale")
        k = int(self.random.integers(1, 9))
        where = self.one_of(
            lq.fixed_probability(0.1), lq.fixed_in_degree(k), lq.fixed_out_degree(k), lq.fixed_total_number(150),
            lq.all_to_all() if len(source) * len(target) < 2000 else lq.fixed_probability(0.03),
            lq.edges(self.random.integers(len(source), size=200), self.random.integers(len(target), size=200)),
        )  # fmt: skip
        listed = type(where).__name__ == "Edges"
        how["w"] = self.one_of(
            f"{scale} {unit}",
            lq.normal(f"{scale} {unit}", f"{scale / 3} {unit}").clipped(f"0 {unit}", f"{2 * scale} {unit}"),
            self.random.uniform(0, 2 * scale, 200 if listed else (len(source), len(target))) * parse_unit(unit),
        )
        if "synapse" not in how or how["synapse"].pathways:
            how["delay"] = self.one_of(
                "0 ms", "1.5 ms", "0.1 ms", lq.uniform("0.5 ms", "1 ms"), lq.uniform("0.2 ms", "9 ms"),
                self.random.choice([0.4, 1.3, 2.2], 200 if listed else (len(source), len(target))),
            )  # fmt: skip
        self.net.connect(source, target, where=where, **how)


@pytest.fixture
def random_network() -> Callable[[int], Any]:
    """A network that a seed draws."""
    return lambda seed: Lottery(seed).network()
