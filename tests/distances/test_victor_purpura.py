import math

import numpy as np
import pytest

from lapicque.distances import victor_purpura
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains


def naive(a, b, cost):
    table = np.add.outer(np.arange(len(a.times) + 1.0), np.arange(len(b.times) + 1.0))
    for i, x in enumerate(a.times, 1):
        for j, y in enumerate(b.times, 1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + cost * abs(x - y))
    return table[-1, -1]


@pytest.mark.parametrize("cost", [0.0, 0.01, 0.1, 1.0, 50.0])
def test_the_recursion(pairs, cost):
    for a, b in pairs:
        assert victor_purpura(cost)(a, b) == pytest.approx(naive(a, b, cost), rel=1e-12, abs=1e-12)


def test_moving_is_worth_it_up_to_two_over_the_cost(one):
    for d, expected in ((0.0, 0.0), (5.0, 0.5), (19.0, 1.9), (20.0, 2.0), (50.0, 2.0)):
        assert victor_purpura("0.1/ms")(one(100), one(100 + d)) == pytest.approx(expected)


def test_no_cost_compares_counts(pairs):
    for a, b in pairs:
        assert victor_purpura(0)(a, b) == abs(len(a.times) - len(b.times))


def test_a_high_cost_counts_what_does_not_coincide(pairs):
    for a, b in pairs:
        x, y = (dict(zip(*np.unique(train.times, return_counts=True), strict=True)) for train in (a, b))
        common = sum(min(x[t], y[t]) for t in x.keys() & y.keys())
        assert victor_purpura(1e12)(a, b) == len(a.times) + len(b.times) - 2 * common


def test_it_grows_with_the_cost_and_is_a_metric(pairs):
    trains = SpikeTrains.from_lists([t for p in pairs[:15] for t in p.to_lists()], t_start=-20, t_stop=80)
    matrices = [victor_purpura(cost).matrix(trains) for cost in (0.01, 0.1, 1.0)]
    assert np.all(matrices[0] <= matrices[1] + 1e-12)
    assert np.all(matrices[1] <= matrices[2] + 1e-12)
    for matrix in matrices:
        assert np.all(matrix[:, None, :] <= matrix[:, :, None] + matrix[None, :, :] + 1e-9)


def test_the_cost_is_a_rate():
    assert victor_purpura("100 Hz") == victor_purpura("0.1/ms") == victor_purpura(0.1)
    with pytest.raises(DistanceError, match="finite and not negative, not inf per ms"):
        victor_purpura(math.inf)


def test_numbers_of_many_spikes_are_compared_at_once():
    many, few = np.arange(300_000) * 0.01, np.arange(200_000) * 0.01
    assert victor_purpura(0)(*SpikeTrains.from_lists([many, few], t_stop=3000)) == 100_000
