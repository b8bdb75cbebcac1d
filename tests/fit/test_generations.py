"""Generations that a search keeps: which, however long it is; a sample with the best; there and back through JSON."""

import json

import numpy as np
import pytest

from lapicque.fit.generations import FRAMES, SHOWN, Generation, thinned


def generation(number):
    return Generation.sampled(number, 8 * number + 8, np.full((8, 2), number / 1e4), np.arange(8.0))


def after(count):
    kept = ()
    for number in range(count):
        kept = thinned(kept, generation(number))
    return [g.number for g in kept]


@pytest.mark.parametrize("count", [1, 2, 127, 128, 129, 255, 256, 1000, 5000])
def test_evenly_spaced_generations_and_the_last_are_kept(count):
    numbers = after(count)
    assert len(numbers) <= FRAMES
    assert len(numbers) >= min(count, FRAMES // 2)
    assert (numbers[0], numbers[-1]) == (0, count - 1)
    steps = np.diff(numbers)
    assert len(set(steps[:-1].tolist())) <= 1  # the last one may be nearer
    assert (steps[-1:] <= steps[:1]).all()


def test_a_generation_is_a_sample_with_its_best():
    random = np.random.default_rng(3)
    for count in (1, 63, 64, 65, 100, 129, 5000):
        points, losses = random.random((count, 3)), random.random(count)
        shown = Generation.sampled(0, count, points, losses)
        assert len(shown.points) == len(shown.losses) == min(count, SHOWN)
        assert shown.losses.min() == losses.min()
        for point, loss in zip(shown.points, shown.losses, strict=True):
            np.testing.assert_array_equal(points[losses == loss], point[None])
        assert len(np.unique(shown.losses)) == len(shown.losses)


def test_generations_are_copies():
    points = np.zeros((4, 1))
    shown = Generation.sampled(0, 4, points, np.zeros(4))
    points[:] = 1
    assert not shown.points.any()


@pytest.mark.parametrize("losses", [np.random.default_rng(1).random(9), np.random.default_rng(1).random((9, 2))])
def test_nothing_is_lost_in_a_file(losses):
    shown = Generation.sampled(7, 90, np.random.default_rng(0).random((9, 3)), losses)
    read = Generation.read(json.loads(json.dumps(shown.plain())))
    assert (read.number, read.evaluations) == (7, 90)
    np.testing.assert_array_equal(read.points, shown.points)
    np.testing.assert_array_equal(read.losses, shown.losses)


@pytest.mark.parametrize("saved", [[], [0, 8], [0, 8, [0.5], [0.5]], [0, 8, [[0.5], [0.2]], [0.5]], ["a", 8, [], []]])
def test_damage_is_noticed(saved):
    with pytest.raises(ValueError, match=r"values to unpack|convert|invalid literal|belong together"):
        Generation.read(saved)
