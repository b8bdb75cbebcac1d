import numpy as np
import pytest

from lapicque.distances import spike_synchronization
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains, poisson


def naive(a, b, longest=np.inf):
    x, y = (sorted(set(train.times.tolist())) for train in (a, b))
    if not x and not y:
        return 1.0

    def half(spikes, k):
        gaps = [spikes[k] - spikes[k - 1] if k else a.duration]
        gaps.append(spikes[k + 1] - spikes[k] if k + 1 < len(spikes) else a.duration)
        return min(gaps) / 2

    found = sum(abs(x[i] - y[j]) < min(half(x, i), half(y, j), longest) for i in range(len(x)) for j in range(len(y)))
    return 2 * found / (len(x) + len(y))


@pytest.mark.parametrize("longest", [None, 1.0, 6.0])
def test_the_definition(pairs, longest):
    distance = spike_synchronization(longest)
    for a, b in pairs:
        expected = naive(a, b, np.inf if longest is None else longest)
        assert distance(a, b) == pytest.approx(expected, rel=1e-14)


def test_mean_of_the_profile_is_the_synchronisation(pairs):
    for a, b in pairs:
        profile = spike_synchronization().profile(a, b)
        assert profile.mean() == pytest.approx(spike_synchronization()(a, b), rel=1e-12)
        assert np.all(np.diff(profile.times) >= 0)


def test_a_clock_is_synchronous_until_it_is_shifted_by_half_its_period():
    clock = np.arange(50.0, 1000.0, 100.0)
    for shift, expected in ((49.0, 1.0), (50.0, 0.0)):
        assert spike_synchronization()(*SpikeTrains.from_lists([clock, clock + shift], t_stop=1050)) == expected


def test_poisson_trains_of_one_rate_share_a_quarter():
    # Mulansky et al. 2015. Partners at distance x have no other spike of their own train within 2x on either side:
    # the integral of r exp(-8 r x), once for earlier and once for later partners
    matrix = spike_synchronization().matrix(poisson(20, 200_000, seed=3, trains=6))
    assert matrix[np.triu_indices(6, 1)].mean() == pytest.approx(0.25, abs=0.01)


def test_the_window_adapts_to_the_local_rate(one):
    # 3 ms apart: together among intervals of 100 ms, apart in a burst of 4 ms
    assert spike_synchronization()(one(100, 200, 300), one(103, 203, 303)) == 1.0
    assert spike_synchronization()(one(100, 104, 108), one(103, 107, 111)) == pytest.approx(4 / 6)
    assert spike_synchronization("2 ms")(one(100, 200, 300), one(103, 203, 303)) == 0.0


def test_empty_trains(one):
    assert spike_synchronization()(one(), one()) == 1.0
    assert spike_synchronization()(one(), one(500)) == 0.0
    assert spike_synchronization().profile(one(), one()).mean() == 1.0


def test_a_window_of_no_length_is_refused():
    with pytest.raises(DistanceError, match="must be positive, not 0 ms"):
        spike_synchronization("0 ms")
