"""Times on a grid of steps, as those of a simulation, are multiples of a step only up to rounding: no number knows."""

import numpy as np
import pytest

from lapicque import spikes
from lapicque.spikes import SpikeTrains, kernels

STEPS = [np.sort(np.random.default_rng(k).choice(4000, 150, replace=False)) for k in range(4)]

#: Functions of trains and the length of a step; their results have no unit, or are brought to steps.
STATISTICS = {
    "bin_counts": lambda t, dt: spikes.bin_counts(t, 13 * dt).values,
    "isi_histogram": lambda t, dt: spikes.isi_histogram(t, 3 * dt, 300 * dt).values * dt,
    "hazard": lambda t, dt: spikes.hazard(t, 3 * dt, 60 * dt).values * dt,
    "crosscorrelogram": lambda t, dt: spikes.crosscorrelogram(t[0], t[1], 14 * dt, 714 * dt).values,
    "autocorrelogram": lambda t, dt: spikes.autocorrelogram(t, 10 * dt, 700 * dt).values,
    "tiling": lambda t, dt: spikes.tiling(t, 23 * dt),
    "bursts": lambda t, dt: spikes.bursts(t, 7 * dt, extend=37 * dt).counts,
    "network_bursts": lambda t, dt: spikes.network_bursts(spikes.bursts(t, 27 * dt), gap=13 * dt).spikes,
    "avalanches": lambda t, dt: spikes.avalanches(t, 7 * dt).sizes,
    "spike_contrast": lambda t, dt: spikes.spike_contrast(t, 100 * dt).synchrony,
    "instantaneous_rate": lambda t, dt: spikes.instantaneous_rate(t, dt).values * dt,
    "kernel_rate, boxcar": lambda t, dt: spikes.kernel_rate(t, kernels.boxcar(14 * dt), dt).values * dt,
    "kernel_rate, exponential": lambda t, dt: spikes.kernel_rate(t, kernels.exponential(14 * dt), dt).values * dt,
    "spike_triggered_average": lambda t, dt: (
        spikes.spike_triggered_average(t, np.arange(4000) % 977, dt, (-50 * dt, 50 * dt)).values
    ),
}


def on_grid(dt, before=0):
    """Trains on steps of dt in ms, of a recording that begins so many steps after time 0."""
    lists = [(steps + before) * dt for steps in STEPS]
    return SpikeTrains.from_lists(lists, t_start=before * dt, t_stop=(before + 4000) * dt)


@pytest.mark.parametrize("hours", [0, 0.001, 30])
@pytest.mark.parametrize("statistic", STATISTICS.values(), ids=STATISTICS)
def test_a_grid_of_tenths_is_one_of_whole_numbers(statistic, hours):
    exact = statistic(on_grid(1.0), 1.0)
    found = statistic(on_grid(0.1, before=int(hours * 36_000_000 + 7)), 0.1)
    np.testing.assert_allclose(found, exact, rtol=1e-5)
