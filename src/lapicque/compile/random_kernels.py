"""Uniform and normal random numbers, the same to the bit for arrays and in compiled kernels.

A number is a function of its key, step, element and trial (see `lapicque.random`). In float32 it comes from the same
uniform numbers as in float64, rounded, so a change of precision keeps the noise.

In a kernel, ``normal(key, step, element, trial, float32)`` gives one number for any element and trial;
``fill_normal(row, key, step, first, trial)`` gives those of consecutive elements in less than half the time, as
neighbours share their random words.
"""

import functools

import numpy as np
from numba.core import errors, types
from numba.extending import overload, register_jitable

from lapicque import random
from lapicque.compile.vector_math.bits import add_bits, as_bits, from_bits
from lapicque.compile.vector_math.logarithm import log_of_normal
from lapicque.compile.vector_math.primitives import choose, like, sqrt, where
from lapicque.compile.vector_math.trigonometric import in_quarter, turned
from lapicque.compile.vector_math.two_forms import COMPILED

register_jitable(**COMPILED)(random.philox)
register_jitable(**COMPILED)(random.random_words)

_ONE_BITS = np.uint64(0x3FF0000000000000)
_SPARE_BITS = np.uint64(12)
_BELOW_ONE = 1.0 - 2.0**-53
_SINGLE_BELOW_ONE = np.float32(1.0 - 2.0**-24)
_DOUBLE_BELOW_ONE = np.float64(_BELOW_ONE)
_SINGLE_ROUNDER = np.float32(1.5 * 2**23)
_DOUBLE_ROUNDER = np.float64(1.5 * 2**52)


def _draw(function):
    """A draw for arrays of any integers that kernels may call on scalars; `dtype` is numpy.float32 or float64."""

    @functools.wraps(function)
    def on_arrays(key, step, element, trial, dtype):
        where_from = [np.asarray(a).astype(np.uint64) for a in (key, step, element, trial)]
        result = function(*(np.atleast_1d(a) for a in where_from), np.dtype(dtype).type)
        return result if any(a.ndim for a in where_from) else result[0]

    jitted = register_jitable(**COMPILED)(function)

    @overload(on_arrays, jit_options=COMPILED)
    def compiled(key, step, element, trial, dtype):
        if not all(isinstance(a, types.Integer) for a in (key, step, element, trial)):
            raise errors.TypingError(f"{function.__name__}: key, step, element and trial must be integers")

        def call(key, step, element, trial, dtype):
            return jitted(np.uint64(key), np.uint64(step), np.uint64(element), np.uint64(trial), dtype)

        # kernels that come from different processes' caches may not have different code under one name
        call.__name__ = call.__qualname__ = f"call_{function.__name__}"
        return call

    return on_arrays


@register_jitable(**COMPILED)
def unit_interval(low, high):
    """The middle of one of 2^52 equal parts of (0, 1), from two words."""
    return from_bits((((high << random.WORD_BITS) | low) >> _SPARE_BITS) | _ONE_BITS) - _BELOW_ONE


@register_jitable(**COMPILED)
def below_one(u):
    """`u`, or the number before 1 where float32 rounded it to 1."""
    return where(u < like(u, 1.0), u, choose(u, _SINGLE_BELOW_ONE, _DOUBLE_BELOW_ONE))


@register_jitable(**COMPILED)
def box_muller(u, turns):
    """Two independent normal numbers from two uniform ones.

    Box & Muller 1958, A note on the generation of random normal deviates, doi:10.1214/aoms/1177706645
    """
    radius = sqrt(like(u, -2.0) * log_of_normal(u))
    quarters = like(turns, 4.0) * turns
    rounder = choose(turns, _SINGLE_ROUNDER, _DOUBLE_ROUNDER)
    shifted = quarters + rounder  # the whole number of quarters is now in its lowest bits
    sine, cosine = in_quarter((quarters - (shifted - rounder)) * like(turns, np.pi / 2))
    n = as_bits(shifted)
    return radius * turned(add_bits(n, like(n, 1)), sine, cosine), radius * turned(n, sine, cosine)


