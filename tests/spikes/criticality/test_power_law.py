import numpy as np
import pytest
from scipy.special import zeta
from scipy.stats import ks_1samp, kstest

from lapicque.errors import LapicqueNotice, RecordingError
from lapicque.spikes import power_law, tails
from lapicque.spikes.criticality.tail_fit import law


def draw(exponent, number, seed, xmin=1, discrete=True):
    return law(exponent, xmin, discrete)(np.random.default_rng(seed), number)


@pytest.mark.parametrize("xmin", [1, 5])
@pytest.mark.parametrize("exponent", [1.5, 2.5, 3.5])
def test_draws_have_the_distribution(exponent, xmin):
    values = draw(exponent, 20_000, 1, xmin)
    for x in (xmin, xmin + 1, xmin + 4, 20 * xmin, 30_000):
        expected = zeta(exponent, x) / zeta(exponent, xmin)
        assert np.mean(values >= x) == pytest.approx(expected, abs=4 * np.sqrt(expected / 20_000) + 1e-4)
    real = draw(exponent, 5000, 2, xmin, discrete=False)
    assert kstest(real, lambda x: 1 - (x / xmin) ** (1 - exponent)).pvalue > 0.01


@pytest.mark.parametrize("discrete", [True, False])
@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0])
def test_exponents_are_recovered_within_their_errors(exponent, discrete):
    scores = []
    for seed in range(30):
        found = power_law(draw(exponent, 1000, seed, 2, discrete), xmin=2, discrete=discrete)
        scores.append((found.exponent - exponent) / found.error)
    assert abs(np.mean(scores)) < 0.6
    assert 0.6 < np.std(scores) < 1.4


def test_the_exponent_is_the_likeliest():
    values = draw(2.2, 500, 3).astype(int)
    found = power_law(values, xmin=1)
    grid = np.linspace(1.5, 3.5, 20_001)
    likelihood = -grid * np.log(values).sum() - len(values) * np.log(zeta(grid, 1))
    assert found.exponent == pytest.approx(grid[likelihood.argmax()], abs=2e-4)
    # from few values and nearly all of them 1: far from the usual approximation
    steep = power_law(np.repeat([1, 2], [999, 1]), xmin=1)
    assert steep.exponent == pytest.approx(np.log2(999), abs=0.05)


def test_the_distance_is_that_of_kolmogorov_and_smirnov():
    values = draw(2.0, 400, 4, discrete=False)
    found = power_law(values, xmin=1)
    assert found.distance == pytest.approx(ks_1samp(values, lambda x: 1 - x ** (1 - found.exponent)).statistic)
    sizes = draw(2.5, 400, 5).astype(int)
    found = power_law(sizes, xmin=1)
    whole = np.arange(1, sizes.max() + 2)
    model = 1 - zeta(found.exponent, whole + 1) / zeta(found.exponent, 1)
    naive = max(abs(np.mean(sizes <= x) - p) for x, p in zip(whole, model, strict=True))
    assert found.distance == pytest.approx(naive, abs=1e-12)


def test_the_law_begins_where_it_does():
    # Clauset, Shalizi & Newman 2009, section 3.3: flat or exponential up to 10, a power law from there on
    found = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        body = random.uniform(1, 10, 1500)
        tail = draw(2.5, 1500, seed, 10, discrete=False)
        found.append(power_law(np.concatenate([body, tail])))
    assert np.median([one.xmin for one in found]) == pytest.approx(10, rel=0.2)
    assert np.median([one.exponent for one in found]) == pytest.approx(2.5, abs=0.1)
    # of some that are given
    assert power_law(np.concatenate([body, tail]), xmin=[2, 10]).xmin == 10


def test_p_values_tell_laws_from_others():
    assert power_law(np.random.default_rng(1).geometric(0.15, 600), xmin=1).p_value(40, seed=1) == 0
    p = [power_law(draw(2.0, 150, seed), xmin=1, discrete=True).p_value(40, seed=seed) for seed in range(40)]
    assert kstest(p, "uniform").pvalue > 0.01
    chosen = power_law(draw(2.5, 200, 6, discrete=False))
    assert chosen.p_value(20, seed=3, threads=1) == chosen.p_value(20, seed=3, threads=2)
    assert chosen.p_value(20, seed=np.random.default_rng(3)) == chosen.p_value(20, seed=3)


