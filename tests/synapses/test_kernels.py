"""The time course of one arriving spike against closed forms, by the exact scheme of the reference interpreter."""

import numpy as np
import pytest

import lapicque as lq

DT = 0.05
V = -70.0  # mV, of a cell whose membrane hardly moves
CELL = lq.Neuron(
    "dv/dt = i_ext/c_m : mV\ni_ext : pA (input)",
    parameters=dict(c_m="1000000 pF"),
    initial=dict(v=f"{V} mV"),
    name="cell",
)
LINEAR = lq.Neuron("dv/dt = i_ext/(1000*pF) : mV\ni_ext : pA (input)", name="linear")


def response(synapse, w, variable="i", cell=LINEAR, spikes=((1.0,),), into="i_ext", duration=40):
    """Times since the spike at 1 ms, and the receptor's variable."""
    net = lq.Network()
    target = net.population(cell, 1, name="target")
    source = net.spikes([list(times) for times in spikes])
    net.connect(source, target, synapse, into=into, w=w, receptor="syn")
    net.record(target, f"syn.{variable}", name="trace")
    trace = next(iter(lq.simulate(net, duration, dt=DT, reference=True).traces.values()))
    since = np.asarray(trace.times) - 1.0 - DT  # delivered at the end of its step
    return since, np.asarray(trace.values)[:, 0]


def test_exponential_current():
    t, i = response(lq.synapses.exponential("5 ms"), "30 pA")
    np.testing.assert_allclose(i, np.where(t > -DT / 2, 30 * np.exp(-t / 5), 0), atol=1e-9)


def test_alpha_current_is_at_its_peak_the_weight_after_tau():
    t, i = response(lq.synapses.alpha("4 ms"), "30 pA")
    after = np.maximum(t, 0)
    np.testing.assert_allclose(i, 30 * after / 4 * np.exp(1 - after / 4), atol=1e-9)
    assert i.max() == pytest.approx(30, abs=1e-9)
    assert t[i.argmax()] == pytest.approx(4)


@pytest.mark.parametrize(("rise", "decay"), [(0.5, 5.0), (2.0, 3.0), (5.0, 0.5)])
def test_the_peak_of_two_exponentials_is_the_weight(rise, decay):
    t, i = response(lq.synapses.double_exponential(rise, decay), "30 pA")
    peak = rise * decay / (decay - rise) * np.log(decay / rise)
    after = np.maximum(t, 0)
    shape = (np.exp(-after / decay) - np.exp(-after / rise)) / (np.exp(-peak / decay) - np.exp(-peak / rise))
    np.testing.assert_allclose(i, 30 * shape, atol=1e-8)
    assert i.max() == pytest.approx(30, rel=1e-3)


def test_spikes_add():
    t, i = response(lq.synapses.exponential("5 ms"), "30 pA", spikes=[(1.0, 11.0), (11.0,)])
    late = t > 10.0
    np.testing.assert_allclose(i[late], 30 * np.exp(-t[late] / 5) + 60 * np.exp(-(t[late] - 10) / 5), atol=1e-9)


@pytest.mark.parametrize(
    ("make", "peak_time"),
    [
        (lambda: lq.synapses.conductance("5 ms", "0 mV"), 0.0),
        (lambda: lq.synapses.conductance_alpha("4 ms", "0 mV"), 4.0),
        (lambda: lq.synapses.conductance_double_exponential("1 ms", "4 ms", "0 mV"), 4 / 3 * np.log(4)),
    ],
)
def test_conductances_have_the_weight_as_their_peak(make, peak_time):
    t, g = response(make(), "2 nS", "g", CELL, duration=20)
    assert g.max() == pytest.approx(2.0, rel=0.03)  # by an approximate scheme: v times g is not linear
    assert abs(t[g.argmax()] - peak_time) <= 2 * DT


def test_a_conductance_drives_towards_its_reversal_potential():
    """c dv/dt = g (e - v): the voltage's distance to e shrinks by exp(-integral of g/c)."""
    cell = CELL.with_(c_m="100 pF")
    net = lq.Network()
    target = net.population(cell, 1, name="target")
    synapse = lq.synapses.conductance("5 ms", "-20 mV")
    net.connect(net.spikes([[0.0]]), target, synapse, into="i_ext", w="10 nS")
    net.record(target, "v", name="trace")
    values = next(iter(lq.simulate(net, 60, dt=0.01, reference=True).traces.values())).values[:, 0]
    assert values[-1] == pytest.approx(-20 - 50 * np.exp(-10 * 5 / 100), abs=0.05)


