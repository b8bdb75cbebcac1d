"""NSGA-II: fronts that are known, seeds, resumption, odd losses, mistakes."""

import json
import pickle

import numpy as np
import pytest

from lapicque.errors import FitError
from lapicque.optimizers import nsga2
from lapicque.optimizers.fronts import hypervolume


def zdt1(x):
    """Convex: f2 = 1 - sqrt(f1), where all but the first coordinate are 0."""
    g = 1 + 9 * x[:, 1:].mean(axis=1)
    return np.stack([x[:, 0], g * (1 - np.sqrt(x[:, 0] / g))], axis=1)


def zdt2(x):
    """Concave: f2 = 1 - f1^2."""
    g = 1 + 9 * x[:, 1:].mean(axis=1)
    return np.stack([x[:, 0], g * (1 - (x[:, 0] / g) ** 2)], axis=1)


def dtlz2(x):
    """An eighth of the unit sphere, of three objectives."""
    g = 1 + np.sum((x[:, 2:] - 0.5) ** 2, axis=1)
    a, b = x[:, 0] * np.pi / 2, x[:, 1] * np.pi / 2
    return np.stack([g * np.cos(a) * np.cos(b), g * np.cos(a) * np.sin(b), g * np.sin(a)], axis=1)


def spend(search, objective, generations):
    asked = []
    for _ in range(generations):
        points = search.ask()
        asked.append(points.copy())
        search.tell(points, objective(points))
    return np.concatenate(asked) if asked else np.empty((0, search.dimension))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("objective", "shape", "best"),
    [(zdt1, lambda f: 1 - np.sqrt(f), 1.21 - 1 / 3), (zdt2, lambda f: 1 - f**2, 1.21 - 2 / 3)],
)
def test_known_fronts_are_found(objective, shape, best, seed):
    """Deb and others 2002 give 100 candidates and 250 generations to 30 coordinates; here are 10 and 150."""
    search = nsga2(population=100, reference=(1.1, 1.1)).start(10, seed)
    spend(search, objective, 150)
    losses = search.front_losses
    np.testing.assert_allclose(losses[:, 1], shape(losses[:, 0]), atol=0.02)
    assert losses[0, 0] < 0.02
    assert losses[-1, 0] > 0.98
    assert np.diff(losses[:, 0]).max() < 0.06  # no gap
    assert best - 0.02 < search.hypervolume < best
    assert search.hypervolume == hypervolume(losses, np.array([1.1, 1.1]))


def test_a_front_of_three_objectives_is_found():
    search = nsga2(population=100).start(7, 0)
    spend(search, dtlz2, 100)
    assert np.abs(np.linalg.norm(search.front_losses, axis=1) - 1).max() < 0.1
    assert (search.front_losses.max(axis=0) > 0.95).all()


def test_the_front_is_that_of_the_population():
    search = nsga2(population=24).start(4, 2)
    spend(search, zdt1, 12)
    np.testing.assert_array_equal(search.front_losses, zdt1(search.front_points))
    assert (np.diff(search.front_losses[:, 0]) > 0).all()
    assert (np.diff(search.front_losses[:, 1]) < 0).all()


def test_points_stay_in_the_cube():
    points = spend(nsga2(population=32, mutation=1.0, mutation_index=0.0, crossover_index=0.0).start(3, 4), zdt1, 60)
    assert points.min() >= 0
    assert points.max() <= 1


