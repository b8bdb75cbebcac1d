import numpy as np
import pytest
from scipy import signal
from scipy.stats import kstest

from lapicque.errors import RecordingError
from lapicque.spikes import (
    SpikeTrains,
    bin_counts,
    coherence,
    gamma,
    multitaper,
    periodogram,
    poisson,
    power_spectrum,
    single_interaction,
    welch,
)


def trials(trains):
    return SpikeTrains(trains.times, trains.offsets, trains.t_start, trains.t_stop, shape=(len(trains), 1))


def test_welch_is_scipys():
    trains = poisson(30, 8000, seed=1, trains=3)
    for segment, overlap in ((1000, 0.5), (512, 0.75), (700, 0)):
        found = power_spectrum(trains, welch(segment, overlap), bin=2)
        frequencies, values = signal.welch(
            bin_counts(trains, 2).values, 500, nperseg=segment // 2, noverlap=int(segment // 2 * overlap),
            return_onesided=False,
        )  # fmt: skip
        n = len(found.frequencies)
        np.testing.assert_allclose(found.frequencies, np.abs(frequencies[:n]))
        np.testing.assert_allclose(found.values, values[:, :n] * 500**2, rtol=1e-9, atol=1e-9)


def test_periodogram_is_the_square_of_the_fourier_transform():
    train = poisson(40, 300, seed=2)
    x = bin_counts(train, 1).values[0] - len(train.times) / 300
    time = np.arange(300) / 1000
    found = power_spectrum(train, periodogram())
    for frequency, value in zip(found.frequencies, found.values[0], strict=True):
        assert value == pytest.approx(np.abs((x * np.exp(-2j * np.pi * frequency * time)).sum()) ** 2 / 0.3, abs=1e-6)


def test_tapers_are_orthonormal():
    weights = multitaper(3).weights(200)
    np.testing.assert_allclose(weights @ weights.T, np.eye(5), atol=1e-9)
    for estimator in (welch(50), periodogram()):
        assert (estimator.weights(50) ** 2).sum() == pytest.approx(1)


@pytest.mark.parametrize("estimator", [periodogram(), welch("0.5 s"), multitaper(4), multitaper(3, segment=1000)])
def test_spectra_of_renewal_processes(estimator):
    # Cox & Lewis 1966: the rate at high frequencies, rate CV^2 towards 0
    flat = power_spectrum(trials(poisson(50, 4000, seed=3, trains=200)), estimator)
    np.testing.assert_allclose(flat.values[0, 2:-1].mean(), 50, rtol=0.03)
    regular = power_spectrum(trials(gamma(50, 4, 4000, seed=4, trains=200)), estimator)
    low = (regular.frequencies > 1) & (regular.frequencies < 5)
    np.testing.assert_allclose(regular.values[0, low].mean(), 50 / 4, rtol=0.1)
    assert regular.values[0, regular.frequencies > 300].mean() == pytest.approx(50, rel=0.05)


@pytest.mark.parametrize("estimator", [periodogram(), welch("0.5 s"), multitaper(4)])
def test_bounds_hold_the_truth_as_often_as_they_say(estimator):
    inside = []
    for seed in range(40):
        found = power_spectrum(trials(poisson(50, 3000, seed=seed, trains=3)), estimator, alpha=0.1)
        inside.append((found.lower < 50) & (found.upper > 50))
    assert np.mean(np.array(inside)[..., 3:-3]) == pytest.approx(0.9, abs=0.02)


def test_independent_trains_exceed_the_level_as_often_as_it_says():
    a, b = (poisson(40, 60_000, seed=seed, trains=20) for seed in (5, 6))
    found = coherence(a, b, welch("0.5 s"))
    assert np.mean(found.values[:, 3:-3] > found.level) == pytest.approx(0.05, abs=0.012)
    phases = coherence(a, b, welch("0.5 s", 0)).phase[:, 5:100:5].ravel()
    assert kstest(phases, "uniform", (-np.pi, 2 * np.pi)).pvalue > 0.01


