"""Each test against scipy or against its definition written out, its p against chance, its power against simulation."""

import numpy as np
import pytest
from scipy import stats

from lapicque.errors import FitError
from lapicque.fit.validation import holm, kl, ks, levene, mann_whitney, wasserstein, welch
from lapicque.fit.validation.distributions import sides_of
from lapicque.fit.validation.power import power_of_t
from lapicque.fit.validation.two_sample import Change

ALL = [welch(), levene(), ks(), mann_whitney(), wasserstein(199), kl(5, 199)]


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture(params=[(30, 40), (7, 120), (200, 150)], ids=str)
def samples(request, rng):
    n, m = request.param
    return np.round(rng.gamma(2.0, 5.0, n), 1), np.round(rng.gamma(2.5, 5.0, m), 1)  # with ties


def test_equal_to_scipy(samples, rng):
    a, b = samples
    expected = {
        "Welch t": stats.ttest_ind(b, a, equal_var=False),
        "Levene": stats.levene(a, b, center="median"),
        "KS": stats.ks_2samp(a, b),
    }
    for test in (welch(), levene(), ks()):
        found = expected[test.name]
        assert test.statistic(a, b) == pytest.approx(found.statistic, rel=1e-12)
        assert test.p_value(a, b, rng) == pytest.approx(found.pvalue, rel=0.02)
    assert mann_whitney().statistic(a, b) == pytest.approx(stats.mannwhitneyu(b, a).statistic / (len(a) * len(b)))
    assert mann_whitney().p_value(a, b, rng) == stats.mannwhitneyu(a, b).pvalue
    assert wasserstein().statistic(a, b) == pytest.approx(stats.wasserstein_distance(a, b), rel=1e-12)


def test_divergence_by_its_definition(samples):
    a, b = samples
    grid = np.unique(np.concatenate([a, b]))
    share = [(np.mean(a <= x) + np.mean(b <= x)) / 2 for x in grid]
    edges = [grid[next(n for n, s in enumerate(share) if s >= k / 4 - 1e-12)] for k in (1, 2, 3)]
    counts = [[np.sum((v > low) & (v <= high)) for low, high in zip([-np.inf, *edges], [*edges, np.inf], strict=True)]
              for v in (a, b)]  # fmt: skip
    p, q = ((np.array(c) + 0.5) / (sum(c) + 2) for c in counts)
    expected = (stats.entropy(p, q, base=2) + stats.entropy(q, p, base=2)) / 2
    assert kl(4).statistic(a, b) == pytest.approx(expected, rel=1e-12)


def test_permutations_are_those_of_the_definition(rng):
    a, b = np.array([1.0, 2.0, 2.0]), np.array([2.0, 4.0])
    found = wasserstein(4000).by_chance(a, b, rng)
    pool = np.concatenate([a, b])
    naive = []
    for _ in range(4000):
        mixed = rng.permutation(pool)
        naive.append(stats.wasserstein_distance(mixed[:3], mixed[3:]))
    for value in np.unique(np.round(naive, 9)):
        assert np.mean(np.isclose(found, value)) == pytest.approx(np.mean(np.isclose(naive, value)), abs=0.03)


@pytest.mark.parametrize("test", ALL, ids=repr)
def test_p_is_uniform_where_samples_are_the_same(test, rng):
    p = [test.p_value(rng.gamma(2.0, 1.0, 40), rng.gamma(2.0, 1.0, 60), rng) for _ in range(200)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.04)
    assert np.mean(np.array(p) < 0.3) == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize("test", ALL, ids=repr)
def test_power_is_the_share_that_is_found(test, rng):
    change = Change(1.5, spread=test.spread)
    data = rng.normal(10, 4, 4000)
    draws = [(rng.choice(data, 30), change.of(data)[rng.integers(0, 4000, 40)]) for _ in range(300)]
    found = np.mean([test.p_value(a, b, rng) < 0.05 for a, b in draws])
    said = np.mean([test.power(rng.choice(data, 30), 40, change, 0.05, rng) for _ in range(4)])
    assert said == pytest.approx(found, abs=0.12)
    assert test.power(rng.choice(data, 30), 40, Change(1.0, spread=test.spread), 0.05, rng) < 0.12


def test_power_of_t_against_simulation_and_far_out(rng):
    for shift, freedom in ((0.0, 5), (2.0, 5), (-3.0, 19)):
        z = rng.normal(shift, 1, 200_000) / np.sqrt(rng.chisquare(freedom, 200_000) / freedom)
        limit = stats.t.isf(0.005, freedom)
        assert power_of_t(shift, freedom, 0.01) == pytest.approx(np.mean(np.abs(z) > limit), abs=0.004)
        assert power_of_t(shift, freedom, 0.005, two_sided=False) == pytest.approx(np.mean(z > limit), abs=0.004)
    powers = [power_of_t(shift, 19, 0.001) for shift in np.linspace(0, 200, 300)]
    assert np.isfinite(powers).all()
    assert np.all(np.diff(powers) > -1e-6)
    assert powers[-1] == pytest.approx(1)


def test_no_power_where_permutations_cannot_reach_the_level(rng):
    data = rng.normal(0, 1, 50)
    assert wasserstein(99).power(data, 50, Change(shift=100.0), 0.009, rng) == 0
    assert wasserstein(199).power(data, 50, Change(shift=100.0), 0.009, rng) == 1


def test_extremes(rng):
    same, other = np.full(5, 3.0), np.full(5, 4.0)
    assert welch().p_value(same, same, rng) == 1
    assert welch().p_value(same, other, rng) == 0
    assert mann_whitney().p_value(same, same, rng) == 1
    assert levene().statistic(same, other) == 0
    assert ks().statistic(same, other) == 1
    assert kl().statistic(same, same) == 0
    assert wasserstein().statistic(np.array([1, 2]), np.array([2, 3])) == 1  # whole numbers
    assert sides_of(same, other).grid.tolist() == [3, 4]
    for wrong in (dict(permutations=3), dict(permutations=99.0), dict(bins=1)):
        with pytest.raises(FitError, match=next(iter(wrong))):
            kl(**wrong)


def test_holm_against_its_steps(rng):
    p = rng.random(9) ** 3
    order = np.argsort(p)
    rejected = np.zeros(9, bool)
    for k, n in enumerate(order):  # step down until the first that stands
        if p[n] > 0.05 / (9 - k):
            break
        rejected[n] = True
    assert np.array_equal(holm(p) <= 0.05, rejected)
    assert holm([]).size == 0
    assert np.isnan(holm([np.nan, np.nan])).all()


@pytest.mark.parametrize(("n", "m"), [(3, 3), (3, 4), (6, 5), (40, 30)])
def test_the_power_of_ks_is_the_share_of_changed_samples_that_fail(n, m):
    """With three values on each side p is 0.1 at least: a pass would say nothing."""
    rng, change, level = np.random.default_rng(4), Change(1.5), 0.025
    data = rng.normal(20, 2, n)
    changed = ((rng.choice(data, n), 1.5 * rng.choice(data, m)) for _ in range(400))
    share = np.mean([stats.ks_2samp(a, b, method="exact").pvalue < level for a, b in changed])
    assert ks().power(data, m, change, level, rng) == pytest.approx(share, abs=0.06)
    assert n > 3 or share == 0
