"""What holds for all statistics: hard trains give values or an error that explains itself, and undefined is not 0."""

from contextlib import suppress

import numpy as np
import pytest

from lapicque import spikes
from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, kernels, surrogates

make = SpikeTrains.from_lists
HARD = {
    "no trains": make([], t_stop=100),
    "no trials": make([], t_stop=100, shape=(0, 3)),
    "no neurons": make([], t_stop=100, shape=(3, 0)),
    "no time": make([[0]], t_stop=0),
    "silent": make([[], []], t_stop=100),
    "silent trials": make([[], []], t_stop=100, shape=(2, 1)),
    "one spike": make([[5]], t_stop=100),
    "spikes at the edges": make([[0, 100]], t_stop=100),
    "equal times": make([[5, 5, 5], [5]], t_stop=100),
    "integers": make([np.array([1, 2, 30], np.int32)], t_stop=100),
    "negative times": make([[-50, -20, -10]], t_start=-60, t_stop=-5),
}

#: Functions that give numbers of each train or neuron, which a silent one does not have.
UNDEFINED_IN_SILENCE = {
    "instantaneous_rate": lambda t: spikes.instantaneous_rate(t, 10).values,
    "tiling": lambda t: spikes.tiling(t, 5),
    "correlation": lambda t: spikes.correlation(t, 10),
    "crosscorrelation": lambda t: spikes.crosscorrelation(t, t, 10, 30).values,
    "correlation_time": lambda t: spikes.correlation_time(t, 10, 30),
    "power_spectrum": lambda t: spikes.power_spectrum(t).values,
    "multitaper": lambda t: spikes.power_spectrum(t, spikes.multitaper(2)).lower,
    "coherence": lambda t: spikes.coherence(t, t, spikes.welch(20)).values,
    "log_isi_threshold": spikes.log_isi_threshold,
    "share of bursts": lambda t: spikes.bursts(t, 5).share,
    "branching": lambda t: spikes.avalanches(t, 5).branching,
    "branching_ratio": lambda t: spikes.branching_ratio(t, 5, 3).ratio,
    "mean_correlation": lambda t: spikes.mean_correlation(t, 10).values,
    "chi": lambda t: spikes.chi(t, 10),
    "participation_ratio": lambda t: spikes.participation_ratio(t, 10),
    "spike_triggered_average": lambda t: spikes.spike_triggered_average(t, np.ones(100), 1, (-5, 5)).values,
    "spike_triggered_covariance": lambda t: spikes.spike_triggered_covariance(t, np.ones(100), 1, (-5, 5)).values,
    "isi_histogram": lambda t: spikes.isi_histogram(t, 5, 20).values,
    "hazard": lambda t: spikes.hazard(t, 5, 20).values,
    "isi_correlation": spikes.isi_correlation,
    "cv": spikes.cv,
    "cv2": spikes.cv2,
    "lv": spikes.lv,
    "lvr": spikes.lvr,
    "fano": lambda t: spikes.fano(t, 10),
}
#: Functions for which silence is something to count.
OTHERS = {
    "kernel_rate": lambda t: spikes.kernel_rate(t, kernels.gaussian(5), 5).values,
    "optimal_gaussian": lambda t: spikes.optimal_gaussian(t).width,
    "covariance": lambda t: spikes.covariance(t, 10),
    "psth": lambda t: spikes.psth(t, 10).values,
    "autocorrelogram": lambda t: spikes.autocorrelogram(t, 5, 20).values,
    "bursts": lambda t: spikes.bursts(t, 5).counts,
    "log_isi_bursts": lambda t: spikes.log_isi_bursts(t).counts,
    "network_bursts": lambda t: spikes.network_bursts(spikes.bursts(t, 5)).counts,
    "avalanches": lambda t: spikes.avalanches(t).sizes,
    "power_law": lambda t: spikes.power_law(spikes.avalanches(t, 5).sizes).tail,
    "spike_contrast": lambda t: spikes.spike_contrast(t).synchrony,
} | {
    name: lambda t, name=name: (
        getattr(surrogates, name)(t, *((5,) if name in ("dither", "jitter_in_bins") else ()), seed=1).counts
    )
    for name in surrogates.__all__
}


@pytest.mark.parametrize("trains", HARD.values(), ids=HARD)
@pytest.mark.parametrize("statistic", (UNDEFINED_IN_SILENCE | OTHERS).values(), ids=UNDEFINED_IN_SILENCE | OTHERS)
def test_hard_trains_give_values_or_say_why_not(statistic, trains):
    with suppress(RecordingError):
        assert np.asarray(statistic(trains)).dtype.kind in "fi"


@pytest.mark.parametrize("statistic", UNDEFINED_IN_SILENCE.values(), ids=UNDEFINED_IN_SILENCE)
def test_what_silence_does_not_have_is_not_a_number(statistic):
    assert np.isnan(statistic(HARD["silent"])).all()


@pytest.mark.parametrize("name", ["cv", "cv2", "lv", "lvr", "isi_correlation"])
def test_two_spikes_do_not_say_how_much_intervals_vary(name):
    # a single interval is no clock: not 0, which would lower the mean over neurons that seldom fire
    assert np.isnan(getattr(spikes, name)(make([[10, 40]], t_stop=100))).all()


def test_the_unit_of_time_does_not_matter():
    slow = spikes.poisson(40, 2000, seed=1, trains=3)
    fast = SpikeTrains(slow.times / 1000, slow.offsets, 0, 2)
    for name in ("cv", "cv2", "lv", "isi_correlation"):
        np.testing.assert_allclose(getattr(spikes, name)(fast), getattr(spikes, name)(slow), rtol=1e-9)
    np.testing.assert_allclose(spikes.tiling(fast, 0.005), spikes.tiling(slow, 5), rtol=1e-9)
    ours = spikes.power_spectrum(slow, spikes.welch(500))
    theirs = spikes.power_spectrum(fast, spikes.welch(0.5), bin=0.001)
    np.testing.assert_allclose(theirs.values, 1000 * ours.values, rtol=1e-9)
    np.testing.assert_allclose(theirs.frequencies, 1000 * ours.frequencies)
    one, other = (spikes.optimal_gaussian(trains).width for trains in (fast, slow))
    assert 1000 * one == pytest.approx(other, rel=1e-3)
    np.testing.assert_allclose(
        spikes.log_isi_threshold(fast, within=0.1), spikes.log_isi_threshold(slow, within=100) / 1000, rtol=1e-6
    )
