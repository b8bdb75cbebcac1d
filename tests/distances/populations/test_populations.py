import itertools
import pickle
from math import cos, exp, pi, sqrt

import numpy as np
import pytest

from lapicque.distances import van_rossum as single_van_rossum
from lapicque.distances import victor_purpura as single_victor_purpura
from lapicque.distances.populations import van_rossum, victor_purpura
from lapicque.distances.populations.population import pooled
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains


def responses(trials, neurons, most, seed):
    """Random responses with ties within and between neurons, and silent neurons."""
    random = np.random.default_rng(seed)
    lists = [np.sort(np.round(random.uniform(0, 50, random.integers(most + 1)))) for _ in range(trials * neurons)]
    return SpikeTrains.from_lists(lists, t_stop=50, shape=(trials, neurons))


def labelled(trains, trial):
    return [(t, k) for k, train in enumerate(trains[[trial], :]) for t in train.times]


def naive_van_rossum(a, b, tau, angle):
    """Houghton & Sen's integral: spikes with signs, exp(-|t - t'|/tau) between them, the cosine of their directions."""
    spikes = [(t, k, 1) for t, k in a] + [(t, k, -1) for t, k in b]
    total = sum(
        s * r * exp(-abs(t - u) / tau) * (1.0 if k == m else cos(angle)) for t, k, s in spikes for u, m, r in spikes
    )
    return sqrt(max(total, 0.0))


def aronov(a, b, cost, relabel, neurons):
    """Aronov's dynamic programme: the spikes of b in order, against how many of each neuron of a are used up."""
    lists = [sorted(t for t, k in a if k == n) for n in range(neurons)]
    b = sorted(b)
    sizes = [range(len(times) + 1) for times in lists]
    best = {}
    for j in range(len(b) + 1):
        for used in itertools.product(*sizes):
            ways = [0.0] if j == 0 and not any(used) else []
            if j:
                ways.append(best[j - 1, used] + 1)
            for n in range(neurons):
                if used[n]:
                    less = (*used[:n], used[n] - 1, *used[n + 1 :])
                    ways.append(best[j, less] + 1)
                    if j:
                        time, label = b[j - 1]
                        move = cost * abs(time - lists[n][used[n] - 1]) + relabel * (label != n)
                        ways.append(best[j - 1, less] + move)
            best[j, used] = min(ways)
    return best[len(b), tuple(len(times) for times in lists)]


@pytest.mark.parametrize("angle", [0.0, 0.4, pi / 3, pi / 2])
def test_van_rossum_is_the_integral(angle):
    trains = responses(12, 3, 6, seed=1)
    matrix = van_rossum("7 ms", angle).matrix(trains)
    for i, j in itertools.product(range(12), repeat=2):
        expected = naive_van_rossum(labelled(trains, i), labelled(trains, j), 7.0, angle)
        assert matrix[i, j] == pytest.approx(expected, abs=2e-7)


def test_van_rossum_of_one_spike_that_another_neuron_fires():
    # Houghton & Sen 2008: two unit vectors at an angle differ by sqrt(2 (1 - cos))
    a, b = (SpikeTrains.from_lists(lists, t_stop=40) for lists in ([[10], []], [[], [10]]))
    for angle in np.linspace(0, pi / 2, 7):
        assert van_rossum("3 ms", angle)(a, b) == pytest.approx(sqrt(2 * (1 - cos(angle))), abs=1e-12)


@pytest.mark.parametrize("cost", [0.0, 0.05, 0.4, 3.0])
@pytest.mark.parametrize("relabel", [0.0, 0.3, 1.0, 1.9, 2.0, 5.0])
def test_victor_purpura_is_aronovs_dynamic_programme(cost, relabel):
    trains = responses(7, 3, 4, seed=2)
    matrix = victor_purpura(cost, relabel).matrix(trains)
    for i, j in itertools.product(range(7), repeat=2):
        expected = aronov(labelled(trains, i), labelled(trains, j), cost, relabel, 3)
        assert matrix[i, j] == pytest.approx(expected, abs=1e-12)


def test_victor_purpura_does_not_jump_at_its_ends():
    # just inside 0 < relabel < 2 the assignment is solved, at the ends the compiled loops
    trains = responses(5, 4, 30, seed=3)
    for cost in (0.1, 1.0):
        for end, near in ((0.0, 1e-9), (2.0, 2.0 - 1e-9)):
            ends, inside = victor_purpura(cost, end).matrix(trains), victor_purpura(cost, near).matrix(trains)
            np.testing.assert_allclose(ends, inside, atol=1e-6)


