"""A network as a whole: finding its items, and what it prints."""

import pytest

import lapicque as lq
from lapicque.errors import SimulationError
from lapicque.network.connectivity import fixed_probability
from lapicque.units import nS

LIF, ADEX = lq.neurons.lif, lq.neurons.adex
POISSON = lq.stimuli.poisson


def test_items_are_found_by_name(refusing, net):
    assert net["exc"] is net.populations["exc"]
    assert "exc" in net
    assert "exc->inh" not in net
    assert net.size == 17
    refusing(SimulationError, "the network has nothing called 'ex'; did you mean 'exc'?", net.__getitem__, "ex")
    with pytest.raises(TypeError):
        net.populations["other"] = net["exc"]


TABLE = """\
Network: 7 neurons in 2 populations, 2 projections
population  neuron  size  parameters  initial
exc  lif  4  c_m = normal(200 pF, 5 pF)  v = e_l + 5*mV*rand()
inh  adex  3
projection  rule  synapse  into  receptor  w  delay
exc -> inh  fixed_probability(p=0.5)  conductance  i_ext  conductance  0.6 nS  1.5 ms
inh[:2] -> exc (brake)  all_to_all()  bare  uniform(0, 1)  immediate
target  stimulus
exc.v  poisson(8 Hz, w=0.1 mV, n=1000)
recorder  variables  of  every
exc  spikes  exc  step
traces  v, conductance.g  inh[:1]  1 ms"""


def test_a_network_prints_itself_as_tables():
    net = lq.Network()
    assert repr(net) == "Network: 0 neurons in 0 populations"
    normal = lq.normal("200 pF", "5 pF")
    exc = net.population(LIF, 4, name="exc", c_m=normal, initial=dict(v="e_l + 5*mV*rand()"))
    inh = net.population(ADEX, 3, name="inh")
    rule, shunt = fixed_probability(0.5), lq.synapses.conductance("5 ms", "0 mV")
    net.connect(exc, inh, shunt, into="i_ext", where=rule, w=0.6 * nS, delay="1.5 ms")
    net.connect(inh[:2], exc, on_pre="v += w*mV", w=lq.uniform(0, 1), immediate=True, name="brake")
    net.stimulate(exc, "v", POISSON("8 Hz", "0.1 mV", n=1000))
    net.record(exc, "spikes")
    net.record(inh[:1], "v", "conductance.g", every=1, name="traces")
    squeezed = ["  ".join(line.split()) for line in repr(net).splitlines()]
    assert squeezed == ["  ".join(line.split()) for line in TABLE.splitlines()]
    first, second, *_ = repr(net).splitlines()[1:]
    assert second.index("c_m") == first.index("parameters")
    html = net._repr_html_()
    assert html.count("<table>") == 4
    assert "<td>exc -&gt; inh</td>" in html
