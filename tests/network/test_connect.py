"""Connecting populations: what a projection keeps, and what is refused."""

import dataclasses

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.model import Synapse
from lapicque.network import receptors
from lapicque.network.connectivity import fixed_in_degree, fixed_probability
from lapicque.units import mV, pA

LIF = lq.neurons.lif
AMPA = lq.synapses.exponential("5 ms")


def test_a_projection_keeps_what_was_given(net):
    made = net.connect(
        net["exc"][:5],
        net["inh"],
        AMPA,
        into="i_ext",
        where=fixed_probability(0.5),
        w=lq.normal("20 pA", "2 pA"),
        delay="1.5 ms",
    )
    assert net.projections["exc->inh"] is net["exc->inh"] is made
    assert (len(made.source), len(made.target)) == (5, 4)
    assert made.values == {"w": lq.normal("20 pA", "2 pA")}
    assert str(made.units["w"]) == "pA"
    assert made.delay == "1.5 ms"
    assert made.receptor == "exponential"
    assert not made.immediate
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.delay = 0


def test_code_makes_a_bare_synapse(net):
    made = net.connect(net["input"], net["exc"], on_pre="v += w", w=1 * mV)
    assert made.synapse == Synapse(on_pre="v += w")
    assert made.receptor is None
    assert receptors(net, net["exc"]) == {}


def test_the_unit_of_a_weight_is_that_of_what_is_given(net):
    for w, unit in [
        ("2 mV", "mV"),
        (2 * mV, "mV"),
        ([[1, 2]] * 2 * mV, "mV"),
        (["1 mV", "2 mV"], "mV"),
        (lq.uniform("1 V", "2 V"), "V"),
        ("1*mV*rand()", "mV"),
    ]:
        target = net["exc"][:2]
        assert str(net.connect(net["input"], target, on_pre="v += w", w=w).units["w"]) in (unit, "millivolt")


def test_values_of_single_synapses_and_of_the_receptor(net):
    synapse = Synapse(
        "dg/dt = -g/tau : nS (post)\np : 1", on_pre="g += p*w", output="g*v_post", parameters=dict(tau="5 ms", p=1)
    )
    plain = net.connect(net["exc"], net["inh"], synapse, into="i_ext", w="1 nS")
    assert plain.values == {"p": 1, "w": "1 nS"}
    other = net.connect(net["exc"], net["inh"], synapse, into="i_ext", w="1 nS", p=lq.uniform(0, 1), tau="2 ms")
    assert other.values["p"] == lq.uniform(0, 1)
    assert other.synapse == synapse.with_(tau="2 ms")  # it lives in the target, once per neuron
    assert (plain.receptor, other.receptor) == ("synapse", "synapse_2")
    each = net.connect(net["exc"], net["inh"], synapse, into="i_ext", w="1 nS", tau=[1, 2, 3, 4])
    assert each.synapse.variables["tau"].value.tolist() == [1, 2, 3, 4]


def test_names_of_projections(net):
    for _ in range(2):
        net.connect(net["exc"], net["inh"], AMPA, into="i_ext", w=1)
    net.connect(net["exc"], net["inh"], AMPA, into="i_ext", w=1, name="third")
    assert list(net.projections) == ["exc->inh", "exc->inh_2", "third"]


def test_a_sum_that_names_the_input_needs_no_into(net):
    gap = Synapse("i_ext_post = w*(v_pre - v_post) : pA (summed)\nw : nS")
    assert net.connect(net["exc"], net["inh"], gap, w="1 nS").into == "i_ext"


class Weighted:
    """A rule that brings weights."""

    weights = [1.0, 2.0] * pA

    def check(self, n_source, n_target, same):
        pass


def test_weights_may_come_with_the_rule(net):
    made = net.connect(net["exc"], net["inh"], AMPA, into="i_ext", where=Weighted())
    assert made.values["w"].magnitude.tolist() == [1, 2]
    over = net.connect(net["exc"], net["inh"], AMPA, into="i_ext", where=Weighted(), w=5)
    assert over.values["w"] == 5


