"""What results call what was recorded."""

import numpy as np

import lapicque as lq


def test_several_variables_of_one_recorder_are_called_after_the_population():
    net = lq.Network()
    exc, inh = (net.population(lq.neurons.lif, 3, name=name) for name in ("exc", "inh"))
    ampa = lq.synapses.conductance(tau="5 ms", e="0 mV").with_(name="ampa")
    net.connect(exc, inh, ampa, into="i_ext", w="1 nS", delay="1 ms")
    net.record(inh, "v", "ampa.g", "spikes")
    net.record(inh, "i_ext", "ampa.g", name="currents")
    net.record(exc, "v")
    result = lq.simulate(net, "1 ms")
    assert list(result.traces) == ["inh.v", "inh.ampa.g", "currents.i_ext", "currents.ampa.g", "exc.v"]
    assert list(result.spikes) == ["inh"]


def test_a_run_in_parts_has_the_spike_times_of_the_whole():
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 3, name="cells", initial=dict(v=[-70.0, -60.0, -55.0]))
    net.stimulate(cells, "i_ext", "300 pA")
    net.record(cells, "spikes")
    whole = lq.simulate(net, "90 ms").spikes["cells"]
    with lq.Simulation(net) as simulation:
        parts = [simulation.run("30 ms").spikes["cells"] for _ in range(3)]
    for *several, one in zip(*(p.to_lists() for p in parts), whole.to_lists(), strict=True):
        assert np.concatenate(several).tolist() == one.tolist()
    assert np.sort(np.concatenate([part.steps for part in parts])).tolist() == np.sort(whole.steps).tolist()
