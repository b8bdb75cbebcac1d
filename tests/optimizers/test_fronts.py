"""Ranks, crowding and hypervolume by their definitions."""

import itertools

import numpy as np
import pytest

from lapicque.optimizers.fronts import crowding, hypervolume, ranks


def dominates(a, b):
    return all(x <= y for x, y in zip(a, b, strict=True)) and any(x < y for x, y in zip(a, b, strict=True))


def peeled(losses):
    """Take the front off, again and again."""
    left, found, rank = set(range(len(losses))), [None] * len(losses), 0
    while left:
        front = [i for i in left if not any(dominates(losses[j], losses[i]) for j in left)]
        for i in front:
            found[i] = rank
        left -= set(front)
        rank += 1
    return found


@pytest.mark.parametrize("objectives", [1, 2, 3, 5])
@pytest.mark.parametrize("levels", [4, 1000])
def test_ranks_are_those_of_peeling(objectives, levels):
    losses = np.random.default_rng(objectives).integers(0, levels, (60, objectives)).astype(float)
    assert ranks(losses).tolist() == peeled(losses.tolist())


def test_equal_candidates_have_one_rank():
    assert ranks(np.ones((5, 3))).tolist() == [0] * 5
    assert ranks(np.array([[np.inf, 0.0], [np.inf, np.inf], [np.inf, np.inf]])).tolist() == [0, 1, 1]


def test_crowding_of_a_front_that_is_a_point_or_flat():
    assert crowding(np.array([[1.0, 2.0]])).tolist() == [np.inf]
    flat = crowding(np.array([[0.0, 1.0], [1.0, 1.0], [3.0, 1.0], [4.0, 1.0]]))
    np.testing.assert_array_equal(np.sort(flat)[:2], [0.75, 0.75])
    assert not np.isnan(flat).any()


def test_hypervolume_of_boxes():
    assert hypervolume(np.array([[1.0, 2.0, 3.0]]), np.array([2.0, 4.0, 6.0])) == 6
    corners = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    assert hypervolume(corners, np.full(3, 2.0)) == 8 - 1  # all but the unit cube at the origin
    assert hypervolume(np.zeros((0, 2)), np.ones(2)) == 0
    assert hypervolume(np.array([[0.5, 3.0], [3.0, 0.5], [1.0, 0.0]]), np.ones(2)) == 0  # beyond, or at the edge
    assert hypervolume(np.array([[0.5], [0.25]]), np.ones(1)) == 0.75


@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_hypervolume_counts_what_is_dominated(objectives):
    """On a lattice the volume is the number of cells that a candidate dominates."""
    random = np.random.default_rng(objectives)
    losses = random.integers(0, 7, (12, objectives))
    cells = sum(
        any(all(a <= c for a, c in zip(loss, cell, strict=True)) for loss in losses)
        for cell in itertools.product(range(6), repeat=objectives)
    )
    assert hypervolume(losses, np.full(objectives, 6.0)) == cells


def test_the_hypervolume_of_a_known_front():
    """f2 = 1 - sqrt(f1): the area below 1.1 in both is 1.21 - 1/3 where the front is dense."""
    x = np.linspace(0, 1, 20_001)
    assert hypervolume(np.stack([x, 1 - np.sqrt(x)], 1), np.full(2, 1.1)) == pytest.approx(1.21 - 1 / 3, abs=1e-4)
