"""The neurons of SpikingNeuralNetworks.jl, each against a loop written here.

Integrate-and-fire with currents (IF) and with conductances (IF2), with noise (NoisyIF), Poisson, Izhikevich with its
two half steps, Hodgkin-Huxley in the form of Traub, rate units (tanh).
"""

import numpy as np
import pytest

import lapicque as lq

DT, STEPS = 0.1, 600
EXCITATION, INHIBITION = [[5.0, 6.0, 7.0, 20.0, 30.0]], [[8.0, 31.0]]
KERNELS = "dg_e/dt = -g_e/(5*ms) : {0}\ndg_i/dt = -g_i/(10*ms) : {0}\n"
RESET = dict(threshold="v > -50*mV", reset="v = -60*mV", refractory="5*ms", initial=dict(v="-60 mV"))
IF = lq.Neuron("dv/dt = (g_e + g_i + i - (v + 60*mV))/(20*ms) : mV (unless refractory)\ni : mV (input)\n"
               + KERNELS.format("mV"), **RESET, name="if_currents")  # fmt: skip
IF2 = lq.Neuron("dv/dt = (g_e*(0*mV - v) + g_i*(-80*mV - v) + i - (v + 60*mV))/(20*ms) : mV (unless refractory)\n"
                "i : mV (input)\n" + KERNELS.format("1"), **RESET, name="if_conductances")  # fmt: skip
NOISY = lq.Neuron("dv/dt = -(v + 60*mV)/(20*ms) + 2*mV*ms**-0.5*xi : mV", initial=dict(v="-60 mV"), name="noisy_if")
POISSON = lq.Neuron("rate : Hz", threshold="hazard(rate)", parameters=dict(rate="50 Hz"), name="poisson")
IZHIKEVICH = lq.Neuron(
    """
    half = v + 0.5*(dt/ms)*(0.04*v**2 + 5*v + 140 - u + i) : 1
    whole = half + 0.5*(dt/ms)*(0.04*half**2 + 5*half + 140 - u + i) : 1
    v[n+1] = whole : 1
    u[n+1] = u + (dt/ms)*0.02*(0.2*whole - u) : 1
    i : 1 (input)
    """,
    threshold="v > 30",
    reset="v = -65; u += 8",
    initial=dict(v=-65, u=-13),
    name="half_steps",
)
RATE = lq.Neuron("dx/dt = (-x + i)/(10*ms) : 1\nr = tanh(x) : 1\ni : 1 (input)", output="r", name="tanh")
WEIGHTS = np.array([[0.0, 1.5, 0.4], [-1.5, 0.3, 0.0], [0.7, 0.0, -0.2]])


@pytest.fixture(scope="module")
def answer():
    net = lq.Network()
    kinds = {"if": IF, "if2": IF2, "izhikevich": IZHIKEVICH, "traub": lq.neurons.traub}
    cells = {name: net.population(neuron, 1, name=name) for name, neuron in kinds.items()}
    cells["noisy"] = net.population(NOISY, 500, name="noisy")
    cells["poisson"] = net.population(POISSON, 500, name="poisson")
    cells["rate"] = net.population(RATE, 3, name="rate", initial=dict(x=[0.1, -0.3, 0.5]))
    exc, inh = net.spikes(EXCITATION, name="exc"), net.spikes(INHIBITION, name="inh")
    for target, w_e, w_i in (("if", "4 mV", "-3 mV"), ("if2", 0.2, 0.3)):
        net.connect(exc, cells[target], on_pre="g_e += w", w=w_e, delay="1 ms")
        net.connect(inh, cells[target], on_pre="g_i += w", w=w_i, delay="1 ms")
    for target in ("if", "if2"):
        net.stimulate(cells[target], "i", "14 mV")
    net.stimulate(cells["izhikevich"], "i", 10.0)
    fast = lq.synapses.conductance("5 ms", "0 mV")
    net.connect(exc, cells["traub"], fast, into="i_ext", w="20 nS", delay="1 ms", receptor="fast")
    net.connect(cells["rate"], cells["rate"], lq.synapses.graded("1"), into="i", w=WEIGHTS)
    for name, variable in (
        ("if", "v"),
        ("if2", "v"),
        ("izhikevich", "v"),
        ("traub", "v"),
        ("noisy", "v"),
        ("rate", "x"),
    ):
        net.record(cells[name], variable, name=name)
    for name in ("if", "if2", "izhikevich", "poisson"):
        net.record(cells[name], "spikes", name=f"{name} spikes")
    methods = {**dict.fromkeys(("if", "if2", "noisy", "rate"), "euler"), "traub": "exponential_euler"}
    return lq.simulate(net, f"{STEPS * DT} ms", dt=f"{DT} ms", method=methods, seed=1, progress=False)


def arrivals(trains):
    """How many spikes arrive in each step."""
    steps = np.rint((np.array(trains[0]) + 1.0) / DT).astype(int)
    return np.bincount(steps, minlength=STEPS)


