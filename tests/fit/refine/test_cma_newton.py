"""The distribution that Gauss-Newton's curvature begins: its shape, what comes from elsewhere, and where it helps."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit.refine.cma_newton import INDEPENDENT, covariance
from lapicque.fit.refine.residuals import Normal, nothing
from lapicque.optimizers import cma_es


def test_the_covariance_is_that_of_linear_regression():
    """sigma^2 inverse(J'J) where the data say all; the spread where they say nothing."""
    random = np.random.default_rng(0)
    slopes, residuals = random.normal(size=(50, 3)), random.normal(0, 0.01, 50)
    found = Normal(slopes.T @ slopes, slopes.T @ residuals, float(residuals @ residuals), 50)
    variance = residuals @ residuals / 50
    np.testing.assert_allclose(covariance(found, 10.0), variance * np.linalg.inv(slopes.T @ slopes), rtol=1e-4)
    np.testing.assert_allclose(covariance(nothing(3), 0.05), 0.05**2 * np.eye(3))
    exact = Normal(np.eye(2), np.zeros(2), 0.0, 10)  # no residual at all is no certainty
    assert (np.diag(covariance(exact, 0.05)) > 0).all()
    many = Normal(found.curvature * 100, found.gradient, found.squares * 100, 50 * 100)  # neighbouring samples
    expected = variance * np.linalg.inv(slopes.T @ slopes) * 50 / INDEPENDENT
    np.testing.assert_allclose(covariance(many, 10.0), expected, rtol=1e-4)


def test_a_search_around_a_place_has_the_covariance():
    given = np.array([[4e-4, 1e-4], [1e-4, 1e-4]])
    search = cma_es(population=4000).around(np.array([0.5, 0.4]), given, seed=1)
    points = search.ask()
    np.testing.assert_allclose(np.cov(points.T), given, rtol=0.1)
    np.testing.assert_allclose(points.mean(axis=0), [0.5, 0.4], atol=1e-3)
    assert not np.array_equal(points, cma_es(population=4000).around(np.array([0.5, 0.4]), given, seed=[1, 2]).ask())
    for wrong, message in ((np.eye(3), "shape"), (np.zeros((2, 2)), "positive"), (np.full((2, 2), np.nan), "positive")):
        with pytest.raises(FitError, match=message):
            cma_es().around(np.array([0.5, 0.4]), wrong, seed=0)


def test_what_comes_from_elsewhere_is_moved_on_its_line():
    search = cma_es(population=8).around(np.array([0.5, 0.5]), np.diag([1e-2, 1e-4]), seed=0)
    points = search.ask()
    points[:3] = [[0.9, 0.5], [0.5, 0.9], [0.51, 0.5]]
    moved = search.within(points, slice(0, 3))
    most = np.sqrt(2) + 2 * 2 / (2 + 2)  # Hansen 2011, equation 3
    np.testing.assert_allclose(moved[1], [0.5, 0.5 + most * 0.01])
    np.testing.assert_allclose(moved[0], [0.5 + most * 0.1, 0.5])
    np.testing.assert_array_equal(moved[2:], points[2:])


def test_spikes_are_found_to_the_step(noisy_current, spikes_of):
    """All spikes in their very steps; Gauss-Newton alone stops before from the same start."""
    current = noisy_current(5000, mean=350.0, sd=100.0)
    data = spikes_of(lq.neurons.lif.with_(c_m=210, g_l=11, t_ref=3), current)
    problem = lq.fit.Problem(
        lq.neurons.lif, [lq.fit.Trial(current, data)], free=dict(c_m=(100, 400), g_l=(5, 20), t_ref=(1, 6)),
        distance=lq.distances.spike(),
    )  # fmt: skip
    start = dict(c_m=270, g_l=7, t_ref=4.5)
    found = lq.fit.refine(problem, lq.fit.cma_newton(), x0=start, budget=1500, progress=False)
    assert found.loss == 0
    np.testing.assert_array_equal(problem.respond(found.point[None]).times, data.times)
    assert lq.fit.refine(problem, x0=start, budget=1500, progress=False).loss > 0
    again = lq.fit.refine(problem, lq.fit.cma_newton(), x0=start, budget=1500, progress=False, threads=2)
    np.testing.assert_array_equal(again.point, found.point)
