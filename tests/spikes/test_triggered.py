import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import (
    SpikeTrains,
    inhomogeneous_poisson,
    poisson,
    spike_triggered_average,
    spike_triggered_covariance,
)


def pieces(times, signal, dt, first, length, start):
    found = []
    for time in times:
        at = int(np.floor((time - start) / dt)) + first
        if at >= 0 and at + length <= len(signal):
            found.append(signal[at : at + length])
    return np.array(found)


def test_against_a_loop(monkeypatch):
    random = np.random.default_rng(1)
    made = poisson(30, 400, seed=1, trains=6, t_start=-100)
    trains = SpikeTrains(made.times, made.offsets, -100, 400, shape=(2, 3))
    signal = random.normal(size=(2, 1000))
    mean = spike_triggered_average(trains, signal, 0.5, ("-20 ms", "10 ms"))
    np.testing.assert_allclose(mean.lags, np.arange(-20, 10, 0.5))
    monkeypatch.setattr("lapicque.spikes.triggered._CHUNK", 200)
    square = spike_triggered_covariance(trains, signal, 0.5, (-20, 10))
    lists = trains.to_lists()
    for neuron in range(3):
        both = np.concatenate([pieces(lists[3 * k + neuron], signal[k], 0.5, -40, 60, -100) for k in range(2)])
        np.testing.assert_allclose(mean.values[neuron], both.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(square.values[neuron], np.cov(both.T), atol=1e-12)
        assert mean.spikes[neuron] == square.spikes[neuron] == len(both)
    shared = spike_triggered_average(trains, signal[0], 0.5, (-20, 10)).values
    twice = spike_triggered_average(trains, signal[[0, 0]], 0.5, (-20, 10)).values
    np.testing.assert_array_equal(shared, twice)


def test_the_average_of_a_linear_neuron_is_its_filter():
    # of a Poisson neuron with rate a + filter * white noise, the average is proportional to the filter
    random = np.random.default_rng(2)
    noise = random.normal(size=400_000)
    filtered = 0.25 * np.convolve(noise, np.exp(-np.arange(60) / 8), mode="full")[: len(noise)]
    rate = np.maximum(50 + 25 * filtered, 0)
    train = inhomogeneous_poisson(rate, len(noise), seed=3)
    found = spike_triggered_average(train, noise, 1, (-60, 10))
    expected = np.where(found.lags <= 0, np.exp(np.minimum(found.lags, 0) / 8), 0)
    assert np.corrcoef(found.values[0], expected)[0, 1] > 0.97


def test_times_on_the_grid_are_not_moved_by_rounding():
    at = np.arange(3, 900)
    signal = np.arange(1000.0)
    found = spike_triggered_average(SpikeTrains.from_lists([at * 0.1], t_stop=100), signal, 0.1, (0, 0.2))
    np.testing.assert_allclose(found.values[0], [at.mean(), at.mean() + 1])


def test_without_spikes_there_is_no_average():
    trains = SpikeTrains.from_lists([[], [1], [50]], t_stop=100)
    found = spike_triggered_average(trains, np.ones(100), 1, (-5, 5))
    assert found.spikes.tolist() == [0, 0, 1]
    assert np.isnan(found.values[:2]).all()
    assert np.all(found.values[2] == 1)
    assert np.isnan(spike_triggered_covariance(trains, np.ones(100), 1, (-5, 5)).values).all()


def test_signals_that_do_not_fit():
    trains = poisson(50, 100, seed=1)
    with pytest.raises(RecordingError, match=r"shape \(2, 100\)"):
        spike_triggered_average(trains, np.ones((2, 100)), 1)
    with pytest.raises(RecordingError, match="not finite at sample 3 of trial 0"):
        spike_triggered_average(trains, [1, 1, 1, np.nan], 1)
    with pytest.raises(RecordingError, match="has 150 samples of 1 ms"):
        spike_triggered_average(trains, np.ones(100), 1)
    with pytest.raises(RecordingError, match="has 0 samples"):
        spike_triggered_average(trains, np.ones(100), 1, (5, 5))
    with pytest.raises(RecordingError, match="dt must be positive"):
        spike_triggered_average(trains, np.ones(100), 0)


def test_a_window_without_an_edge_is_refused():
    with pytest.raises(RecordingError, match="must be finite, not nan to 5"):
        spike_triggered_average(SpikeTrains.from_lists([[5]], t_stop=10), np.zeros(10), 1, (np.nan, 5))


def test_lags_are_those_of_samples():
    # a window between samples begins at the nearest one, and says so
    signal = np.arange(20.0)
    found = spike_triggered_average(SpikeTrains.from_lists([[10.0]], t_stop=20), signal, dt=1, window=(-1.4, 2.3))
    np.testing.assert_array_equal(found.lags, [-1, 0, 1, 2])
    np.testing.assert_array_equal(found.values, [10 + found.lags])
