"""Stimuli at work: which variables take which, and what is refused."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SimulationError, UnitError
from lapicque.units import mV, pA

AMPA = lq.synapses.exponential("5 ms")
POISSON = lq.stimuli.poisson


def test_numbers_and_texts_are_stimuli(net):
    exc = net["exc"]
    assert repr(net.stimulate(exc, "i_ext", 300 * pA)) == "Stimulation(exc.i_ext: constant(amplitude=300 pA))"
    net.stimulate(exc[:2], "i_ext", [1, 2])
    net.stimulate(exc, "i_ext", "50*pA*sin(2*pi*10*Hz*t)", name="sine")
    assert list(net.stimulations) == ["exc.i_ext", "exc.i_ext_2", "sine"]
    assert net["sine"].stimulus == lq.stimuli.function("50*pA*sin(2*pi*10*Hz*t)")


def test_poisson_spikes_reach_receptors(net):
    net.connect(net["exc"], net["inh"], AMPA, into="i_ext", w=1, receptor="ampa")
    net.stimulate(net["inh"], "ampa.i", lq.stimuli.poisson("8 Hz", "20 pA"))
    net.stimulate(net["exc"], "v", lq.stimuli.poisson("8 Hz", 0.1))


ARRAY = lq.stimuli.array
WRONG_STIMULI = [
    ("exc", "i_ex", 1, "'i_ex' is no input of the neuron 'lif'; did you mean 'i_ext'?", SimulationError),
    (
        "exc",
        "v",
        1,
        "'v' is a state of 'lif', not an input: declare an input that adds to it, 'x : unit (input)'",
        SimulationError,
    ),
    ("exc", 5, 1, "the name of an input is expected, such as 'i_ext', not 5", SimulationError),
    ("input", "v", 1, "'input' is a list of spikes: it has no variables to stimulate", SimulationError),
    (
        "exc",
        "i_ext",
        "1 nS",
        "the parameter 'amplitude' is declared as a current (pA), but 1 nS is a conductance (nS)",
        UnitError,
    ),
    (
        "exc",
        "i_ext",
        [1, 2],
        "'amplitude' of constant() has 2 values, but exc has 8 neurons: give one value, or one a neuron",
        SimulationError,
    ),
    (
        "exc",
        "i_ext",
        "5*mV*t/ms",
        "what goes into 'i_ext' is a voltage (mV), but a current (pA) is expected",
        UnitError,
    ),
    (
        "exc",
        "i_ext",
        abs,
        "a Python function is a stimulus as lq.stimuli.callable(function): it is slow",
        SimulationError,
    ),
    (
        "exc",
        "i_ext",
        None,
        "the stimulus is None, but a value of lapicque.stimuli or a number is expected",
        SimulationError,
    ),
    (
        "exc",
        "i_ext",
        ARRAY(np.ones((5, 3)), dt=1),
        "the array has 3 columns (time, neuron), but exc has 8 neurons",
        SimulationError,
    ),
    ("exc", "i_ext", ARRAY([1] * mV), "the array is a voltage (mV), but 'i_ext' is a current (pA)", UnitError),
    (
        "exc",
        "i_ext",
        lq.stimuli.ornstein_uhlenbeck(1, 1, "3 mV"),
        "the parameter 'tau' is declared as a time (ms), but 3 mV is a voltage (mV)",
        UnitError,
    ),
    (
        "exc",
        "i_ext",
        POISSON(1, 1),
        "'i_ext' is an input: Poisson spikes are added to a state, 'v', or connect a receptor first",
        SimulationError,
    ),
    (
        "inh",
        "i_ext",
        POISSON(1, 1),
        "'i_ext' is an input: Poisson spikes are added to a state, 'v' or a receptor's, 'ampa.i'",
        SimulationError,
    ),
    ("exc", "u", POISSON(1, 1), "'u' is no state of 'exc'; it has 'v'", SimulationError),
    ("exc", "v", POISSON(1, "1 pA"), "w of poisson() is a current (pA), but 'v' is a voltage (mV)", UnitError),
    (
        "exc",
        "v",
        POISSON([1, 2], "1 mV"),
        "the rate of poisson() has 2 values, but exc has 8 neurons: give one value, or one a neuron",
        SimulationError,
    ),
    (
        "exc",
        "v",
        POISSON(np.ones((5, 3)), "1 mV", dt=1),
        "the rate has 3 columns (time, neuron), but there are 8 neurons",
        SimulationError,
    ),
    ("exc", "ampa.i", POISSON(1, 1), "'exc' has no receptor 'ampa'; it has none yet", SimulationError),
    ("inh", "ampa.g", POISSON(1, 1), "the receptor 'ampa' of 'inh' has no variable 'g'; it has 'i'", SimulationError),
    ("inh", "gaba.g", POISSON(1, 1), "'inh' has no receptor 'gaba'; it has 'ampa'", SimulationError),
]


@pytest.mark.parametrize(("target", "variable", "stimulus", "message", "kind"), WRONG_STIMULI)
def test_refused_stimuli(refusing, net, target, variable, stimulus, message, kind):
    net.connect(net["exc"], net["inh"], AMPA, into="i_ext", w=1, receptor="ampa")
    refusing(kind, message, net.stimulate, net[target], variable, stimulus)
    assert not net.stimulations
