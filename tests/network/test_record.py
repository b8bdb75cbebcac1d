"""Recorders: what can be asked for, and what is refused."""

import re

import pytest

import lapicque as lq
from lapicque.errors import SimulationError, UnitError
from lapicque.model import Neuron
from lapicque.units import mV

AMPA = lq.synapses.exponential("5 ms")
PLASTIC = lq.synapses.stdp(1 * mV).onto(lq.synapses.instantaneous("v"))


def test_recorders(net):
    made = net.connect(net["exc"], net["inh"], AMPA, into="i_ext", w=1, receptor="ampa")
    net.record(net["exc"], "spikes")
    net.record(net["input"], "spikes", "rate", name="in")
    net.record(net["inh"][:2], "v", "u", "i_ext", "ampa.i", every="1 ms")
    net.record(made, "i")
    assert {name: r.variables for name, r in net.recorders.items()} == {
        "exc": ("spikes",),
        "in": ("spikes", "rate"),
        "inh.v+u+i_ext+ampa.i": ("v", "u", "i_ext", "ampa.i"),
        "inh.ampa.i": ("ampa.i",),
    }
    assert net["inh.v+u+i_ext+ampa.i"].every == 1.0
    assert net["inh.ampa.i"].target == net["inh"][:]


WRONG_RECORDERS = [
    ("exc", (), {}, "say what to record: net.record(exc, 'spikes'), net.record(exc[:5], 'v')", SimulationError),
    ("exc", ("x",), {}, "'exc' has no variable 'x'; it has 'spikes', 'rate', 'v', 'i_ext'", SimulationError),
    ("inh", ("ampa",), {}, "'inh' has no variable 'ampa'; did you mean 'ampa.i'?", SimulationError),
    ("exc", ("c_m",), {}, "'c_m' of 'exc' is a parameter and constant: there is nothing to record", SimulationError),
    ("exc", ("v", "v"), {}, "'v' is asked for twice", SimulationError),
    ("exc", (5,), {}, "the name of a variable is expected, such as 'v', not 5", SimulationError),
    ("rate", ("spikes",), {}, "'spikes': the neuron 'rate' of 'rate' has no threshold", SimulationError),
    ("input", ("v",), {}, "'input' is a list of spikes: 'spikes' and 'rate' can be recorded", SimulationError),
    ("inh", ("ampx.i",), {}, "'inh' has no receptor 'ampx'; did you mean 'ampa'?", SimulationError),
    ("inh", ("ampa.x",), {}, "the receptor 'ampa' of 'inh' has no variable 'x'; it has 'i'", SimulationError),
    ("ampa", ("w",), {}, "'w' of 'ampa' is constant: there is nothing to record", SimulationError),
    ("ampa", ("z",), {}, "the synapse of 'ampa' has no variable 'z'; it has 'i'", SimulationError),
    (
        "bare",
        ("v",),
        {},
        "'bare' has no receptor: its synapse only writes variables of the neurons",
        SimulationError,
    ),
    (
        "exc",
        ("v",),
        dict(synapses=[0]),
        "synapses= chooses among single synapses, and 'v' is no variable of theirs",
        SimulationError,
    ),
    (
        "ampa",
        ("i",),
        dict(synapses=[0]),
        "synapses= chooses among single synapses, and 'ampa.i' is no variable of theirs",
        SimulationError,
    ),
    ("exc", ("v",), dict(every=0), "every is 0, but one positive time is expected", SimulationError),
    ("exc", ("v",), dict(every="1 mV"), "every is given in mV, but a time (ms) is expected: write it in ms", UnitError),
]


@pytest.mark.parametrize(("what", "variables", "given", "message", "kind"), WRONG_RECORDERS)
def test_refused_recorders(refusing, net, what, variables, given, message, kind):
    net.connect(net["exc"], net["inh"], AMPA, into="i_ext", w=1, receptor="ampa", name="ampa")
    net.connect(net["exc"], net["inh"], on_pre="v += w", w=1 * mV, name="bare")
    refusing(kind, message, net.record, net[what], *variables, **given)
    assert not net.recorders


def test_named_events_are_recorded():
    neuron = Neuron("du/dt = -u/(5*ms) : mV", events=dict(plateau=lq.Event("u > 5*mV", "u = 0*mV")), name="dendritic")
    net = lq.Network()
    assert net.record(net.population(neuron, 2), "plateau").variables == ("plateau",)


@pytest.mark.parametrize(
    ("synapses", "message"),
    [
        ([], "synapses is [], but a list of their numbers is expected: those of lq.connections, from 0 upward"),
        ([0.5], "synapses is [0.5], but a list of their numbers is expected"),
        ([True, False], "synapses is [True, False], but a list of their numbers is expected"),
        (3, "synapses is 3, but a list of their numbers is expected"),
        ([-1], "synapses is [-1], but a list of their numbers is expected"),
        ([2, 1, 2], "synapses names 2 twice: write each once"),
    ],
)
def test_numbers_of_synapses_that_are_refused(net, synapses, message):
    made = net.connect(
        net["exc"], net["inh"], lq.synapses.stdp(1 * mV).onto(lq.synapses.instantaneous("v")), w=0.5 * mV
    )
    with pytest.raises(SimulationError, match=re.escape(message)):
        net.record(made, "w", synapses=synapses)
    assert not net.recorders


def test_some_synapses(net):
    made = net.connect(
        net["exc"], net["inh"], lq.synapses.stdp(1 * mV).onto(lq.synapses.instantaneous("v")), w=0.5 * mV
    )
    assert repr(net.record(made, "w", every="1 ms", synapses=range(3))) == (
        "Recorder(exc->inh.w: w of 3 synapses of exc->inh every 1 ms)"
    )
    assert "3 synapses of exc->inh" in repr(net)
