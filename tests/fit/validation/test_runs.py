"""Runs as samples: calibrated where neurons share what differs between runs, and as powerful as it says."""

import numpy as np
import pytest
from scipy import stats

from lapicque.errors import RecordingError
from lapicque.fit.validation import kl, ks, levene, mann_whitney, pieces, wasserstein, welch
from lapicque.fit.validation.runs import AcrossRuns
from lapicque.fit.validation.two_sample import Change
from lapicque.spikes import SpikeTrains

ALL = [welch(), levene(), ks(), mann_whitney(), wasserstein(), kl()]
SAME = Change()


def runs(rng, n, neurons=40, factor=1.0):
    """Values of neurons that share a factor of their run, as rates of a network that fluctuates."""
    shared = np.exp(rng.normal(0, 0.1, n))
    return [factor * s * rng.gamma(20, 0.5, neurons) for s in shared]


@pytest.mark.parametrize("test", ALL, ids=repr)
@pytest.mark.parametrize("n", [1, 4])
def test_p_is_uniform_where_runs_are_of_one_model(test, n):
    rng = np.random.default_rng(9)
    p = np.array([AcrossRuns(test, runs(rng, n), runs(rng, 12), SAME).p for _ in range(400)])
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.035)
    assert np.mean(p < 0.01) <= 0.03


def test_neurons_as_samples_find_differences_that_are_not_there():
    rng = np.random.default_rng(3)
    pairs = [(runs(rng, 1)[0], runs(rng, 1)[0]) for _ in range(200)]
    assert np.mean([welch().p_value(a, b, rng) < 0.05 for a, b in pairs]) > 0.2


@pytest.mark.parametrize("test", ALL, ids=repr)
def test_power_is_the_share_that_is_found(test):
    rng = np.random.default_rng(5)
    change = Change(1.4, spread=test.spread)
    found, said = [], []
    for _ in range(200):
        model = runs(rng, 12)
        data = [change.of(run) for run in runs(rng, 1)]
        found.append(AcrossRuns(test, data, model, SAME).p < 0.05)
        said.append(AcrossRuns(test, runs(rng, 1), model, change).power(0.05))
    assert np.mean(found) > 0.5
    assert np.mean(said) == pytest.approx(np.mean(found), abs=0.12)


def test_number_of_a_run_by_the_definition():
    rng = np.random.default_rng(5)
    data, model = runs(rng, 2, neurons=11), runs(rng, 4, neurons=11)
    found = AcrossRuns(ks(), data, model, SAME)
    others = [np.concatenate(model[:k] + model[k + 1 :]) for k in range(4)]
    assert np.exp(found.model) == pytest.approx(
        [stats.ks_2samp(r, o).statistic for r, o in zip(model, others, strict=True)]
    )
    assert np.exp(found.data) == pytest.approx([stats.ks_2samp(r, np.concatenate(model)).statistic for r in data])
    t = stats.ttest_ind(found.data, found.model, alternative="greater")
    assert found.p == pytest.approx(t.pvalue, rel=1e-9)
    mean = AcrossRuns(welch(), data, model, SAME)
    assert mean.p == pytest.approx(
        stats.ttest_ind([r.mean() for r in data], [r.mean() for r in model]).pvalue, rel=1e-9
    )


def test_a_model_without_randomness_gives_no_p():
    same = [np.array([1.0, 2.0, 3.0])] * 5
    for test in ALL:
        found = AcrossRuns(test, [np.array([1.0, 2.0, 9.0])], same, Change(1.2))
        assert np.isnan(found.p)
        assert np.isnan(found.power(0.05))


def test_grid_of_many_values_keeps_the_distance():
    rng = np.random.default_rng(6)
    data, model = [rng.normal(0, 1, 3000)], [rng.normal(0.2, 1, 3000) for _ in range(4)]
    found = AcrossRuns(ks(), data, model, SAME)
    assert np.exp(found.data[0]) == pytest.approx(stats.ks_2samp(data[0], np.concatenate(model)).statistic, abs=0.005)


def test_pieces_hold_every_spike_of_whole_pieces_once():
    trains = SpikeTrains.from_lists([[0, 99.9, 100, 250], [120.5], [299, 305], []], t_stop=310, shape=(2, 2))
    found = pieces(trains, "100 ms")
    assert found.shape == (6, 2)
    assert (found.t_start, found.t_stop) == (0, 100)
    assert found.counts.reshape(6, 2).tolist() == [[2, 0], [1, 1], [1, 0], [0, 0], [0, 0], [1, 0]]
    assert found[[1], :].to_lists()[1] == pytest.approx([20.5])
    for length in ("1 s", 0, -5):
        with pytest.raises(RecordingError, match="piece"):
            pieces(trains, length)