@_draw
def uniform(key, step, element, trial, dtype):
    """Uniform random numbers between 0 and 1, both excluded.

    Parameters
    ----------
    key : uint64
        From `lapicque.random.stream_key`.
    step, element, trial : int or array of int
        Broadcast against each other; the element is below 2^33 and the trial below 2^32.
    dtype : numpy.float32 or numpy.float64

    Examples
    --------
    >>> key = random.stream_key(1, "exc/rand")
    >>> uniform(key, 0, np.arange(3), 0, np.float64).round(6).tolist()
    [0.938574, 0.793328, 0.557961]
    """
    w0, w1, w2, w3 = random.random_words(key, step, element, trial)
    even = (element & np.uint64(1)) == np.uint64(0)
    return below_one(dtype(unit_interval(where(even, w0, w2), where(even, w1, w3))))


@_draw
def normal(key, step, element, trial, dtype):
    """Normal random numbers of mean 0 and variance 1, at most 8.6 in magnitude.

    Parameters
    ----------
    key : uint64
        From `lapicque.random.stream_key`.
    step, element, trial : int or array of int
        Broadcast against each other; the element is below 2^33 and the trial below 2^32.
    dtype : numpy.float32 or numpy.float64

    Examples
    --------
    >>> key = random.stream_key(1, "exc/xi")
    >>> normal(key, 0, np.arange(3), 0, np.float64).round(6).tolist()
    [-1.382839, 0.569706, -1.289217]
    """
    w0, w1, w2, w3 = random.random_words(key, step, element, trial)
    first, second = box_muller(dtype(unit_interval(w0, w1)), dtype(unit_interval(w2, w3)))
    return where((element & np.uint64(1)) == np.uint64(0), first, second)


def fill_uniform(out, key, step, first, trial):
    """Write the uniform numbers of elements `first`, `first` + 1 ... into `out`.

    Parameters
    ----------
    out : (n,) float32 or float64
        Contiguous, for speed.
    key, step, first, trial : int
        As for `uniform`.

    Examples
    --------
    >>> key, row = random.stream_key(1, "exc/rand"), np.empty(4)
    >>> fill_uniform(row, key, 0, 8, 0)
    >>> bool((row == uniform(key, 0, np.arange(8, 12), 0, np.float64)).all())
    True
    """
    out[:] = uniform(key, step, first + np.arange(out.size), trial, out.dtype.type)


def fill_normal(out, key, step, first, trial):
    """Write the normal numbers of elements `first`, `first` + 1 ... into `out`.

    Parameters
    ----------
    out : (n,) float32 or float64
        Contiguous, for speed.
    key, step, first, trial : int
        As for `normal`.

    Examples
    --------
    >>> key, row = random.stream_key(1, "exc/xi"), np.empty(4)
    >>> fill_normal(row, key, 0, 8, 0)
    >>> bool((row == normal(key, 0, np.arange(8, 12), 0, np.float64)).all())
    True
    """
    out[:] = normal(key, step, first + np.arange(out.size), trial, out.dtype.type)


@register_jitable(**COMPILED)
def _pair_words(key, step, first, i, trial):
    element = np.uint64(first) + np.uint64(2 * i)
    return random.random_words(np.uint64(key), np.uint64(step), element, np.uint64(trial))


@overload(fill_uniform, jit_options=COMPILED)
def _fill_uniform(out, key, step, first, trial):
    def fill(out, key, step, first, trial):
        dtype = out.dtype.type
        paired = out.size // 2 if first % 2 == 0 else 0
        for i in range(paired):
            w0, w1, w2, w3 = _pair_words(key, step, first, i, trial)
            out[2 * i] = below_one(dtype(unit_interval(w0, w1)))
            out[2 * i + 1] = below_one(dtype(unit_interval(w2, w3)))
        for i in range(2 * paired, out.size):
            out[i] = uniform(key, step, first + i, trial, dtype)

    return fill


@overload(fill_normal, jit_options=COMPILED)
def _fill_normal(out, key, step, first, trial):
    def fill(out, key, step, first, trial):
        dtype = out.dtype.type
        paired = out.size // 2 if first % 2 == 0 else 0
        # Two passes: beside the 64-bit words of the first, float32 arithmetic would get half the lanes.
        for i in range(paired):
            w0, w1, w2, w3 = _pair_words(key, step, first, i, trial)
            out[2 * i], out[2 * i + 1] = dtype(unit_interval(w0, w1)), dtype(unit_interval(w2, w3))
        for i in range(paired):
            out[2 * i], out[2 * i + 1] = box_muller(out[2 * i], out[2 * i + 1])
        for i in range(2 * paired, out.size):
            out[i] = normal(key, step, first + i, trial, dtype)

    return fill
