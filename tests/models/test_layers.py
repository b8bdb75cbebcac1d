"""What WaspNet.jl has: spiking, non-spiking and wrapped neurons in layers with feed-forward, recurrent and skip blocks.

A wrapped neuron's output is a function of its spikes. The whole network equals a loop in NumPy.
"""

import numpy as np
import pytest

import lapicque as lq

SPIKING = lq.Neuron(
    "dv/dt = (-50*mV - v + 10*i)/(8*ms) : mV\ni : mV (input)",
    threshold="v >= -55*mV",
    reset="v = -100*mV",
    initial=dict(v="-100 mV"),
    name="spiking",
)
WRAPPED = SPIKING.with_(output="-2.5", name="wrapped")
FUNCTIONS = {"relu": "max(x, 0)", "sigmoid": "sigmoid(x)", "tanh": "tanh(x)", "identity": "x"}
NUMPY = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "identity": lambda x: x,
}
RATES = {
    name: lq.Neuron("dx/dt = (-x + i)/(4*ms) : 1\ni : 1 (input)", output=text, name=name)
    for name, text in FUNCTIONS.items()
}
DT, STEPS = 0.5, 200
DRIVE = np.array([0.4, 0.9, 1.6])
RANDOM = np.random.default_rng(3)
INTO, BACK, ON, SKIP = (
    RANDOM.normal(0, 1, (4, 3, 2)),
    RANDOM.normal(0, 0.4, (2, 2)),
    RANDOM.normal(0, 0.5, (4, 2, 3)),
    np.diag([3.0, -2.0, 1.0]),
)


@pytest.fixture(scope="module")
def net():
    made = lq.Network()
    first, inner = (made.population(n, 3, name=name) for name, n in (("first", SPIKING), ("inner", WRAPPED)))
    last = made.population(SPIKING, 3, name="last")
    for cells in (first, inner, last):
        made.stimulate(cells, "i", DRIVE)
        made.record(cells, "v", name=cells.name)
        made.record(cells, "spikes", name=f"{cells.name} spikes")
    made.connect(first, inner, on_pre="v += w*output", w="2 mV", where=lq.one_to_one())
    for n, (name, neuron) in enumerate(RATES.items()):
        units = made.population(neuron, 2, name=name)
        made.connect(inner, units, on_pre="x += w*output", w=INTO[n])
        made.connect(units, units, lq.synapses.graded("1"), into="i", w=BACK)
        made.connect(units, last, lq.synapses.graded("mV"), into="i", w=ON[n] * lq.units.mV)
        made.record(units, "x", name=name)
    made.connect(first, last, on_pre="v += w", w=SKIP * lq.units.mV, delay="2 ms")
    return made


def loop():
    """The same by hand."""
    v = {name: np.full(3, -100.0) for name in ("first", "inner", "last")}
    x = {name: np.zeros(2) for name in RATES}
    found = {name: [] for name in (*v, *x)}
    late = [np.zeros(3)] * 4
    for _ in range(STEPS):
        for name in found:
            found[name].append((v | x)[name])
        outputs = {name: NUMPY[name](x[name]) for name in x}
        drive = dict.fromkeys(v, DRIVE)
        drive["last"] = DRIVE + sum(outputs[name] @ ON[n] for n, name in enumerate(x))
        # membranes are integrated exactly
        v = {name: -50 + 10 * drive[name] + (v[name] + 50 - 10 * drive[name]) * np.exp(-DT / 8) for name in v}
        x = {name: outputs[name] @ BACK + (x[name] - outputs[name] @ BACK) * np.exp(-DT / 4) for name in x}
        spikes = {name: v[name] >= -55 for name in v}
        late.append(spikes["first"] @ SKIP)
        v["inner"] = v["inner"] + 2.0 * spikes["first"]
        v["last"] = v["last"] + late.pop(0)
        for n, name in enumerate(x):
            x[name] = x[name] + (-2.5 * spikes["inner"]) @ INTO[n]
        v = {name: np.where(spikes[name], -100.0, v[name]) for name in v}
    return {name: np.array(rows) for name, rows in found.items()}


@pytest.mark.parametrize("reference", [True, False])
def test_layers_equal_a_loop(reference, net):
    answer = lq.simulate(net, f"{STEPS * DT} ms", dt=DT, reference=reference, progress=False)
    for name, rows in loop().items():
        np.testing.assert_allclose(answer.traces[name].values, rows, rtol=1e-12, atol=1e-12, err_msg=name)
    for name in ("first", "inner", "last"):
        assert (answer.spikes[f"{name} spikes"].counts > 3).any()


def test_a_reset_restores_the_beginning(net):
    with lq.Simulation(net, dt=DT, progress=False) as simulation:
        simulation.snapshot("start")
        first = simulation.run("50 ms")
        simulation.restore("start")
        again = simulation.run("50 ms")
    for name, trace in first.traces.items():
        assert np.array_equal(trace.values, again.traces[name].values)