WRONG_CONNECTIONS = [
    (
        dict(synapse=None),
        "give a synapse, such as lq.synapses.exponential('5 ms'), or code, on_pre='v += w'",
        SimulationError,
    ),
    (dict(synapse="v += w"), "a Synapse is expected, not str: write on_pre='v += w'", SimulationError),
    (
        dict(synapse=lq.synapses.exponential),
        "a Synapse is expected, not function: call it, with its parameters",
        SimulationError,
    ),
    (
        dict(on_pre="v += w"),
        "a synapse and on_pre= are given: write the code in the synapse, synapse.with_(on_pre=...)",
        SimulationError,
    ),
    (dict(into=None), "say which input of the target the synapse's output goes into: into='i_ext'", SimulationError),
    (dict(into="i_ex"), "into='i_ex' is no input of the target neuron 'adex'; did you mean 'i_ext'?", SimulationError),
    (dict(w="1 nS"), "w is given in nS, but a current (pA) is expected: write it in pA", UnitError),
    (dict(w=[1, 2, np.nan]), "w is NaN (not a number) at [2]: every synapse needs a number", SimulationError),
    (dict(w=True), "w is True, but a number is expected", SimulationError),
    (
        dict(w=np.ones((3, 3))),
        "w has shape (3, 3), but a matrix (source, target) of 8 x 4 is expected",
        SimulationError,
    ),
    (dict(w=np.ones((8, 4, 2))), "w has shape (8, 4, 2): give one value, one a synapse, or a matrix", SimulationError),
    (
        dict(w=lq.normal("1 nS", "1 nS")),
        "w is declared as a current (pA), but normal(1 nS, 1 nS) is a conductance (nS)",
        UnitError,
    ),
    (dict(w="i*nS"), "w is a conductance (nS), but a current (pA) is expected", UnitError),
    (
        dict(w="1*pA*d/um"),
        "'d' needs positions, which 'exc' has none of: population(..., positions=...)",
        ModelError,
    ),
    (dict(w="N*pA"), "'N' could be either side's: write N_pre or N_post", ModelError),
    (dict(w="1*pA*t/ms"), "'t' has no value yet: this is computed once, before a run begins", ModelError),
    (
        dict(w="1*pA*q"),
        "unknown name 'q': what can be read here is i, j, N_pre, N_post, x_pre, y_pre, z_pre, x_post, y_post, z_post, "
        "d",
        ModelError,
    ),
    (dict(delay="-1 ms"), "the delay is -1 ms, but a time from 0 upward is expected", SimulationError),
    (dict(delay=[1, 2, -0.5]), "the delay is -0.5 ms, but a time from 0 upward is expected", SimulationError),
    (dict(delay=np.inf), "the delay is inf ms, but a time from 0 upward is expected", SimulationError),
    (dict(delay="1 mV"), "the delay is given in mV, but a time (ms) is expected: write it in ms", UnitError),
    (dict(delay="1 ms", immediate=True), "an immediate projection has no delay, but 1 ms is given", SimulationError),
    (
        dict(delay=lq.uniform(1, 2), immediate=True),
        "an immediate projection has no delay: leave out delay=",
        SimulationError,
    ),
    (
        dict(where=fixed_in_degree(20, multapses=False)),
        "fixed_in_degree(k=20, multapses=False): 20 different sources are wanted for each target, but there are 8; "
        "lower k, or allow several synapses of one pair, multapses=True",
        SimulationError,
    ),
    (dict(where="i < j"), "where is 'i < j', but a rule is expected, such as lq.pairwise('i < j')", SimulationError),
    (dict(where=0.1), "where is 0.1, but a rule is expected, such as lq.fixed_probability(0.1)", SimulationError),
    (dict(tua=1), "'tua' is no parameter of the synapse 'exponential'; did you mean 'tau'?", SimulationError),
    (
        dict(tau=[1, 2]),
        "the parameter 'tau' of the synapse 'exponential' has 2 values, but 'inh' has 4 neurons: give one value, or "
        "one a neuron",
        SimulationError,
    ),
    (dict(tau="5 mV"), "the parameter 'tau' is declared as a time (ms), but 5 mV is a voltage (mV)", UnitError),
    (
        dict(receptor="a b"),
        "receptor='a b': a name of letters, digits and single '_' is expected, such as 'ampa'",
        SimulationError,
    ),
    (dict(name=5), "name=5: the name of a projection is a text", SimulationError),
    (
        dict(synapse=Synapse(on_pre="v += 1*mV"), into=None),
        "w=1 is given, but the synapse 'synapse' does not read 'w'",
        SimulationError,
    ),
    (
        dict(synapse=Synapse(on_pre="v += w*mV"), into=None, receptor="a"),
        "receptor='a', but the synapse 'synapse' has nothing that lives in the target: no variable (post), no sum, no "
        "output",
        SimulationError,
    ),
    (
        dict(synapse=lq.synapses.gap_junction(), w="1 nS", delay="1 ms"),
        "the synapse 'gap_junction' couples at every moment, without spikes: it cannot have a delay",
        SimulationError,
    ),
]


