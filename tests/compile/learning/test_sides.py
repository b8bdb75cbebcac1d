"""Traces that depend on one side only live once per neuron, and mean the same as if each synapse had its own."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.compile.assemble import assemble

PAIR = dict(on_pre="w -= 0.01*y; x += 1; g += w", on_post="w += 0.01*x; y += 1")
TRACES = "dx/dt = -x/(20*ms) : 1\ndy/dt = -y/(15*ms) : 1"
SPREAD = lq.uniform("1 ms", "2 ms")
#: A rule, what is given to connect(), and the traces that are found.
TELLING = {
    "pairs": (lq.Synapse(TRACES, **PAIR), {}, {"x": "pre", "y": "post"}),
    "own delays": (lq.Synapse(TRACES, **PAIR), dict(delay=SPREAD), {"y": "post"}),
    "own parameters": (
        lq.Synapse("dx/dt = -x/tau : 1\ndy/dt = -y/(15*ms) : 1\ntau : ms", **PAIR),
        dict(tau=lq.uniform("9 ms", "20 ms")),
        {"y": "post"},
    ),
    "own beginnings": (lq.Synapse(TRACES, **PAIR), dict(x=lq.uniform(0, 1)), {"y": "post"}),
    "reset by the other side": (
        lq.Synapse(TRACES, on_pre=PAIR["on_pre"], on_post="w += 0.01*x; x = 0; y += 1"),
        {},
        {"y": "post"},
    ),
    "second trace": (  # what follows a trace of its side goes with it
        lq.Synapse("dx/dt = (r - x)/(20*ms) : 1\ndr/dt = -r/(5*ms) : 1\ndy/dt = -y/(15*ms) : 1",
                   on_pre="w -= y; r += 1; x += 0", on_post="y = 1 - y; w += x"),
        {},
        {"x": "pre", "r": "pre", "y": "post"},
    ),
    "followed by the other side": (  # y needs the course of x in each synapse
        lq.Synapse("dx/dt = -x/(20*ms) : 1\ndy/dt = (x - y)/(5*ms) : 1", on_pre="x += 1; w -= y", on_post="y += 1"),
        {},
        {},
    ),
    "reads the synapse": (lq.Synapse(TRACES, on_pre="x += w; g += w", on_post="y += 1; w += x"), {}, {"y": "post"}),
    "reads its neuron": (
        lq.Synapse(TRACES, on_pre="x += v_pre; w -= y", on_post="y += v_post"),
        {},
        {"x": "pre", "y": "post"},
    ),
    "changes its neuron": (
        lq.Synapse(TRACES, on_pre="x += 1; w -= y", on_post="g_post += 1; y += g_post; w += x"),
        {},
        {"x": "pre"},
    ),
    "random, bounded, clock-driven": (
        lq.Synapse(f"{TRACES}\ndz/dt = -z/(5*ms) : 1 (clock-driven)", on_pre="x += rand(); z += 1; w -= y",
                   on_post="y += 1; w += x*z", bounds=dict(y=(0, 2))),
        {},
        {},
    ),
    "late code of one side": (
        lq.Synapse(TRACES, on_pre="x += 1; w -= y", on_post="w += x",
                   on=dict(late=lq.On("post", "y += 1", delay="3 ms"))),
        {},
        {"x": "pre", "y": "post"},
    ),
    "no equation": (
        lq.Synapse("x : 1\ny : 1", on_pre="x = t/ms; w -= y", on_post="y = t/ms; w += x"),
        {},
        {"x": "pre", "y": "post"},
    ),
}  # fmt: skip


def network(cell, synapse, **given):
    net = lq.Network()
    cells = net.population(cell, 40, name="cells", initial=dict(v=lq.uniform(0, 1)), drive=np.linspace(1.5, 3, 40))
    net.connect(cells, cells, synapse, where=lq.fixed_in_degree(5), name="p", **{"w": 0.1, "delay": "1 ms", **given})
    net.record(cells, "spikes")
    return net


@pytest.mark.parametrize("name", TELLING)
def test_which_traces_are_kept_once_per_neuron(cell, name):
    synapse, given, sides = TELLING[name]
    (store,) = assemble(network(cell, synapse, **given), 0.1).stores
    found = {x.removeprefix("_trace_"): "pre" if n == store.pre else "post" for x, n in store.traces.items()}
    assert found == sides
    assert sorted({*found, *store.learned}) == store.learned


#: What takes a trace into each synapse, and changes nothing else.
def apart(given, synapse):
    return {**given, **{x: np.zeros(200) for x in "xry" if x in synapse.variables}}


@pytest.mark.parametrize("name", ["pairs", "second trace", "reads its neuron", "late code of one side"])
def test_weights_are_those_of_traces_in_each_synapse(cell, outcome, name):
    synapse, given, _ = TELLING[name]
    together, alone = network(cell, synapse, **given), network(cell, synapse, **apart(given, synapse))
    (store,) = assemble(alone, 0.1).stores
    assert not store.traces
    one, other = (outcome(net, "20 ms", reference=True)[0] for net in (together, alone))
    w, same = one.final["p"]["w"], other.final["p"]["w"]
    assert np.ptp(w) > 0.01
    np.testing.assert_allclose(w, same, rtol=1e-12, atol=1e-12)
    assert np.array_equal(one.spikes["cells"].times, other.spikes["cells"].times)


@pytest.mark.crosscheck
def test_delays_that_are_equal_one_by_one_change_nothing(cell, outcome):
    synapse, _, _ = TELLING["pairs"]
    nets = [network(cell, synapse, delay=delay) for delay in ("1 ms", np.full(200, 1.0))]
    assert [sorted(assemble(net, 0.1).stores[0].traces) for net in nets] == [["_trace_x", "_trace_y"], ["_trace_y"]]
    one, other = (outcome(net, "40 ms", threads=2)[0] for net in nets)
    np.testing.assert_allclose(one.final["p"]["w"], other.final["p"]["w"], rtol=1e-12)


def test_a_trace_can_be_read_and_written_wherever_it_lives(cell):
    synapse, _, _ = TELLING["pairs"]
    for given in ({}, apart({}, synapse)):
        with lq.Simulation(
            network(cell, synapse, **given), dt=0.1, threads=2, precision="float32", progress=False
        ) as sim:
            sim.run("20 ms")
            x = sim.get("p.x")
            assert x.shape == (200,)
            assert x.max() > 0.5
            sim.set("p.x", x)
            assert np.array_equal(sim.get("p.x"), x)
            sim.set("p.x", 0.1)
            assert sim.get("p.x") == pytest.approx(0.1)
            sim.run("1 ms")
            assert np.median(sim.get("p.x")) == pytest.approx(0.1 * np.exp(-1 / 20), rel=1e-6)
