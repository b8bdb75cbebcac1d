import numpy as np
import pytest

from lapicque.distances import isi
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains, poisson


def naive(a, b, edges, nodes):
    total = 0.0
    for begin, end in nodes.pieces(a, b, edges):
        u, v = (np.subtract(*nodes.around((begin + end) / 2, *nodes.corners(x, edges))[::-1]) for x in (a, b))
        total += abs(u - v) / max(u, v) * (end - begin)
    return total / a.duration


@pytest.mark.parametrize("edges", ["corrected", "real"])
def test_the_definition(pairs, nodes, edges):
    for a, b in pairs:
        assert isi(edges)(a, b) == pytest.approx(naive(a, b, edges, nodes), rel=1e-12, abs=1e-13)


def test_mean_of_the_profile_is_the_distance(pairs):
    for a, b in pairs:
        assert isi().profile(a, b).mean() == pytest.approx(isi()(a, b), rel=1e-12, abs=1e-13)


def test_two_clocks_differ_by_the_ratio_of_their_rates(one):
    # Kreuz et al. 2007, eq. 3: I(t) = 1 - I_fast / I_slow at all times
    fast, slow = one(*np.arange(0, 1001, 10)), one(*np.arange(0, 1001, 25))
    assert isi()(fast, slow) == pytest.approx(1 - 10 / 25, rel=1e-12)
    assert np.unique(isi().profile(fast, slow).after.round(12)) == pytest.approx([0.6])


def test_shifted_clocks_are_the_same():
    # it sees intervals and not times: only the edges differ
    clocks = [np.arange(phase, 1001.0, 10.0) for phase in (0.0, 3.0)]
    a, b = SpikeTrains.from_lists(clocks, t_stop=1000)
    assert isi()(a, b) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("rates", [(20, 20), (10, 30)])
def test_poisson_trains(rates):
    # Mulansky et al. 2015: (r^2 + s^2) / (r + s)^2, so 1/2 for equal rates
    a, b = (poisson(rate, 1_000_000, seed=rate + k) for k, rate in enumerate(rates))
    r, s = rates
    assert isi()(a, b) == pytest.approx((r**2 + s**2) / (r + s) ** 2, abs=0.01)


def test_time_has_no_scale(pairs):
    for pair in pairs[:20]:
        stretched = SpikeTrains(pair.times * 8, pair.offsets, pair.t_start * 8, pair.t_stop * 8)
        assert isi()(*stretched) == pytest.approx(isi()(*pair), rel=1e-12, abs=1e-14)


def test_edge_conventions_by_hand(one):
    # before 30 and after 50: PySpike's correction takes max(distance to the edge, neighbouring interval)
    a, b = one(30, 50, t_stop=80), one(40, t_stop=80)
    # a: 30 until 30, 20 until 50, 30 after; b: 40 throughout
    assert isi()(a, b) == pytest.approx((0.25 * 30 + 0.5 * 20 + 0.25 * 30) / 80)
    near = one(5, 50, t_stop=80)  # the first interval is 45 before 5 as well
    assert isi().profile(near, b)(2.0) == pytest.approx(5 / 45)
    assert isi(edges="real").profile(near, b)(2.0) == pytest.approx(35 / 40)


def test_an_empty_train_has_one_interval(one):
    assert isi()(one(), one()) == 0
    assert isi()(one(), one(250, 500, 750)) == pytest.approx(0.75)


def test_an_unknown_convention_is_named():
    with pytest.raises(DistanceError, match=r"edges='corected' .*did you mean 'corrected'"):
        isi(edges="corected")
