import tracemalloc

import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, autocorrelogram, bin_counts, correlation, crosscorrelogram, gamma, poisson


def test_correlation_is_pearsons():
    trains = poisson(30, 20_000, seed=1, trains=5)
    np.testing.assert_allclose(correlation(trains, 20), np.corrcoef(bin_counts(trains, 20).values), atol=1e-12)


def test_common_spikes_correlate():
    # each train has half its spikes from a common one: correlation 1/2 (Kuhn, Aertsen & Rotter 2003)
    common, own = poisson(20, 400_000, seed=2), poisson(20, 400_000, seed=3, trains=2)
    trains = SpikeTrains.from_lists([np.sort(np.r_[common.times, t]) for t in own.to_lists()], t_stop=400_000)
    assert correlation(trains, 50)[0, 1] == pytest.approx(0.5, abs=0.03)


def test_a_silent_train_correlates_with_nothing():
    found = correlation(SpikeTrains.from_lists([[1, 2, 7], []], t_stop=10), 5)
    assert found[0, 0] == pytest.approx(1)
    assert np.isnan(found[[0, 1, 1], [1, 0, 1]]).all()


def test_correlogram_is_the_histogram_of_all_differences():
    a, b = (poisson(40, 3000, seed=seed, trains=3) for seed in (4, 5))
    edges, values = crosscorrelogram(a, b, bin=2, lag=50)
    np.testing.assert_allclose(edges[[0, -1]], [-51, 51])
    pairs = zip(a.to_lists(), b.to_lists(), strict=True)
    differences = np.concatenate([np.subtract.outer(y, x).ravel() for x, y in pairs])
    np.testing.assert_array_equal(values, np.histogram(differences, edges)[0])


def test_a_delay_is_a_peak():
    a = poisson(10, 100_000, seed=6)
    edges, values = crosscorrelogram(a, a.shift(7), "1 ms", 20)
    assert (edges[:-1] + 0.5)[values.argmax()] == 7


def test_autocorrelogram_of_a_regular_train():
    values = autocorrelogram(gamma(100, 50, 50_000, seed=7), bin=1, lag=30).values
    centre = len(values) // 2
    assert values[centre] == 0
    np.testing.assert_array_equal(values, values[::-1])
    assert abs(values[centre + 1 :].argmax() + 1 - 10) <= 1  # the mean interval
    flat = autocorrelogram(poisson(100, 200_000, seed=8), bin=5, lag=50).values
    np.testing.assert_allclose(flat, 100 * 200 * 100 * 0.005, rtol=0.05)


def test_what_cannot_be_correlated():
    a, b = poisson(10, 100, seed=1), poisson(10, 100, seed=1, trains=2)
    with pytest.raises(RecordingError, match="there are 1 and 2"):
        crosscorrelogram(a, b, 1, 10)
    with pytest.raises(RecordingError, match="lag, 1 ms, must be at least the bin, 2 ms"):
        autocorrelogram(a, 2, 1)


def test_lags_on_an_edge_are_in_the_bin_that_begins_there():
    # differences of multiples of 0.1 ms, with edges at odd ones
    steps = np.arange(0, 300, 3)
    trains = SpikeTrains.from_steps(steps, [0, len(steps)], dt=0.1, t_stop=30)
    found = autocorrelogram(trains, bin=0.2, lag=1).values
    # lags are multiples of 0.3 ms: -0.9 -0.6 -0.3 0.3 0.6 0.9
    expected = np.zeros(11, int)
    for k in (-3, -2, -1, 1, 2, 3):
        expected[int((3 * k + 11) // 2)] += len(steps) - abs(k)
    np.testing.assert_array_equal(found, expected)


def test_an_endless_lag_is_refused():
    trains = poisson(50, 1000, seed=1)
    with pytest.raises(RecordingError, match="both positive and finite"):
        autocorrelogram(trains, 1, np.inf)


def test_each_bin_holds_as_many_steps_of_a_grid():
    # 10 steps of 0.1 ms in a bin of 1 ms, the last one included
    a = SpikeTrains.from_lists([[10.0]], t_stop=20)
    b = SpikeTrains.from_lists([np.arange(200) * 0.1], t_stop=20)
    np.testing.assert_array_equal(crosscorrelogram(a, b, bin=1, lag=5).values, np.full(11, 10))


def test_correlograms_hold_some_pairs_at_a_time():
    trains = poisson("100 kHz", 40, seed=1)
    tracemalloc.start()
    values = autocorrelogram(trains, bin=1, lag=50).values
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    pairs = len(trains.times) * (len(trains.times) - 1)
    assert values.sum() == pairs
    assert peak < 0.5 * 8 * pairs  # less than half of a number a pair
