"""Phases of a step in a network, clause by clause, against what a hand computes: recording, refractoriness, delays.

Steps are 1 ms where nothing else is said, and numbers are such that no rounding happens.
"""

import numpy as np
import pytest

from lapicque import edges, stimuli


def steps_of(answer, neuron=0, dt=1.0):
    """Steps of a neuron's spikes."""
    return np.rint(answer.spikes["cells"].to_lists()[neuron] / dt).astype(int).tolist()


def add(net, variable, w, delay, **more):
    """Connect the list of spikes with a weight for each pair, so that all these networks need one kernel."""
    source, cells = net["source"], more.pop("target", net["cells"])
    net.connect(source, cells, on_pre=f"{variable} += w", w=np.full((source.size, len(cells)), w), delay=delay, **more)


# -- 0. record, 3. flow, 4. conditions, 6. jumps ---------------------------------------------------------------------


def test_recorded_is_the_beginning_of_the_step(bench, run, values):
    answer = run(bench(slope="1/ms"), 4)
    assert values(answer, "x") == [0, 1, 2, 3]
    assert answer.traces["x"].times.tolist() == [0, 1, 2, 3]
    assert answer.final["cells"]["x"].tolist() == [4, 4]


def test_a_spike_has_the_time_of_its_step_and_its_reset_is_seen_in_the_next(bench, run, values):
    answer = run(bench(slope="1/ms", theta=3), 7)
    assert values(answer, "x") == [0, 1, 2, 0, 1, 2, 0]
    assert steps_of(answer) == [2, 5]


def test_the_spike_jumps_first_then_other_events_as_declared(bench, run, values):
    answer = run(bench(slope="1/ms", theta=2, high=5, initial=dict(z=[4.0, 5.0])), 4)
    # neuron 0 spikes in step 1, when z is still 4: both events come in the step after; neuron 1 has them in step 0
    assert values(answer, "order") == [0, 0, 1, 123]
    assert values(answer, "z") == [4, 4, 8, 0]
    assert values(answer, "order", 1) == [0, 23, 231, 231]
    answer = run(bench(slope="1/ms", theta=1, high=5, initial=dict(z=5.0)), 2)
    assert values(answer, "order") == [0, 123]


# -- 2. free ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("t_ref", "steps"), [(0.0, 1), (0.1, 1), (0.29, 2), (0.3, 3), (0.39995, 4), (0.3998, 3), (0.7, 7), (2.3, 23)]
)
def test_refractoriness_lasts_floor_of_t_ref_over_dt(t_ref, steps, bench, run):
    answer = run(bench(slope="100/ms", theta=5, t_ref=t_ref), 30, dt=0.1)
    assert steps_of(answer, dt=0.1) == list(range(0, 30, steps))


def test_a_refractory_neuron_holds_only_what_is_flagged(bench, run, values):
    net = bench([[0, 1, 2, 3]], slope="1/ms", theta=2, t_ref="3 ms")
    add(net, "z", 1.0, "1 ms")
    answer = run(net, 6)
    assert values(answer, "x") == [0, 1, 0, 0, 0, 1]  # spikes in step 1, free again in step 4
    assert values(answer, "z") == [0, 0, 2, 3, 4, 5]  # the arrival of step 1 is doubled by the reset


# -- 5. deliver ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("delay", "steps"), [(0.5, 1), (1.0, 1), (1.49, 1), (1.5, 2), (2.49, 2), (2.5, 3)])
def test_delays_are_rounded_half_up(delay, steps, bench, run, values):
    net = bench([[1.0]])
    add(net, "x", 8.0, f"{delay} ms")
    assert values(run(net, 7), "x") == [0.0] * (steps + 2) + [8.0] * (5 - steps)


