import tracemalloc

import numpy as np
import pytest

from lapicque.distances import isi, spike, spike_synchronization
from lapicque.distances.profile import Profile, SpikeProfile
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains, poisson


def test_a_profile_is_a_function_of_time():
    profile = Profile(np.array([0.0, 2.0, 6.0]), np.array([0.0, 3.0]), np.array([1.0, 5.0]))
    np.testing.assert_allclose(profile([0, 1, 2, 4, 6]), [0, 0.5, 2.0, 4.0, 5.0])  # at the jump: the mean of 1 and 3
    np.testing.assert_allclose(profile("0.001 second"), 0.5)
    assert profile.mean() == pytest.approx((1 + 16) / 6)
    assert profile.mean(1, 4) == pytest.approx((0.75 + 7) / 3)
    assert repr(profile) == "Profile(2 pieces, 0 to 6 ms, mean 2.833)"
    with pytest.raises(DistanceError, match="known from 0 to 6 ms"):
        profile(7)
    with pytest.raises(DistanceError, match="not 4 to 4 ms"):
        profile.mean(4, 4)


def test_means_of_parts_make_the_whole(pairs):
    for a, b in pairs[:20]:
        for distance in (isi(), spike()):
            profile = distance.profile(a, b)
            parts = [profile.mean(t, t + 25) for t in (-20, 5, 30, 55)]
            assert np.mean(parts) == pytest.approx(distance(a, b), rel=1e-12, abs=1e-13)


def test_a_profile_of_spikes():
    profile = SpikeProfile(np.array([1.0, 2.0, 5.0]), np.array([1.0, 0.0, 0.0]))
    assert profile.mean(0, "3 ms") == 0.5
    assert profile.mean(6, 8) == 1.0
    assert repr(profile) == "SpikeProfile(3 spikes, mean 0.3333)"


def test_one_end_alone_can_be_given():
    spikes = SpikeProfile(np.array([1.0, 2.0, 5.0]), np.array([1.0, 0.0, 0.0]))
    pieces = Profile(np.array([0.0, 10.0, 30.0]), np.array([0.0, 1.0]), np.array([0.5, 1.0]))
    for profile, low, high in ((spikes, 0.5, 0.0), (pieces, 0.25, 1.0)):
        middle = 2 if profile is spikes else 10
        assert profile.mean(None, middle) == low
        assert profile.mean(middle + 0.5 if profile is spikes else middle) == high


def test_a_profile_needs_two_trains_of_one_window(pairs):
    a, b = pairs[3]
    for distance in (isi(), spike(), spike_synchronization()):
        with pytest.raises(DistanceError, match="holds 2"):
            distance.profile(a, pairs[3])
        with pytest.raises(DistanceError, match="different windows"):
            distance.profile(a, b.window(-20, 70))


@pytest.fixture(scope="module")
def several():
    return SpikeTrains.from_lists(poisson("20 Hz", "500 ms", trains=6, seed=3).to_lists(), t_stop=500)


def test_several_trains_have_the_mean_of_their_pairs(several):
    upper = np.triu_indices(len(several), 1)
    at = np.linspace(0, 500, 997)
    for distance in (isi(), spike(), spike(rate="independent", mrts=40)):
        profile = distance.profile(several)
        assert profile.mean() == pytest.approx(distance.matrix(several)[upper].mean(), rel=1e-12)
        each = [distance.profile(several[i], several[j])(at) for i, j in zip(*upper, strict=True)]
        np.testing.assert_allclose(profile(at), np.mean(each, axis=0), atol=1e-12)


def test_several_trains_at_their_spikes(several):
    trains = SpikeTrains.from_lists([np.round(train.times) for train in several], t_stop=500)
    profile = spike_synchronization().profile(trains)
    distinct = [np.unique(train.times) for train in trains]
    np.testing.assert_array_equal(profile.times, np.sort(np.concatenate(distinct)))
    for time in np.unique(profile.times):
        found = []
        for i, own in enumerate(trains):
            others = [k for k in range(len(trains)) if k != i]
            if time in own.times:
                for k in others:
                    pair = spike_synchronization().profile(own, trains[k])
                    mine = distinct[i], distinct[k]
                    # both spikes of the pair may stand at this time: they have the same value then
                    found.append(pair.values[pair.times == time][0])
                    assert (time in mine[1]) == (np.sum(pair.times == time) == 2)
        np.testing.assert_allclose(profile.values[profile.times == time], np.mean(found), atol=1e-12)


