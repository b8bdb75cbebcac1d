"""What SpikingNN.jl has: spike response neurons, synapses and delays, thresholds that fire at random, inputs."""

import numpy as np
import pytest

import lapicque as lq

DT = 0.1
TRAIN = [1.0, 4.0, 4.3, 11.0]
#: u(t) is a sum of responses to incoming spikes and, since the last one, of eta to the neuron's own.
SRM0 = lq.Neuron(
    """
    u = i + eta : 1
    deta/dt = -eta/(15*ms) : 1
    i : 1 (input)
    """,
    threshold="u >= 1",
    reset="eta = -1.5",
    name="srm0",
)


def epsp(t):
    """q/(1 - ts/tm) (exp(-t/tm) - exp(-t/ts)), SpikingNN.jl's response, with q = 1."""
    return np.where(t >= 0, (np.exp(-t / 8) - np.exp(-t / 2)) / (1 - 2 / 8), 0.0)


EPSP = lq.Synapse(
    """
    dslow/dt = -slow/(8*ms) : 1 (post)
    dquick/dt = -quick/(2*ms) : 1 (post)
    w : 1 (weight)
    """,
    on_pre="slow += w; quick += w",
    output="(slow - quick)/(1 - 0.25)",
    name="epsp",
)


@pytest.mark.parametrize("reference", [True, False])
def test_a_spike_response_neuron_is_a_sum_of_kernels(reference):
    net = lq.Network()
    source = net.spikes([TRAIN, [8.0]], name="source")
    cells = net.population(SRM0, 1, name="cells")
    net.connect(source, cells, EPSP, into="i", w=np.array([[1.3], [2.6]]), delay="2.5 ms")
    net.record(cells, "u", name="u")
    net.record(cells, "spikes")
    answer = lq.simulate(net, "40 ms", dt=DT, reference=reference, progress=False)
    own = answer.spikes["cells"].times
    assert len(own) >= 2
    # what a spike adds in step k is first seen at the beginning of step k + 1
    t = answer.traces["u"].times[:, None] - DT
    expected = 1.3 * epsp(t - (np.array(TRAIN) + 2.5) + 1e-9).sum(axis=1) + 2.6 * epsp(t[:, 0] - 10.5 + 1e-9)
    last = np.array([max(own[own < time - DT / 2], default=-np.inf) for time in answer.traces["u"].times])
    expected += -1.5 * np.exp(-(t[:, 0] - last) / 15)
    np.testing.assert_allclose(answer.traces["u"].values[:, 0], expected, atol=1e-9)


def test_synapses_and_delays():
    """Delta, alpha and EPSP; spikes wait in a queue, and for delays of each synapse."""
    net = lq.Network()
    source = net.spikes([TRAIN], name="source")
    cells = net.population(lq.Neuron("dv/dt = 0/ms : 1\ni : 1 (input)\nk : pA (input)", name="target"), 2, name="cells")
    given = dict(where=lq.all_to_all(), delay=np.array([[0.5, 3.0]]))
    net.connect(source, cells, lq.synapses.instantaneous("v"), w=1.0, **given)
    net.connect(source, cells, lq.synapses.alpha("3 ms"), into="k", w="1 pA", receptor="alpha", **given)
    net.connect(source, cells, EPSP, into="i", w=1.0, receptor="epsp", **given)
    for name, variable in (("delta", "v"), ("alpha", "k"), ("epsp", "i")):
        recorded = {"v": "v", "k": "alpha.i", "i": "epsp.slow"}[variable]
        net.record(cells, recorded, name=name)
    answer = lq.simulate(net, "20 ms", dt=DT, progress=False)
    t = answer.traces["delta"].times - DT + 1e-9
    kernels = {
        "delta": lambda s: 1.0 * (s >= 0),
        "alpha": lambda s: np.where(s >= 0, s / 3 * np.exp(1 - s / 3), 0.0),
        "epsp": lambda s: np.where(s >= 0, np.exp(-s / 8), 0.0),
    }
    for neuron, delay in enumerate((0.5, 3.0)):
        for name, kernel in kernels.items():
            expected = sum(kernel(t - spike - delay) for spike in TRAIN)
            np.testing.assert_allclose(answer.traces[name].values[:, neuron], expected, atol=1e-7, err_msg=name)