def test_same_seed_same_points_and_other_seed_other_points():
    first, again, other = (spend(nsga2(population=16).start(3, seed), zdt1, 20) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.isin(first.ravel(), other.ravel()).any()


@pytest.mark.parametrize("before", [0, 1, 7])
def test_resumed_search_continues_to_the_bit(before):
    description = nsga2(population=16)
    search = description.start(3, 11)
    spend(search, zdt1, before)
    saved = json.loads(json.dumps(search.save(), allow_nan=False))
    resumed = description.resume(saved)
    assert resumed.save() == search.save() == saved
    np.testing.assert_array_equal(spend(resumed, zdt1, 20), spend(search, zdt1, 20))
    np.testing.assert_array_equal(resumed.front_losses, search.front_losses)
    assert resumed.hypervolume == search.hypervolume


def test_losses_that_are_not_finite_lose():
    def objective(x):
        losses = zdt1(x)
        losses[x[:, 1] > 0.5, 0] = np.nan
        losses[x[:, 2] > 0.5, 1] = -np.inf
        return losses

    search = nsga2(population=32).start(3, 1)
    spend(search, objective, 40)
    assert (search.front_points[:, 1:] <= 0.5).all()
    assert search.front_losses.max() < 1.5
    json.dumps(search.save(), allow_nan=False)


def test_nothing_finite_is_survived():
    search = nsga2(population=8).start(2, 1)
    points = spend(search, lambda x: np.full((len(x), 2), np.nan), 10)
    assert np.isfinite(points).all()
    assert search.hypervolume >= 0


def test_a_constant_is_survived():
    search = nsga2(population=8).start(2, 1)
    points = spend(search, lambda x: np.ones((len(x), 3)), 20)
    assert np.isfinite(points).all()
    assert search.front_losses.tolist() == [[1, 1, 1]]


def test_a_start_is_a_candidate():
    start = np.array([0.9, 0.1, 1.7])
    assert nsga2(population=8).start(3, 0, x0=start).ask()[0].tolist() == [0.9, 0.1, 1.0]


def test_before_a_generation_there_is_no_front():
    search = nsga2(population=8).start(3, 0)
    assert (search.front_points.shape, search.hypervolume, search.done) == ((0, 3), 0.0, False)


def test_description_is_a_value():
    description = nsga2(population=24, reference=[1, 2])
    assert description == nsga2(population=24, reference=(1.0, 2.0)) != nsga2(population=24)
    assert hash(description) == hash(nsga2(population=24, reference=(1.0, 2.0)))
    assert pickle.loads(pickle.dumps(description)) == description
    assert eval(repr(description), {"nsga2": nsga2}) == description


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(population=2), "nsga2: population is 2, it needs an even number"),
        (dict(population=13), "nsga2: population is 13"),
        (dict(crossover=1.5), "nsga2: crossover is 1.5"),
        (dict(mutation=-0.1), "nsga2: mutation is -0.1"),
        (dict(mutation_index=-1), "nsga2: mutation_index is -1"),
        (dict(reference=(1, np.inf)), "nsga2: reference is"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(FitError, match=message):
        nsga2(**options)


def test_mistakes_are_named():
    with pytest.raises(FitError, match="nsga2: dimension is 0"):
        nsga2().start(0, 1)
    with pytest.raises(FitError, match=r"nsga2: x0 has shape \(2,\), expected \(3,\)"):
        nsga2().start(3, 1, x0=np.zeros(2))
    with pytest.raises(FitError, match="saved by the optimiser 'simplex'"):
        nsga2().resume({"optimizer": "simplex"})
    search = nsga2(population=8).start(2, 0)
    points = search.ask()
    with pytest.raises(FitError, match=r"points have shape \(8, 1\)"):
        search.tell(points[:, :1], np.zeros((8, 2)))
    with pytest.raises(FitError, match="told 6 points, expected the 8"):
        search.tell(points[:6], np.zeros((6, 2)))
    with pytest.raises(FitError, match=r"losses have shape \(8,\), expected \(8, objective\)"):
        search.tell(points, np.zeros(8))
    search.tell(points, np.zeros((8, 2)))
    with pytest.raises(FitError, match=r"losses have shape \(8, 3\), expected \(8, 2\)"):
        search.tell(points, np.zeros((8, 3)))
    with pytest.raises(FitError, match=r"losses have shape \(8, 3\), expected \(8, 2\)"):
        nsga2(population=8, reference=(1, 1)).start(2, 0).tell(points, np.zeros((8, 3)))