@pytest.mark.parametrize("distance", [van_rossum(5.0, 0.7), victor_purpura(0.1, 0.7)])
def test_it_is_a_metric(distance):
    trains = responses(9, 3, 8, seed=4)
    matrix = distance.matrix(trains)
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), 0)
    for i, j, k in itertools.permutations(range(9), 3):
        assert matrix[i, j] <= matrix[i, k] + matrix[k, j] + 1e-12
    batch = distance.batch(trains[:4, :], trains)
    np.testing.assert_allclose(batch, matrix[:4], rtol=1e-12, atol=1e-12)
    assert distance(trains[[1], :], trains[[2], :]) == batch[1, 2]
    for threads in (1, 2, 5):
        np.testing.assert_array_equal(distance.batch(trains, trains, threads), distance.batch(trains, trains))
    assert pickle.loads(pickle.dumps(distance)) == distance


@pytest.mark.parametrize(
    ("population", "single"),
    [(van_rossum(5.0, 0.7), single_van_rossum(5.0)), (victor_purpura(0.1, 0.7), single_victor_purpura(0.1))],
)
def test_one_neuron_is_the_single_distance(population, single):
    trains = responses(8, 1, 20, seed=5)
    np.testing.assert_allclose(population.matrix(trains), single.matrix(trains), rtol=1e-12, atol=1e-12)


def test_silence_costs_its_spikes():
    silent, some = (SpikeTrains.from_lists(lists, t_stop=40) for lists in ([[], []], [[10], [30, 35]]))
    assert victor_purpura("0.25/ms")(silent, some) == 3
    assert victor_purpura("0.25/ms")(silent, silent) == 0
    assert van_rossum("1 ms")(silent, silent) == 0
    empty = SpikeTrains.from_lists([], t_stop=40, shape=(0, 2))
    assert victor_purpura("0.25/ms").batch(empty, some).shape == (0, 1)
    assert van_rossum("1 ms").matrix(empty).shape == (0, 0)


def test_pooling_sorts_each_trial():
    trains = responses(4, 3, 9, seed=6)
    for trial, times in enumerate(pooled(trains).to_lists()):
        np.testing.assert_array_equal(times, sorted(t for t, _ in labelled(trains, trial)))


def test_responses_that_cannot_be_compared():
    a = responses(2, 3, 4, seed=7)
    with pytest.raises(DistanceError, match=r"holds 2: select one, as in trains\[\[0\], :\]"):
        victor_purpura(0.1)(a, a)
    with pytest.raises(DistanceError, match="3 and 2 neurons: keep those that both hold"):
        van_rossum(5.0).batch(a, a[:, :2])
    with pytest.raises(DistanceError, match="neuron 0 of one would be compared with 1 of the other"):
        van_rossum(5.0).batch(a[:, [0, 1]], a[:, [1, 2]])
    named = SpikeTrains(a.times, a.offsets, a.t_start, a.t_stop, a.shape, neurons=["x", "y", "z"])
    np.testing.assert_array_equal(van_rossum(5.0).batch(a, named), van_rossum(5.0).batch(a, a))
    with pytest.raises(DistanceError, match=r"0 to 50 ms and 0 to 40 ms; cut both"):
        victor_purpura(0.1).batch(a, a.window(0, 40))


def test_too_many_spikes_that_hang_together():
    dense = SpikeTrains.from_lists([np.linspace(0, 10, 5001), [5.0]], t_stop=10)
    with pytest.raises(DistanceError, match=r"5002 and 5002 spikes hang together, each within 20 ms.*relabel=0 or 2"):
        victor_purpura(0.1, 1.0)(dense, dense)
    assert victor_purpura(0.1, 0.0)(dense, dense) == 0


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), 1.6, "3 mV"])
def test_angles_and_prices_that_make_no_sense(wrong):
    with pytest.raises((DistanceError, ValueError), match=r"angle"):
        van_rossum(5.0, wrong)
    if wrong != 1.6:
        with pytest.raises((DistanceError, ValueError), match="relabelling"):
            victor_purpura(0.1, wrong)
