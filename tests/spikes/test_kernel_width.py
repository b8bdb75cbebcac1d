import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, inhomogeneous_poisson, optimal_gaussian, poisson


def cost(times, width):
    """Shimazaki & Shinomoto 2010, eq. (6), for a Gaussian kernel on the whole line."""
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


def test_a_constant_rate_takes_a_wide_kernel():
    widths = [optimal_gaussian(poisson(50, 4000, seed=seed)).width for seed in range(11)]
    assert 150 < np.median(widths) < 2000


def test_what_has_no_optimal_width():
    with pytest.raises(RecordingError, match="at least 2 spikes, and there are 1"):
        optimal_gaussian(SpikeTrains.from_lists([[1], []], t_stop=10))
    train = SpikeTrains.from_lists([[1, 4]], t_stop=10)
    for between in ((0, 5), (5, 5), (5, 1), (1e-6, 5)):
        with pytest.raises(RecordingError, match="give a positive and a larger one"):
            optimal_gaussian(train, between)
    assert np.isfinite(optimal_gaussian(SpikeTrains.from_lists([[4, 4]], t_stop=10)).width)
