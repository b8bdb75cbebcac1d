"""Rules for structure: what each does to synapses, as the literature has it, and what is refused."""

from dataclasses import dataclass

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.simulation.restructuring import StructureView
from lapicque.units import Hz, ms, mV, nS, um

STILL = lq.Neuron("dv/dt = -v/(10*ms) : 1\nda/dt = 0/ms : 1\ndb/dt = 0/ms : 1", threshold="v > 1", reset="v = 0")
SYNAPSE = lq.Synapse("w : nS", on_pre="w *= 1", name="kept")


def still(size=40, where=None, w=1 * nS, positions=None, a=0.0, b=0.0, **more):
    """Neurons that do nothing, so that rules alone change their synapses."""
    net = lq.Network()
    cells = net.population(STILL, size, name="cells", positions=positions, initial=dict(a=a, b=b))
    net.connect(cells, cells, SYNAPSE, where=where or lq.edges([], []), w=w, name="wires", **more)
    return net


def applied(net, rule, times=1, seed=0, **values):
    """Apply a rule, and return the synapses at the end."""
    net.restructure(net["wires"], rule, every=1 * ms, **values)
    return lq.simulate(net, (times + 0.1) * ms, seed=seed, reference=True).synapses["wires"]


def test_pruning_takes_what_is_weak():
    weights = np.array([0.5, -0.001, 0.02, 0.0, -3.0])
    net = still(5, lq.one_to_one(), w=weights * nS)
    found = applied(net, lq.structure.pruning(below="10 pS"))
    assert found["w"].tolist() == [0.5, 0.02, -3]
    assert found.targets.tolist() == [0, 2, 4]


def test_pruning_by_chance_lets_silent_synapses_live_for_a_while():
    net = still(200, lq.fixed_in_degree(20), w=0 * nS)
    found = applied(net, lq.structure.pruning(below=0.01 * nS, chance=0.1), times=10)
    assert len(found) / 4000 == pytest.approx(0.9**10, abs=0.03)


@pytest.mark.parametrize("rate", [20, 400])
def test_growth_is_a_poisson_process_for_each_pair(rate):
    found = applied(still(60), lq.structure.growth(rate=rate * Hz), times=10, w=0 * nS)
    pairs = found.targets * 60 + found.sources
    assert len(np.unique(pairs)) == len(found)
    assert (found.sources != found.targets).all()
    expected = 60 * 59 * (1 - np.exp(-rate * 0.01))
    assert len(found) == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert (found["w"] == 0).all()


def test_growth_that_is_fast_joins_all():
    assert len(applied(still(20), lq.structure.growth("50 kHz"))) == 20 * 19


def test_growth_falls_with_distance_and_rises_with_activity():
    space = np.random.default_rng(1).uniform(0, 300, (120, 2))
    active = np.arange(120) % 3 == 0
    net = still(120, positions=space, a=active.astype(float), b=np.where(active, 1.0, 0.25))
    rule = lq.structure.growth(rate=30 * Hz, reach=80 * um, pre="a", post="b")
    found = applied(net, rule, times=5)
    assert active[found.sources].all()
    distance = np.linalg.norm(space[:, None] - space[None], axis=2)
    rates = 0.15 * np.exp(-((distance / 80) ** 2)) * active[:, None] * np.where(active, 1.0, 0.25)
    np.fill_diagonal(rates, 0)
    expected = (1 - np.exp(-rates)).sum()
    assert len(found) == pytest.approx(expected, abs=4 * np.sqrt(expected))
    apart = distance[found.sources, found.targets].mean()
    assert apart == pytest.approx((distance * rates).sum() / rates.sum(), abs=8)


@pytest.mark.parametrize("same", ["target", "source", None])
def test_rewiring_keeps_the_number_and_one_side(same):
    random = np.random.default_rng(3)
    pairs = random.permutation(40 * 39)[:600]
    sources, targets = pairs // 39, pairs % 39
    targets += targets >= sources
    net = still(40, lq.edges(sources, targets), w=random.integers(0, 2, 600) * nS)
    before = applied(still(40, lq.edges(sources, targets), w=1 * nS), lq.structure.pruning(0.0))
    found = applied(net, lq.structure.rewiring(same=same), w=2 * nS)
    assert len(found) == len(before) == 600
    assert len(np.unique(found.targets * 40 + found.sources)) == 600
    assert (found.sources != found.targets).all()
    assert set(found["w"].tolist()) == {1, 2}
    for side in ("source", "target"):
        kept = np.array_equal(np.bincount(getattr(found, side + "s"), minlength=40),
                              np.bincount(getattr(before, side + "s"), minlength=40))  # fmt: skip
        assert kept == (same == side)


