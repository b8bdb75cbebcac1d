"""CMA-ES: what Hansen & Ostermeier 2001 and Auger & Hansen 2005 state of it, and the restarts."""

import json
import re

import numpy as np
import pytest
from cmaes import CMA

from lapicque.errors import FitError
from lapicque.optimizers import cma_es


def generations(search, objective, number):
    asked = []
    for _ in range(number):
        points = search.ask()
        asked.append(points)
        search.tell(points, objective(points))
    return asked


def test_only_the_order_of_the_values_counts():
    """Hansen & Ostermeier 2001: invariance under strictly increasing transformations of the objective."""

    def parabola(points):
        return np.sum((points - 0.4) ** 2, axis=1)

    plain = generations(cma_es(population=16, least_gain=0).start(3, 1), parabola, 30)
    bent = generations(cma_es(population=16, least_gain=0).start(3, 1), lambda x: 7 + np.log(parabola(x)), 30)
    np.testing.assert_array_equal(plain, bent)


def test_distribution_learns_a_rotated_ellipsoid():
    """The covariance becomes proportional to the inverse Hessian: here axes of 1 and 100 at 45 degrees."""
    turn = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    search = cma_es(population=40, sigma0=0.1, least_gain=0, tolerance=0).start(2, 0, x0=np.array([0.3, 0.6]))
    generations(search, lambda x: ((x - 0.5) @ turn) ** 2 @ [1.0, 1e4], 30)
    assert search.restarts == 0
    lengths, axes = np.linalg.eigh(search.run._C)
    assert 50 < np.sqrt(lengths[1] / lengths[0]) < 200
    np.testing.assert_allclose(np.abs(axes[:, 1]), [np.sqrt(0.5)] * 2, atol=0.05)


def test_distribution_is_updated_as_the_package_does_it():
    """The same samples told to `cmaes.CMA` itself give the same distribution."""
    search = cma_es(population=12, sigma0=0.2).start(3, 5)
    own = CMA(mean=np.full(3, 0.5), sigma=0.2, population_size=12)
    for _ in range(20):
        points = search.ask()
        values = np.sum(np.abs(points - 0.2), axis=1)
        search.tell(points, values)
        own.ask()
        own.tell(list(zip(points, values, strict=True)))
    np.testing.assert_allclose(search.run.mean, own.mean, rtol=1e-12)
    np.testing.assert_allclose(search.run._C, own._C, rtol=1e-9)
    assert search.run._sigma == pytest.approx(own._sigma, rel=1e-12)


def test_samples_have_the_mean_and_the_spread_of_the_start():
    points = cma_es(population=20_000, sigma0=0.05).start(2, 0, x0=np.array([0.3, 0.6])).ask()
    np.testing.assert_allclose(points.mean(axis=0), [0.3, 0.6], atol=2e-3)
    np.testing.assert_allclose(points.std(axis=0), 0.05, rtol=0.02)


def test_samples_are_drawn_again_before_they_are_moved_to_a_face():
    at_a_corner = np.zeros(2)
    again = cma_es(population=400).start(2, 0, x0=at_a_corner).ask()
    moved = cma_es(population=400, redraws=0).start(2, 0, x0=at_a_corner).ask()
    # A quarter of a normal distribution around a corner is inside: 20 rounds leave 400 x 0.75**21 = 1 outside.
    assert np.mean((again == 0).any(axis=1)) < 0.02
    assert np.mean((moved == 0).any(axis=1)) == pytest.approx(0.75, abs=0.07)


def test_population_grows_at_each_restart():
    """IPOP-CMA-ES doubles the population."""
    search = cma_es(population=8, growth=2.0).start(2, 0)
    sizes = []
    while search.restarts < 3:
        points = search.ask()
        sizes.append(len(points))
        search.tell(points, np.zeros(len(points)))
    assert sorted(set(sizes)) == [8, 16, 32]
    assert sizes == sorted(sizes)


def test_restarts_find_the_deep_one_of_two_valleys():
    """One run ends in the wide valley around 0.7; restarts find the narrow, deeper one at 0.1."""

    def valleys(points):
        distance = np.linalg.norm(points - 0.1, axis=1)
        return np.sum((points - 0.7) ** 2, axis=1) - 3 * np.exp(-((distance / 0.1) ** 2))

    search = cma_es(population=16, sigma0=0.1).start(2, 0, x0=np.full(2, 0.7))
    while not search.restarts:
        generations(search, valleys, 1)
    np.testing.assert_allclose(search.best_point, 0.7, atol=1e-3)
    generations(search, valleys, 1_000)
    np.testing.assert_allclose(search.best_point, 0.1, atol=0.01)


def test_patience_ends_a_run_on_a_plateau():
    search = cma_es(population=8, patience=5).start(2, 0)
    generations(search, lambda x: np.zeros(len(x)), 5)
    assert search.restarts == 0
    generations(search, lambda x: np.zeros(len(x)), 1)
    assert search.restarts == 1


def test_small_gains_do_not_renew_the_patience():
    for fall, restarts in ((0.01, 1), (0.5, 0)):
        search = cma_es(population=8, patience=5, least_gain=0.2).start(2, 0)
        value = iter(np.arange(10) * -fall)
        generations(search, lambda x, value=value: np.full(len(x), next(value)), 8)
        assert search.restarts == restarts


def test_default_population_fills_a_block_of_lanes():
    assert len(cma_es().start(9, 0).ask()) == 64


def test_start_outside_the_cube_is_moved_to_it():
    search = cma_es().start(2, 0, x0=np.array([-1.0, 2.0]))
    np.testing.assert_array_equal(search.run.mean, [0.0, 1.0])


def test_state_of_another_version_of_the_package_is_refused():
    description = cma_es()
    saved = json.loads(json.dumps(description.start(2, 0).save()))
    del saved["cma"]["_sigma"]
    with pytest.raises(FitError, match="another version of the package cmaes"):
        description.resume(saved)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (dict(sigma0=0.0), "sigma0 is 0.0, expected a positive part"),
        (dict(sigma0=np.nan), "sigma0 is nan"),
        (dict(growth=0.5), "growth is 0.5, expected 1"),
    ],
)
def test_impossible_settings_are_refused(mistake, message):
    with pytest.raises(FitError, match=re.escape(message)):
        cma_es(**mistake)