def test_writes_to_what_holds_are_dropped_while_refractory_and_at_once(bench, run, values):
    net = bench([list(range(8))], slope="1/ms", theta=7, t_ref="3 ms")
    add(net, "x", 2.0, "1 ms")
    answer = run(net, 8)
    # it adds 1 in step 0, then 1 + 2 in each; 7 + 1 >= 7 in step 3: the 2 that arrive in steps 3, 4, 5 are lost
    assert values(answer, "x") == [0, 1, 4, 7, 0, 0, 0, 3]
    assert steps_of(answer) == [3]


def test_arrivals_come_after_the_condition(bench, run):
    net = bench([[0.0]], theta=5)
    add(net, "x", 5.0, "1 ms")
    assert steps_of(run(net, 4)) == [2]  # arrived in step 1


def test_resets_come_after_deliveries(bench, run, values):
    net = bench([[1.0]], slope="1/ms", theta=3)
    add(net, "z", 4.0, "1 ms")
    assert values(run(net, 5), "z") == [0, 0, 0, 8, 8]


TINY = 2.0**-24
#: Weights and delays of three projections whose spikes arrive in step 4, and the sum in float32.
SUMS = [
    ([1.0, TINY, TINY], [2, 2, 2], 1.0),
    ([TINY, TINY, 1.0], [2, 2, 2], 1 + 2 * TINY),
    ([1.0, TINY, TINY], [1, 2, 3], 1 + 2 * TINY),
    ([1.0, TINY, TINY], [1, 1, 3], 1.0),
    ([TINY, TINY, 1.0], [1, 1, 3], 1.0),
]


@pytest.mark.parametrize(("weights", "delays", "total"), SUMS)
def test_a_channel_sums_from_0_oldest_first_then_as_created(weights, delays, total, bench, run, values):
    net = bench([[1.0, 2.0, 3.0]])
    for n, (w, delay) in enumerate(zip(weights, delays, strict=True)):
        other = net.spikes([[4.0 - delay]], name=f"other_{n}")
        net.connect(other, net["cells"], on_pre="z += w", w=np.full((1, 2), w), delay=f"{delay} ms")
    assert values(run(net, 6, precision="float32"), "z")[5] == total


@pytest.mark.parametrize(("weights", "total"), [([1.0, TINY, TINY], 1.0), ([TINY, TINY, 1.0], 1 + 2 * TINY)])
def test_within_a_step_sources_come_in_their_order(weights, total, bench, run, values):
    net = bench([[1.0]] * 3)
    w = np.repeat(np.array(weights)[:, None], 2, axis=1)
    net.connect(net["source"], net["cells"], on_pre="z += w", w=w, delay="1 ms")
    assert values(run(net, 4, precision="float32"), "z")[3] == total


@pytest.mark.parametrize(("weights", "total"), [([1.0, TINY, TINY], 1.0), ([TINY, TINY, 1.0], 1 + 2 * TINY)])
def test_synapses_of_one_pair_come_in_their_order(weights, total, bench, run, values):
    net = bench([[1.0]])
    where = edges([0, 0, 0, 0], [0, 0, 0, 1])
    net.connect(net["source"], net["cells"], on_pre="z += w", w=[*weights, 9.0], where=where, delay="1 ms")
    answer = run(net, 4, precision="float32")
    assert (values(answer, "z")[3], values(answer, "z", 1)[3]) == (total, 9)


def test_a_channel_is_added_once(bench, run, values):
    net = bench([[1.0]], high=1e9, initial=dict(z=2.0**24))
    for _ in range(3):
        add(net, "z", 1.0, "1 ms")
    # in float32 each 1 alone would be lost; 3 is not
    assert values(run(net, 4, precision="float32"), "z")[3] == 2.0**24 + 4


def test_a_projection_reaches_the_neurons_that_were_chosen(bench, run, values):
    net = bench([[1.0], [2.0]], n=70)
    add(net, "z", 1.0, "1 ms", target=net["cells"][[69, 3, 64]])
    net.connect(net["source"][1:], net["cells"][:2], on_pre="z += w", w=np.array([[4.0, 8.0]]), delay="1 ms")
    found = run(net, 5).final["cells"]["z"]
    assert {n: z for n, z in enumerate(found) if z} == {0: 4, 1: 8, 3: 2, 64: 2, 69: 2}