def integrate_and_fire(flow, w_e, w_i):
    v, g_e, g_i, last, values, spikes = -60.0, 0.0, 0.0, -10_000, [], []
    for k, (e, i) in enumerate(zip(arrivals(EXCITATION), arrivals(INHIBITION), strict=True)):
        values.append(v)
        free = k - last >= 50
        dv = flow(v, g_e, g_i) / 20 * DT if free else 0.0
        v, g_e, g_i = v + dv, g_e - g_e / 5 * DT, g_i - g_i / 10 * DT
        if free and v > -50:
            v, last = -60.0, k
            spikes.append(k)
        g_e, g_i = g_e + w_e * e, g_i + w_i * i
    return np.array(values), spikes


@pytest.mark.parametrize(
    ("name", "flow", "w_e", "w_i"),
    [
        ("if", lambda v, e, i: e + i + 14 - (v + 60), 4.0, -3.0),
        ("if2", lambda v, e, i: e * (0 - v) + i * (-80 - v) + 14 - (v + 60), 0.2, 0.3),
    ],
)
def test_integrate_and_fire(name, flow, w_e, w_i, answer):
    values, spikes = integrate_and_fire(flow, w_e, w_i)
    np.testing.assert_allclose(answer.traces[name].values[:, 0], values, atol=1e-9)
    assert np.rint(answer.spikes[f"{name} spikes"].times / DT).astype(int).tolist() == spikes
    assert len(spikes) >= 2


def test_noisy_integrate_and_fire(answer):
    v = answer.traces["noisy"].values[400:]
    # Ornstein-Uhlenbeck: variance sigma^2 tau/2 (1 - exp(-2t/tau)), between 40 and 60 ms
    t = answer.traces["noisy"].times[400:]
    expected = 4 * 20 / 2 * (1 - np.exp(-2 * t / 20))
    assert v.mean() == pytest.approx(-60, abs=4 * np.sqrt(40 / 500))
    assert v.var(axis=1).mean() == pytest.approx(expected.mean(), rel=4 * np.sqrt(2 / 500))


def test_poisson(answer):
    counts = answer.spikes["poisson spikes"].counts
    assert counts.mean() == pytest.approx(50 * 0.06, abs=4 * np.sqrt(3 / 500))
    assert counts.var() == pytest.approx(3, rel=4 * np.sqrt((2 + 1 / 3) / 500))


def test_izhikevich_with_half_steps(answer):
    v, u, values, spikes = -65.0, -13.0, [], []
    for k in range(STEPS):
        values.append(v)
        for _ in range(2):
            v += 0.5 * DT * (0.04 * v * v + 5 * v + 140 - u + 10)
        u += DT * 0.02 * (0.2 * v - u)
        if v > 30:
            v, u = -65.0, u + 8
            spikes.append(k)
    np.testing.assert_allclose(answer.traces["izhikevich"].values[:, 0], values, atol=1e-6)
    assert np.rint(answer.spikes["izhikevich spikes"].times / DT).astype(int).tolist() == spikes
    assert len(spikes) >= 2


def test_hodgkin_huxley(answer):
    def rates(v):
        u = v + 63
        alpha = (
            0.32 * (13 - u) / np.expm1((13 - u) / 4),
            0.128 * np.exp((17 - u) / 18),
            0.032 * (15 - u) / np.expm1((15 - u) / 5),
        )
        beta = 0.28 * (u - 40) / np.expm1((u - 40) / 5), 4 / (1 + np.exp((40 - u) / 5)), 0.5 * np.exp((10 - u) / 40)
        return np.array(alpha), np.array(beta)

    v, g, values = -60.0, 0.0, []
    gates = rates(v)[0] / sum(rates(v))
    for arriving in arrivals(EXCITATION):
        values.append(v)
        m, h, n = gates
        alpha, beta = rates(v)
        channels = np.array([10, 20000 * m**3 * h, 6000 * n**4, g])  # leak, sodium, potassium, synapse
        rest = channels @ [-60, 50, -90, 0] / channels.sum()
        gates = alpha / (alpha + beta) + (gates - alpha / (alpha + beta)) * np.exp(-DT * (alpha + beta))
        v = rest + (v - rest) * np.exp(-DT * channels.sum() / 200)
        g = g * np.exp(-DT / 5) + 20 * arriving
    assert max(values) > 20  # action potentials
    np.testing.assert_allclose(answer.traces["traub"].values[:, 0], values, atol=1e-6)


def test_rate_units(answer):
    x, values = np.array([0.1, -0.3, 0.5]), []
    for _ in range(STEPS):
        values.append(x)
        x = x + DT * (-x + np.tanh(x) @ WEIGHTS) / 10
    np.testing.assert_allclose(answer.traces["rate"].values, values, atol=1e-12)
