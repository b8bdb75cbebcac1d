import math

import numpy as np
import pytest

from lapicque.distances import van_rossum
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains


def naive(a, b, tau):
    def overlap(x, y):
        return np.exp(-np.abs(x.times[:, None] - y.times) / tau).sum()

    return np.sqrt(max(0.0, overlap(a, a) + overlap(b, b) - 2 * overlap(a, b)))


@pytest.mark.parametrize("tau", [0.7, 12.0, 400.0])
def test_the_double_sum(pairs, tau):
    for a, b in pairs:
        # squares: the sum's own rounding is 1e-13 of some hundreds
        assert van_rossum(tau)(a, b) ** 2 == pytest.approx(naive(a, b, tau) ** 2, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("d", [1e-9, 1e-3, 0.5, 4.0, 37.0, 900.0])
def test_one_shifted_spike(one, d):
    distance = van_rossum("10 ms")(one(20), one(20 + d))
    assert abs(distance**2 / 2 - (1 - math.exp(-(20 + d - 20) / 10))) < 1e-12


def test_one_spike_more_is_a_distance_of_one(one):
    assert van_rossum(10)(one(), one(500)) == 1.0
    assert van_rossum(10)(one(500), one(500, 900)) == pytest.approx(1.0, rel=1e-14)


def test_a_shift_by_little_is_a_small_distance(one):
    # sqrt(2 d / tau); the root of a difference of sums would be wrong by 1e-8
    d = 2.0**-30
    assert van_rossum(10)(one(20), one(20 + d)) == pytest.approx(math.sqrt(2 * -math.expm1(-d / 10)), rel=0, abs=1e-11)


def test_the_integral(one):
    # the definition itself, on a grid fine enough for 1e-4
    a, b, tau, dt = one(3, 10, t_stop=40), one(4, 25, 25, t_stop=40), 6.0, 1e-3
    t = np.arange(0, 40 + 15 * tau, dt) + dt / 2

    def filtered(train):
        since = t[:, None] - train.times
        return np.where(since >= 0, np.exp(-np.maximum(since, 0) / tau), 0).sum(axis=1)

    integral = np.sum((filtered(a) - filtered(b)) ** 2) * dt
    assert van_rossum(tau)(a, b) == pytest.approx(math.sqrt(2 / tau * integral), rel=1e-4)


def test_limits_of_the_time_constant(pairs):
    for a, b in pairs:
        assert van_rossum(math.inf)(a, b) == abs(len(a.times) - len(b.times))
        # coincident spikes cancel, all others stand alone
        x, y = (dict(zip(*np.unique(train.times, return_counts=True), strict=True)) for train in (a, b))
        alone = sum((x.get(t, 0) - y.get(t, 0)) ** 2 for t in {*x, *y})
        assert van_rossum(1e-9)(a, b) == pytest.approx(math.sqrt(alone), rel=1e-9, abs=1e-9)


def test_it_is_a_metric(pairs):
    trains = SpikeTrains.from_lists([t for p in pairs[:15] for t in p.to_lists()], t_start=-20, t_stop=80)
    matrix = van_rossum(10).matrix(trains)
    assert np.all(matrix[:, None, :] <= matrix[:, :, None] + matrix[None, :, :] + 1e-9)


def test_a_time_constant_of_no_length_is_refused():
    with pytest.raises(DistanceError, match="must be positive, not 0 ms"):
        van_rossum(0)