def test_rewiring_leaves_out_what_has_no_place():
    found = applied(still(3, lq.all_to_all(autapses=False), w=0 * nS), lq.structure.rewiring(), w=1 * nS)
    assert len(found) == 6
    assert (found["w"] == 1).all()


def test_elements_are_matched_and_break_with_their_synapses():
    offered, wanted = np.arange(40) % 4 + 0.9, np.full(40, 2.2)
    found = applied(still(40, a=offered, b=wanted), lq.structure.elements("a", "b"), times=5)
    assert (np.bincount(found.sources, minlength=40) <= np.floor(offered)).all()
    assert (np.bincount(found.targets, minlength=40) <= 2).all()
    assert 55 <= len(found) <= 60  # 60 axonal elements, 80 dendritic ones; autapses are given up
    assert (found.sources != found.targets).all()
    fewer = applied(still(40, lq.fixed_in_degree(10), a=offered, b=wanted), lq.structure.elements("a", "b"))
    assert (np.bincount(fewer.sources, minlength=40) <= np.floor(offered)).all()
    assert (np.bincount(fewer.targets, minlength=40) <= 2).all()
    assert len(fewer) > 30


def test_elements_that_break_are_vacant_at_once():
    """A target that has lost its elements leaves its sources free for the others."""
    net = still(4, lq.edges([0, 1], [2, 2]), a=[1.0, 1.0, 0, 0], b=[0, 0, 0, 2.0])
    found = applied(net, lq.structure.elements("a", "b"))
    assert sorted(zip(found.sources.tolist(), found.targets.tolist(), strict=True)) == [(0, 3), (1, 3)]


def test_elements_nearby_are_preferred():
    space = np.arange(100)[:, None] * 10.0
    found = applied(still(100, positions=space, a=3.0, b=3.0), lq.structure.elements("a", "b", reach=50 * um))
    apart = np.abs(space[found.sources] - space[found.targets])[:, 0]
    assert len(found) > 250
    assert np.median(apart) < 60
    assert (np.bincount(found.targets, minlength=100) <= 3).all()


def test_the_seed_and_the_trial_decide():
    def grown(**options):
        net = still(30)
        net.restructure(net["wires"], lq.structure.growth(rate=100 * Hz), every=1 * ms)
        found = lq.simulate(net, 2.1 * ms, reference=True, **options).synapses["wires"]
        return list(zip(found.sources.tolist(), found.targets.tolist(), strict=True))

    assert grown(seed=1) == grown(seed=1)
    assert grown(seed=1) != grown(seed=2)
    assert grown(seed=1) != grown(seed=1, trial=1)


@dataclass(frozen=True)
class Chain(lq.structure.Rule):
    """Joins each neuron with the next one, and says what synapses weigh."""

    def change(self, view):
        assert isinstance(view, StructureView)
        n = view.shape[0] - 1
        fresh = ~view.taken(np.arange(n), np.arange(1, n + 1))
        numbers = np.flatnonzero(fresh)
        return lq.structure.Change(sources=numbers, targets=numbers + 1, values=dict(w=numbers * 1.0))


def test_a_rule_of_ones_own():
    found = applied(still(4, lq.edges([0], [1]), w=7 * nS), Chain(), times=3)
    assert found.sources.tolist() == [0, 1, 2]
    assert found["w"].tolist() == [7, 1, 2]
    assert repr(Chain()) == "Chain()"


@dataclass(frozen=True)
class Wrong(lq.structure.Rule):
    """Gives what it is told to."""

    answer: object

    def change(self, view):
        return self.answer


def test_what_a_rule_gives_is_checked():
    for answer, reason in [
        (None, "it gave NoneType, but a lq.structure.Change is expected"),
        (lq.structure.Change(remove=np.array([99])), "there is no synapse 99"),
        (lq.structure.Change(sources=np.array([0]), targets=np.array([77])), "there is no target 77"),
    ]:
        with pytest.raises(SimulationError, match=f"the rule 'wrong' of 'wires' failed at 1 ms: .*{reason}"):
            applied(still(5), Wrong(answer))


