import numpy as np
import pytest
from scipy.stats import gamma as gamma_distribution

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, gamma, hazard, isi, isi_correlation, isi_histogram, poisson


def test_the_histogram_is_numpys():
    made = poisson(50, 2000, seed=1, trains=6)
    trains = SpikeTrains(made.times, made.offsets, 0, 2000, shape=(2, 3))
    edges, values = isi_histogram(trains, 3, 50)
    np.testing.assert_allclose(edges, np.arange(18) * 3.0)
    intervals = isi(trains)
    for neuron in range(3):
        mine = np.concatenate([intervals[neuron], intervals[3 + neuron]])
        counts = np.histogram(mine[mine < edges[-1]], edges)[0]
        np.testing.assert_allclose(values[neuron], counts / len(mine) / 3)


def test_density_and_hazard_of_a_gamma_process():
    train = gamma(40, 3, 2_000_000, seed=2)
    law = gamma_distribution(3, scale=25 / 3)
    edges, density = isi_histogram(train, 2, 60)
    np.testing.assert_allclose(density[0], np.diff(law.cdf(edges)) / 2, atol=1.5e-3)  # 4 standard errors
    _, found = hazard(train, 2, 40)
    expected = -np.diff(law.logsf(edges[:21])) / 2 * 1e3  # its mean in each bin, exactly
    np.testing.assert_allclose(found[0], expected, rtol=0.03, atol=0.2)


def test_intervals_of_a_whole_number_of_bins():
    train = SpikeTrains.from_lists([np.arange(1000) * 0.3], t_stop=300)
    _, density = isi_histogram(train, 0.1, 0.5)
    np.testing.assert_allclose(density * 0.1, [[0, 0, 0, 1, 0]])
    np.testing.assert_array_equal(hazard(train, 0.1, 0.5).values, [[0, 0, 0, np.inf, np.nan]])


def test_serial_correlation():
    # alternating intervals: -1 at odd lags, 1 at even ones; of a moving average of two, 1/2 at lag 1
    random = np.random.default_rng(3)
    alternating = np.cumsum(np.tile([1.0, 3.0], 100))
    base = random.exponential(10, 40_001)
    averaged = np.cumsum(base[1:] + base[:-1])
    trains = SpikeTrains.from_lists([alternating, averaged], t_stop=1e6)
    np.testing.assert_allclose(isi_correlation(trains), [-1, 0.5], atol=0.02)
    np.testing.assert_allclose(isi_correlation(trains, 2), [1, 0], atol=0.02)


def test_few_intervals():
    trains = SpikeTrains.from_lists([[], [5], [1, 4], [1, 2, 3, 4]], t_stop=10)
    assert np.isnan(isi_correlation(trains)).all()
    assert np.isnan(isi_histogram(trains, 1, 5).values[:2]).all()
    assert np.isnan(hazard(trains, 1, 5).values[:2]).all()
    with pytest.raises(RecordingError, match="the bin, 6 ms, must be positive"):
        isi_histogram(trains, 6, 5)
    with pytest.raises(RecordingError, match="from 1 on: got 0"):
        isi_correlation(trains, 0)


@pytest.mark.parametrize("t_start", [0, 1e6])
def test_intervals_of_a_clock_have_no_correlation(t_start):
    # equal but for the rounding of their times
    clock = SpikeTrains.from_lists([t_start + 0.1 * np.arange(60)], t_start=t_start, t_stop=t_start + 10)
    assert np.isnan(isi_correlation(clock)).all()
