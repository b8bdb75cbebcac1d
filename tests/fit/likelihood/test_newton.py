"""The likelihood's derivatives, its concavity, and what has no maximum."""

import numpy as np
import pytest

from lapicque.errors import FitError
from lapicque.fit.likelihood.newton import evaluate, maximum

RNG = np.random.default_rng(5)


@pytest.fixture(scope="module", params=[False, True], ids=["bernoulli", "poisson"])
def problem(request):
    design = np.column_stack([np.ones(400), RNG.normal(size=(400, 2)), RNG.random(400) < 0.2]).astype(float)
    eta = design @ [-1.0, 0.7, -0.4, 0.5]
    counts = RNG.poisson(np.exp(eta)).astype(float)
    return design, counts if request.param else np.minimum(counts, 1.0), request.param


def test_derivatives_are_those_of_finite_differences(problem):
    design, counts, poisson = problem
    at, offset, h = np.array([-0.7, 0.3, 0.2, -0.5]), np.linspace(-1, 1, 400), 1e-5
    _, gradient, hessian = evaluate(design, counts, at, offset, poisson)
    for j, step in enumerate(h * np.eye(4)):
        (up, up_gradient, _), (down, down_gradient, _) = (
            evaluate(design, counts, at + s, offset, poisson) for s in (step, -step)
        )
        np.testing.assert_allclose(gradient[j], (up - down) / (2 * h), rtol=1e-6)
        np.testing.assert_allclose(hessian[j], (up_gradient - down_gradient) / (2 * h), rtol=1e-5, atol=1e-5)


def test_value_is_the_sum_of_log_probabilities(problem):
    from scipy.stats import bernoulli, poisson

    design, counts, is_poisson = problem
    at = np.array([-0.7, 0.3, 0.2, -0.5])
    u = np.exp(design @ at)
    value = evaluate(design, counts, at, np.zeros(400), is_poisson)[0]
    if is_poisson:
        factorials = -poisson.logpmf(counts, 1.0).sum() - 400  # log(y!), which the kernel leaves out
        assert value == pytest.approx(poisson.logpmf(counts, u).sum() + factorials)
    else:
        assert value == pytest.approx(bernoulli.logpmf(counts, 1 - np.exp(-u)).sum())


@pytest.mark.parametrize("extreme", [-60.0, -20.0, 0.0, 6.0, 9.0])
def test_it_is_concave_everywhere_also_where_rates_are_extreme(problem, extreme):
    design, counts, poisson = problem
    value, _, hessian = evaluate(design, counts, np.array([extreme, 1.0, -1.0, 0.3]), np.zeros(400), poisson)
    assert np.isfinite(value)
    assert np.linalg.eigvalsh(hessian).max() <= 1e-9 * np.abs(hessian).max()


def test_the_maximum_is_where_scipy_finds_it(problem):
    from scipy.optimize import minimize

    design, counts, poisson = problem
    found = maximum(design, counts, list("abcd"), poisson=poisson)
    zero = np.zeros(400)
    other = minimize(
        lambda x: -evaluate(design, counts, x, zero, poisson)[0],
        np.zeros(4),
        jac=lambda x: -evaluate(design, counts, x, zero, poisson)[1],
        options=dict(gtol=1e-8),
    )
    np.testing.assert_allclose(found.coefficients, other.x, atol=1e-6)
    np.testing.assert_allclose(np.linalg.inv(found.covariance), -evaluate(design, counts, other.x, zero, poisson)[2],
                               rtol=1e-4)  # fmt: skip
    assert found.steps < 12


def test_units_of_covariates_do_not_matter(problem):
    design, counts, poisson = problem
    scale = np.array([1.0, 1e6, 1e-7, 30.0])
    one, other = (maximum(d, counts, list("abcd"), poisson=poisson) for d in (design, design * scale))
    np.testing.assert_allclose(one.coefficients, other.coefficients * scale, rtol=1e-7)
    np.testing.assert_allclose(one.covariance, other.covariance * np.outer(scale, scale), rtol=1e-6)


def test_a_ridge_shrinks_all_but_the_constant(problem):
    design, counts, poisson = problem
    plain, held, tight = (maximum(design, counts, list("abcd"), poisson=poisson, ridge=r) for r in (0, 30, 1e9))
    assert np.all(np.abs(held.coefficients[1:]) < np.abs(plain.coefficients[1:]))
    assert np.abs(tight.coefficients[1:]).max() < 1e-5
    mean = counts.mean()
    assert tight.coefficients[0] == pytest.approx(np.log(mean) if poisson else np.log(-np.log1p(-mean)), abs=1e-5)


@pytest.mark.parametrize(
    ("column", "what"),
    [
        (lambda y: np.zeros(y.size), "is 0 in every bin"),
        (lambda y: np.full(y.size, 3.0), "the same in every bin"),
        (lambda y: np.where(y > 0, 0.0, 1.0), "lowest value at every spike.*separation"),
        (lambda y: np.where(y > 0, np.nan, 1.0), "not finite"),
        (lambda y: 2 + np.arange(y.size) * 0.1, "do not tell 'b', 'c'"),
    ],
)
def test_what_has_no_single_maximum_is_named(column, what):
    counts = (np.arange(100) % 9 == 0).astype(float)
    design = np.column_stack([np.ones(100), np.arange(100.0), column(counts)])
    with pytest.raises(FitError, match=what):
        maximum(design, counts, list("abc"))


def test_separation_by_a_combination_is_found():
    """Neither of two covariates separates spikes from silence, but their sum does."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 300))
    counts = (x + y > 1).astype(float)
    design = np.column_stack([np.ones(300), x, y])
    with pytest.raises(FitError, match=r"grows without end|flat along"):
        maximum(design, counts, ["constant", "x", "y"])
    held = maximum(design, counts, ["constant", "x", "y"], ridge=1.0)
    assert np.isfinite(held.coefficients).all()
    assert held.coefficients[1] > 0 < held.coefficients[2]


def test_no_spikes_are_refused():
    with pytest.raises(FitError, match="no spikes"):
        maximum(np.ones((5, 1)), np.zeros(5), ["constant"])


def test_one_spike_is_enough_for_a_constant():
    found = maximum(np.ones((50, 1)), np.eye(50)[7], ["constant"])
    assert np.exp(found.coefficients[0]) == pytest.approx(-np.log1p(-1 / 50))
    assert found.covariance[0, 0] == pytest.approx(1, rel=0.05)