def test_common_spikes_are_coherent():
    # of two Poisson trains with a part c of common spikes: c^2 at all frequencies
    trains = single_interaction(40, 0.6, 200_000, trains=2, seed=7)
    found = coherence(trains[[0]], trains[[1]], multitaper(4, segment=1000))
    assert found.values[0, 4:-4].mean() == pytest.approx(0.36, abs=0.02)


def test_a_late_train_has_a_positive_phase():
    a = poisson(40, 60_000, seed=8)
    late = SpikeTrains.from_lists([a.times[a.times < 59_900] + 5], t_stop=60_000)
    found = coherence(a, late)
    at = np.argmin(np.abs(found.frequencies - 20))
    assert found.phase[0, at] == pytest.approx(2 * np.pi * 20 * 0.005, abs=0.05)
    assert found.values[0, at] > 0.9


def test_threads_change_nothing():
    a, b = (poisson(40, 3000, seed=seed, trains=4) for seed in (1, 2))
    for one, three in zip(coherence(a, b, threads=1)[:3], coherence(a, b, threads=3)[:3], strict=True):
        np.testing.assert_array_equal(one, three)


def test_silence_has_no_spectrum():
    trains = SpikeTrains.from_lists([[], [10, 30, 70]], t_stop=100)
    found = power_spectrum(trains, welch(50))
    assert np.isnan(found.values[0]).all()
    assert np.isfinite(found.values[1]).all()
    assert np.isnan(coherence(trains, trains, welch(50)).values[0]).all()
    assert np.isnan(coherence(trains, trains, welch(50)).phase[0]).all()


def test_what_has_no_spectrum():
    train = poisson(40, 1000, seed=1)
    with pytest.raises(RecordingError, match="does not fit into the window"):
        power_spectrum(train, welch(2000))
    with pytest.raises(RecordingError, match="less than 3"):
        power_spectrum(train, welch(2))
    with pytest.raises(RecordingError, match="overlap by a part"):
        welch(100, 1)
    with pytest.raises(RecordingError, match="9 Slepian tapers"):
        multitaper(4, 9)
    with pytest.raises(RecordingError, match="several estimates"):
        coherence(train, train, periodogram())
    with pytest.raises(RecordingError, match="neuron by neuron"):
        coherence(train, train.shift(1))


def test_coherence_without_power_is_undefined():
    # the mean of whole windows is taken off, so that nothing but rounding is left at 0 Hz
    a, b = (poisson(20, 1000, seed=seed, trains=20) for seed in (1, 2))
    a, b = (SpikeTrains(x.times, x.offsets, 0, 1000, shape=(20, 1)) for x in (a, b))
    found = coherence(a, b, periodogram(), bin=7.3)
    assert np.isnan(found.values[0, 0])
    assert np.isnan(found.phase[0, 0])
    assert np.isfinite(found.values[0, 1:]).all()
    assert np.isfinite(found.phase[0, 1:]).all()


@pytest.mark.parametrize("alpha", [0, 1, 2, np.nan])
def test_a_probability_is_one(alpha):
    trains = poisson(50, 5000, seed=1)
    for ask in (power_spectrum, lambda t, **k: coherence(t, t, **k)):
        with pytest.raises(RecordingError, match="alpha is a probability between 0 and 1"):
            ask(trains, alpha=alpha)


def test_the_mean_of_a_piece_takes_power_from_the_lowest_frequencies():
    # of white noise, |W(f)|^2 / (N sum w^2) for weights w: 2/3 and 1/6 of a Hann window's, all of a flat one's
    trains = SpikeTrains.from_lists(
        poisson("40 Hz", "40 s", seed=4, trains=200).to_lists(), t_stop=40_000, shape=(200, 1)
    )
    rate = trains.rate().mean()
    found = power_spectrum(trains, welch("1 s", 0)).values[0, :4] / rate
    np.testing.assert_allclose(found, [1 / 3, 5 / 6, 1, 1], atol=0.05)
    assert power_spectrum(trains, periodogram()).values[0, 0] < 1e-9
