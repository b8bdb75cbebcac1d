"""Differential evolution: what Zhang & Sanderson 2009 state of JADE."""

import re

import numpy as np
import pytest

from lapicque.errors import FitError
from lapicque.optimizers import differential_evolution
from lapicque.optimizers.asktell import LARGEST


def sphere(points):
    return np.sum((points - 0.4) ** 2, axis=1)


def generation(search, objective):
    points = search.ask()
    search.tell(points, objective(points))
    return points


def test_first_generation_is_a_latin_hypercube():
    points = differential_evolution(population=50).start(3, 0).ask()
    for coordinate in points.T:
        np.testing.assert_array_equal(np.sort(np.floor(coordinate * 50)), np.arange(50))


def test_start_point_is_a_candidate():
    x0 = np.array([0.11, 0.77])
    assert (differential_evolution().start(2, 0, x0=x0).ask() == x0).all(axis=1).any()


def test_no_candidate_ever_gets_worse():
    search = differential_evolution(population=20).start(3, 1)
    generation(search, sphere)
    for _ in range(50):
        before = search.values.copy()
        generation(search, sphere)
        assert (search.values <= before).all()
        np.testing.assert_array_equal(search.values, sphere(search.points))


def test_beaten_parents_fill_an_archive_of_the_population_size():
    search = differential_evolution(population=20).start(3, 1)
    generation(search, sphere)
    parents = search.points.copy()
    generation(search, sphere)
    beaten = (search.points != parents).any(axis=1)
    np.testing.assert_array_equal(search.archive, parents[beaten])
    for _ in range(30):
        generation(search, sphere)
    assert len(search.archive) == 20


def test_means_follow_the_successful_trials():
    """Equations 8 and 11: the Lehmer mean of the successful F, the mean of the successful crossover rates."""
    search = differential_evolution(population=30, adaptation=0.1).start(4, 2)
    generation(search, sphere)
    points = search.ask()
    won = sphere(points) < search.values
    f, cr = search.f[won], search.cr[won]
    search.tell(points, sphere(points))
    assert search.mean_f == pytest.approx(0.9 * 0.5 + 0.1 * np.sum(f**2) / np.sum(f))
    assert search.mean_cr == pytest.approx(0.9 * 0.5 + 0.1 * np.mean(cr))


def test_crossover_becomes_certain_where_coordinates_depend_on_each_other():
    """On a separable sphere any rate will do; on a narrow rotated valley only whole steps succeed."""

    def valley(points):
        total = np.sum(points - 0.4, axis=1)
        return sphere(points) + 1e4 * total**2

    search = differential_evolution(population=60).start(5, 0)
    for _ in range(150):
        generation(search, valley)
    assert search.mean_cr > 0.75


def test_value_that_is_not_finite_never_replaces_a_finite_one():
    search = differential_evolution(population=20).start(2, 0)
    generation(search, lambda x: np.where(np.arange(len(x)) < 10, np.nan, sphere(x)))
    kept = search.points[10:].copy()
    generation(search, lambda x: np.full(len(x), np.nan))
    np.testing.assert_array_equal(search.points[10:], kept)
    assert (search.values[:10] == LARGEST).all()
    generation(search, sphere)
    assert (search.values < 2).all()


def test_coordinates_outside_are_put_between_the_parent_and_the_face():
    """No candidate sits on a face by itself, but the optimum on a face is approached."""
    search = differential_evolution(population=30).start(2, 0)
    asked = np.concatenate([generation(search, lambda x: x[:, 0] - x[:, 1]) for _ in range(60)])
    assert ((asked > 0) & (asked < 1)).all()
    np.testing.assert_allclose(search.best_point, [0, 1], atol=1e-5)


def test_collapsed_population_is_drawn_anew():
    search = differential_evolution(population=20, tolerance=1e-3).start(2, 0)
    while not search.restarts:
        generation(search, sphere)
    assert np.ptp(search.ask(), axis=0).min() > 0.9
    assert search.best_value < 1e-4


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (dict(best_fraction=0.0), "best_fraction is 0.0, expected a share"),
        (dict(best_fraction=1.5), "best_fraction is 1.5"),
        (dict(adaptation=-0.1), "adaptation is -0.1, expected a share"),
    ],
)
def test_impossible_settings_are_refused(mistake, message):
    with pytest.raises(FitError, match=re.escape(message)):
        differential_evolution(**mistake)


def test_what_was_found_elsewhere_takes_the_place_of_the_nearest_member():
    search = differential_evolution(population=8).start(dimension=2, seed=0)
    points = search.ask()
    search.tell(points, np.ones(8))
    near = int(np.argmin(((points - 0.4) ** 2).sum(axis=1)))
    search.adopt(np.array([[0.4, 0.4], [0.5, 0.5], [0.6, 0.6]]), np.array([0.5, 2.0, np.nan]))
    assert search.best_value == 0.5
    assert search.points[near].tolist() == [0.4, 0.4]
    assert np.delete(search.points, near, axis=0).tolist() == np.delete(points, near, axis=0).tolist()
    assert sorted(search.values.tolist()) == [0.5, *[1.0] * 7]
    resumed = differential_evolution(population=8).resume(search.save())
    assert resumed.ask().tolist() == search.ask().tolist()


def test_what_is_adopted_before_the_first_generation_is_the_best_so_far():
    search = differential_evolution(population=8).start(dimension=2, seed=0)
    search.adopt(np.array([[0.4, 0.4]]), np.array([0.5]))
    assert search.best_point.tolist() == [0.4, 0.4]
