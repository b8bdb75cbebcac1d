"""Compiled draws: the sources of a target, and the random numbers of its synapses.

Synapse a of target t takes word a % 4 of the counter (step a // 4, element 2 t) for its source, and the normal or
uniform number of (step a // 2, element 2 t + a % 2) for a value (see `lapicque.random`): what is drawn for a target
depends on nothing but its number.

A word w of 32 bits becomes a whole number below n by (w n) >> 32, whose probabilities differ from 1/n by at most
2^-32 (Lemire 2019, Fast random integer generation in an interval, doi:10.1145/3230636).
"""

from typing import Any

import numpy as np
from numba import njit

from lapicque import random
from lapicque.compile.random_kernels import below_one, box_muller, unit_interval
from lapicque.compile.vector_math.logarithm import log_of_normal

_KERNEL: Any = {"nogil": True, "cache": True, "error_model": "numpy"}
_WORD_BITS = np.uint64(32)


@njit(**_KERNEL)
def _words(out, key, target, first, count):
    """The words of synapses 4 `first` ... of a target, into `out`, rounded up to four."""
    element = np.uint64(2) * np.uint64(target)
    for block in range((count + 3) // 4):
        w0, w1, w2, w3 = random.random_words(key, np.uint64(first + block), element, np.uint64(0))
        out[4 * block], out[4 * block + 1] = np.uint32(w0), np.uint32(w1)
        out[4 * block + 2], out[4 * block + 3] = np.uint32(w2), np.uint32(w3)


@njit(**_KERNEL)
def draw_everyone(targets, own, n, key, counts, p, scratch, room, indptr, out):
    """Every source but the target itself."""
    at, done = 0, 0
    for target in targets:
        if at > room:
            break
        itself = own[target]
        for source in range(n):
            out[at] = source
            at += source != itself
        done += 1
        indptr[done] = at
    return done


@njit(**_KERNEL)
def draw_repeating(targets, own, n, key, counts, p, scratch, room, indptr, out):
    """As many sources as each target's count says, some perhaps several times."""
    at, done = 0, 0
    for target in targets:
        if at > room:
            break
        count, itself = counts[target], own[target]
        sources = out[at : at + count]
        _words(scratch, key, target, 0, count)
        available = np.uint64(n - (itself >= 0))
        for a in range(count):
            sources[a] = np.int32((np.uint64(scratch[a]) * available) >> _WORD_BITS)
        if itself >= 0:
            for a in range(count):
                sources[a] += sources[a] >= itself
        at += count
        done += 1
        indptr[done] = at
    return done


@njit(**_KERNEL)
def draw_different(targets, own, n, key, counts, p, scratch, room, indptr, out):
    """As many different sources as each target's count says: a shuffle's first steps, undone afterwards."""
    deck = np.arange(n, dtype=np.int32)
    swapped = np.empty(len(scratch), np.int32)
    at, done = 0, 0
    for target in targets:
        if at > room:
            break
        count, itself = counts[target], own[target]
        available = n - (itself >= 0)
        _words(scratch, key, target, 0, count)
        for a in range(count):
            chosen = a + np.int64((np.uint64(scratch[a]) * np.uint64(available - a)) >> _WORD_BITS)
            source = deck[chosen]
            deck[chosen] = deck[a]
            deck[a] = source
            swapped[a] = chosen
            out[at + a] = source + (itself >= 0 and source >= itself)
        for a in range(count - 1, -1, -1):
            chosen = swapped[a]
            deck[a], deck[chosen] = deck[chosen], deck[a]
        at += count
        done += 1
        indptr[done] = at
    return done


@njit(**_KERNEL)
def draw_by_chance(targets, own, n, key, counts, p, scratch, room, indptr, out):
    """Each source with probability p: the gaps between those that are chosen are geometrically distributed."""
    gaps = np.empty(len(scratch))
    per_log = 1.0 / np.log1p(-p) if p > 0.0 else 0.0
    at, done = 0, 0
    for target in targets:
        if at > room:
            break
        itself = own[target]
        available = n - (itself >= 0)
        last, block = -1.0, 0
        while last < available - 1 and p > 0.0:
            expected = (available - 1 - last) * p
            count = min(len(scratch), 4 * (int(expected + 2.0 * np.sqrt(expected)) // 4) + 8)
            _words(scratch, key, target, block, count)
            block += count // 4
            for a in range(count):
                # log(1 - p) of p = 1 is minus infinity: all gaps are 0
                u = (np.float64(scratch[a]) + 0.5) * 2.0**-32
                gaps[a] = np.floor(log_of_normal(u) * per_log)
            for a in range(count):
                last += gaps[a] + 1.0
                if last >= available:
                    break
                source = np.int64(last)
                out[at] = source + (itself >= 0 and source >= itself)
                at += 1
        done += 1
        indptr[done] = at
    return done


@njit(**_KERNEL)
def fill_standard_normal(targets, indptr, key, trial, out):
    """A normal number of mean 0 and variance 1 for each synapse of the targets; `out` has one element to spare."""
    widest = 0
    for k in range(len(targets)):
        widest = max(widest, indptr[k + 1] - indptr[k])
    first, second = np.empty(widest // 2 + 1, out.dtype), np.empty(widest // 2 + 1, out.dtype)
    for k in range(len(targets)):
        pairs = (indptr[k + 1] - indptr[k] + 1) // 2
        element = np.uint64(2) * np.uint64(targets[k])
        row = out[indptr[k] : indptr[k] + 2 * pairs]
        # Two passes: beside the 64-bit words of the first, float32 arithmetic would get half the lanes.
        for i in range(pairs):
            w0, w1, w2, w3 = random.random_words(key, np.uint64(i), element, np.uint64(trial))
            first[i], second[i] = unit_interval(w0, w1), unit_interval(w2, w3)
        for i in range(pairs):
            row[2 * i], row[2 * i + 1] = box_muller(first[i], second[i])


@njit(**_KERNEL)
def fill_standard_uniform(targets, indptr, key, trial, out):
    """A uniform number between 0 and 1 for each synapse of the targets; `out` has one element to spare."""
    dtype = out.dtype.type
    for k in range(len(targets)):
        pairs = (indptr[k + 1] - indptr[k] + 1) // 2
        element = np.uint64(2) * np.uint64(targets[k])
        row = out[indptr[k] : indptr[k] + 2 * pairs]
        for i in range(pairs):
            w0, w1, w2, w3 = random.random_words(key, np.uint64(i), element, np.uint64(trial))
            row[2 * i] = below_one(dtype(unit_interval(w0, w1)))
            row[2 * i + 1] = below_one(dtype(unit_interval(w2, w3)))
