"""The minimum relevant time scale in all three measures, and the rate-independent SPIKE-distance, spelled out."""

import numpy as np
import pytest

from lapicque.distances import isi, relevant_time_scale, spike, spike_synchronization
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains


def naive_isi(a, b, mrts, nodes):
    total = 0.0
    for begin, end in nodes.pieces(a, b, "corrected"):
        lengths = []
        for train in (a, b):
            before, after = nodes.around((begin + end) / 2, *nodes.corners(train, "corrected"))
            lengths.append(after - before)
        total += abs(lengths[0] - lengths[1]) / max(*lengths, mrts) * (end - begin)
    return total / a.duration


def naive_spike(a, b, mrts, independent, nodes):
    def nearest(node, own, other):
        spikes, before, after = nodes.corners(own, "corrected")
        others = [nodes.corners(other, "corrected")[1], *nodes.corners(other, "corrected")[0]]
        others.append(nodes.corners(other, "corrected")[2])
        if node not in spikes and not (node == after and spikes == [own.t_start]):
            node = spikes[0] if node == before else spikes[-1]
        return min(abs(node - x) for x in others)

    def at(t, own, other):
        before, after = nodes.around(t, *nodes.corners(own, "corrected"))
        share = (t - before) / (after - before)
        return nearest(before, own, other) * (1 - share) + nearest(after, own, other) * share, after - before

    total = 0.0
    for begin, end in nodes.pieces(a, b, "corrected"):
        (s_a, isi_a), (s_b, isi_b) = at((begin + end) / 2, a, b), at((begin + end) / 2, b, a)
        mean = (isi_a + isi_b) / 2
        if independent:
            total += (s_a + s_b) / 2 / max(mean, mrts) * (end - begin)
        else:
            total += (s_a * isi_b + s_b * isi_a) / 2 / (mean * max(mean, mrts)) * (end - begin)
    return total / a.duration


def coincide(first, second, trains, mrts, window):
    """Whether two spikes coincide, ``first`` not later: Satuvuori et al. 2017, eq. 19."""
    halves = []
    for time, train, towards in ((first, trains[0], 1), (second, trains[1], -1)):
        k = train.index(time)
        before = (train[k] - train[k - 1] if k else window) / 2
        after = (train[k + 1] - train[k] if k + 1 < len(train) else window) / 2
        inner, outer = (after, before) if towards == 1 else (before, after)
        halves.append(min(inner, max(min(inner, outer), mrts / 4)))
    return abs(first - second) < min(halves)


def naive_coincidences(a, b, mrts):
    x, y = (sorted(set(train.times.tolist())) for train in (a, b))
    found = []
    for s in x:
        for t in y:
            pair = (s, t, (x, y)) if s <= t else (t, s, (y, x))
            if coincide(*pair, mrts, a.duration):
                found.append((s, t))
    return x, y, found


@pytest.mark.parametrize("mrts", [0.0, 3.0, 40.0])
def test_isi_and_spike(pairs, nodes, mrts):
    for a, b in pairs:
        assert isi(mrts=mrts)(a, b) == pytest.approx(naive_isi(a, b, mrts, nodes), rel=1e-12, abs=1e-13)
        for rate in ("dependent", "independent"):
            expected = naive_spike(a, b, mrts, rate == "independent", nodes)
            distance = spike(mrts=mrts, rate=rate)
            assert distance(a, b) == pytest.approx(expected, rel=1e-12, abs=1e-13)
            assert distance.profile(a, b).mean() == pytest.approx(expected, rel=1e-12, abs=1e-13)
        assert isi(mrts=mrts).profile(a, b).mean() == pytest.approx(isi(mrts=mrts)(a, b), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("mrts", [0.0, 3.0, 40.0, 400.0])
def test_spike_synchronization(pairs, mrts):
    for a, b in pairs:
        x, y, found = naive_coincidences(a, b, mrts)
        assert len({s for s, _ in found}) == len({t for _, t in found}) == len(found)
        expected = 2 * len(found) / (len(x) + len(y)) if x or y else 1.0
        distance = spike_synchronization(mrts=mrts)
        assert distance(a, b) == pytest.approx(expected, abs=1e-15)
        assert distance.profile(a, b).mean() == pytest.approx(expected, abs=1e-15)


def test_order_and_directionality(pairs):
    for a, b in pairs:
        both = SpikeTrains.from_lists([a.times, b.times], t_start=a.t_start, t_stop=a.t_stop)
        x, y, found = naive_coincidences(a, b, 0.0)
        leading = sum(np.sign(t - s) for s, t in found)
        profile, matrix = spike_synchronization().order(both), spike_synchronization().directionality(both)
        if x or y:
            assert profile.mean() == pytest.approx(2 * leading / (len(x) + len(y)), abs=1e-15)
            assert matrix[0, 1] == -matrix[1, 0] == pytest.approx(2 * leading / (len(x) + len(y)), abs=1e-15)
        else:
            assert np.isnan(profile.mean())
            assert np.isnan(matrix).all()


def test_a_synfire_chain_has_order_1():
    chain = SpikeTrains.from_lists([np.arange(10, 500, 50) + 2 * k for k in range(5)], t_stop=520)
    sync = spike_synchronization()
    assert sync.order(chain).mean() == 1
    assert sync.order(chain[[4, 3, 2, 1, 0]]).mean() == -1
    assert sync.order(chain[[0, 0]]).mean() == 0
    np.testing.assert_array_equal(sync.directionality(chain), np.sign(np.arange(5)[None] - np.arange(5)[:, None]))


def test_bursts_count_less_on_the_scale_of_the_train():
    # Satuvuori et al. 2017: doublets 2 ms apart, 3 ms later in the other train, every 100 ms
    starts = np.arange(50.0, 1000, 100)
    a, b = (SpikeTrains.from_lists([np.sort(np.r_[starts + d, starts + d + 2])], t_stop=1000) for d in (0, 1.5))
    assert isi(mrts="50 ms")(a, b) < isi()(a, b)
    assert spike(mrts="50 ms")(a, b) < spike()(a, b)
    # the last spike of a doublet, 8 ms before a single one: half of the doublet's interval is too short for it
    a, b = (SpikeTrains.from_lists([np.sort(times)], t_stop=1000) for times in (np.r_[starts, starts + 2], starts + 10))
    assert spike_synchronization()(a, b) == 0
    assert spike_synchronization(mrts="50 ms")(a, b) == pytest.approx(2 / 3)


def test_the_scale_is_the_root_mean_square_interval():
    regular = SpikeTrains.from_lists([np.arange(10.0, 1000, 10)] * 3, t_stop=1000)
    assert relevant_time_scale(regular) == pytest.approx(10)
    assert relevant_time_scale(SpikeTrains.from_lists([[]], t_stop=70)) == 70
    assert np.isnan(relevant_time_scale(regular[:0]))


def test_zero_is_the_measure_without_it(pairs):
    for a, b in pairs[:30]:
        for make in (isi, spike, spike_synchronization):
            assert make(mrts="0 ms")(a, b) == make()(a, b)
            assert make(mrts=1e-9)(a, b) == pytest.approx(make()(a, b), abs=1e-9)


@pytest.mark.parametrize("make", [isi, spike, spike_synchronization])
def test_scales_that_make_no_sense(make):
    for wrong in (-1, np.nan, np.inf):
        with pytest.raises(DistanceError, match="minimum relevant time scale must be finite and not negative"):
            make(mrts=wrong)
    with pytest.raises(DistanceError, match="rate='same' is neither of 'dependent', 'independent'"):
        spike(rate="same")
