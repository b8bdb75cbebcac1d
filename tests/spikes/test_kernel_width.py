import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, inhomogeneous_poisson, optimal_gaussian, poisson


def cost(times, width):
    """The cost of Shimazaki & Shinomoto 2010, for a Gaussian kernel on the whole line."""
    d = np.subtract.outer(times, times)

    def k(sd):
        return np.exp(-0.5 * (d / sd) ** 2) / (np.sqrt(2 * np.pi) * sd)

    return k(np.sqrt(2) * width).sum() - 2 * (k(width).sum() - np.trace(k(width)))


def test_the_width_minimises_the_cost():
    trains = inhomogeneous_poisson(lambda t: 60 * np.exp(-0.5 * ((t - 400) / 60) ** 2), 1000, seed=1, trains=30)
    found = optimal_gaussian(trains).width
    widths = np.geomspace(1, 1000, 300)
    best = widths[np.argmin([cost(trains.times, width) for width in widths])]
    assert found == pytest.approx(best, rel=0.03)
    assert optimal_gaussian(trains, between=("5 ms", "500 ms")).width == pytest.approx(best, rel=0.03)


def reflected_cost(times, stop, width):
    """The same cost within the window, for kernels with their images at both edges."""

    def kernel(a, b, sd):
        images = [b + 2 * n * stop for n in (-2, -1, 0, 1, 2)] + [2 * n * stop - b for n in (-2, -1, 0, 1, 2, 3)]
        return sum(np.exp(-0.5 * (np.subtract.outer(a, image) / sd) ** 2) for image in images) / (
            np.sqrt(2 * np.pi) * sd
        )

    grid = (np.arange(400) + 0.5) * stop / 400
    rate = kernel(grid, times, width).sum(axis=1)
    pairs = kernel(times, times, width)
    return (rate**2).sum() * stop / 400 - 2 * (pairs.sum() - np.trace(pairs))


def test_with_corrected_edges_kernels_are_reflected():
    trains = inhomogeneous_poisson(lambda t: 60 * (1 + np.sin(t / 40)), 500, seed=3, trains=6)
    found = optimal_gaussian(trains, edges=True).width
    widths = np.geomspace(3, 100, 60)
    best = widths[np.argmin([reflected_cost(trains.times, 500, width) for width in widths])]
    assert found == pytest.approx(best, rel=0.06)


def test_the_edges_of_the_window_are_no_steps_of_the_rate_if_corrected():
    # variance mean(rate) / (2 sqrt(pi) w) and squared bias mean(rate''^2) w^4 / 4 have their least sum there
    trains = inhomogeneous_poisson(lambda t: 40 * (1 + 0.9 * np.cos(2 * np.pi * t / 1000)), 2000, seed=6, trains=1000)
    expected = (40 / (2 * np.sqrt(np.pi) * 0.5 * (36 * (2 * np.pi / 1000) ** 2) ** 2)) ** 0.2
    assert optimal_gaussian(trains, edges=True).width == pytest.approx(expected, rel=0.15)
    assert optimal_gaussian(trains).width < 0.4 * expected


def test_a_constant_rate_takes_a_wide_kernel():
    widths = [optimal_gaussian(poisson(50, 4000, seed=seed)).width for seed in range(11)]
    assert 150 < np.median(widths) < 2000
    widths = [optimal_gaussian(poisson(50, 4000, seed=seed), edges=True).width for seed in range(11)]
    assert np.median(widths) > 500


def test_what_has_no_optimal_width():
    with pytest.raises(RecordingError, match="at least 2 spikes, and there are 1"):
        optimal_gaussian(SpikeTrains.from_lists([[1], []], t_stop=10))
    train = SpikeTrains.from_lists([[1, 4]], t_stop=10)
    for between in ((0, 5), (5, 5), (5, 1), (1e-6, 5)):
        with pytest.raises(RecordingError, match="give a positive and a larger one"):
            optimal_gaussian(train, between)
    for edges in (False, True):
        assert np.isfinite(optimal_gaussian(SpikeTrains.from_lists([[4, 4]], t_stop=10), edges=edges).width)


def test_no_window_is_refused():
    with pytest.raises(RecordingError, match="observed for 0 ms"):
        optimal_gaussian(SpikeTrains.from_lists([[5, 5]], t_start=5, t_stop=5))
