import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import (
    SpikeTrains,
    compound_poisson,
    correlated,
    cv,
    mean_correlation,
    multiple_interaction,
    single_interaction,
)

MAKERS = {
    "single": lambda c, **k: single_interaction(20, c, 400_000, 6, **k),
    "multiple": lambda c, **k: multiple_interaction(20, c, 400_000, 6, **k),
    # all six with probability p, else one: 30 p / (5 (6 p + 1 - p)) = c
    "compound": lambda c, **k: compound_poisson(
        20, [0, 1 - c / (6 - 5 * c), 0, 0, 0, 0, c / (6 - 5 * c)], 400_000, **k
    ),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("correlation", [0, 0.2, 0.7, 1])
def test_rates_intervals_and_correlations(name, correlation):
    trains = MAKERS[name](correlation, seed=1)
    np.testing.assert_allclose(trains.rate(), 20, rtol=0.05)
    np.testing.assert_allclose(cv(trains), 1, atol=0.04)
    assert mean_correlation(trains, 10).values[0] == pytest.approx(correlation, abs=0.012)
    assert trains == MAKERS[name](correlation, seed=1) != MAKERS[name](correlation, seed=2)


def spikes_at_once(trains):
    return np.unique(np.unique(trains.times, return_counts=True)[1], return_counts=True)


def test_how_many_spike_at_once():
    # Kuhn, Aertsen & Rotter 2003: all or one by a single interaction, a binomial number by multiple ones
    number, _ = spikes_at_once(single_interaction(20, 0.3, 50_000, 6, seed=1))
    assert number.tolist() == [1, 6]
    number, count = spikes_at_once(multiple_interaction(20, 0.3, 400_000, 3, seed=1))
    expected = np.array([3 * 0.3 * 0.49, 3 * 0.09 * 0.7, 0.027])
    np.testing.assert_allclose(count / count.sum(), expected / expected.sum(), atol=0.01)
    number, count = spikes_at_once(compound_poisson(10, [5, 2, 0, 1], 400_000, seed=2))
    assert number.tolist() == [1, 3]
    np.testing.assert_allclose(count / count.sum(), [2 / 3, 1 / 3], atol=0.01)


def test_edges():
    assert single_interaction(0, 0.5, 100, 2, seed=1).counts.tolist() == [0, 0]
    assert len(multiple_interaction(10, 0.5, 100, 0, seed=1)) == 0
    shifted = compound_poisson("10 Hz", [0, 1], "2 s", seed=1, t_start="1 s")
    assert isinstance(shifted, SpikeTrains)
    assert (shifted.t_start, shifted.t_stop) == (1000, 2000)
    for wrong in (-0.1, 1.1, np.nan):
        for make in (single_interaction, multiple_interaction):
            with pytest.raises(RecordingError, match="from 0 to 1"):
                make(10, wrong, 100, 2, seed=1)
    for wrong in ([1], [1, -1], [0, np.nan], [[1, 2]]):
        with pytest.raises(RecordingError, match="amplitudes are probabilities"):
            compound_poisson(10, wrong, 100, seed=1)
    with pytest.raises(RecordingError, match="no train would have a spike"):
        compound_poisson(10, [1, 0], 100, seed=1)
    with pytest.raises(RecordingError, match="not negative"):
        single_interaction(-1, 0.5, 100, 2, seed=1)


def test_many_events_are_drawn_some_at_a_time(monkeypatch):
    def made():
        return (
            compound_poisson(20, [0.2, 0.5, 0.2, 0.1], 5000, seed=2),
            multiple_interaction(10, 0.3, 5000, trains=7, seed=1),
            multiple_interaction(10, 0.3, 5000, trains=0, seed=1),
        )

    at_once = made()
    monkeypatch.setattr(correlated, "_CHUNK", 30)
    assert made() == at_once
