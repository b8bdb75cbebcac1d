import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, avalanches, bin_counts, branching_ratio, poisson


@pytest.mark.parametrize("width", [3, 20])
def test_avalanches_are_runs_of_bins_with_spikes(width):
    made = poisson(20, 1200, seed=1, trains=8, t_start=-60)
    trains = SpikeTrains(made.times, made.offsets, -60, 1200, shape=(2, 4))
    found = avalanches(trains, width)
    together = bin_counts(trains, width).values.reshape(2, 4, -1).sum(axis=1)
    rows = []
    for trial, counts in enumerate(together):
        start = None
        for k, count in enumerate([*counts, 0]):
            if count and start is None:
                start = k
            elif not count and start is not None:
                part = [*counts[start:k], 0]
                rows.append((trial, -60 + start * width, sum(part), k - start, part[0], part[1]))
                start = None
    assert list(zip(found.trial, found.start, found.sizes, found.bins, found.first, found.second, strict=True)) == rows
    assert found.sizes.sum() == len(trains.times)
    np.testing.assert_allclose(found.durations, found.bins * width)
    assert found.branching == pytest.approx(np.mean([row[5] / row[4] for row in rows]))


def test_the_bin_is_the_mean_interval_of_all_neurons():
    trains = SpikeTrains.from_lists([[10, 30], [14], [1, 2], [9]], t_stop=100, shape=(2, 2))
    assert avalanches(trains).bin == pytest.approx((20 + 8) / 4)


def test_few_spikes():
    assert avalanches(SpikeTrains.from_lists([[], []], t_stop=10), 5).sizes.tolist() == []
    assert np.isnan(avalanches(SpikeTrains.from_lists([[]], t_stop=10), 5).branching)
    one = avalanches(SpikeTrains.from_lists([[10]], t_stop=10), 3)
    assert (one.sizes.tolist(), one.start.tolist(), one.branching) == ([1], [9], 0)
    for times in ([], [5], [5, 5]):
        with pytest.raises(RecordingError, match="none above 0: give a bin"):
            avalanches(SpikeTrains.from_lists([times], t_stop=10))
    with pytest.raises(RecordingError, match="positive and finite"):
        avalanches(SpikeTrains.from_lists([[5]], t_stop=10), 0)


def branching_process(ratio, seed, bins=40_000, drive=4.0):
    """Spikes of a branching process with immigration, in bins of 4 ms: activity decays by the ratio in each."""
    random = np.random.default_rng(seed)
    activity = [int(drive / (1 - ratio))]
    for _ in range(bins - 1):
        activity.append(random.poisson(ratio * activity[-1] + drive))
    return np.array(activity), random


@pytest.mark.parametrize("ratio", [0.5, 0.9, 0.98])
def test_branching_is_found_from_a_part_of_the_neurons(ratio):
    # Wilting & Priesemann 2018: where a tenth of the spikes is seen, one-step regression finds much less
    activity, random = branching_process(ratio, seed=1)
    seen = random.binomial(activity, 0.1)
    times = np.repeat(np.arange(len(seen)) * 4.0 + 1, seen)
    found = branching_ratio(SpikeTrains.from_lists([times], t_stop=4.0 * len(seen)), 4, 30 if ratio > 0.5 else 6)
    assert found.ratio == pytest.approx(ratio, abs=0.03 if ratio > 0.5 else 0.1)
    assert found.slopes[0] < 0.75 * ratio
    assert found.tau == pytest.approx(-4 / np.log(found.ratio))


def test_no_branching_where_nothing_changes():
    silent = SpikeTrains.from_lists([[]], t_stop=1000)
    assert np.isnan(branching_ratio(silent, 4)[:2]).all()
    with pytest.raises(RecordingError, match="less than there are bins"):
        branching_ratio(silent, 100, 9)
    with pytest.raises(RecordingError, match="at least 2"):
        branching_ratio(silent, 4, 1)
