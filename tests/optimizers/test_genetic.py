"""The genetic algorithm: who becomes a parent, where children are, who stays, mistakes."""

import numpy as np
import pytest

from lapicque.errors import FitError
from lapicque.optimizers import genetic


def grown(description, points, values, dimension=1):
    """A search whose first population is given."""
    search = description.start(dimension, 0)
    search.ask()
    search.tell(np.reshape(points, (-1, dimension)), np.asarray(values, float))
    return search


def test_parents_are_drawn_by_their_rank():
    """Linear ranking, by its definition: (2 - s + 2 (s - 1)(p - 1)/(n - 1))/n."""
    points = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    values = [4.0, np.inf, 1.0, 3.0, 2.0]
    counts = np.zeros(5)
    for seed in range(2000):
        search = genetic(population=5, crossover=0, mutation=0, elite=0).start(1, seed)
        search.ask()
        search.tell(points[:, None], np.array(values))
        children = search.ask()[:, 0]
        counts += (children[:, None] == points).sum(axis=0)
    rank = np.array([2, 1, 5, 3, 4])
    expected = (2 - 1.5 + 2 * 0.5 * (rank - 1) / 4) / 5
    np.testing.assert_allclose(counts / counts.sum(), expected, atol=4 * np.sqrt(0.25 / 10_000))


def test_children_lie_between_their_parents_and_a_little_beyond():
    description = genetic(population=1000, crossover=1, mutation=0, overshoot=0.25, elite=0)
    children = grown(description, np.repeat([0.4, 0.6], 500), np.zeros(1000)).ask()
    assert 0.35 <= children.min() < 0.36
    assert 0.64 < children.max() <= 0.65
    same = np.isin(children, [0.4, 0.6]).mean()  # both parents alike
    assert same == pytest.approx(0.5, abs=0.1)


def test_mutations_reach_less_far_as_the_run_cools():
    description = genetic(population=400, crossover=0, mutation=1, reach=0.2, cooling=0.5, elite=0, tolerance=0)
    search = grown(description, np.full(400, 0.5), np.zeros(400))
    for reach in (0.2, 0.1):
        search.points[:] = 0.5
        children = search.ask()
        assert 0.95 * reach < np.abs(children - 0.5).max() <= reach
        search.tell(children, np.zeros(400))
    search.points[:] = 0.0  # beyond a face they are mirrored
    children = search.ask()
    assert children.min() >= 0
    assert children.max() <= 0.05


def test_the_best_stay_and_are_not_evaluated_again():
    search = grown(genetic(population=16, elite=0.25), np.linspace(0, 1, 16), np.arange(16.0))
    children = search.ask()
    assert len(children) == 12
    search.tell(children, np.full(12, 99.0))
    np.testing.assert_array_equal(search.points[:4, 0], np.linspace(0, 1, 16)[:4])
    np.testing.assert_array_equal(search.values[:4], [0, 1, 2, 3])
    with pytest.raises(FitError, match="told 16 points, expected the 12"):
        search.tell(np.zeros((16, 1)), np.zeros(16))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(pressure=2.5), "pressure is 2.5"),
        (dict(crossover=-1), "crossover is -1"),
        (dict(mutation=1.1), "mutation is 1.1"),
        (dict(elite=1.0), "elite is 1.0"),
        (dict(cooling=0), "cooling is 0"),
        (dict(overshoot=2), "overshoot is 2"),
        (dict(reach=-0.1), "reach is -0.1"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(FitError, match=f"genetic: {message}"):
        genetic(**options)