@pytest.mark.parametrize(("given", "message", "kind"), WRONG_CONNECTIONS)
def test_refused_connections(refusing, net, given, message, kind):
    given = {"synapse": AMPA, "w": 1, "into": "i_ext", **given}
    refusing(kind, message, net.connect, net["exc"], net["inh"], **given)
    assert not net.projections


def test_ends_belong_to_the_network(refusing, net):
    other = lq.Network().population(LIF, 8, name="exc")
    message = "the source 'exc' belongs to another network: write net['exc']"
    refusing(SimulationError, message, net.connect, other, net["inh"], AMPA)
    message = "the target 'exc' belongs to another network: write net['exc']"
    refusing(SimulationError, message, net.connect, net["inh"], other, AMPA)
    stranger = lq.Network().population(LIF, 8, name="stranger")
    refusing(
        SimulationError, "the source 'stranger' belongs to another network", net.connect, stranger, net["inh"], AMPA
    )
    refusing(
        SimulationError,
        "the source is 'exc', but a population or a part of one, such as exc[:10], is expected: write net['exc']",
        net.connect,
        "exc",
        net["inh"],
        AMPA,
    )


def test_names_are_taken_once(refusing, net):
    net.connect(net["exc"], net["inh"], AMPA, into="i_ext", w=1, name="a")
    message = "there is a projection 'a' already: choose another name"
    refusing(SimulationError, message, net.connect, net["exc"], net["inh"], AMPA, into="i_ext", w=1, name="a")
    message = "there is a population 'exc' already: choose another name"
    refusing(SimulationError, message, net.population, LIF, 3, name="exc")
    refusing(SimulationError, message, net.spikes, [[1]], name="exc")


def test_immediate_projections_form_no_circle(refusing, net):
    third = net.population(LIF, 2, name="third")
    chain = [(net["exc"], net["inh"]), (net["inh"], third)]
    for source, target in chain:
        assert net.connect(source, target, AMPA, into="i_ext", w=1, immediate=True).immediate
    net.connect(third, net["exc"], AMPA, into="i_ext", w=1)  # with a step between, it may be closed
    message = (
        "immediate projections form a circle: third -> exc -> inh -> third. Give one of them a delay, and leave out "
        "immediate=True"
    )
    refusing(SimulationError, message, net.connect, third, net["exc"], AMPA, into="i_ext", w=1, immediate=True)
    message = message.replace("third -> exc -> inh -> third", "exc -> exc")
    refusing(SimulationError, message, net.connect, net["exc"], net["exc"], AMPA, into="i_ext", w=1, immediate=True)
