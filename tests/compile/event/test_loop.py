"""What happens when: arrivals, ties, refractory times, delays; and that nothing depends on how a run is cut."""

import heapq
import math

import numpy as np
import pytest

from lapicque.errors import SimulationError


def arrivals(*times, delay=0.0, weights=1.0):
    """Sources of one spike each, onto the counter: one pathway, synapses in the order of the times."""
    numbers = np.arange(len(times))
    pathway = ("sources", "counter", "x", numbers, np.zeros(len(times), int), weights, delay)
    return dict(pathways=[pathway], sources=[[t] for t in times])


def test_a_jump_above_the_threshold_is_a_spike_at_that_time(run):
    assert run(10.0, {}, **arrivals(3.7)).times("counter").tolist() == [3.7]


def test_the_threshold_reached_exactly_by_a_jump(run):
    """The counter spikes at ``x >= 1``, the LIF neuron only above its threshold."""
    assert run(10.0, {}, **arrivals(1.0, 2.0, weights=0.5)).times("counter").tolist() == [2.0]
    pathway = ("sources", "lif", "v", np.array([0]), np.array([0]), 20.0, 0.0)
    found = run(10.0, {"lif": dict(i_ext=0.0)}, [pathway], sources=[[1.0]])
    assert len(found.times("lif")) == 0
    rising = run(10.0, {"lif": dict(i_ext=300.0, e_l=-70.0)}, [pathway], sources=[[0.0]])
    assert rising.times("lif").tolist() == [0.0]  # at the threshold and rising: it is above at once


def test_arrivals_of_one_time_are_added_before_the_threshold_is_looked_at(run):
    assert run(10.0, {}, **arrivals(2.0, 2.0, weights=np.array([1.5, -1.0]))).times("counter").tolist() == []


def test_delays_are_not_rounded(run):
    delays = np.array([0.123456789, 1e-9, 7.1])
    found = run(20.0, {"counter": dict(t_ref=0.0)}, **arrivals(1.0, 2.0, 3.0, delay=delays))
    assert found.times("counter").tolist() == [1.0 + 0.123456789, 2.0 + 1e-9, 10.1]


def test_what_arrives_with_a_spike_is_lost_to_a_held_variable(run):
    """Two spikes reach the threshold in one round; a third comes with the reset, or just after the refractory time."""
    assert run(10.0, {"counter": dict(t_ref=1.0)}, **arrivals(2.0, 2.5, 2.999)).times("counter").tolist() == [2.0]
    assert run(10.0, {"counter": dict(t_ref=1.0)}, **arrivals(2.0, 3.0)).times("counter").tolist() == [2.0, 3.0]


def test_a_reset_wins_over_what_arrives_at_the_same_time(run):
    """The neuron reaches its threshold at the time at which input arrives at a variable that does not hold."""
    charging = dict(i_ext=100.0)  # 1 mV/ms: at 10 ms, and a spike at that time
    pathway = ("sources", "non_leaky", "v", np.array([0]), np.array([0]), 3.0, 0.0)
    found = run(19.0, {"non_leaky": charging}, [pathway], sources=[[10.0]])
    assert found.times("non_leaky").tolist() == [10.0, 17.0]  # v - v_th keeps the 3 mV
    reset = ("sources", "receptors", "v", np.array([0]), np.array([0]), 3.0, 0.0)
    first = run(30.0, {"receptors": dict(i_ext=300.0)}).times("receptors")[0]
    found = run(30.0, {"receptors": dict(i_ext=300.0)}, [reset], sources=[[first]])
    assert found.times("receptors").tolist() == [first]  # v = e_l does not


def test_a_refractory_neuron_goes_on_with_what_is_not_held(run):
    found = run(
        3.0, {"lif_exp": dict(initial=dict(v=-49.0, i_syn=100.0))}, sample_times=[1.0], watched={"lif_exp": [0]}
    )
    assert found.times("lif_exp").tolist() == [0.0]
    assert found.samples("lif_exp")["v"][0, 0] == -70.0
    assert found.samples("lif_exp")["i_syn"][0, 0] == pytest.approx(100 * math.exp(-1 / 5), rel=1e-15)
    rest = 10 * math.exp(-2 / 5)
    v = -70 + 10 * rest / 200 * (math.exp(-1 / 20) - math.exp(-1 / 5)) / (1 / 5 - 1 / 20)
    assert found.states("lif_exp")["v"][0] == pytest.approx(v, rel=1e-14)


def test_a_neuron_above_its_threshold_spikes_when_its_refractory_time_ends(run):
    found = run(7.0, {"mat": dict(alpha_1=0.0, alpha_2=0.0, initial=dict(v=-40.0), e_l=-40.0)})
    assert found.times("mat").tolist() == [0.0, 2.0, 4.0, 6.0]


def test_loops_without_delay_and_resets_above_the_threshold_end_with_an_error(run):
    loop = [("counter", "counter", "x", np.array([0]), np.array([0]), 1.0, 0.0)]
    assert run(5.0, {}, loop, sources=[[]]).times("counter").tolist() == []
    with pytest.raises(SimulationError, match=r"neuron 0 of 'receptors' spikes again and again at 0 ms: its reset"):
        run(5.0, {"receptors": dict(v_th=-80.0)})


def test_numbers_that_are_none_end_with_an_error(run):
    pathway = ("sources", "lif", "v", np.array([0]), np.array([0]), math.nan, 0.0)
    with pytest.raises(SimulationError, match=r"neuron 0 of 'lif' has states that are no longer numbers at 1.5 ms"):
        run(5.0, {}, [pathway], sources=[[1.5]])