def test_magnesium_blocks_nmda_receptors_at_rest():
    nmda = lq.synapses.nmda()
    for v in (-80.0, -20.0, 40.0):
        _, part = response(nmda, "1 nS", "open", CELL.with_(initial=dict(v=f"{v} mV")), duration=2)
        assert part[0] == pytest.approx(1 / (1 + 1 / 3.57 * np.exp(-0.062 * v)), rel=1e-9)


def test_a_saturating_synapse_never_opens_more_than_all_channels():
    synapse = lq.synapses.saturating("5 ms", "10 nS", "0 mV")
    _, s = response(synapse, 0.5, "s", CELL, spikes=[(1.0,), (1.0,), (1.0,)], duration=3)
    assert s.max() == pytest.approx(1 - 0.5**3, rel=1e-9)  # one after the other, not the sum of three
    _, s = response(synapse, 1.0, "s", CELL, spikes=[(1.0,), (2.0,)], duration=5)
    assert s.max() == 1.0


def test_an_instantaneous_synapse_jumps():
    net = lq.Network()
    target = net.population(CELL, 2, name="target")
    net.connect(net.spikes([[1.0], [1.0]]), target, lq.synapses.instantaneous("v"), w="0.5 mV")
    net.record(target, "v", name="trace")
    values = next(iter(lq.simulate(net, 3, dt=DT, reference=True).traces.values())).values
    np.testing.assert_allclose(values[-1], V + 1.0)


def test_release_happens_as_often_as_its_probability_says():
    n = 400
    net = lq.Network()
    target = net.population(CELL, 1, name="target")
    synapse = lq.synapses.releasing(lq.synapses.instantaneous("v"), p=0.3)
    net.connect(net.spikes([[1.0]] * n), target, synapse, w="1 mV")
    net.record(target, "v", name="trace")
    traces = [lq.simulate(net, 2, dt=DT, seed=seed, reference=True).traces for seed in (1, 2)]
    counts = [next(iter(found.values())).values[-1, 0] - V for found in traces]
    assert counts[0] != counts[1]
    for count in counts:
        assert count == pytest.approx(round(count))
        assert abs(count - 0.3 * n) < 4 * np.sqrt(n * 0.3 * 0.7)


def test_gap_junctions_bring_voltages_together():
    """Two cells with one junction: the difference decays with 2 w/c."""
    cell = CELL.with_(c_m="100 pF", initial=dict(v="-60 mV"))
    net = lq.Network()
    pair = net.population(cell, 2, name="pair", initial=dict(v=[-50, -70]))
    net.connect(pair, pair, lq.synapses.gap_junction(), into="i_ext", w="5 nS")
    net.record(pair, "v", name="trace")
    values = next(iter(lq.simulate(net, 10, dt=0.01, reference=True).traces.values())).values
    np.testing.assert_allclose(values.sum(axis=1), -120, atol=1e-9)
    assert values[-1, 0] - values[-1, 1] == pytest.approx(20 * np.exp(-2 * 5 / 100 * 10), rel=2e-2)


def test_graded_transmission_is_a_weighted_sum():
    unit = lq.Neuron("dx/dt = 0/ms : 1", output="tanh(x)", initial=dict(x=0), name="unit")
    net = lq.Network()
    source = net.population(unit, 3, name="source", initial=dict(x=[0.5, -1.0, 2.0]))
    target = net.population(CELL, 2, name="target")
    weights = np.arange(6.0).reshape(3, 2)
    net.connect(source, target, lq.synapses.graded(), into="i_ext", w=weights * lq.units.pA)
    net.record(target, "i_ext", name="trace")
    values = next(iter(lq.simulate(net, 1, dt=DT, reference=True).traces.values())).values
    np.testing.assert_allclose(values[-1], np.tanh([0.5, -1.0, 2.0]) @ weights, rtol=1e-12)
