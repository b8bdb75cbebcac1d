"""What results call what was recorded."""

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
