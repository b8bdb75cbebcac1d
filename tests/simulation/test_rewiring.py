"""Synapses that come and go while a network runs: those that stay keep what they have, by hand and by any backend."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SimulationError, UnitError
from lapicque.units import ms, mV, nS, pA

HOW = [dict(reference=True), dict(threads=1), dict(threads=2), dict(threads=3)]

STDP = lq.Synapse(
    """
    dapre/dt = -apre/tau_pre : 1
    dapost/dt = -apost/tau_post : 1
    dtag/dt = -tag/(50*ms) : 1
    """,
    on_pre="apre += 0.01; w -= apost; tag += apost; v_post += kick*w",
    on_post="apost += 0.0105; w += apre",
    bounds=dict(w=(0, 1)),
    parameters=dict(tau_pre="20 ms", tau_post="20 ms", kick="1 mV"),
    name="stdp",
)
PAIRS = [0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 0]


def learning(synapse=STDP, where=None, delay=1.5 * ms, **values):
    """Cells that fire, with plastic synapses, and others; one model of a neuron, so that kernels are small."""
    net = lq.Network()
    start = dict(v=lq.uniform(-70 * mV, -50 * mV))
    cells = net.population(lq.neurons.lif, 130, name="cells", initial=start, e_l="-30 mV")
    net.connect(cells, cells, synapse, where=where or lq.fixed_in_degree(8), delay=delay, name="plastic",
                **(values or dict(w=0.3)))  # fmt: skip
    other = net.population(lq.neurons.lif, 70, name="other")
    for a, b in ((cells, other), (other, cells)):
        net.connect(a, b, on_pre="v += w", where=lq.fixed_in_degree(5), w=0.5 * mV, delay=2 * ms)
    net.connect(cells, other, STDP, where=lq.fixed_in_degree(5), w=0.2, name="untouched")
    net.record(cells, "spikes")
    net.record(other, "spikes")
    return net


def edited(sim, seed=1, drop="drop", name="plastic", count=100, **values):
    """Remove some synapses, and add others."""
    random = np.random.default_rng(seed)
    before = sim.synapses(name)
    ends = (random.integers(0, n, count) for n in before.shape)
    gone = random.permutation(len(before))[:count]
    sim.rewire(name, remove=gone, add=tuple(ends), in_flight=drop, **values)


@pytest.mark.parametrize("how", HOW[1:])
@pytest.mark.parametrize("delay", [1.5 * ms, lq.uniform(0.5 * ms, 3 * ms)], ids=["one delay", "delays"])
def test_compiled_code_does_what_the_interpreter_does(how, delay, same):
    def run(**options):
        with lq.Simulation(learning(delay=delay), **options) as sim:
            sim.run(12 * ms)
            edited(sim, w=0.5)
            sim.run(6 * ms)
            edited(sim, seed=2)
            return sim.run(6 * ms), sim.synapses("plastic")

    (expected, listed), (found, again) = run(reference=True), run(**how)
    assert len(expected.spikes["cells"].times) > 40
    same(found, expected)
    for name in ("w", "apre", "tag"):
        assert np.array_equal(listed[name], again[name]), name
    assert np.array_equal(listed.delays, again.delays)


@pytest.mark.parametrize("how", HOW[:2])
def test_those_that_stay_keep_everything_and_are_numbered_by_target(how):
    net = learning(where=lq.edges(*PAIRS), delay=[1, 1.2, 1.4, 1.6, 1.8, 2] * ms, w=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    with lq.Simulation(net, **how) as sim:
        sim.run(15 * ms)
        before = sim.synapses("plastic")
        numbers = sim.rewire(
            "plastic", remove=[0, 2], add=([9, 7, 8], [4, 1, 1]), w=[0.7, 0.8, 0.9], delay=3 * ms, in_flight="drop"
        )
        after = sim.synapses("plastic")
    assert before.targets.tolist() == [0, 1, 2, 3, 4, 5]
    assert after.targets.tolist() == [1, 1, 1, 3, 4, 4, 5]
    assert after.sources.tolist() == [0, 7, 8, 2, 3, 9, 4]
    assert numbers.tolist() == [5, 1, 2]
    assert after["w"][numbers] == pytest.approx([0.7, 0.8, 0.9])
    assert after.delays[numbers] == pytest.approx([3, 3, 3])
    stayed = np.setdiff1d(np.arange(7), numbers)
    assert np.count_nonzero(before["apre"]) > 3
    for name in ("w", "apre", "tag"):
        assert np.array_equal(after[name][stayed], before[name][[1, 3, 4, 5]])
    assert np.array_equal(after.delays[stayed], before.delays[[1, 3, 4, 5]])
    assert after["tag"][numbers].tolist() == [0, 0, 0]


def test_a_synapse_that_stays_learns_as_if_nothing_had_happened():
    """Beside synapses of weight 0 that come and go, the others do what they do alone."""
    quiet = STDP.with_(kick="0 mV", name="quiet")
    pairs = np.arange(60), np.arange(60)[::-1]
    alone, beside = (lq.Simulation(learning(quiet, lq.edges(*pairs), w=0.4)) for _ in range(2))
    for k in range(4):
        alone.run(7 * ms)
        beside.run(7 * ms)
        extra = np.arange(60, len(beside.synapses("plastic")))
        targets = np.full(5, 100 + k)
        beside.rewire("plastic", remove=extra, add=(np.arange(5), targets), in_flight="drop")
    for name in ("w", "apre", "tag"):
        values = alone.synapses("plastic")[name]
        assert values.any(), name
        assert np.array_equal(beside.synapses("plastic")[name][:60], values), name


@pytest.mark.parametrize("how", HOW[:3])
def test_increments_change_too(how):
    net = lq.Network()
    source = net.spikes([[1.0, 5.0]] * 3, name="source")
    cell = net.population(lq.neurons.lif, 4, name="cell")
    net.connect(source, cell, on_pre="v += w", where=lq.edges([0, 1], [0, 1]), w=[1, 2] * mV, delay=1 * ms, name="in")
    net.record(cell, "v", name="v")
    with lq.Simulation(net, **how) as sim:
        early = sim.run(4 * ms)
        sim.rewire("in", remove=[0], add=([2], [3]), w=4 * mV)
        late = sim.run(4 * ms)
    rest = early.traces["v"].values[0]
    assert early.traces["v"].values[21] - rest == pytest.approx([1, 2, 0, 0])
    peaks = late.traces["v"].values.max(axis=0) - rest
    assert peaks[0] < 1
    assert peaks[1] == pytest.approx(2 + 2 * np.exp(-4 / 20), rel=0.1)
    assert peaks[2:].tolist() == [0, pytest.approx(4)]


@pytest.mark.parametrize("how", HOW[:3])
def test_what_only_adds_numbers_arrives_after_its_synapse_is_gone(how):
    net = lq.Network()
    source = net.spikes([[1.0]], name="source")
    cell = net.population(lq.neurons.lif, 1, name="cell")
    net.connect(source, cell, on_pre="v += w", w=3 * mV, delay=6 * ms, name="in")
    with lq.Simulation(net, **how) as sim:
        sim.run(2 * ms)
        rest = sim.get("cell.v")[0]
        sim.rewire("in", remove=[0])
        assert len(sim.synapses("in")) == 0
        sim.snapshot()
        sim.run(3 * ms)
        assert sim.get("cell.v")[0] == pytest.approx(rest)
        sim.run(2.1 * ms)
        arrived = sim.get("cell.v")[0]
        assert arrived == pytest.approx(rest + 3)
        sim.restore()
        sim.run(5.1 * ms)
        assert sim.get("cell.v")[0] == arrived


def in_flight(at, pathway):
    """One synapse of a cell that fires at 1 ms, onto one that fires at 1 ms; its code runs 3 ms later."""
    net = lq.Network()
    cell = lq.Neuron("dv/dt = 0/ms : 1", threshold="v > 1", reset="v = 0", parameters={})
    pre = net.population(cell, 2, name="pre")
    post = net.population(cell, 2, name="post")
    synapse = lq.Synapse("n : 1\nw : 1", **{pathway: "n += 1"} if at is None else dict(on={"x": at}), initial=dict(n=0))
    net.connect(pre, post, synapse, where=lq.one_to_one(), name="in", w=1, **({} if at else dict(delay=3 * ms)))
    return net


@pytest.mark.parametrize("how", HOW[:2])
@pytest.mark.parametrize(
    ("at", "pathway"), [(None, "on_pre"), (lq.On("post", "n += 1", delay="3 ms"), "on")], ids=["axon", "dendrite"]
)
def test_spikes_under_way_are_not_lost_unless_one_says_so(how, at, pathway):
    with lq.Simulation(in_flight(at, pathway), **how) as sim:
        sim.run(1 * ms)
        for side in ("pre", "post"):
            sim.set(f"{side}.v", [2.0, 0.0])
        sim.run(1 * ms)
        with pytest.raises(SimulationError, match=r"1 spike is on the way through 1 of the 2 synapses of 'in'.*drop"):
            sim.rewire("in", remove=[True, True])
        sim.rewire("in", remove=[1])  # nothing is on its way there
        sim.rewire("in", add=([1], [0]), w=1)
        assert sim.get("in.n").tolist() == [0, 0]
        sim.snapshot()
        sim.run(3 * ms)
        arrived = sim.get("in.n").tolist()
        assert arrived[0] == 1
        sim.rewire("in", remove=[0, 1])
        sim.restore()
        sim.rewire("in", remove=[0], in_flight="drop")
        sim.run(3 * ms)
        assert sim.get("in.n").tolist() == arrived[1:]


@pytest.mark.parametrize("how", HOW[:3])
def test_snapshots_have_the_synapses(how, same, tmp_path):
    with lq.Simulation(learning(), **how) as sim:
        sim.run(8 * ms)
        sim.snapshot("before")
        edited(sim, w=0.5)
        sim.snapshot("after")
        sim.save(tmp_path / "state.h5")
        first = sim.run(8 * ms)
        listed = sim.synapses("plastic")
        sim.restore("before")
        assert not np.array_equal(sim.synapses("plastic").sources, listed.sources)
        edited(sim, w=0.5)
        same(sim.run(8 * ms), first)
        sim.restore("after")
        same(sim.run(8 * ms), first)
    with lq.Simulation.load(tmp_path / "state.h5", learning(), threads=2) as later:
        same(later.run(8 * ms), first)
        found = later.synapses("plastic")
    assert np.array_equal(found.sources, listed.sources)
    assert np.array_equal(found["w"], listed["w"])


def test_projections_become_empty_and_full_again(same, tmp_path):
    def run(**options):
        with lq.Simulation(learning(), **options) as sim:
            sim.run(6 * ms)
            sim.rewire("plastic", remove=np.ones(len(sim.synapses("plastic")), bool), in_flight="drop")
            sim.run(6 * ms)
            assert sim.get("plastic.w").shape == (0,)
            sim.save(tmp_path / "state.h5")
            with lq.Simulation.load(tmp_path / "state.h5", learning()) as later:
                assert len(later.synapses("plastic")) == 0
            sim.rewire("plastic", add=(np.arange(100), np.arange(100)[::-1]), w=0.4)
            assert (sim.get("plastic.w") == 0.4).all()
            return sim.run(6 * ms)

    same(run(threads=2), run(reference=True))


def test_values_that_are_drawn_or_computed_stay_with_their_synapses():
    space = np.arange(20)[:, None] * 10.0
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 20, name="cells", positions=space)
    synapse = lq.Synapse("w : 1\ngain : 1", on_pre="v_post += w*gain*mV")
    net.connect(cells, cells, synapse, where=lq.fixed_in_degree(4), w=lq.normal(1, 0.2), gain=2.0,
                delay="1*ms + d/(100*um)*ms", name="b")  # fmt: skip
    with lq.Simulation(net) as sim:
        before = sim.synapses("b")
        numbers = sim.rewire("b", remove=np.arange(0, 80, 8), add=([0, 19], [19, 0]))
        after = sim.synapses("b")
        stayed = np.setdiff1d(np.arange(len(after)), numbers)
        kept = np.setdiff1d(np.arange(80), np.arange(0, 80, 8))
        assert np.array_equal(after["w"][stayed], before["w"][kept])
        assert np.array_equal(after.delays[stayed], before.delays[kept])
        assert after.delays[numbers] == pytest.approx(2.9)
        assert (after["gain"] == 2).all()
        assert len(set(after["w"][numbers].tolist())) == 2
        sim.rewire("b", add=([3], [3]), gain=3.0)
        last = sim.synapses("b")
        assert sorted(set(last["gain"].tolist())) == [2, 3]
        assert np.isin(after["w"], last["w"]).all()


def test_the_description_shows_the_synapses_that_there_are():
    with lq.Simulation(learning(where=lq.edges(*PAIRS)), reference=True) as sim:
        sim.rewire("plastic", add=([7], [7]))
        found = lq.connections(sim.network["plastic"])
        assert found.targets.tolist() == sim.synapses("plastic").targets.tolist()
        assert len(lq.connections(learning(where=lq.edges(*PAIRS))["plastic"])) == 6
        sim.set("cells->other.w", 1 * mV)  # laid out anew
        assert len(sim.synapses("plastic")) == 7


def test_operations_rewire(same):
    def grow(sim):
        if sim.time:
            sim.rewire("plastic", remove=[0], add=([1, 2], [3, 4]), in_flight="drop", w=0.1)

    def grown():
        net = learning()
        net.operation(grow, every=3 * ms)
        return net

    expected = lq.simulate(grown(), 10 * ms, reference=True)
    assert len(expected.final["plastic"]["w"]) == 130 * 8 + 3
    same(lq.simulate(grown(), 10 * ms, threads=2), expected)


BAD = [
    (dict(remove=[6]), r"there is no synapse 6 of 'plastic': it has 6, from 0"),
    (dict(remove=[-1]), r"there is no synapse -1"),
    (dict(remove=[True, False]), r"a mask of shape \(2,\), but 'plastic' has 6 synapses"),
    (dict(remove=[0.5]), r"numbers of synapses, or a mask"),
    (dict(remove="all"), r"numbers of synapses, or a mask"),
    (dict(add=([130], [0])), r"no source 130 of 'plastic': the source has 130 neurons"),
    (dict(add=([0], [-1])), r"no target -1 of 'plastic'"),
    (dict(add=([0, 1], [0])), r"two lists of one length"),
    (dict(add=3), r"two lists of one length"),
    (dict(add=([0.5], [1])), r"the sources are float64 values"),
    (dict(add=([0], [1]), w=np.nan), r"w is NaN"),
    (dict(add=([0], [1]), w=1.5), r"plastic.w is 1.5 in a synapse, outside its bounds, 0 to 1"),
    (dict(add=([0], [1]), w=[0.1, 0.2]), r"w of 'plastic' has 2 values, but there are 1 synapses"),
    (dict(add=([0], [1]), weight=1), r"'weight' is no value of single synapses of 'plastic'"),
    (dict(add=([0], [1]), apre=1), r"'apre' of 'plastic' is the same in all synapses of a neuron.*leave out apre="),
    (dict(add=([0], [1]), delay=-1 * ms), r"the delay is -1 ms"),
    (dict(add=([0], [1]), delay=2 * ms), r"share 'apre' of 'plastic', because they have one delay"),
    (dict(remove=[0], in_flight="wait"), r"in_flight is 'wait': write 'refuse' or 'drop'"),
]


@pytest.fixture(scope="module")
def bad():
    """A simulation that every refusal leaves as it is."""
    with lq.Simulation(learning(where=lq.edges(*PAIRS)), reference=True) as sim:
        sim.run(5 * ms)
        yield sim


@pytest.mark.parametrize(("what", "reason"), BAD)
def test_bad_input_is_refused_and_changes_nothing(bad, what, reason):
    before = bad.synapses("plastic")
    with pytest.raises((SimulationError, UnitError), match=reason):
        bad.rewire("plastic", **what)
    after = bad.synapses("plastic")
    assert np.array_equal(after.sources, before.sources)
    assert np.array_equal(after["w"], before["w"])


def test_units_names_and_recorders_are_checked(bad):
    with pytest.raises(UnitError, match="nS"):
        bad.rewire("cells->other", add=([0], [0]), w=1 * nS)
    with pytest.raises(SimulationError, match="there is no projection 'plastik'; did you mean 'plastic'"):
        bad.rewire("plastik", remove=[0])
    with pytest.raises(SimulationError, match="no value 'v'; they have"):
        bad.synapses("plastic")["v"]
    net = learning()
    net.record(net["plastic"], "w", every=1 * ms)
    with (
        lq.Simulation(net, reference=True) as sim,
        pytest.raises(SimulationError, match="a column for each synapse of 'plastic'"),
    ):
        sim.rewire("plastic", remove=[0])


def test_values_given_synapse_by_synapse_have_no_default():
    synapse = lq.Synapse("w : 1\ngain : 1", on_pre="v_post += w*gain*mV")
    net = learning(synapse, lq.edges(*PAIRS), w=[1, 2, 3, 4, 5, 6], gain=1.0)
    with lq.Simulation(net, reference=True) as sim:
        with pytest.raises(SimulationError, match="w of 'plastic' was given synapse by synapse"):
            sim.rewire("plastic", add=([0], [0]))
        sim.rewire("plastic", add=([0], [0]), w=9)
        assert sim.synapses("plastic")["w"].tolist() == [6, 9, 1, 2, 3, 4, 5]
        sim.set("plastic.w", 2.0)
        sim.rewire("plastic", add=([0], [0]))
        assert sim.synapses("plastic")["w"].tolist() == [2] * 8


def ruled():
    """Synapses that grow silently where neurons are active, learn, are pruned and replaced."""
    net = learning(where=lq.edges([], []), w=0.0)
    wires = net["plastic"]
    net.restructure(wires, lq.structure.growth(rate="3 Hz"), every=2 * ms, w=lq.uniform(0, 0.1))
    net.restructure(wires, lq.structure.pruning(below=0.01, chance=0.5), every=3 * ms)
    net.restructure(wires, lq.structure.rewiring(below=0.012), every=6 * ms)
    return net


def test_rules_do_the_same_on_any_backend_and_for_any_number_of_threads(same):
    def run(**options):
        result = lq.simulate(ruled(), 12.5 * ms, **options)
        return result, result.synapses["plastic"]

    expected, wires = run(reference=True)
    assert len(wires) > 400
    assert len(np.unique(expected.final["plastic"]["w"])) > 400
    for options in HOW[1:]:
        found, again = run(**options)
        same(found, expected)
        assert np.array_equal(again.sources, wires.sources)
        assert np.array_equal(again.targets, wires.targets)


def test_rules_go_on_after_a_snapshot_and_in_batches(same, tmp_path):
    with lq.Simulation(ruled()) as sim:
        first = sim.run(7 * ms)
        sim.save(tmp_path / "state.h5")
        rest = sim.run(5.5 * ms)
        assert len(rest.synapses["plastic"]) > 400
        with pytest.raises(SimulationError, match="the simulation has gone on since this result"):
            first.synapses["plastic"]
    with lq.Simulation.load(tmp_path / "state.h5", ruled(), threads=2) as later:
        same(later.run(5.5 * ms), rest)
    many = lq.simulate(ruled(), 12.5 * ms, trials=2)
    counts = [len(found) for found in many.synapses["plastic"]]
    assert counts[0] != counts[1]
    assert [len(w) for w in many.final["plastic"]["w"]] == counts
    assert np.array_equal(many.final["plastic"]["w"][0], rest.final["plastic"]["w"])


KINDS = {
    "normalised": (
        lq.Synapse(
            "dapre/dt = -apre/(20*ms) : 1\nw : 1",
            on=dict(pre="apre += 1; v_post += w*mV", post="w += 0.1*apre",
                    scale=lq.Every("2 ms", "w *= 3/sum(w, by='post')")),
        ),
        dict(delay=1 * ms),
    ),
    "graded": (
        lq.Synapse(
            "dw/dt = (v_pre - v_post)/mV/(500*ms) - w**3/(10*ms) : 1 (clock-driven)\ni = w*pA : pA (summed)", output="i"
        ),
        dict(into="i_ext"),
    ),
    "backwards": (
        lq.Synapse("w : 1", on_pre="v_pre -= 0.3*w*rand()*mV", on_post="w *= 1 + 0.1*rand()"), dict(delay=1 * ms),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "kind", ["backwards", *(pytest.param(kind, marks=pytest.mark.crosscheck) for kind in ("normalised", "graded"))]
)
def test_synapses_of_every_kind_come_and_go(kind, same):
    synapse, more = KINDS[kind]

    def run(**options):
        net = lq.Network()
        cells = net.population(lq.neurons.lif, 130, name="cells", initial=dict(v=lq.uniform(-70 * mV, -50 * mV)))
        net.stimulate(cells, "i_ext", 400 * pA)
        net.connect(cells, cells, synapse, where=lq.fixed_in_degree(6), name="plastic", w=0.2, **more)
        with lq.Simulation(net, **options) as sim:
            sim.run(8 * ms)
            edited(sim, w=0.4)
            return sim.run(8 * ms), sim.get("plastic.w")

    (expected, weights), (found, again) = run(reference=True), run(threads=2)
    assert len(np.unique(weights)) > 100
    assert np.array_equal(weights, again)
    same(found, expected)
