import numpy as np
import pytest

from lapicque.distances import spike
from lapicque.spikes import SpikeTrains, poisson


def naive(a, b, edges, nodes):
    def nearest(node, own, other):
        spikes, before, after = nodes.corners(own, edges)
        others = [nodes.corners(other, edges)[1], *nodes.corners(other, edges)[0], nodes.corners(other, edges)[2]]
        # an auxiliary node has the distance of the spike beside it; but see the leaf for the one exception
        if node not in spikes and not (node == after and spikes == [own.t_start]):
            node = spikes[0] if node == before else spikes[-1]
        return min(abs(node - x) for x in others)

    def dissimilarity(t, own, other):
        before, after = nodes.around(t, *nodes.corners(own, edges))
        share = (t - before) / (after - before)
        return nearest(before, own, other) * (1 - share) + nearest(after, own, other) * share, after - before

    total = 0.0
    for begin, end in nodes.pieces(a, b, edges):
        middle = (begin + end) / 2
        (s_a, isi_a), (s_b, isi_b) = dissimilarity(middle, a, b), dissimilarity(middle, b, a)
        total += (s_a * isi_b + s_b * isi_a) / 2 / ((isi_a + isi_b) / 2) ** 2 * (end - begin)
    return total / a.duration


@pytest.mark.parametrize("edges", ["corrected", "real"])
def test_the_definition(pairs, nodes, edges):
    for a, b in pairs:
        assert spike(edges)(a, b) == pytest.approx(naive(a, b, edges, nodes), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("edges", ["corrected", "real"])
def test_mean_of_the_profile_is_the_distance(pairs, edges):
    for a, b in pairs:
        assert spike(edges).profile(a, b).mean() == pytest.approx(spike(edges)(a, b), rel=1e-12, abs=1e-13)


def test_the_example_of_spike_synchrony_jl(one):
    # one spike at 1, one at 2, window 0 to 3, edges as spikes: intervals (1, 2), (2, 2), (2, 1);
    # at 1: (1 * 2 + 1/2 * 1) / (2 * 1.5**2) = 5/9 before, (1 * 2 + 1/2 * 2) / (2 * 2**2) = 3/8 after
    a, b = one(1, t_stop=3), one(2, t_stop=3)
    profile = spike(edges="real").profile(a, b)
    values = np.column_stack([profile.after, profile.before]).ravel()
    np.testing.assert_allclose(values, [0, 5 / 9, 3 / 8, 3 / 8, 5 / 9, 0], atol=1e-15)
    np.testing.assert_array_equal(profile.times, [0, 1, 2, 3])
    assert spike(edges="real")(a, b) == pytest.approx((5 / 9 + 3 / 8) / 3, rel=1e-14)
    assert spike(edges="real")(a, b) == pytest.approx(0.310185, abs=5e-7)


def test_no_distance_where_spikes_coincide(one):
    a, b = one(100, 300, 500), one(110, 300, 480)
    assert spike().profile(a, b)(300.0) == 0.0
    assert spike().profile(a, b)(200.0) > 0.0


def test_poisson_trains_of_one_rate():
    # Mulansky et al. 2015, from simulations: about 0.295 for independent Poisson trains of one rate, whichever
    for rate in (10, 40):
        matrix = spike().matrix(poisson(rate, 200_000, seed=2, trains=6))
        assert matrix[np.triu_indices(6, 1)].mean() == pytest.approx(0.295, abs=0.01)


def test_it_grows_with_a_shift_of_a_clock():
    # inside, both intervals are T and all distances d: the profile is d / T
    period = 50.0
    for d in (1.0, 10.0, 25.0):
        times = [np.arange(25.0, 5000.0 - 50, period), np.arange(25.0, 5000.0 - 50, period) + d]
        profile = spike().profile(*SpikeTrains.from_lists(times, t_stop=5000))
        assert profile.mean(1000, 4000) == pytest.approx(d / period, rel=1e-12)


def test_time_has_no_scale(pairs):
    for pair in pairs[:20]:
        stretched = SpikeTrains(pair.times * 8, pair.offsets, pair.t_start * 8, pair.t_stop * 8)
        assert spike()(*stretched) == pytest.approx(spike()(*pair), rel=1e-12, abs=1e-14)


def test_empty_trains_have_spikes_at_both_edges(one):
    assert spike()(one(), one()) == 0
    assert spike()(one(), one(0, 1000)) == 0
    assert spike()(one(), one(500)) > 0
