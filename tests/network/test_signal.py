"""Signals and operations as descriptions: what they are made of, and what is refused."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SimulationError, UnitError
from lapicque.units import ms, mV, second


def test_a_signal_is_a_population_of_one_neuron():
    net = lq.Network()
    dopamine = net.signal("dopamine", unit="mV", value=2 * mV, tau=0.2 * second)
    assert len(dopamine) == 1
    assert net["dopamine"] is dopamine is net.populations["dopamine"] is net.signals["dopamine"].population
    assert list(dopamine.neuron.states) == ["value", "pending"]
    assert str(net.signals["dopamine"].unit) == "mV"
    assert dopamine.neuron.constants["tau"].value == 200.0
    assert dopamine.neuron.constants["baseline"].value == 2.0
    assert [event.name for event in dopamine.neuron.parsed_events] == ["spike"]


def test_signals_that_differ_in_numbers_share_their_code():
    net = lq.Network()
    assert net.signal("a", tau=5 * ms).neuron.structure == net.signal("b", value=3, tau=7 * ms).neuron.structure


def test_values_known_beforehand_are_in_order_of_time():
    net = lq.Network()
    net.signal("reward", at=[30, 10, 20] * ms, values=[3, 1, 2])
    signal = net.signals["reward"]
    assert signal.at.tolist() == [10, 20, 30]
    assert signal.values.tolist() == [1, 2, 3]
    assert signal.steps(0.1).tolist() == [100, 200, 300]
    net.signal("cue", unit="mV", at=[0.01, 0.02] * second, values=0.5 * mV)
    assert net.signals["cue"].values.tolist() == [0.5, 0.5]
    assert net.signals["cue"].at.tolist() == [10, 20]


def test_the_network_shows_its_signals_and_operations():
    net = lq.Network()
    net.signal("reward", at=[100, 300] * ms, values=[1, -1])
    net.operation(print, every="5 ms", name="show")
    lines = repr(net).splitlines()
    assert lines[2].split() == ["reward", "signal", "1"]
    assert "reward  100, 300 ms  1, -1" in lines
    assert "show       5 ms" in lines
    assert "show" in net
    assert net["show"].every == 5.0
    assert repr(net["show"]) == "Operation(show every 5 ms)"


@pytest.mark.parametrize(
    ("kind", "message", "given"),
    [
        (SimulationError, "tau is 0: the signal decays with a positive time constant", dict(tau=0)),
        (SimulationError, "value is inf, but one finite number is expected", dict(value=np.inf)),
        (SimulationError, "value is NaN (not a number)", dict(value=np.nan)),
        (SimulationError, "value is 2 values, but one finite number is expected", dict(value=[1, 2])),
        (UnitError, "value is declared as a pure number, but 1 mV is a voltage (mV)", dict(value="1 mV")),
        (UnitError, "unit=5: the unit of a signal is a text, such as 'mV', or '1' for a number", dict(unit=5)),
        (SimulationError, "give both, at= the times and values=: values= is missing", dict(at=[1])),
        (SimulationError, "give both, at= the times and values=: at= is missing", dict(values=[1])),
        (SimulationError, "at= has 2 times, but values= has 3: give one value, or one a time",
         dict(at=[1, 2], values=[1, 2, 3])),
        (SimulationError, "at= has the time -1 ms: a simulation begins at 0", dict(at=[-1, 2], values=1)),
        (SimulationError, "values= has nan, but finite numbers are expected", dict(at=[1, 2], values=[0, np.nan])),
    ],
)  # fmt: skip
def test_impossible_signals_are_refused(refusing, kind, message, given):
    refusing(kind, message, lq.Network().signal, "reward", **given)


def test_two_values_in_one_step_are_refused():
    net = lq.Network()
    net.signal("reward", at=[1.0, 1.02] * ms, values=[1, 2])
    message = "two values of the signal 'reward', at 1 and 1.02 ms, fall into one step of 0.1 ms"
    with pytest.raises(SimulationError, match=message):
        lq.simulate(net, 5 * ms)


def test_a_name_that_is_taken_is_refused(net, refusing):
    refusing(
        SimulationError, "there is a population 'exc' already: choose another name", net.signal, "exc",
    )  # fmt: skip


def test_operations_have_names_of_their_own(net):
    def teach(sim):
        pass

    assert [net.operation(teach, every=5 * ms).name for _ in range(2)] == ["teach", "teach_2"]
    assert net.operation(lambda sim: None, every=5 * ms).name == "lambda"


def test_impossible_operations_are_refused(net, refusing):
    message = "an operation is a function of one argument, not str: net.operation(f, every=...)"
    refusing(SimulationError, message, net.operation, "v = 0", every=5 * ms)
    message = "say how often: net.operation(function, every='10 ms')"
    refusing(SimulationError, message, net.operation, print, every=None)
    refusing(SimulationError, "every is 0, but one positive time is expected", net.operation, print, every=0)
    net.operation(print, every=0.25 * ms)
    message = (
        "the operation 'print' is called every 0.25 ms, no whole number of steps of 0.1 ms: write 0.2 ms or 0.3 ms"
    )
    refusing(SimulationError, message, lq.simulate, net, 5 * ms)
