"""Poisson counts by inversion: one random word a neuron and step, compared with thresholds in vector instructions.

The number of thresholds that a 32-bit word reaches is Poisson distributed, if threshold j is the probability of at
most j events in units of 2^-32. Whole words are compared, so every backend and precision counts alike.

Devroye 1986, Non-Uniform Random Variate Generation, III.2, doi:10.1007/978-1-4613-8643-8
"""

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from lapicque.compile.lanes import LANES
from lapicque.compile.random_kernels import random  # there its functions may be called in kernels
from lapicque.compile.vector_math.two_forms import COMPILED
from lapicque.errors import SimulationError

#: Thresholds come in groups of this many; later groups are looked at only where a lane has reached the last one.
GROUP = 8
#: Larger means are refused: so many events a step are better described as a current.
LARGEST_MEAN = 200.0
_CALLS = LANES // 4
_HIGHEST = 2**32 - 1


def thresholds(means: np.ndarray | float) -> np.ndarray:
    """Return the thresholds of Poisson distributions, (mean, n) uint32, n a multiple of `GROUP`.

    A word never exceeds the largest number, with which rows are filled up.

    Raises
    ------
    SimulationError
        If a mean is above `LARGEST_MEAN`.

    Examples
    --------
    >>> thresholds(0.1)[0, :3].tolist(), thresholds([0.1, 4.0]).shape
    ([3886247118, 4274871830, 4294303066], (2, 24))
    """
    means = np.atleast_1d(np.asarray(means, np.float64))
    if means.max(initial=0.0) > LARGEST_MEAN:
        raise SimulationError(
            f"a Poisson input has {means.max():g} events a step: more than {LARGEST_MEAN:g} are not drawn one by one. "
            "Use a smaller dt, or lq.stimuli.ornstein_uhlenbeck"
        )
    term = np.exp(-means)
    total, columns = term, list[np.ndarray]()
    while not columns or (columns[-1] < _HIGHEST).any() or len(columns) % GROUP:
        columns.append(np.minimum(np.floor(total * 2.0**32), _HIGHEST))
        term = term * means / len(columns)
        total = total + term
    return np.stack(columns, axis=1).astype(np.uint32)


def words(key: np.uint64, step: int, elements: np.ndarray, trial: int) -> np.ndarray:
    """Return the random words of neurons, uint32.

    The 64 neurons of a block share 16 calls of Philox: lane l has word l // 16 of call l % 16.

    Examples
    --------
    >>> words(random.stream_key(1, "exc/drive"), 0, np.arange(3), 0).tolist()
    [1985699788, 1201688099, 3234875059]
    """
    e = np.asarray(elements, np.uint64)
    lane = e % np.uint64(LANES)
    call = (e // np.uint64(LANES)) * np.uint64(_CALLS) + lane % np.uint64(_CALLS)
    k, t = np.uint64(step), np.uint64(trial)
    low, high = np.uint64(key) & random.WORD, np.uint64(key) >> random.WORD_BITS
    four = random.philox(
        np.full_like(e, k & random.WORD), np.full_like(e, k >> random.WORD_BITS), call, np.full_like(e, t), low, high
    )
    return np.choose((lane // np.uint64(_CALLS)).astype(int), four).astype(np.uint32)


def counts(row: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return how many thresholds each word exceeds.

    Parameters
    ----------
    row : (1, threshold) or (neuron, threshold) uint32
    drawn : (neuron,) uint32
    """
    return (drawn[:, None] > row).sum(axis=1)


@register_jitable(**COMPILED)
def fill_words(out, key, step, group, trial):
    """Write the random words of the 64 neurons of block ``group`` into ``out``, uint32."""
    k, t = np.uint64(step), np.uint64(trial)
    low, high = np.uint64(key) & random.WORD, np.uint64(key) >> random.WORD_BITS
    first = np.uint64(group) * np.uint64(_CALLS)
    k0, k1 = k & random.WORD, k >> random.WORD_BITS
    for i in range(_CALLS):
        w0, w1, w2, w3 = random.philox(k0, k1, first + np.uint64(i), t, low, high)
        out[i] = np.uint32(w0)
        out[i + 16] = np.uint32(w1)
        out[i + 32] = np.uint32(w2)
        out[i + 48] = np.uint32(w3)


@register_jitable(**COMPILED)
def fill_counts(out, drawn, table, at, number):
    """Write into ``out``, 64 lanes, how many of ``number`` thresholds from ``table[at]`` on each word exceeds."""
    one, none = out.dtype.type(1.0), out.dtype.type(0.0)
    t0, t1, t2, t3 = table[at], table[at + 1], table[at + 2], table[at + 3]
    t4, t5, t6, t7 = table[at + 4], table[at + 5], table[at + 6], table[at + 7]
    beyond = np.int32(0)
    for l in range(LANES):
        u = drawn[l]
        a = (one if u > t0 else none) + (one if u > t1 else none)
        b = (one if u > t2 else none) + (one if u > t3 else none)
        c = (one if u > t4 else none) + (one if u > t5 else none)
        d = (one if u > t6 else none) + (one if u > t7 else none)
        out[l] = (a + b) + (c + d)
    for l in range(LANES):
        beyond += np.int32(drawn[l] > t7)
    if beyond > 0:
        for j in range(at + GROUP, at + number):
            t = table[j]
            for l in range(LANES):
                out[l] += one if drawn[l] > t else none


@register_jitable(**COMPILED)
def fill_own_counts(out, drawn, table, at, number):
    """As `fill_counts` where each lane has its own thresholds: number j of lane l is ``table[at + 64 j + l]``."""
    one, none = out.dtype.type(1.0), out.dtype.type(0.0)
    for l in range(LANES):
        out[l] = none
    for j in range(number):
        for l in range(LANES):
            out[l] += one if drawn[l] > table[at + j * LANES + l] else none