def test_intervals_of_a_profile(several):
    for distance in (isi(), spike()):
        profile = distance.profile(several)
        both = profile.during((50, 100), ("0.2 second", 400))
        assert both == pytest.approx((50 * profile.mean(50, 100) + 200 * profile.mean(200, 400)) / 250)
        assert profile.during((0, 500)) == pytest.approx(profile.mean())
        matrix = distance.during(several, (50, 100), (200, 400))
        assert matrix[1, 4] == matrix[4, 1]
        expected = distance.profile(several[1], several[4]).during((50, 100), (200, 400))
        assert matrix[1, 4] == expected
        np.testing.assert_allclose(distance.during(several, (0, 500)), distance.matrix(several), atol=1e-12)
    sync = spike_synchronization()
    np.testing.assert_allclose(sync.during(several, (0, 500)), sync.matrix(several), atol=1e-12)
    with pytest.raises(DistanceError, match=r"\(10.0, 30.0\) and \(20.0, 40.0\) overlap"):
        profile.during((20, 40), (10, 30))
    with pytest.raises(DistanceError, match="at least one interval"):
        profile.during()
    with pytest.raises(DistanceError, match=r"an interval is \(start, stop\), not 5"):
        profile.during(5)
    with pytest.raises(DistanceError, match="known from 0 to 500 ms, not 400 to 600 ms"):
        distance.during(several, (400, 600))


def test_one_train_has_no_profile(several):
    for distance in (isi(), spike_synchronization()):
        with pytest.raises(DistanceError, match="two trains or more, but there is 1"):
            distance.profile(several[0])
    with pytest.raises(DistanceError, match="but there is 1"):
        spike_synchronization().order(several[0])


def test_silent_trains():
    silent = SpikeTrains.from_lists([[], [], []], t_stop=100)
    assert isi().profile(silent).mean() == spike().profile(silent).mean() == 0
    assert spike_synchronization().profile(silent).mean() == 1
    assert np.isnan(spike_synchronization().order(silent).mean())


@pytest.mark.parametrize("distance", [isi(), spike(), spike_synchronization()])
def test_intervals_that_are_reversed_or_beyond_the_window_are_refused(distance):
    trains = SpikeTrains.from_lists([[10, 20], [12, 30]], t_stop=100)
    with pytest.raises(DistanceError, match="ends after its start, unlike 50 to 20 ms"):
        distance.during(trains, (50, 20))
    with pytest.raises(DistanceError, match="known from 0 to 100 ms, not 50 to 200 ms"):
        distance.during(trains, (50, 200))
    with pytest.raises(DistanceError, match="ends after its start, unlike 50 to 20 ms"):
        distance.profile(trains).mean(50, 20)


@pytest.mark.parametrize("distance", [isi(), spike(), spike_synchronization()])
def test_profiles_of_long_trains_take_little_memory(distance):
    a, b = (poisson("100 Hz", "40 s", seed=seed) for seed in (1, 2))
    assert distance.profile(a, b).mean() == pytest.approx(distance(a, b), rel=1e-9)
    tracemalloc.start()
    distance.profile(a, b)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 8 * len(a.times)  # and not a number for each spike of the one and of the other


@pytest.mark.parametrize("time", [-1.0, 41.0, np.nan, np.inf])
def test_a_profile_has_no_value_outside_its_window(time):
    a, b = SpikeTrains.from_lists([[10, 20, 30], [5, 25]], t_stop=40)
    with pytest.raises(DistanceError, match="the profile is known from 0 to 40 ms"):
        isi().profile(a, b)([1.0, time])
