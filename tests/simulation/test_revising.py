"""Circuits like one that is known: the very circuits that the long way makes, or none."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.compile.assemble import assemble
from lapicque.errors import SimulationError
from lapicque.simulation.revising import Revision
from lapicque.simulation.variation import varied
from lapicque.units import mV, pA


def network(nested=False):
    net = lq.Network()
    exc = net.population(lq.neurons.izhikevich, 20, name="exc")
    inh = net.population(lq.neurons.izhikevich, 5, name="inh", initial=dict(v=lq.uniform(-70 * mV, -60 * mV)))
    net.connect(exc, inh, on_pre="v += w", where=lq.fixed_probability(0.4, nested=nested), w=3 * mV, delay="1 ms")
    net.connect(inh, exc, on_pre="v += w", where=lq.fixed_in_degree(2), w=lq.uniform(-2 * mV, -1 * mV), delay="1 ms")
    net.connect(exc, exc, lq.synapses.exponential(tau="3 ms"), into="i_ext", where=lq.small_world(4, 0.2), w=2 * pA)
    net.stimulate(exc, "i_ext", lq.stimuli.white_noise(1 * pA, 5 * pA, tau="1 ms"), name="noise")
    net.stimulate(inh, "v", lq.stimuli.poisson("100 Hz", w=5 * mV), name="background")
    net.record(exc, "spikes")
    net.record(inh, "spikes")
    return net


REVISED = {
    "exc.b": 0.21, "exc.d": 7.0, "inh.a": 0.05, "exc->inh.w": 4 * mV, "exc->inh.delay": "2 ms",
    "inh->exc.w": lq.uniform(-3 * mV, -2 * mV), "exc->inh.where": lq.fixed_probability(0.7), "exc->inh.where.p": 0.2,
    "inh->exc.where.k": 3, "exc->exc.where.p": 0.5, "noise.sd": 7 * pA,
}  # fmt: skip
LONG_WAY = {
    "exc.v": -60 * mV, "exc.b": -0.1, "background.rate": "50 Hz", "exc.c": np.linspace(-65, -50, 20) * mV,
    "exc.exponential.tau": "5 ms",
}  # fmt: skip


def same(a, b):
    assert [c.name for c in a.cells] == [c.name for c in b.cells]
    for mine, other in zip(a.cells, b.cells, strict=True):
        for tables in ((mine.parameters, other.parameters), (mine.initial, other.initial)):
            assert tables[0].keys() == tables[1].keys()
            for name in tables[0]:
                np.testing.assert_array_equal(tables[0][name], tables[1][name], err_msg=name)
    assert len(a.pathways) == len(b.pathways)
    for mine, other in zip(a.pathways, b.pathways, strict=True):
        assert (mine.projection, mine.source, mine.target) == (other.projection, other.source, other.target)
        for one, two in zip(mine.wiring.draw(), other.wiring.draw(), strict=True):
            np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(mine.delays.constant, other.delays.constant)
        np.testing.assert_array_equal(mine.increments.constant, other.increments.constant)


def revise(changes, base=None, nested=False):
    net = network(nested) if base is None else varied(network(nested), base)
    return Revision(net, assemble(net, 0.5, 1, 7), 7).of(changes, 1)


@pytest.mark.parametrize("name", REVISED)
def test_a_revision_is_the_circuit_of_the_varied_network(name):
    changes = {name: REVISED[name]}
    made = revise(changes)
    assert made is not None
    same(made, assemble(varied(network(), changes), 0.5, 1, 7))


def test_values_that_an_earlier_candidate_had_leave_no_trace():
    base = {"exc.b": 0.25, "exc->inh.where.p": 0.9, "inh->exc.w": -9 * mV}
    changes = {"exc.b": 0.21, "exc->inh.where.p": 0.2, "inh->exc.w": -1 * mV}
    same(revise(changes, base), assemble(varied(network(), changes), 0.5, 1, 7))


@pytest.mark.parametrize(
    "changes",
    [
        {"exc->inh.where.p": 0.2}, {"exc->inh.where.p": 0.9, "exc->inh.w": 2.5}, {"exc->inh.where.p": 0},
        {"exc->inh.where": lq.fixed_probability(0.7, autapses=False, nested=True), "exc->inh.where.p": 0.3},
        {"exc->inh.where": lq.fixed_in_degree(2)}, {"exc->inh.where.p": 0.3, "exc->inh.delay": 2.0},
    ],
    ids=lambda changes: " and ".join(changes),
)  # fmt: skip
def test_nested_probabilities_have_the_synapses_of_the_varied_network(changes):
    made = revise(changes, {"exc->inh.where.p": 0.6}, nested=True)
    assert made is not None
    same(made, assemble(varied(network(nested=True), changes), 0.5, 1, 7))


@pytest.mark.parametrize("changes", [{"exc->inh.w": np.inf}, {"exc->inh.w": np.nan}, {"exc->inh.where.p": 1.5}])
@pytest.mark.parametrize("nested", [False, True])
def test_numbers_that_do_not_fit_are_left_to_the_long_way(changes, nested):
    assert revise(changes, nested=nested) is None


@pytest.mark.parametrize("name", LONG_WAY)
def test_what_a_revision_cannot_be_sure_of_goes_the_long_way(name):
    assert revise({name: LONG_WAY[name]}) is None


def test_a_sweep_of_rules_and_numbers_gives_what_single_runs_give():
    sweep = {"exc->inh.where.p": [0.1, 0.5, 0.9], "exc.b": [0.2, 0.21, 0.22], "exc->inh.w": [2, 3, 4] * mV}
    many = lq.simulate(network(), "50 ms", dt="0.5 ms", method="euler", seed=2, sweep=sweep)
    assert many.spikes["exc"].counts.sum() > 20
    for n in range(3):
        net = varied(network(), {name: values[n] for name, values in sweep.items()})
        alone = lq.simulate(net, "50 ms", dt="0.5 ms", method="euler", seed=2)
        for name in ("exc", "inh"):
            assert many.spikes[name][n, :].times.tolist() == alone.spikes[name].times.tolist()


def test_a_number_of_a_rule_is_checked_by_name():
    with pytest.raises(SimulationError, match=r"fixed_probability: p is 1\.5"):
        lq.simulate(network(), "5 ms", dt="0.5 ms", sweep={"exc->inh.where.p": [0.5, 1.5]})
    with pytest.raises(SimulationError, match=r"where\.q'.*did you mean 'exc->inh\.where\.p'"):
        lq.simulate(network(), "5 ms", dt="0.5 ms", sweep={"exc->inh.where.q": [0.5]})
