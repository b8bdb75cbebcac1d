"""Rules in closed loops: rates that are held, sums that are kept, thresholds that slide, fixed points."""

import numpy as np
import pytest

import lapicque as lq

#: An inhibitory current.
INHIBIT = lq.Synapse(
    "di/dt = -i/tau : pA (post)\nw : pA (weight)",
    on_pre="i -= w",
    output="i",
    parameters=dict(tau="10 ms"),
    name="inhibit",
)
SECONDS, INPUTS = 20, 100


@pytest.fixture(scope="module")
def driven():
    """Rate of cells in the last quarter, Hz, and their weights, with inputs that fire independently at 20 Hz.

    Each cell has a rule of its own; all are of one population, so that one kernel runs them.
    """
    excite, s = lq.synapses.exponential("5 ms"), lq.synapses
    scaling = s.synaptic_scaling("10 Hz", beta=0.05, tau_rate="1 second").onto(excite)
    sums = s.normalised("300 pA", "100 ms").onto(s.stdp("50 pA", 0.02, 0.021)).onto(excite)
    rules = {  # a rule, pA that drive the cell, and weights at the beginning
        (goal, current): (s.inhibitory_stdp("1 pA", rho_0=f"{goal} Hz").onto(INHIBIT), current, "2 pA")
        for goal in (5, 12)
        for current in (300, 500)
    }
    start = np.repeat([3.0, 6.0], 50)
    rules |= {factor: (scaling, 100, factor * start) for factor in (0.5, 3)} | {"sums": (sums, 220, "3 pA")}
    net = lq.Network()
    rng = np.random.default_rng(1)
    trains = [0.5 * np.sort(rng.choice(SECONDS * 2000, 20 * SECONDS, replace=False)) for _ in range(INPUTS)]
    inputs = net.spikes(trains, name="inputs")
    cells = net.population(lq.neurons.lif, len(rules), name="cells")
    net.stimulate(cells, "i_ext", np.array([current for _, current, _ in rules.values()]) * lq.units.pA)
    for n, (rule, _, w) in enumerate(rules.values()):
        net.connect(inputs, cells[n : n + 1], rule, into="i_ext", w=w, name=f"plastic_{n}")
    net.record(cells, "spikes")
    result = lq.simulate(net, 1000 * SECONDS + 0.5, dt=0.5, progress=False, threads=1)  # sums were just restored
    rates = result.spikes["cells"].window(750 * SECONDS, 1000 * SECONDS).rate()
    return {name: (float(rates[n]), result.final[f"plastic_{n}"]["w"]) for n, name in enumerate(rules)}


@pytest.mark.parametrize("goal", [5, 12])
def test_inhibition_holds_the_rate_of_its_target(driven, goal):
    """Vogels et al. 2011: whatever drives the cell, inhibition comes to balance it at rho_0."""
    np.testing.assert_allclose([driven[goal, current][0] for current in (300, 500)], goal, rtol=0.15)


@pytest.mark.parametrize("factor", [0.5, 3])
def test_scaling_brings_the_rate_to_its_goal_and_keeps_ratios(driven, factor):
    """Turrigiano et al. 1998: too much or too little, all synapses are multiplied by one factor."""
    rate, w = driven[factor]
    assert rate == pytest.approx(10, rel=0.15)
    np.testing.assert_allclose(w[50:] / w[:50], 2, rtol=1e-9)


def test_sums_of_weights_are_kept_and_inputs_compete(driven):
    _, w = driven["sums"]
    assert w.sum() == pytest.approx(300, rel=0.05)
    assert w.std() > 0.1 * w.mean()


@pytest.mark.crosscheck
def test_the_spiking_threshold_slides_with_the_square_of_the_rate():
    """The threshold of the target averages rate**2/r_0, and synapses grow above it."""
    net = lq.Network()
    rng = np.random.default_rng(5)
    rates = np.array([5.0, 10.0, 20.0])
    repeats = 40
    steps = 40000
    commands = [np.flatnonzero(rng.random(steps) < rate / 2000) for rate in np.repeat(rates, repeats)]
    spikes = net.spikes([0.5 * train for train in commands], name="commands")
    cell = lq.Neuron("dv/dt = 0/ms : 1", threshold="v > 0.5", reset="v = 0", name="cell")
    target = net.population(cell, len(commands), name="cell")
    net.connect(spikes, target, on_pre="v += w", w=1.0, where=lq.one_to_one())
    source = net.spikes([0.5 * np.flatnonzero(rng.random(steps) < 0.01)], name="source")
    rule = lq.synapses.bcm_spiking(1.0, eta=1e-12, r_0="10 Hz", tau_theta="2 second")
    net.record(net.connect(source, target, rule, w=0.5), "theta", every="100 ms", name="theta")
    trace = lq.simulate(net, steps / 2, dt=0.5, progress=False, threads=1).traces["theta"]
    assert str(trace.unit) == "Hz"
    theta = trace.values[100:].mean(axis=0).reshape(3, repeats).mean(axis=1)
    np.testing.assert_allclose(theta, rates**2 / 10, rtol=0.25)


@pytest.mark.parametrize("a", [0.0, 0.5])
def test_the_rule_of_paredes_comes_to_its_fixed_point(learned, a):
    """A constant trace: postsynaptic spikes a fixed time after presynaptic ones."""
    lags = np.array([0.0, 2.0, 5.0, 10.0, 20.0, 40.0])
    pre = [10 + 50.0 * np.arange(200)] * len(lags)
    post = [10 + lag + 50.0 * np.arange(200) for lag in lags]
    rule = lq.synapses.fede_stdp(0.05, w_init=0.4, a=a)
    found = learned({"fede": (rule, 0.4)}, pre, post, 10020, threads=1)["fede"]["w"]
    x = np.exp(-lags / 20)
    np.testing.assert_allclose(found, 0.4 + 0.5 * np.log((np.exp(x) - a) / (np.exp(1 - x) - a)), atol=1e-3)
