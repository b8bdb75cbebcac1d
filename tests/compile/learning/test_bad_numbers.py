"""Numbers that are none, networks that cannot be run so, and the limits of small integers."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SchemeError, SimulationError

RELAY = lq.Neuron("v : 1\ndg/dt = 0/ms : 1", threshold="v > 0", reset="v = 0", name="relay")
LOG = lq.Synapse(on_pre="w = log(w - 1)", on_post="w = log(w - 1)", name="log")


def network(size, synapse, **given):
    net = lq.Network()
    source = net.spikes([[1.0], [3.0], []], name="source")
    cells = net.population(RELAY, size, name="cells")
    net.connect(source, cells, synapse, name="learns", **given)
    return net


@pytest.mark.parametrize("how", [dict(reference=True), dict(threads=1)])
def test_a_weight_that_is_no_number_is_named(how):
    net = network(4, LOG, w=[[9.0] * 4, [9, 9, 0, 9], [0.0] * 4], where=lq.all_to_all())
    with pytest.raises(
        SimulationError, match=r"^learns: 'w' of synapse 7, from neuron 1 to neuron 2, is no longer a number"
    ):
        lq.simulate(net, "6 ms", dt=1, progress=False, **how)


@pytest.mark.parametrize("how", [dict(reference=True), dict(threads=1)])
def test_it_is_named_before_the_neurons_that_it_spoils(how):
    rule = lq.Synapse(on_pre="w = log(w - 1); g += w", name="log")
    cell = lq.Neuron("dg/dt = -g/(5*ms) : 1", name="cell")
    net = lq.Network()
    net.connect(net.spikes([[1.0]]), net.population(cell, 2, name="cells"), rule, w=[[9.0, 0.5]], name="learns")
    with pytest.raises(SimulationError, match=r"^learns: 'w' of synapse 1, from neuron 0 to neuron 1, is no longer"):
        lq.simulate(net, "6 ms", dt=1, progress=False, **how)


def test_learning_is_done_in_steps():
    rule = lq.Synapse("dx/dt = -x/(5*ms) : 1", on_pre="x += 1; w += 0.1*x", name="rule")
    message = r"the synapses of 'learns' learn \('w', 'x'\), which is done in steps: run the network on a grid of times"
    with pytest.raises(SchemeError, match=message):
        lq.simulate(network(2, rule, w=1), "5 ms", dt=1, engine=lq.EventDriven(), progress=False)


def test_what_is_immediate_does_not_learn():
    with pytest.raises(
        SimulationError, match=r"the synapse 'log' learns \('w'\), and an immediate projection only adds"
    ):
        network(2, LOG, w=9, immediate=True)


def test_one_pathway_writes_one_side_of_a_variable():
    net = lq.Network()
    cells = net.population(RELAY, 3, name="cells")
    net.connect(cells, cells, lq.Synapse("c : 1", on_pre="c += 1; g_pre += 1; g_post -= 1"), name="learns")
    message = r"'learns': the pathway 'pre' writes 'g_pre' and 'g_post', which are one variable of one population here"
    with pytest.raises(SimulationError, match=message):
        lq.simulate(net, "1 ms", dt=1, reference=True)


def test_who_teaches_in_another_order_writes_no_source():
    net = lq.Network()
    cells, teachers = net.population(RELAY, 3, name="cells"), net.population(RELAY, 3, name="teachers")
    rule = lq.Synapse("c : 1", on=dict(teach=lq.On("teacher", "c += 1; g_pre += 1")))
    net.connect(cells, cells, rule, name="learns", modulators=dict(teacher=teachers[[2, 0, 1]]))
    with pytest.raises(
        SimulationError, match=r"'teach' writes 'g_pre' at events of a modulator whose neurons are not in"
    ):
        lq.simulate(net, "1 ms", dt=1, reference=True)


def test_output_comes_with_spikes_of_the_source():
    net = lq.Network()
    cells = net.population(RELAY.with_(events={"other": lq.Event("g > 1", reset="g = 0")}), 3, name="cells")
    for on in (lq.On("post", "c += output"), lq.On("pre.other", "c += output")):
        with pytest.raises(
            lq.errors.ModelError, match=r"'output' comes with spikes of the source, but the pathway 'x' runs"
        ):
            net.connect(cells, cells, lq.Synapse("c : 1", on=dict(x=on)))
    every = lq.Synapse("c : 1", on=dict(x=lq.Every("1 ms", "c += output")))
    with pytest.raises(lq.errors.ModelError, match="the source has no output in every step"):
        net.connect(cells, cells, every)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_weights_that_were_read_can_be_written(precision):
    rule = lq.Synapse(on_pre="w += 1", bounds=dict(w=(0, "0.1 nS")), name="rule")
    cell = lq.Neuron("dg/dt = -g/ms : nS", name="cell")
    net = lq.Network()
    net.connect(
        net.spikes([[1.0]]), net.population(cell, 2), rule.with_(on_pre="w += 1*nS"), w="0.05 nS", name="learns"
    )
    with lq.Simulation(net, dt=1, precision=precision, reference=True) as sim:
        sim.run("3 ms")
        w = sim.get("learns.w")
        assert w == pytest.approx(0.1)
        sim.set("learns.w", w)
        assert np.array_equal(sim.get("learns.w"), w)
        with pytest.raises(
            SimulationError, match=r"learns.w is 0.101 nS in a synapse, outside its bounds, 0 to 0.1 nS"
        ):
            sim.set("learns.w", 0.101)


def test_what_cannot_be_set_leaves_the_simulation_as_it_was():
    rule = lq.Synapse("dx/dt = -x/tau : 1\ntau : ms", on_pre="x += 1", on_post="w += x", name="rule")
    net = network(2, rule, w=1.0, tau=5.0, where=lq.all_to_all())
    with lq.Simulation(net, dt=1, reference=True) as sim:
        sim.run("2 ms")
        with pytest.raises(SimulationError, match="the parameters of 'learns' decide whether its traces are kept once"):
            sim.set("learns.tau", np.linspace(1, 2, 6))
        assert sim.time == 2
        sim.set("learns.tau", 1.0)
        assert sim.get("learns.x").max() == pytest.approx(1)
        sim.run("1 ms")
        assert sim.get("learns.x").max() == pytest.approx(np.exp(-1))


def test_pathways_draw_numbers_of_their_own():
    rule = lq.Synapse(
        "a : 1\nb : 1", on_pre="a = rand()", on=dict(second=lq.On("pre", "a = rand() - a; b = a")), name="rule"
    )
    net = network(50, rule, where=lq.all_to_all())
    b = lq.simulate(net, "5 ms", dt=1, reference=True).final["learns"]["b"].reshape(50, 3)[:, :2]
    assert np.unique(b).size == 100


def test_a_parameter_may_be_called_like_a_bound():
    rule = lq.Synapse("w_high : 1", on_pre="w += w_high", bounds=dict(w=(0, 1)), name="rule")
    final = lq.simulate(network(2, rule, w=0.25, w_high=0.5), "2 ms", dt=1, reference=True).final["learns"]["w"]
    assert final.reshape(2, 3)[:, 0].tolist() == [0.75, 0.75]


def test_states_are_kept_though_no_code_uses_them():
    rule = lq.Synapse("dx/dt = -x/(5*ms) : 1\nw : 1", on_pre="g += w", initial=dict(x=1), name="rule")
    result = lq.simulate(network(2, rule, w=0.5), "5 ms", dt=1, reference=True)
    assert result.final["learns"]["x"] == pytest.approx(np.exp(-1))
    assert result.final["cells"]["g"].tolist() == [1, 1]


def test_increments_at_other_events_wait_for_them():
    cell = lq.Neuron(
        "v : 1\ndg/dt = 0/ms : 1\nn : 1",
        threshold="v > 0",
        reset="v = 0",
        events={"odd": lq.Event("n > 0", reset="n = 0")},
    )
    net = lq.Network()
    cells = net.population(cell, 2, name="cells")
    net.connect(net.spikes([[1.0]]), cells, on_pre="v = 1")
    net.connect(net.spikes([[3.0]]), cells[:1], on_pre="n = 1")
    rule = lq.Synapse("c : 1", on_pre="c += 1", on=dict(odd=lq.On("pre.odd", "g += 5")), name="rule")
    net.connect(cells, cells, rule, where=lq.one_to_one(), delay="1 ms", name="learns")
    final = lq.simulate(net, "8 ms", dt=1, reference=True).final
    assert final["learns"]["c"].tolist() == [1, 1]
    assert final["cells"]["g"].tolist() == [5, 0]
