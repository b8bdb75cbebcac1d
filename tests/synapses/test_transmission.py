"""Rules and ways of transmission put together."""

import numpy as np
import pytest

import lapicque as lq


def test_rules_act_alike_on_jumps_currents_and_conductances(told):
    """What is learned does not depend on what a spike does, and what a spike does only on the weight."""
    cell = lq.Neuron(
        "dv/dt = i_ext/c_m : mV\ni_ext : pA (input)\ndfired/dt = 0/ms : 1",
        threshold="fired > 0.5",
        reset="fired = 0",
        parameters=dict(c_m="100 pF"),
        initial=dict(v="-70 mV"),
        name="cell",
    )
    ways = {
        "jump": (lq.synapses.instantaneous("v"), "mV", None),
        "current": (lq.synapses.exponential("5 ms"), "pA", "i_ext"),
        "conductance": (lq.synapses.conductance("5 ms", "0 mV"), "nS", "i_ext"),
    }
    result = {}
    for learns in (True, False):
        net = lq.Network()
        source = net.spikes([[5.0, 30.0]], name="pre")
        for name, (synapse, unit, into) in ways.items():
            target = told(net, name, [[12.0]], cell, command="fired")
            rule = lq.synapses.stdp(f"2 {unit}", a_plus=0.1, a_minus=0.1)
            net.connect(
                source, target, rule.onto(synapse) if learns else synapse, into=into, w=f"1 {unit}", name=f"onto_{name}"
            )
            net.record(target, "v", name=f"v of {name}")
        result[learns] = lq.simulate(net, 40, dt=0.5, reference=True)
    expected = 1 + 2 * 0.1 * np.exp(-7 / 20) - 2 * 0.1 * np.exp(-18 / 20)
    for name in ways:
        assert result[True].final[f"onto_{name}"]["w"][0] == pytest.approx(expected, abs=1e-12)
        v, fixed = (
            next(t for n, t in result[k].traces.items() if f"v of {name}" in n).values[:, 0] for k in (True, False)
        )
        np.testing.assert_array_equal(v[:60], fixed[:60])
    jumps = next(t.values[:, 0] for n, t in result[True].traces.items() if "jump" in n)
    assert jumps[-1] == pytest.approx(-70 + 1 + 1 + 2 * 0.1 * np.exp(-7 / 20))
