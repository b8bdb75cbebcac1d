"""Networks in which some parts are others: all that refers to them follows, and the first one stays as it is."""

from dataclasses import replace

import lapicque as lq
from lapicque.units import ms, mV, nS


def described():
    net = lq.Network()
    exc, inh = (net.population(lq.neurons.lif, 4, name=name) for name in ("exc", "inh"))
    reward = net.signal("reward", tau=20 * ms)
    net.connect(exc, inh, on_pre="v += w*value_gate", w=0.5 * mV, name="gated", modulators={"gate": reward})
    net.connect(exc[:2], inh, lq.synapses.conductance(tau=5 * ms, e=0 * mV), into="i_ext", w=1 * nS, name="fast")
    net.stimulate(exc[1:3], "i_ext", 200)
    net.record(inh[:2], "v", every=1 * ms, name="membrane")
    net.record(net.projections["fast"], "g", every=1 * ms, name="conductances")
    net.operation(lambda sim: None, every=5 * ms, name="look")
    return net


def test_populations_in_another_place():
    net = described()
    slow = replace(net.populations["inh"], neuron=lq.neurons.lif.with_(c_m="400 pF"))
    reward = replace(net.populations["reward"])
    made = net.with_populations({"inh": slow, "reward": reward})
    assert made.populations["inh"] is slow is made.projections["fast"].target.population
    assert made.projections["fast"].source.population is net.populations["exc"]
    assert made.recorders["membrane"].what.population is slow
    assert made.recorders["conductances"].what is made.projections["fast"]
    assert made.signals["reward"].population is reward is made.projections["gated"].modulators["gate"].population
    assert list(made.operations) == ["look"]
    assert net.projections["fast"].target.population is net.populations["inh"] is not slow
    assert net.signals["reward"].population is net.populations["reward"] is not reward


def test_projections_in_another_place():
    net = described()
    late = replace(net.projections["fast"], delay=2.0)
    made = net.with_projections({"fast": late})
    assert made.projections["fast"] is late is made.recorders["conductances"].what
    assert net.projections["fast"] is net.recorders["conductances"].what is not late


def test_a_copy_takes_more_without_the_first_one():
    net = described()
    made = net.copied()
    made.population(lq.neurons.lif, 2, name="more")
    assert "more" in made
    assert "more" not in net
    assert made.populations["exc"] is net.populations["exc"]