LIMITS = lq.Synapse("w : nS", on_pre="w *= 1", bounds=dict(w=(0, 2)))
BAD = [
    (dict(rule=lq.structure.pruning(0.1, "g")), SimulationError, "have no value 'g'; they have 'w'"),
    (dict(rule=lq.structure.pruning("1 mV")), UnitError, "mV"),
    (dict(rule=lq.structure.pruning(-1)), SimulationError, "below is -1"),
    (dict(rule=lq.structure.pruning(np.nan)), ModelError, "below is NaN"),
    (dict(rule=lq.structure.growth("-1 Hz")), SimulationError, "rate is '-1 Hz'"),
    (dict(rule=lq.structure.growth("1 mV")), UnitError, "mV"),
    (dict(rule=lq.structure.growth("1 Hz", reach="1 um")), SimulationError, "reach= needs positions"),
    (dict(rule=lq.structure.growth("1 Hz", pre="calcium")), SimulationError, "'cells' has no state 'calcium'"),
    (dict(rule=lq.structure.elements("a", "z")), SimulationError, "'cells' has no state 'z'"),
    (dict(rule=lq.structure.rewiring(same="both")), SimulationError, "same is 'both'"),
    (dict(rule=lq.structure.pruning), SimulationError, "a rule is expected.*not pruning"),
    (dict(every=None), SimulationError, "say how often"),
    (dict(every=-1 * ms), SimulationError, "one positive time"),
    (dict(in_flight="wait"), SimulationError, "write 'refuse' or 'drop'"),
    (dict(w=[1, 2] * nS), SimulationError, "w is a list, but how many synapses there will be is not known"),
    (dict(w=1 * mV), UnitError, "w"),
    (dict(v=1), SimulationError, "'v' is no value of single synapses of 'wires'"),
    (dict(delay=-1 * ms), SimulationError, "the delay is -1 ms"),
]


@pytest.mark.parametrize(("what", "kind", "reason"), BAD)
def test_bad_input_is_refused_when_it_is_described(what, kind, reason):
    net = still()
    given = {"rule": lq.structure.pruning(0.1), "every": 1 * ms, **what}
    with pytest.raises(kind, match=reason):
        net.restructure(net["wires"], given.pop("rule"), given.pop("every"), **given)


def test_other_bad_input_is_refused():
    net, other = still(), still()
    with pytest.raises(SimulationError, match="belongs to another network"):
        net.restructure(other["wires"], lq.structure.pruning(0.1), every=1 * ms)
    with pytest.raises(SimulationError, match="a projection is expected, such as"):
        net.restructure("wires", lq.structure.pruning(0.1), every=1 * ms)
    with pytest.raises(SimulationError, match="pruning: chance is 2"):
        lq.structure.pruning(0.1, chance=2)
    net.restructure(net["wires"], lq.structure.pruning(0.1), every=0.25 * ms)
    with pytest.raises(SimulationError, match="no whole number of steps"):
        lq.simulate(net, 1 * ms)
    with pytest.raises(SimulationError, match="come and go by 'pruning', so that a recorder"):
        net.record(net["wires"], "w")
    other.record(other["wires"], "w")
    with pytest.raises(SimulationError, match="come and go by a rule"):
        other.restructure(other["wires"], lq.structure.pruning(0.1), every=1 * ms)
    limited = lq.Network()
    cells = limited.population(STILL, 5, name="cells")
    limited.connect(cells, cells, LIMITS, where=lq.edges([], []), w=1 * nS, name="wires")
    with pytest.raises(SimulationError, match=r"wires\.w is 3 nS in a synapse, outside its bounds"):
        applied(limited, Chain())
    with pytest.raises(SimulationError, match="the event-driven engine makes none"):
        lq.simulate(still_with_a_rule(), 1 * ms, engine=lq.EventDriven())


def still_with_a_rule():
    """A network that the event-driven engine could run, if it had no rule."""
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 4, name="cells")
    wires = net.connect(cells, cells, on_pre="v += w", w=1 * mV)
    net.restructure(wires, lq.structure.pruning(0.1), every=1 * ms)
    return net


def test_a_network_shows_its_rules():
    net = still()
    net.restructure(net["wires"], lq.structure.pruning(0.1), every=5 * ms)
    net.restructure(net["wires"], lq.structure.pruning(0.2), every=9 * ms)
    assert list(net.restructurings) == ["pruning", "pruning_2"]
    assert "wires        pruning(below=0.1)  5 ms" in repr(net)
