"""Uniform and normal numbers: distributed as they should be, independent, and the same on every backend."""

import re

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError
from scipy import stats

from lapicque.compile.random_kernels import (
    below_one,
    box_muller,
    fill_normal,
    fill_uniform,
    normal,
    uniform,
    unit_interval,
)
from lapicque.random import random_words, stream_key

KEY = stream_key(2026, "test/draw")
PRECISIONS = [np.float32, np.float64]
DRAWS = [uniform, normal]
FILLS = {uniform: fill_uniform, normal: fill_normal}


def standard(draw, numbers):
    """The numbers with mean 0 and variance 1."""
    return numbers if draw is normal else (numbers - 0.5) * np.sqrt(12)


# The same on every backend


@pytest.mark.parametrize("real", PRECISIONS)
@pytest.mark.parametrize("draw", DRAWS)
def test_arrays_and_kernels_agree_to_the_bit(draw, real):
    @njit(error_model="numpy")
    def loop(key, steps, elements, trials, out):
        for i in range(out.shape[0]):
            out[i] = draw(key, steps[i], elements[i], trials[i], real)

    random = np.random.default_rng(1)
    steps, elements = random.integers(0, 2**62, 3000), random.integers(0, 2**33, 3000)
    trials = random.integers(0, 2**32, 3000, dtype=np.uint32)
    out = np.empty(3000, real)
    loop(KEY, steps, elements, trials, out)
    expected = draw(KEY, steps, elements, trials, real)
    assert expected.dtype == real
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("first", [0, 64, 7])
@pytest.mark.parametrize("count", [64, 1, 5, 0])
@pytest.mark.parametrize("real", PRECISIONS)
@pytest.mark.parametrize("draw", DRAWS)
def test_filling_a_row_gives_the_numbers_of_its_elements(draw, real, count, first, kernels):
    by_array, by_kernel = np.empty(count, real), np.empty(count, real)
    FILLS[draw](by_array, KEY, 11, first, 3)
    kernels[draw](by_kernel, KEY, 11, first, 3)
    expected = draw(KEY, 11, first + np.arange(count), 3, real)
    assert np.array_equal(by_array, expected)
    assert np.array_equal(by_kernel, expected)


@pytest.fixture(scope="module")
def kernels():
    def compiled(fill):
        @njit(error_model="numpy")
        def call(out, key, step, first, trial):
            fill(out, key, step, first, trial)

        return call

    return {draw: compiled(fill) for draw, fill in FILLS.items()}


def test_shapes_and_types():
    steps, elements = np.arange(4)[:, None], np.arange(3)
    table = normal(KEY, steps, elements, 0, np.float32)
    assert table.shape == (4, 3)
    assert table[2, 1] == normal(KEY, 2, 1, 0, np.float32)
    assert isinstance(uniform(KEY, 0, 0, 0, np.float64), np.float64)
    assert uniform(KEY, 0, np.arange(0), 0, np.float64).shape == (0,)


def test_a_float_for_a_step_is_refused_in_a_kernel():
    @njit
    def wrong(key, step):
        return normal(key, step, 0, 0, np.float64)

    with pytest.raises(TypingError, match="normal: key, step, element and trial must be integers"):
        wrong(KEY, 1.0)


# As documented


def test_uniform_numbers_are_made_of_words():
    for element, (low, high) in ((6, (0, 1)), (7, (2, 3))):
        words = [int(w) for w in random_words(KEY, np.uint64(5), np.uint64(element), np.uint64(2))]
        parts = (words[high] << 32 | words[low]) >> 12
        assert uniform(KEY, 5, element, 2, np.float64) == (2 * parts + 1) / 2**53


def test_normal_numbers_are_box_mullers():
    w = [int(w) for w in random_words(KEY, np.uint64(5), np.uint64(6), np.uint64(2))]
    u, turns = ((2 * ((high << 32 | low) >> 12) + 1) / 2**53 for low, high in ((w[0], w[1]), (w[2], w[3])))
    radius, angle = np.sqrt(-2 * np.log(u)), 2 * np.pi * turns
    assert normal(KEY, 5, 6, 2, np.float64) == pytest.approx(radius * np.cos(angle), rel=1e-14)
    assert normal(KEY, 5, 7, 2, np.float64) == pytest.approx(radius * np.sin(angle), rel=1e-14)


@pytest.mark.parametrize("real", PRECISIONS)
def test_the_interval_is_open(real):
    for word in (0, 0xFFFFFFFF):
        words = np.full(1, word, np.uint64)
        u = below_one(unit_interval(words, words).astype(real))[0]
        assert 0 < u < 1
        assert isinstance(u, real)