def test_many_spikes_of_a_source_at_one_time(run):
    found = run(10.0, {"counter": dict(t_ref=0.0)}, **{**arrivals(0.0), "sources": [[2.0] * 5000]})
    assert len(found.times("sources")) == 5000
    assert found.times("counter").tolist() == [2.0]


def network(rng, size, synapses, delay):
    """Random delta synapses between LIF neurons, a fifth of them inhibitory; delays differ, or are all the same."""
    source, target = rng.integers(0, size, synapses), rng.integers(0, size, synapses)
    weights = np.where(source < 0.8 * size, 0.6, -1.5)
    delays = rng.uniform(0.1, 3.0, synapses) if delay is None else delay
    return ("lif", "lif", "v", source, target, weights, delays)


def naive(size, v, current, pathway, until):
    """Event-driven simulation in a dozen lines of Python, with its own formulas."""
    _, _, _, source, target, weights, delays = pathway
    at, free = np.zeros(size), np.full(size, -np.inf)
    goal = -70 + current / 10
    v, found, due = v.copy(), [], []
    leaving = [[] for _ in range(size)]
    for n, (a, b) in enumerate(zip(source, target, strict=True)):
        leaving[a].append((float(np.broadcast_to(delays, source.shape)[n]), b, weights[n]))

    def move(n, t):
        begin = max(at[n], min(free[n], t))
        v[n] = goal[n] + (v[n] - goal[n]) * math.exp(-(t - begin) / 20)
        at[n] = t

    def predict(n, t):
        if v[n] > -50:
            return t
        begin = max(t, free[n])
        return begin + 20 * math.log((goal[n] - v[n]) / (goal[n] + 50)) if goal[n] > -50 else math.inf

    next_spike = np.array([predict(n, 0.0) for n in range(size)])
    while True:
        n = int(next_spike.argmin())
        if due and due[0][0] < next_spike[n]:
            t, b, w = heapq.heappop(due)
            if t >= until:
                return found
            if t >= free[b]:
                move(b, t)
                v[b] += w
                next_spike[b] = predict(b, t)
            continue
        t = next_spike[n]
        if t >= until:
            return found
        found.append((t, n))
        v[n], at[n], free[n] = -70.0, t, t + 2.0
        next_spike[n] = predict(n, t)
        for d, b, w in leaving[n]:
            heapq.heappush(due, (t + d, b, w))


@pytest.mark.parametrize("delay", [None, 1.3])
def test_a_network_against_a_naive_simulation(run, delay):
    rng = np.random.default_rng(3)
    size = 30
    v, current = rng.uniform(-70, -50, size), rng.uniform(190, 260, size)
    pathway = network(rng, size, 400, delay)
    found = run(300.0, {"lif": dict(size=size, i_ext=current, initial=dict(v=v))}, [pathway])
    expected = naive(size, v, current, pathway, 300.0)
    assert len(expected) > 200
    for n in range(size):
        mine = found.times("lif", n)
        np.testing.assert_allclose(mine, [t for t, i in expected if i == n], rtol=1e-12)


def test_a_run_in_pieces_is_the_run(begin):
    """To the last bit, whatever the pieces; and with exponential currents, whose roots are searched for."""
    rng = np.random.default_rng(4)
    size = 40
    source, target = rng.integers(0, size, 800), rng.integers(0, size, 800)
    pathway = (
        "lif_exp",
        "lif_exp",
        "i_syn",
        source,
        target,
        np.where(source < 32, 40.0, -100.0),
        rng.uniform(0.5, 3, 800),
    )
    populations = {
        "lif_exp": dict(size=size, i_ext=rng.uniform(180, 260, size), initial=dict(v=rng.uniform(-70, -50, size)))
    }
    noise = ("noise", "lif_exp", "i_syn", np.arange(size), np.arange(size), 30.0, 0.0)
    runs = []
    for stops in ([200.0], [0.1, 17.3, 17.4, 100.0, 200.0]):
        found = begin(
            populations,
            [pathway, noise],
            rates=np.full(size, 0.5),
            sample_times=np.arange(0, 200, 7.7),
            watched={"lif_exp": [3, 7]},
        )
        for stop in stops:
            found.run.run(stop)
        runs.append(found)
    whole, pieces = runs
    assert whole.run.clock[1] > 300
    assert np.array_equal(whole.run.spikes(1)[0], pieces.run.spikes(1)[0])
    assert np.array_equal(whole.samples("lif_exp")["v"], pieces.samples("lif_exp")["v"])
    assert np.array_equal(whole.states("lif_exp")["v"], pieces.states("lif_exp")["v"])


def test_poisson_processes(run):
    """Independent exponential waiting times, the same for the same trial, and none at rate 0."""
    size, rate = 200, 0.4
    pathway = ("noise", "counter", "count", np.arange(size), np.arange(size), 1.0, 0.0)
    counts = []
    for trial in (0, 0, 1):
        rates = np.full(size, rate)
        rates[0] = 0.0
        found = run(500.0, {"counter": dict(size=size, initial=dict(count=0.0))}, [pathway], rates=rates, trial=trial)
        counts.append(found.states("counter")["count"])
    assert np.array_equal(counts[0], counts[1])
    assert not np.array_equal(counts[0], counts[2])
    assert counts[0][0] == 0
    assert counts[0][1:].mean() == pytest.approx(200.0, abs=4 * math.sqrt(200 / size))
    assert counts[0][1:].var() == pytest.approx(200.0, rel=0.4)
