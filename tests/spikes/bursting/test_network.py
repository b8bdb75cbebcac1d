import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, bursts, network_bursts, poisson


def naive(found, trial, share, gap):
    neurons = found.shape[1]
    mine = [k for k in range(len(found)) if found.train[k] // neurons == trial]
    groups = [{k} for k in mine]
    merged = True
    while merged:
        merged = False
        for a in groups:
            for b in groups:
                near = any(
                    found.start[i] <= found.stop[j] + gap and found.start[j] <= found.stop[i] + gap
                    for i in a
                    for j in b
                )
                if a is not b and near:
                    a |= b
                    groups.remove(b)
                    merged = True
                    break
            if merged:
                break
    rows = [
        (
            min(found.start[list(g)]), max(found.stop[list(g)]), len({found.train[k] for k in g}),
            sum(found.spikes[list(g)]),
        )
        for g in groups
    ]  # fmt: skip
    return sorted(row for row in rows if row[2] >= share * neurons)


@pytest.mark.parametrize(("share", "gap"), [(0, 0), (0.5, 0), (0.5, 20), (1, 60)])
def test_groups_of_bursts_that_overlap(share, gap):
    made = poisson(40, 800, seed=1, trains=12)
    trains = SpikeTrains(made.times, made.offsets, 0, 800, shape=(3, 4))
    single = bursts(trains, 15)
    found = network_bursts(single, share, gap=gap)
    for trial in range(3):
        mine = found.trial == trial
        rows = zip(found.start[mine], found.stop[mine], found.neurons[mine], found.spikes[mine], strict=True)
        assert list(rows) == naive(single, trial, share, gap)
    assert found.counts.sum() == len(found) > 0
    np.testing.assert_allclose(found.rate(), found.counts / 0.8)


def test_a_network_that_bursts_together():
    random = np.random.default_rng(2)
    at = np.arange(1000, 20_000, 1000)
    trains = [np.sort((at[:, None] + random.uniform(0, 40, (len(at), 12))).ravel()) for _ in range(20)]
    found = network_bursts(bursts(SpikeTrains.from_lists(trains, t_stop=20_000), 30), 0.5)
    assert len(found) == len(at)
    assert np.all((found.start >= at) & (found.durations < 40) & (found.neurons == 20))
    assert found.rate()[0] == pytest.approx(0.95)


def test_without_bursts_there_are_none():
    trains = SpikeTrains.from_lists([[], [4], [9], []], t_stop=10, shape=(2, 2))
    found = network_bursts(bursts(trains, 1))
    assert (len(found), found.counts.tolist(), found.rate().tolist()) == (0, [0, 0], [0, 0])
    with pytest.raises(RecordingError, match="between 0 and 1"):
        network_bursts(bursts(trains, 1), 2)
    with pytest.raises(RecordingError, match="not below 0"):
        network_bursts(bursts(trains, 1), gap=-1)


def test_a_share_is_met_whatever_its_rounding():
    # 0.14 * 50 is 7.000000000000001
    trains = SpikeTrains.from_lists([[10, 11, 12]] * 7 + [[]] * 43, t_stop=100)
    assert network_bursts(bursts(trains, max_isi=2), share=0.14).neurons.tolist() == [7]


def test_an_endless_gap_is_refused():
    trains = SpikeTrains.from_lists([[1, 2, 3, 50, 51, 52]], t_stop=60)
    with pytest.raises(RecordingError, match="the gap, inf ms, not below 0 and finite"):
        network_bursts(bursts(trains, 5), gap=np.inf)
