import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, bin_counts, isi, mean_correlation, multiple_interaction, poisson, surrogates

MAKERS = {
    "dither": lambda trains, seed: surrogates.dither(trains, 20, seed=seed),
    "jitter_in_bins": lambda trains, seed: surrogates.jitter_in_bins(trains, 30, seed=seed),
    "redistribute": lambda trains, seed: surrogates.redistribute(trains, seed=seed),
    "shuffle_intervals": lambda trains, seed: surrogates.shuffle_intervals(trains, seed=seed),
    "shift_trains": lambda trains, seed: surrogates.shift_trains(trains, seed=seed),
    "shuffle_trials": lambda trains, seed: surrogates.shuffle_trials(trains, seed=seed),
}


@pytest.fixture(scope="module")
def trains():
    made = [multiple_interaction(20, 0.5, 1075, 4, seed=k, t_start=75).to_lists() for k in range(20)]
    flat = [times for trial in made for times in trial]
    return SpikeTrains.from_lists(flat, t_start=75, t_stop=1075, shape=(20, 4), neurons="abcd", trials=range(5, 25))


def test_all_are_tested():
    assert set(MAKERS) == set(surrogates.__all__)


@pytest.mark.parametrize("name", MAKERS)
def test_what_every_surrogate_keeps(name, trains):
    found = MAKERS[name](trains, 1)
    assert found == MAKERS[name](trains, 1) == MAKERS[name](trains, np.random.default_rng(1))
    assert found != MAKERS[name](trains, 2)
    assert (found.t_start, found.t_stop, found.shape, found.neurons) == (75, 1075, (20, 4), ("a", "b", "c", "d"))
    assert found.trials == tuple(range(5, 25))
    by_neuron = found.counts.reshape(20, 4), trains.counts.reshape(20, 4)
    np.testing.assert_array_equal(np.sort(by_neuron[0], axis=0), np.sort(by_neuron[1], axis=0))
    if name != "shuffle_trials":
        np.testing.assert_array_equal(found.counts, trains.counts)
    for hard in ([[], [75]], [[], []]):
        few = SpikeTrains.from_lists(hard, t_start=75, t_stop=1075, shape=(2, 1))
        assert MAKERS[name](few, 1).counts.sum() == few.counts.sum()


@pytest.mark.parametrize("name", MAKERS)
def test_every_surrogate_loses_synchrony(name, trains):
    assert np.mean(mean_correlation(trains, 5).values) > 0.4
    assert abs(np.mean(mean_correlation(MAKERS[name](trains, 3), 5).values)) < 0.15


def test_what_each_keeps(trains):
    moved = surrogates.dither(trains[0], 20, seed=1).times
    inside = (trains[0].times > 95) & (trains[0].times < 1055)
    assert np.abs(np.sort(moved) - trains[0].times)[inside].max() <= 20
    np.testing.assert_array_equal(
        bin_counts(surrogates.jitter_in_bins(trains, 30, seed=1), 30).values, bin_counts(trains, 30).values
    )
    for a, b in zip(isi(surrogates.shuffle_intervals(trains, seed=1)), isi(trains), strict=True):
        np.testing.assert_allclose(np.sort(a), np.sort(b), atol=1e-9)
    shifted = surrogates.shift_trains(trains, 50, seed=1)
    for a, b in zip(shifted.to_lists(), trains.to_lists(), strict=True):
        around = np.sort(np.diff(np.append(a, a[0] + 1000)))
        np.testing.assert_allclose(around, np.sort(np.diff(np.append(b, b[0] + 1000))), atol=1e-9)
    mixed = surrogates.shuffle_trials(trains, seed=1)
    for neuron in range(4):
        before, after = ({t.tobytes() for t in x[:, [neuron]].to_lists()} for x in (trains, mixed))
        assert before == after


def test_uniform_surrogates_are_uniform():
    spread = surrogates.redistribute(poisson(50, 100_000, seed=2), seed=3).times
    np.testing.assert_allclose(np.histogram(spread, 10, (0, 100_000))[0], len(spread) / 10, rtol=0.15)


def test_what_has_no_surrogate(trains):
    with pytest.raises(RecordingError, match="no other order of 1 trial"):
        surrogates.shuffle_trials(trains[[0], :], seed=1)
    for width in (0, -1, np.inf):
        with pytest.raises(RecordingError, match="positive and finite"):
            surrogates.dither(trains, width, seed=1)
        with pytest.raises(RecordingError, match="positive and finite"):
            surrogates.jitter_in_bins(trains, width, seed=1)
    nothing = SpikeTrains.from_lists([[0, 0]], t_stop=0)
    for name in ("dither", "jitter_in_bins", "redistribute", "shuffle_intervals", "shift_trains"):
        assert MAKERS[name](nothing, 1) == nothing


def test_jitter_in_bins_keeps_counts_of_times_on_edges():
    trains = SpikeTrains.from_lists([np.array([f"{k}e-1" for k in range(200)], float)], t_stop=20)
    moved = surrogates.jitter_in_bins(trains, 0.1, seed=3)
    assert (bin_counts(moved, 0.1).values == 1).all()
