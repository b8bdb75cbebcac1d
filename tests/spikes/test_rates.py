import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, inhomogeneous_poisson, instantaneous_rate, kernel_rate, kernels, poisson

MAKERS = [kernels.gaussian, kernels.exponential, kernels.alpha, kernels.boxcar, kernels.triangle]


@pytest.mark.parametrize("make", MAKERS)
def test_a_kernel_is_a_density(make):
    kernel = make("7 ms")
    first, last = kernel.support
    times = np.linspace(first - 1, last + 1, 400_001)
    step = times[1] - times[0]
    assert kernel(times).sum() * step == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(np.cumsum(kernel(times)) * step, kernel.cumulative(times), atol=1e-4)
    assert kernel(np.array([first - 0.5, last + 0.5])).max() < 1e-12
    assert kernel.cumulative(first) < 1e-12
    assert kernel.cumulative(last) > 1 - 1e-12
    assert make(7) == kernel != make(8)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("edges", [False, True])
def test_a_rate_is_the_sum_of_kernels(make, edges):
    kernel = make(6)
    trains = poisson(40, 517, seed=1, trains=3, t_start=-100)
    times, values = kernel_rate(trains, kernel, 2.5, edges=edges)
    assert values.shape == (3, len(times)) == (3, 246)
    np.testing.assert_allclose(times, -100 + 2.5 * np.arange(246))
    seen = kernel.cumulative(times + 100) - kernel.cumulative(times - 517) if edges else np.ones(len(times))
    for spikes, row in zip(trains.to_lists(), values, strict=True):
        naive = 1e3 * kernel(times[:, None] - spikes).sum(axis=1)
        known = seen > 0
        np.testing.assert_allclose(row[known], naive[known] / seen[known], rtol=1e-9, atol=1e-7)
        assert np.isnan(row[~known]).all()


def test_threads_and_chunks_change_nothing(monkeypatch):
    trains = poisson(100, 2000, seed=2, trains=5)
    whole = kernel_rate(trains, kernels.gaussian(20), threads=1).values
    np.testing.assert_array_equal(kernel_rate(trains, kernels.gaussian(20), threads=3).values, whole)
    monkeypatch.setattr("lapicque.spikes.rates._CHUNK", 1000)
    np.testing.assert_allclose(kernel_rate(trains, kernels.gaussian(20)).values, whole, rtol=1e-12, atol=1e-9)


def test_the_rate_of_a_poisson_process_is_found_up_to_the_edges():
    trains = poisson(50, 1000, seed=3, trains=2000)
    mean = kernel_rate(trains, kernels.gaussian(30), 10, edges=True).values.mean(axis=0)
    np.testing.assert_allclose(mean, 50, rtol=0.06)
    assert kernel_rate(trains, kernels.gaussian(30), 10).values.mean(axis=0)[0] == pytest.approx(25, rel=0.06)


def test_a_silent_train_has_rate_zero_and_no_instantaneous_rate():
    trains = SpikeTrains.from_lists([[], [5]], t_stop=10)
    assert not kernel_rate(trains, kernels.boxcar(4)).values[0].any()
    assert np.isnan(instantaneous_rate(trains).values).all()
    assert kernel_rate(SpikeTrains.from_lists([], t_stop=10), kernels.boxcar(4)).values.shape == (0, 10)


def test_instantaneous_rate_is_one_over_the_interval():
    trains = SpikeTrains.from_lists([[1, 3, 3, 8]], t_stop=10)
    times, values = instantaneous_rate(trains, 0.5)
    expected = np.where((times >= 1) & (times < 3), 500.0, np.where((times >= 3) & (times < 8), 200.0, np.nan))
    np.testing.assert_array_equal(values[0], expected)


@pytest.mark.parametrize("dt", [0, -1, 11, np.nan])
def test_samples_must_fit_into_the_window(dt):
    trains = SpikeTrains.from_lists([[1, 3]], t_stop=10)
    with pytest.raises(RecordingError, match="do not fit into a window of 10 ms"):
        kernel_rate(trains, kernels.boxcar(4), dt)
    with pytest.raises(RecordingError, match="do not fit"):
        instantaneous_rate(trains, dt)


@pytest.mark.parametrize("width", [0, -3, np.inf, np.nan])
def test_a_kernel_needs_a_width(width):
    with pytest.raises(RecordingError, match="must be positive and finite"):
        kernels.gaussian(width)


def test_kernels_of_a_rate_that_changes_fast_are_narrow():
    from lapicque.spikes import optimal_gaussian

    slow, fast = (
        inhomogeneous_poisson(lambda t, p=period: 60 * (1 + np.sin(t / p)), 3000, seed=1, trains=10)
        for period in (100, 20)
    )
    assert 1.5 * optimal_gaussian(fast).width < optimal_gaussian(slow).width
