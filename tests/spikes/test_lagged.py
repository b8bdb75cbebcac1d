import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, bin_counts, correlation_time, covariance, crosscorrelation, gamma, poisson


def test_covariance_is_numpys():
    trains = poisson(30, 2000, seed=1, trains=4)
    np.testing.assert_allclose(covariance(trains, 20), np.cov(bin_counts(trains, 20).values), atol=1e-12)
    assert np.isnan(covariance(trains, 2000)).all()
    assert not covariance(SpikeTrains.from_lists([[], [1]], t_stop=10), 5)[0].any()


@pytest.mark.parametrize("corrected", [False, True])
def test_correlation_at_each_lag(corrected):
    a, b = (poisson(60, 800, seed=seed, trains=2) for seed in (1, 2))
    edges, values = crosscorrelation(a, b, bin=4, lag=40, edges=corrected)
    np.testing.assert_allclose((edges[1:] + edges[:-1]) / 2, np.arange(-40, 41, 4))
    x, y = (bin_counts(trains, 4).values.astype(float) for trains in (a, b))
    for row, (p, q) in enumerate(zip(x, y, strict=True)):
        for column, k in enumerate(range(-10, 11)):
            total = sum(p[i] * q[i + k] for i in range(200) if 0 <= i + k < 200)
            total *= 200 / (200 - abs(k)) if corrected else 1
            expected = (total / 200 - p.mean() * q.mean()) / (p.std() * q.std())
            assert values[row, column] == pytest.approx(expected, abs=1e-12)


def test_a_late_train_peaks_at_a_positive_lag():
    a = poisson(10, 50_000, seed=3)
    late = SpikeTrains.from_lists([a.times[a.times < 49_000] + 12], t_stop=50_000)
    edges, values = crosscorrelation(a, late, 2, 20)
    assert (edges[values[0].argmax()] + 1, values.max() > 0.9) == (12, True)


def test_a_silent_train_has_no_correlation():
    silent, other = SpikeTrains.from_lists([[]], t_stop=100), poisson(50, 100, seed=1)
    assert np.isnan(crosscorrelation(silent, other, 5, 20).values).all()
    assert np.isnan(correlation_time(SpikeTrains.from_lists([[], [3]], t_stop=100), 5, 20)).all()


def test_memory_is_that_of_the_definition():
    trains = gamma(50, 5, 20_000, seed=4, trains=2)
    _, values = crosscorrelation(trains, trains, 1, 60)
    late = values[:, 61:]
    expected = [2 * np.trapezoid((row / row[0]) ** 2) for row in late]
    np.testing.assert_allclose(correlation_time(trains, 1, 60), expected)


def test_what_cannot_be_compared():
    a = poisson(10, 100, seed=1, trains=2)
    with pytest.raises(RecordingError, match="there are 2 and 1"):
        crosscorrelation(a, a[0], 5, 10)
    with pytest.raises(RecordingError, match="windows 0 to 100 and 1 to 101"):
        crosscorrelation(a, a.shift(1), 5, 10)
    for lag in (-1, 100, 1000):
        with pytest.raises(RecordingError, match="must lie between 0 and the window"):
            crosscorrelation(a, a, 5, lag)
    with pytest.raises(RecordingError, match="at least two bins"):
        correlation_time(a, 5, 5)
