import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import (
    SpikeTrains,
    bin_counts,
    chi,
    mean_correlation,
    multiple_interaction,
    participation_ratio,
    poisson,
)


def test_the_mean_correlation_is_over_pairs_within_trials():
    made = poisson(40, 500, seed=1, trains=8)
    trains = SpikeTrains(made.times, made.offsets, 0, 500, shape=(2, 4))
    counts = bin_counts(trains, 10).values.reshape(2, 4, -1)
    found = mean_correlation(trains, 10)
    for trial in range(2):
        matrix = np.corrcoef(counts[trial])
        assert found.values[trial] == pytest.approx(np.mean([matrix[i, j] for i in range(4) for j in range(i)]))
    assert (found.pairs.tolist(), found.undefined.tolist()) == ([6, 6], [0, 0])


def test_pairs_without_correlation_are_counted():
    trains = SpikeTrains.from_lists([[1, 2], [4], [], [2, 7]], t_stop=10, shape=(2, 2))
    found = mean_correlation(trains, 5)
    assert found.values[0] == pytest.approx(1)
    assert np.isnan(found.values[1])
    assert (found.pairs.tolist(), found.undefined.tolist()) == ([1, 0], [0, 1])
    alone = mean_correlation(trains[:, [0]], 5)
    assert np.isnan(alone.values).all()
    assert alone.pairs.tolist() == [0, 0]


def test_chi_of_independent_and_of_equal_neurons():
    # Golomb 2007: chi = 1/sqrt(n) for independent neurons
    trains = poisson(30, 100_000, seed=2, trains=25)
    assert chi(trains, 10)[0] == pytest.approx(0.2, abs=0.01)
    assert chi(trains[[3, 3, 3]], 10) == pytest.approx(1)
    counts = bin_counts(trains, 10).values.T
    assert chi(counts) == pytest.approx(np.sqrt(counts.mean(1).var() / counts.var(0).mean()))
    assert chi(np.stack([counts, counts[::-1]])).shape == (2,)


@pytest.mark.parametrize("correlation", [0.1, 0.5, 0.9])
def test_participation_ratio_of_equal_correlations(correlation):
    # eigenvalues 1 + (n - 1) c and, n - 1 times, 1 - c: the ratio is n / (1 + (n - 1) c^2)
    trains = multiple_interaction(30, correlation, 400_000, trains=10, seed=3)
    assert participation_ratio(trains, 20) == pytest.approx(10 / (1 + 9 * correlation**2), rel=0.04)


def test_participation_ratio_is_that_of_the_eigenvalues():
    random = np.random.default_rng(4)
    for shape in ((200, 7), (7, 200)):
        signals = random.normal(size=shape) @ np.diag(random.uniform(0, 3, shape[1]))
        values = np.linalg.eigvalsh(np.cov(signals.T))
        assert participation_ratio(signals) == pytest.approx(values.sum() ** 2 / (values**2).sum())
    trials = random.normal(size=(3, 50, 4))
    assert participation_ratio(trials) == pytest.approx(participation_ratio(trials.reshape(150, 4)))


@pytest.mark.parametrize("measure", [chi, participation_ratio])
def test_what_has_no_synchrony(measure):
    trains = SpikeTrains.from_lists([[], []], t_stop=10)
    assert np.isnan(measure(trains, 5)).all()
    assert np.isnan(measure(np.ones((5, 3), int))).all()
    with pytest.raises(RecordingError, match="give the width of one"):
        measure(trains)
    with pytest.raises(RecordingError, match="leave out bin=5"):
        measure(np.ones((4, 2)), 5)
    with pytest.raises(RecordingError, match=r"shape \(4,\)"):
        measure(np.ones(4))
    with pytest.raises(RecordingError, match=r"not finite at \[1, 0\]"):
        measure(np.array([[1, 2], [np.nan, 3]]))


def test_constant_signals_have_no_synchrony_and_no_dimension():
    # a mean of equal numbers is not always that number
    resting = np.full((1000, 7), -65.1)
    assert np.isnan(chi(resting)).all()
    assert np.isnan(participation_ratio(resting))
    one_moves = resting + np.eye(7)[0] * np.sin(np.arange(1000.0))[:, None]
    assert chi(one_moves)[0] == pytest.approx(1 / np.sqrt(7))
    assert participation_ratio(one_moves) == pytest.approx(1.0)