def test_the_likelihood_ratio_favours_the_truth():
    for discrete in (True, False):
        fitted = power_law(draw(2.0, 2000, 7, discrete=discrete), xmin=1, discrete=discrete)
        exponential = fitted.against(tails.exponential())
        assert exponential.ratio > 0
        assert exponential.p < 0.01
        assert fitted.against(tails.lognormal()).p > 0.05 or fitted.against(tails.lognormal()).ratio > 0
    random = np.random.default_rng(8)
    other = power_law(1 + random.exponential(3, 2000), xmin=1).against(tails.exponential())
    assert other.ratio < 0
    assert other.p < 0.01
    normal = power_law(np.ceil(random.lognormal(2, 0.5, 2000)).astype(int), xmin=3).against(tails.lognormal())
    assert normal.ratio < 0
    assert normal.p < 0.01


@pytest.mark.parametrize("discrete", [True, False])
@pytest.mark.parametrize("tail", [tails.exponential(), tails.lognormal()], ids=lambda tail: tail.name)
def test_tails_are_distributions_at_their_likeliest(tail, discrete):
    random = np.random.default_rng(9)
    drawn = 2 + random.geometric(0.2, 400) if discrete else 3 + random.exponential(5, 400)
    here = tail.log_likelihood(drawn.astype(float), 3.0, discrete)
    if tail.name == "exponential":
        mean = drawn.mean() - 3
        expected = (
            np.log(1 / (1 + mean)) + (drawn - 3) * np.log(mean / (1 + mean)) if discrete
            else -np.log(mean) - (drawn - 3) / mean
        )  # fmt: skip
        np.testing.assert_allclose(here, expected)
    else:
        from scipy.optimize import minimize
        from scipy.stats import norm

        def loss(parameters):
            mean, sd = parameters
            x = np.log(drawn)
            if discrete:
                low, high = (norm.cdf((np.log(drawn + s) - mean) / sd) for s in (-0.5, 0.5))
                return -np.sum(np.log(high - low) - norm.logsf((np.log(2.5) - mean) / sd))
            return -np.sum(norm.logpdf(x, mean, sd) - x - norm.logsf((np.log(3.0) - mean) / sd))

        best = min(minimize(loss, start, method="Nelder-Mead").fun for start in ((2, 0.5), (1, 1), (0, 1.5)))
        assert -here.sum() == pytest.approx(best, rel=1e-4)


def test_values_without_a_law():
    for values in ([3], [3, 3, 3]):
        found = power_law(values)
        assert np.isnan([found.exponent, found.distance, found.p_value(5, seed=1)]).all()
        assert np.isnan(found.against(tails.exponential())).all()
    for wrong, match in (([], "there are none"), ([1, 0], "0.0 is not"), ([1, np.nan], "nan is not")):
        with pytest.raises(RecordingError, match=match):
            power_law(wrong)
    with pytest.raises(RecordingError, match=r"whole numbers, not 1\.5"):
        power_law([1.5, 2], discrete=True)
    with pytest.raises(RecordingError, match="xmin of discrete values"):
        power_law([1, 2, 3], xmin=1.5)
    with pytest.raises(RecordingError, match="not beyond all values"):
        power_law([1, 2, 3], xmin=4)
    with pytest.raises(RecordingError, match="needs draws, not 0"):
        power_law([1, 2, 3]).p_value(0, seed=1)


def test_durations_in_ms_are_told_not_to_be_real_numbers():
    bins = np.random.default_rng(1).zipf(2.0, 500)
    exponent = power_law(bins, xmin=1).exponent
    assert exponent == pytest.approx(2.0, abs=0.15)
    with pytest.warns(LapicqueNotice, match=r"give the numbers of bins \(Avalanches.bins\)"):
        wrong = power_law(bins * 4.0, xmin=4.0).exponent
    assert abs(wrong - exponent) > 0.5
    assert power_law(bins * 4.0, xmin=4.0, discrete=False).exponent == wrong
