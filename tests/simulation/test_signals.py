"""Signals: what the whole network shares, set while it runs or known beforehand."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SimulationError, UnitError
from lapicque.units import ms, mV

HOW = [dict(reference=True), dict(threads=1), dict(threads=2), dict(threads=3)]
COUNTER = lq.Neuron("dv/dt = -v/(20*ms) : mV", name="counter")


def rewarded(**more):
    """A reward that reaches three cells, recorded in every step."""
    net = lq.Network()
    reward = net.signal("reward", **more)
    cells = net.population(COUNTER, 3, name="cells")
    net.connect(reward, cells, on_pre="v += w", w=[1, 2, 3] * mV, delay=0.2 * ms)
    net.record(reward, "value")
    net.record(reward, "spikes")
    net.record(cells, "v")
    return net


@pytest.mark.parametrize("how", HOW)
def test_a_signal_has_its_value_at_once_and_spikes_in_the_next_step(how):
    with lq.Simulation(rewarded(), **how) as sim:
        first = sim.run(1 * ms)
        sim.signal("reward", 0.5)
        assert sim.get("reward.value").tolist() == [0.5]
        second = sim.run(1 * ms)
        third = sim.run(1 * ms)
    assert not first.traces["reward.value"].values.any()
    assert first.spikes["reward"].times.size == 0
    assert (second.traces["reward.value"].values == 0.5).all()  # from the sample at 1 ms on
    assert second.spikes["reward"].times.tolist() == [1.0]
    assert third.spikes["reward"].times.size == 0
    v = second.traces["cells.v"].values
    assert not v[:3].any()  # it is emitted in step 10, arrives at the end of step 12
    assert v[3].tolist() == [1, 2, 3]


@pytest.mark.parametrize("how", HOW)
def test_a_signal_decays_to_where_it_began(how):
    with lq.Simulation(rewarded(tau=5 * ms, value=1), **how) as sim:
        sim.run(1 * ms)
        sim.signal("reward", 3)
        values = sim.run(10 * ms).traces["reward.value"].values[:, 0]
    np.testing.assert_allclose(values, 1 + 2 * np.exp(-np.arange(100) * 0.1 / 5), rtol=1e-13)


@pytest.mark.parametrize("how", HOW)
def test_values_known_beforehand_are_as_if_they_were_set(how, same):
    net = rewarded(tau=5 * ms)
    parts = []
    with lq.Simulation(net, **how) as sim:
        parts.append(sim.run(1 * ms))
        sim.signal("reward", 1)
        parts.append(sim.run(1.5 * ms))
        sim.signal("reward", -2)
        parts.append(sim.run(1.5 * ms))
    whole = lq.simulate(rewarded(tau=5 * ms, at=[2.5, 1] * ms, values=[-2, 1]), 4 * ms, **how)
    joined = np.concatenate([part.traces["reward.value"].values for part in parts])
    assert np.array_equal(joined, whole.traces["reward.value"].values)
    joined = np.concatenate([part.traces["cells.v"].values for part in parts])
    assert np.array_equal(joined, whole.traces["cells.v"].values)
    assert whole.spikes["reward"].steps.tolist() == [10, 25]
    same(whole, lq.simulate(rewarded(tau=5 * ms, at=[2.5, 1] * ms, values=[-2, 1]), 4 * ms, reference=True))


@pytest.mark.parametrize("how", HOW)
def test_a_signal_teaches_synapses(how):
    """What is eligible decays since a spike, and is learned when the reward comes, with its sign."""
    rule = lq.Synapse(
        "de/dt = -e/(100*ms) : 1\nw : 1",
        on_pre="e += 1",
        on=dict(teach=lq.On("reward", "w += 0.5*value_reward*e")),
        name="rule",
    )
    net = lq.Network()
    source = net.spikes([[10.0], [60.0]], name="source")
    cells = net.population(COUNTER, 1, name="cells")
    reward = net.signal("reward", at=[50, 150] * ms, values=[1, -1])
    net.connect(source, cells, rule, w=0.0, modulators=dict(reward=reward), name="learned")
    weights = lq.simulate(net, 160 * ms, **how).final["learned"]["w"]
    expected = [0.5 * (np.exp(-0.4) - np.exp(-1.4)), -0.5 * np.exp(-0.9)]
    np.testing.assert_allclose(weights, expected, rtol=1e-12)


def test_values_known_beforehand_work_in_trials_and_sweeps(same):
    net = rewarded(tau=5 * ms, at=[0, 2] * ms, values=[1, 2])
    many = lq.simulate(net, 4 * ms, sweep={"reward.tau": [5, 50]}, trials=2)
    assert many.spikes["reward"].steps.tolist() == [0, 20] * 4
    for member, tau in enumerate([5, 5, 50, 50]):
        alone = lq.simulate(rewarded(tau=tau * ms, at=[0, 2] * ms, values=[1, 2]), 4 * ms)
        same(many, alone, member)


def test_a_signal_that_was_just_set_is_saved_with_the_simulation(tmp_path):
    net = rewarded(at=[3 * ms], values=7)
    with lq.Simulation(net) as sim:
        sim.run(1 * ms)
        sim.signal("reward", 0.5)
        sim.save(tmp_path / "state.h5")
        expected = sim.run(3 * ms)
    with lq.Simulation.load(tmp_path / "state.h5", net) as sim:
        found = sim.run(3 * ms)
    assert found.spikes["reward"].times.tolist() == expected.spikes["reward"].times.tolist() == [1.0, 3.0]
    assert np.array_equal(found.traces["cells.v"].values, expected.traces["cells.v"].values)
    message = "the signal 'reward' is another one"
    with pytest.raises(SimulationError, match=message):
        lq.Simulation.load(tmp_path / "state.h5", rewarded(at=[3 * ms], values=8))


@pytest.mark.parametrize(
    ("kind", "name", "value", "message"),
    [
        (SimulationError, "reword", 1, "there is no signal 'reword'; did you mean 'reward'?"),
        (SimulationError, "cells", 1,
         "there is no signal 'cells': it is a population, whose states are set by sim.set('cells.v', ...)"),
        (SimulationError, "reward", np.nan, "the signal 'reward' is NaN (not a number)"),
        (SimulationError, "reward", np.inf, "the signal 'reward' is inf, but one finite number is expected"),
        (SimulationError, "reward", [1, 2], "the signal 'reward' is 2 values, but one finite number is expected"),
        (UnitError, "reward", 1 * mV, "the signal 'reward' is declared as a pure number, but what is given is a "
                                      "voltage (mV)"),
    ],
)  # fmt: skip
def test_what_is_no_signal_or_no_value_is_refused(kind, name, value, message):
    with lq.Simulation(rewarded(), reference=True) as sim, pytest.raises(kind) as found:
        sim.signal(name, value)
    assert str(found.value) == message


def test_a_network_without_signals_says_how_to_make_one():
    net = lq.Network()
    net.population(COUNTER, 1, name="cells")
    with lq.Simulation(net, reference=True) as sim, pytest.raises(SimulationError) as found:
        sim.signal("reward", 1)
    assert str(found.value) == "there is no signal 'reward': write net.signal('reward')"


def test_the_event_driven_engine_refuses_values_known_beforehand():
    with pytest.raises(SimulationError) as found:
        lq.simulate(rewarded(at=[1 * ms], values=1), 5 * ms, engine=lq.EventDriven())
    expected = "the signal 'reward' acts at the beginning of a step, and the event-driven engine makes none: leave out"
    assert str(found.value) == f"{expected} engine="