# -- stimuli ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "after", "expected"),
    [
        (0, "zero", [1, 1, 2, 2, 0, 0, 0, 0]),
        (3, "hold", [0, 0, 0, 1, 1, 2, 2, 2]),
        (1, "repeat", [0, 1, 1, 2, 2, 1, 1, 2]),
        (2, "error", [0, 0, 1, 1, 2, 2, None, None]),
    ],
)
def test_samples_hold_until_the_next(start, after, expected, bench, run, values):
    known = [u for u in expected if u is not None]
    net = bench(u=stimuli.array([1.0, 2.0], dt="2 ms", start=f"{start} ms", after=after))
    answer = run(net, len(known))
    assert values(answer, "u") == known
    assert values(answer, "x") == [0, *np.cumsum(known)[:-1]]


def test_samples_have_columns_for_neurons(bench, run, values):
    net = bench(n=66, u=stimuli.array(np.arange(3 * 66).reshape(3, 66), dt="1 ms"))
    answer = run(net, 3)
    assert values(answer, "u", 65) == [65, 131, 197]
    assert values(answer, "x", 65) == [0, 65, 196]


def test_functions_are_called_at_the_beginning_of_each_step(bench, run, values):
    times = []

    def clamp(t):
        times.append(t)
        return [2 * t, -t]

    answer = run(bench(u=stimuli.callable(clamp)), 4)
    assert times == [0, 1, 2, 3]
    assert values(answer, "u") == [0, 2, 4, 6]
    assert values(answer, "x", 1) == [0, 0, -1, -3]


def test_times_of_spike_lists_are_rounded_to_steps(bench, run, values):
    net = bench([[0.0, 1.4, 3.5], [1.5]])
    net.record(net["source"], "spikes", name="list")
    add(net, "z", 1.0, "1 ms")
    answer = run(net, 7)
    assert [train.tolist() for train in answer.spikes["list"].to_lists()] == [[0, 1, 4], [2]]
    assert values(answer, "z") == [0, 0, 1, 2, 3, 3, 4]


# -- Poisson input ---------------------------------------------------------------------------------------------------


def counted(run, bench, **options):
    answer = run(bench(n=130, rate="2500 Hz"), 301, **{"seed": 5, **options})
    return np.diff(answer.traces["n"].values, axis=0)


def test_poisson_counts_do_not_depend_on_the_precision(bench, run):
    assert np.array_equal(counted(run, bench), counted(run, bench, precision="float32"))


def test_poisson_counts_are_poisson(bench, run):
    found = counted(run, bench)  # 39,000 numbers with mean 2.5
    assert found.mean() == pytest.approx(2.5, abs=4 * np.sqrt(2.5 / found.size))
    assert found.var() == pytest.approx(2.5, rel=4 * np.sqrt((2 + 1 / 2.5) / found.size))
    assert (found == 0).mean() == pytest.approx(np.exp(-2.5), abs=4 * np.sqrt(0.082 / found.size))
    across = np.corrcoef(found.T)[np.triu_indices(130, 1)]
    assert abs(across.mean()) < 4 / np.sqrt(found.shape[0] * len(across))
    one_later = np.corrcoef(found[1:].ravel(), found[:-1].ravel())[0, 1]
    assert abs(one_later) < 4 / np.sqrt(found.size)


def test_seeds_and_trials_give_other_numbers_and_the_same_again(bench, run):
    one = counted(run, bench)
    assert np.array_equal(one, counted(run, bench, trial=0))
    assert np.array_equal(one, counted(run, bench, wiring_seed=3))
    for other in (counted(run, bench, trial=1), counted(run, bench, seed=6)):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(one.size)