@pytest.mark.parametrize("real", PRECISIONS)
def test_the_largest_normal_number_is_finite(real):
    u = np.array([2.0**-53, 1 - 2.0**-53, 0.3, 2.0**-53]).astype(real)
    turns = np.array([2.0**-53, 0.5, 1 - 2.0**-53, 0.25]).astype(real)
    pair = np.array(box_muller(u, turns))
    assert np.isfinite(pair).all()
    assert np.abs(pair).max() == pytest.approx(np.sqrt(106 * np.log(2)), rel=1e-6)
    assert pair[0, 1] == pytest.approx(0, abs=1e-7)


def test_float32_numbers_are_those_of_float64_rounded():
    elements = np.arange(100_000)
    assert np.array_equal(
        uniform(KEY, 0, elements, 0, np.float32), uniform(KEY, 0, elements, 0, np.float64).astype(np.float32)
    )
    difference = normal(KEY, 0, elements, 0, np.float32) - normal(KEY, 0, elements, 0, np.float64)
    assert np.abs(difference).max() < 1e-4
    assert np.sqrt(np.mean(difference**2)) < 1e-6


# Distributed as they should be, and independent. Limits are 4.5 standard errors, or a probability of 1e-5.


@pytest.mark.parametrize("real", PRECISIONS)
@pytest.mark.parametrize("draw", DRAWS)
def test_moments(draw, real):
    x = standard(draw, draw(KEY, np.arange(1000)[:, None], np.arange(1000), 0, real).astype(np.float64)).ravel()
    distribution = stats.norm() if draw is normal else stats.uniform(-np.sqrt(3), 2 * np.sqrt(3))
    for order in (1, 2, 3, 4, 6):
        expected, spread = distribution.moment(order), distribution.moment(2 * order)
        error = np.sqrt((spread - expected**2) / x.size)
        assert abs(np.mean(x**order) - expected) < 4.5 * error, order


@pytest.mark.parametrize("axis", ["step", "element", "trial", "key"])
@pytest.mark.parametrize("draw", DRAWS)
def test_distribution_along_each_index(draw, axis):
    index = dict(key=KEY, step=3, element=5, trial=7)
    n = np.arange(100_000)
    index[axis] = np.array([stream_key(k, "x") for k in range(10_000)]) if axis == "key" else n
    x = draw(**index, dtype=np.float64)
    assert stats.kstest(x, stats.norm.cdf if draw is normal else stats.uniform.cdf).pvalue > 1e-5


@pytest.mark.parametrize("draw", DRAWS)
def test_neighbours_are_independent(draw):
    shape = (60, 60, 60)
    steps, elements, trials = np.ogrid[:60, :60, :60]
    x = standard(draw, draw(KEY, steps, elements, trials, np.float64))
    other = standard(draw, draw(stream_key(2026, "test/other"), steps, elements, trials, np.float64))
    assert x.shape == shape
    pairs = [(x, other)]
    for axis in range(3):
        for lag in (1, 2, 3):
            pairs.append((np.take(x, range(60 - lag), axis), np.take(x, range(lag, 60), axis)))
    for a, b in pairs:
        for f in (np.positive, np.square, np.abs):
            fa, fb = f(a) - f(a).mean(), f(b) - f(b).mean()
            r = np.mean(fa * fb) / np.sqrt(np.mean(fa**2) * np.mean(fb**2))
            assert abs(r) < 4.5 / np.sqrt(a.size)


@pytest.mark.parametrize("draw", DRAWS)
def test_two_elements_of_a_pair_fill_the_plane(draw):
    x = draw(KEY, 0, np.arange(400_000), 0, np.float64).reshape(-1, 2)
    levels = stats.norm.cdf(x) if draw is normal else x
    counts = np.histogram2d(*levels.T, bins=20, range=[(0, 1), (0, 1)])[0]
    assert stats.chisquare(counts.ravel()).pvalue > 1e-5


# Without a call when compiled


@pytest.mark.parametrize("real", PRECISIONS)
@pytest.mark.parametrize("draw", DRAWS)
def test_loop_over_64_lanes_becomes_vector_instructions(draw, real, processor_with_avx, machine_code):
    fill = FILLS[draw]

    @njit(error_model="numpy")
    def loop(key, out):
        for lane in range(64):
            out[0, lane] = draw(key, 5, lane, 0, real)
        fill(out[1], key, 5, 64, 0)

    loop(KEY, np.empty((2, 64), real))
    code = machine_code(loop)
    assert len(re.findall(r"pmuludq.*%[yz]mm", code)) >= 2 * 16
    assert not re.search(r"\bcall", code)
