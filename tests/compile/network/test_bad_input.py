"""What a network cannot run is refused or reported: by name, and before memory or threads suffer."""

import re

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import LapicqueError, SimulationError

COUNTER = lq.Neuron(
    "dx/dt = u/ms : 1\nu : 1 (input)",
    threshold="x >= 1e300",
    events={"a": lq.Event("x >= 0"), "b": lq.Event("x >= 0")},
    name="counter",
)
GROWING = lq.Neuron("dy/dt = y**2/ms : 1\nu : 1 (input)", threshold="y > 1e300", initial=dict(y=0.0), name="growing")


def refused(message, run, net, steps, **options):
    with pytest.raises(SimulationError, match="^" + re.escape(message)) as found:
        run(net, steps, **options)
    return found.value


@pytest.fixture
def net():
    made = lq.Network()
    made.spikes([[3.0]], name="source")
    made.population(COUNTER, 130, name="cells")
    return made


@pytest.fixture
def growing():
    made = lq.Network()
    made.spikes([[3.0]], name="source")
    made.population(COUNTER, 2, name="calm")
    made.population(GROWING, 70, name="growing")
    made.record(made["growing"], "y", name="y")
    return made


def test_two_events_of_all_neurons_in_every_step_are_all_recorded(net, run):
    for name in ("a", "b"):
        net.record(net["cells"], name, name=name)
    answer = run(net, 500)
    for name in ("a", "b"):
        assert answer.spikes[name].counts.tolist() == [500] * 130


@pytest.mark.parametrize("neuron", [0, 129])
def test_an_impossible_rate_stops_all_threads(neuron, net, run):
    rates = np.full((20, 130), 100.0)
    rates[15, neuron] = 1e6
    net.stimulate(net["cells"], "x", lq.stimuli.poisson(rates, 1.0, dt="1 ms", after="zero"))
    refused("a Poisson input has 1000 events a step", run, net, 20)


@pytest.mark.parametrize("late", ["added", "coded"])
def test_a_state_that_explodes_is_named_with_its_step(late, growing, run):
    delay = {"added": "5000 ms", "coded": "5000 ms"} | {late: "20 ms"}
    parts = {"added": growing["growing"][65:66], "coded": growing["growing"][66:]}
    for how, code in {"added": "y += w", "coded": "y += w*(1 + y)"}.items():
        growing.connect(growing["source"], parts[how], on_pre=code, w=10.0, delay=delay[how])
    neuron = {"added": 65, "coded": 66}[late]
    message = f"growing: 'y' of neuron {neuron} is no longer a number before step 33: the scheme euler is unstable"
    error = refused(message, run, growing, 500)
    values = error.result.traces["y"].values
    assert len(values) == 33
    assert (values[23, neuron], values[24, neuron]) == (0, 10)


@pytest.mark.parametrize("way", [{"reference": True}, {"threads": 1}, {"threads": 3}], ids=str)
def test_spikes_that_were_on_their_way_in_a_pause_are_blamed_too(way, growing):
    growing.connect(growing["source"], growing["growing"][65:66], on_pre="y += w", w=10.0, delay="5000 ms")
    growing.connect(growing["source"], growing["growing"][66:], on_pre="y += w*(1 + y)", w=10.0, delay="20 ms")
    with lq.Simulation(growing, dt=1.0, progress=False, **way) as simulation:
        simulation.run(10)
        with pytest.raises(SimulationError, match="before step 33"):
            simulation.run(500)


@pytest.mark.parametrize("w", [np.inf, [1.0] * 129 + [np.inf], "1/j"])
def test_weights_are_finite(w, net, run):
    net.connect(net["source"], net["cells"], on_pre="x += w", w=w)
    with pytest.raises(LapicqueError, match=r"^w of 'source->cells' is infinite"):
        run(net, 3)


@pytest.mark.parametrize("code", ["x += w", "x += w*(1 + x)"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_delays_that_need_more_memory_than_there_is(code, threads, net):
    net.connect(net["source"], net["cells"], on_pre="x += w", w=1.0, delay="2 ms")
    net.connect(net["source"], net["cells"], on_pre=code, w=1.0, delay="10000*second", name="late")
    with pytest.raises(SimulationError) as found:
        lq.simulate(net, "1 ms", dt="0.01 ms", threads=threads)
    assert re.fullmatch(
        r"spikes on their way would need \d+ GB, more than this machine has: a delay of 'late' is 1e\+07 ms, "
        r"1000000000 steps\. Use shorter delays or a larger dt",
        str(found.value),
    )


def test_stimuli_whose_names_differ_in_signs_only(net, run):
    for name in ("rain.1", "rain_1"):
        net.stimulate(net["cells"], "x", lq.stimuli.poisson("500 Hz", 1.0), name=name)
    refused("the stimuli 'rain.1' and 'rain_1' of 'cells' are called the same but for signs", run, net, 3)


def test_arrays_that_end_before_the_run(net):
    net.stimulate(net["cells"], "u", lq.stimuli.array([1.0, 2.0], dt="1 ms"))
    with pytest.raises(SimulationError, match="array"):
        lq.simulate(net, 3, dt=1, reference=True)


def test_functions_that_give_no_number(net, run):
    net.stimulate(net["cells"], "u", lq.stimuli.callable(lambda t: np.nan if t >= 2 else 1.0))
    error = refused("the function that drives", run, net, 5)
    assert "at 2 ms" in str(error)


@pytest.mark.parametrize("chosen", [slice(5, 5), np.zeros(130, bool), []])
def test_parts_without_neurons(chosen, net):
    with pytest.raises(SimulationError, match="no neuron"):
        net.connect(net["source"], net["cells"][chosen], on_pre="x += w", w=1.0)
