import numpy as np
import pytest

from lapicque.distances import isi, spike, spike_synchronization
from lapicque.distances.profile import Profile, SpikeProfile
from lapicque.errors import DistanceError


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


def test_a_profile_needs_two_trains_of_one_window(pairs):
    a, b = pairs[3]
    for distance in (isi(), spike(), spike_synchronization()):
        with pytest.raises(DistanceError, match="holds 2"):
            distance.profile(a, pairs[3])
        with pytest.raises(DistanceError, match="different windows"):
            distance.profile(a, b.window(-20, 70))
