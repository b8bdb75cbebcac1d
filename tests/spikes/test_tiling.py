import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, poisson, tiling


def naive(a, b, window, t_start, t_stop):
    """Cutts & Eglen 2014, by comparing every spike with every spike and every 10 us with every spike."""
    time = np.arange(t_start, t_stop, 0.01) + 0.005
    t_a, t_b = ((np.abs(np.subtract.outer(time, x)) <= window).any(axis=1).mean() for x in (a, b))
    near = np.abs(np.subtract.outer(a, b)) <= window
    p_a, p_b = near.any(axis=1).mean(), near.any(axis=0).mean()
    return ((p_a - t_b) / (1 - p_a * t_b) + (p_b - t_a) / (1 - p_b * t_a)) / 2


def test_against_the_definition():
    trains = poisson(60, 300, seed=1, trains=4, t_start=-50)
    found = tiling(trains, "3 ms")
    for i, a in enumerate(trains.to_lists()):
        for j, b in enumerate(trains.to_lists()):
            expected = 1 if i == j else naive(a, b, 3, -50, 300)
            assert found[i, j] == pytest.approx(expected, abs=2e-4)
    np.testing.assert_array_equal(found, found.T)


def test_the_rate_does_not_matter():
    # Cutts & Eglen 2014, Fig. 6: independent trains have coefficient 0 whatever their rates
    for rate in (2, 20):
        trains = poisson(rate, 200_000, seed=2, trains=2)
        assert tiling(trains, 10)[0, 1] == pytest.approx(0, abs=0.03)


def test_special_pairs():
    trains = SpikeTrains.from_lists([[10, 20], [10, 20], [], [0, 100]], t_stop=100)
    found = tiling(trains, 5)
    assert found[0, 1] == 1
    assert np.isnan(found[2]).all()
    assert np.isnan(found[:, 2]).all()
    assert found[0, 3] == pytest.approx(-(0.1 + 0.2) / 2)  # no partners: -T of each
    assert np.all(tiling(SpikeTrains.from_lists([[50], [10, 90]], t_stop=100), 200) == 1)  # everything is tiled
    # a window that both lie at the edge of, at times that are rounded
    edge = SpikeTrains.from_lists([[0.1 + 0.2], [0.3 + 5]], t_stop=100)
    assert tiling(edge, 5)[0, 1] > 0
    np.testing.assert_array_equal(tiling(trains, 5, threads=3), found)


def test_what_has_no_tiling():
    with pytest.raises(RecordingError, match="must be positive, not 0 ms"):
        tiling(poisson(10, 100, seed=1), 0)
    with pytest.raises(RecordingError, match="observed for 0 ms"):
        tiling(SpikeTrains.from_lists([[0]], t_stop=0), 5)
