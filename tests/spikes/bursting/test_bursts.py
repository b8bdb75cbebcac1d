from itertools import pairwise

import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, bursts, poisson


def naive(times, max_isi, min_spikes):
    found, run = [], list(times[:1])
    for before, time in pairwise(times):
        if time - before > max_isi:
            found.append(run)
            run = []
        run.append(time)
    return [(run[0], run[-1], len(run)) for run in [*found, run] if len(run) >= min_spikes]


@pytest.mark.parametrize("min_spikes", [2, 3, 5])
def test_bursts_are_runs_of_short_intervals(min_spikes):
    trains = poisson(100, 2000, seed=1, trains=6)
    found = bursts(trains, "8 ms", min_spikes)
    rows = list(zip(found.start, found.stop, found.spikes, strict=True))
    expected = [naive(times, 8, min_spikes) for times in trains.to_lists()]
    assert rows == [row for train in expected for row in train]
    assert found.counts.tolist() == [len(train) for train in expected]
    np.testing.assert_allclose(found.share, [sum(r[2] for r in t) for t in expected] / trains.counts)
    np.testing.assert_allclose(found.rate(), found.counts / 2)


def test_each_train_has_its_own_longest_interval():
    trains = SpikeTrains.from_lists([[1, 2, 3, 9], [1, 5, 9], [1, 2, 3]], t_stop=10)
    found = bursts(trains, [1, 4, np.nan])
    assert found.train.tolist() == [0, 1]
    assert found.counts.tolist() == [1, 1, 0]


def test_cores_are_extended_and_joined():
    times = [0, 8, 10, 12, 14, 21, 23, 25, 60, 66, 90, 91, 92]
    trains = SpikeTrains.from_lists([times], t_stop=100)
    found = bursts(trains, 2, extend=8)
    assert list(zip(found.start, found.stop, found.spikes, strict=True)) == [(0, 25, 8), (90, 92, 3)]
    np.testing.assert_allclose(found.intervals, [65, np.nan])
    np.testing.assert_allclose(found.durations, [25, 2])
    assert found.mean(found.intervals)[0] == 65


def test_times_on_a_grid_are_not_cut_by_rounding():
    times = np.arange(1000) * 0.1 * 7  # 0.7 ms apart, but for rounding
    assert bursts(SpikeTrains.from_lists([times], t_stop=1000), 0.7).spikes.tolist() == [1000]


def test_trains_without_bursts():
    trains = SpikeTrains.from_lists([[], [5], [1, 9]], t_stop=10)
    found = bursts(trains, 3)
    assert (len(found), found.counts.tolist()) == (0, [0, 0, 0])
    np.testing.assert_array_equal(found.share, [np.nan, 0, 0])
    assert np.isnan(found.mean(found.durations)).all()
    assert len(bursts(SpikeTrains.from_lists([], t_stop=10), 3)) == 0
    assert np.isnan(bursts(SpikeTrains.from_lists([[0]], t_stop=0), 3).rate()).all()
    # spikes at the same time are a burst
    assert bursts(SpikeTrains.from_lists([[4, 4, 4]], t_stop=10), 0).spikes.tolist() == [3]


def test_what_is_no_burst():
    trains = poisson(100, 100, seed=1, trains=2)
    with pytest.raises(RecordingError, match="one for each of 2 trains"):
        bursts(trains, [1, 2, 3])
    with pytest.raises(RecordingError, match="must not be negative: -1 ms"):
        bursts(trains, -1)
    with pytest.raises(RecordingError, match="at least 2 spikes, not 1"):
        bursts(trains, 5, 1)
    with pytest.raises(RecordingError, match="extend must not be shorter"):
        bursts(trains, 5, extend=4)
