"""Synapses that are read back are those that act."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SimulationError
from lapicque.units import ms, mV


def described():
    net = lq.Network()
    source = net.spikes([[0.0]] * 20, name="source")
    counter = lq.Neuron("dv/dt = 0*mV/ms : mV")
    target = net.population(counter, 15, name="target")
    made = net.connect(
        source[5:],
        target[:10],
        on_pre="v += w",
        where=lq.fixed_probability(0.3),
        w=lq.uniform(1 * mV, 2 * mV),
        delay=lq.uniform(0.5 * ms, 3 * ms),
    )
    net.record(target, "v", name="v")
    return net, made


@pytest.mark.parametrize("reference", [True, False])
@pytest.mark.parametrize("wiring_seed", [0, 7])
def test_weights_and_delays_are_those_of_a_run(reference, wiring_seed):
    net, made = described()
    found = lq.connections(made, dt=0.1 * ms, wiring_seed=wiring_seed)
    assert found.shape == (15, 10)
    v = lq.simulate(net, 4 * ms, dt=0.1 * ms, wiring_seed=wiring_seed, reference=reference).traces["v"].values
    expected = np.zeros((40, 15))
    for target, weight, delay in zip(found.targets, found.weights, found.delays, strict=True):
        expected[round(delay / 0.1) + 1 :, target] += weight  # seen at the beginning of the next step
    np.testing.assert_allclose(v, expected, rtol=1e-12)


def test_they_depend_on_the_wiring_seed_alone():
    one, two = (lq.connections(described()[1], wiring_seed=1) for _ in range(2))
    np.testing.assert_array_equal(one.weights, two.weights)
    np.testing.assert_array_equal(one.sources, two.sources)
    assert len(lq.connections(described()[1], wiring_seed=2)) != len(one)


def test_only_projections_have_them():
    net, _ = described()
    with pytest.raises(SimulationError, match=r"net\['exc->inh'\]"):
        lq.connections(net)