def test_a_threshold_that_fires_at_random_has_its_rate():
    """P = dt rho_0 exp((v - theta)/delta_u): rho_0 at the threshold, e times as much delta_u above it."""
    cell = lq.Neuron(
        "v : mV", threshold="hazard(10*Hz*exp((v + 50*mV)/(2*mV)))", parameters=dict(v="-50 mV"), name="escape"
    )
    net = lq.Network()
    for n, v in enumerate((-50.0, -48.0)):
        net.record(net.population(cell, 1000, name=f"cells_{n}", v=v), "spikes")
    found = lq.simulate(net, "2 s", dt=DT, seed=1, progress=False).spikes
    assert found["cells_0"].rate().mean() == pytest.approx(10, rel=0.02)
    assert found["cells_1"].rate().mean() == pytest.approx(10 * np.e, rel=0.02)


def test_inputs_of_all_kinds_give_the_same():
    """An array, an expression of time, a Python function and a generator; a list of spikes and a function that adds."""
    waves = 300 * (1 + np.sin(np.arange(400) * DT))
    generator = iter(waves)
    inputs = {
        "array": lq.stimuli.array(waves),
        "expression": "300*pA*(1 + sin(t/ms))",
        "function": lq.stimuli.callable(lambda t: 300 * (1 + np.sin(t))),
        "generator": lq.stimuli.callable(lambda t: next(generator)),
    }
    net = lq.Network()
    for name, stimulus in inputs.items():
        cells = net.population(lq.neurons.lif, 1, name=name)
        net.stimulate(cells, "i_ext", stimulus)
        net.record(cells, "spikes")
        net.record(cells, "v", name=f"{name}.v")
    answer = lq.simulate(net, "40 ms", dt=DT, progress=False)
    assert len(answer.spikes["array"].times) > 0
    for name in inputs:
        assert np.array_equal(answer.spikes[name].times, answer.spikes["array"].times)
        np.testing.assert_allclose(answer.traces[f"{name}.v"].values, answer.traces["array.v"].values, atol=1e-9)


def test_a_list_of_spikes_does_what_pulses_of_current_do():
    spikes = [5.0, 6.0, 7.0, 20.0]
    net = lq.Network()
    by_list, by_current = (net.population(lq.neurons.lif, 1, name=name) for name in ("list", "current"))
    net.connect(net.spikes([spikes], name="source"), by_list, on_pre="v += w", w="8 mV")
    pulses = np.zeros(300)
    # the flow of one step of length h with current I adds I/g_l (1 - exp(-h/tau)), at its end
    pulses[np.rint(np.array(spikes) / DT).astype(int)] = 8 * 10 / (1 - np.exp(-DT / 20))
    net.stimulate(by_current, "i_ext", lq.stimuli.array(pulses, after="zero"), name="pulses")
    for cells in (by_list, by_current):
        net.record(cells, "spikes")
        net.record(cells, "v", name=f"{cells.name}.v")
    answer = lq.simulate(net, "30 ms", dt=DT, progress=False)
    # a current is there before the condition, a spike behind it: one step earlier
    one, two = answer.spikes["list"].times, answer.spikes["current"].times
    assert len(one) >= 1
    np.testing.assert_allclose(one, two + DT, atol=1e-9)


def test_rates_of_inputs():
    """Constant rate, and a rate over time."""
    net = lq.Network()
    cell = lq.Neuron("dn/dt = 0/ms : 1", name="counter")
    for name, rate in (("constant", "100 Hz"), ("wave", "100*Hz*(1 + sin(2*pi*10*Hz*t))")):
        cells = net.population(cell, 2000, name=name)
        net.stimulate(cells, "n", lq.stimuli.poisson(rate, 1.0))
        net.record(cells, "n", name=name)
    answer = lq.simulate(net, "100 ms", dt=DT, seed=2, progress=False)
    t = answer.traces["wave"].times
    error = 4 * np.sqrt(10 / 2000)
    np.testing.assert_allclose(answer.traces["constant"].values.mean(axis=1), t / 10, atol=error)
    wave = (t + (1 - np.cos(2 * np.pi * t / 100)) * 100 / (2 * np.pi)) / 10
    np.testing.assert_allclose(answer.traces["wave"].values.mean(axis=1), wave, atol=error + 0.03)
