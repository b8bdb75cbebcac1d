"""Receptors: which projections share one, and what it is called."""

import lapicque as lq
from lapicque.errors import SimulationError
from lapicque.network import receptors

AMPA = lq.synapses.exponential("5 ms")


def test_equal_synapses_share_a_receptor(net):
    exc, inh = net["exc"], net["inh"]
    net.connect(exc, inh, AMPA, into="i_ext", w=1)
    net.connect(inh, inh, AMPA.with_(tau=5, name="other"), into="i_ext", w=-4)
    net.connect(exc, inh, AMPA.with_(tau="2 ms"), into="i_ext", w=1)
    net.connect(exc, exc, AMPA, into="i_ext", w=1)
    net.connect(exc, inh, AMPA, into="i_ext", w=1, receptor="own")
    found = receptors(net, inh)
    assert {name: [p.name for p in r.projections] for name, r in found.items()} == {
        "exponential": ["exc->inh", "inh->inh"],
        "exponential_2": ["exc->inh_2"],
        "own": ["exc->inh_3"],
    }
    assert found["exponential"].into == "i_ext"
    assert found["exponential"].variables == ("i",)
    assert list(receptors(net, exc)) == ["exponential"]


def test_a_named_receptor_is_joined_by_equal_synapses_only(refusing, net):
    exc, inh = net["exc"], net["inh"]
    net.connect(exc, inh, AMPA, into="i_ext", w=1, receptor="ampa")
    assert net.connect(exc, inh, AMPA, into="i_ext", w=1, receptor="ampa").receptor == "ampa"
    assert net.connect(exc, inh, AMPA, into="i_ext", w=1).receptor == "ampa"
    message = (
        "'inh' has a receptor 'ampa' already, made by 'exc->inh' with another synapse or input: choose another name"
    )
    slow = AMPA.with_(tau="9 ms")
    refusing(SimulationError, message, net.connect, exc, inh, slow, into="i_ext", w=1, receptor="ampa")


def test_receptors_are_called_after_their_synapses(net):
    odd = AMPA.with_(name="5 ms__AMPA!")
    assert net.connect(net["exc"], net["inh"], odd, into="i_ext", w=1).receptor == "synapse_5_ms_AMPA"
