"""Comparison and rounding helpers: sign, minimum, maximum, clip, floor_to_integer, integer_power."""

import numpy as np
from llvmlite import ir
from numba.core import types

from lapicque.compile.vector_math.bits import as_bits, subtract_bits
from lapicque.compile.vector_math.primitives import choose, floor, like, where
from lapicque.compile.vector_math.two_forms import compiled_as, elementwise

# Beside a whole number in a sum with these, the lowest bits of the mantissa are that number as an integer.
_SINGLE_ROUNDER = np.float32(1.5 * 2**23)
_DOUBLE_ROUNDER = np.float64(1.5 * 2**52)


@elementwise
def sign(x):
    """-1, 0 or 1; NaN for NaN.

    Examples
    --------
    >>> sign(np.array([-2.5, 0.0, 3.0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    zero = like(x, 0.0)
    return where(x > zero, like(x, 1.0), where(x < zero, like(x, -1.0), x))


@elementwise
def minimum(x, y):
    """The smaller of the two; NaN if either is, as in NumPy.

    Examples
    --------
    >>> minimum(np.array([1.0, 5.0, np.nan]), 2.0).tolist()
    [1.0, 2.0, nan]
    """
    return where((x < y) | (x != x), x, y)


@elementwise
def maximum(x, y):
    """The larger of the two; NaN if either is, as in NumPy.

    Examples
    --------
    >>> maximum(np.array([1.0, 5.0, np.nan]), 2.0).tolist()
    [2.0, 5.0, nan]
    """
    return where((x > y) | (x != x), x, y)


@elementwise
def clip(x, low, high):
    """`x` kept between `low` and `high`; NaN stays NaN.

    Examples
    --------
    >>> clip(np.array([-1.0, 0.5, np.inf, np.nan]), 0.0, 1.0).tolist()
    [0.0, 0.5, 1.0, nan]
    """
    return where(x < low, low, where(x > high, high, x))


@elementwise
def floor_to_integer(x):
    """The largest whole number that is not above `x`, as an integer of the same width.

    For abs(x) < 2^51 in float64 and < 2^22 in float32; anything else, NaN included, gives an unspecified integer (the
    same one on every backend).

    Examples
    --------
    >>> floor_to_integer(np.array([-1.5, 2.0, 2.999])).tolist()
    [-2, 2, 2]
    """
    rounder = choose(x, _SINGLE_ROUNDER, _DOUBLE_ROUNDER)
    return subtract_bits(as_bits(floor(x) + rounder), as_bits(rounder))


def _by_squaring(x, n, multiply):
    power = None
    while n:
        if n & 1:
            power = x if power is None else multiply(power, x)
        n >>= 1
        x = multiply(x, x) if n else x
    return power


def _integer_power_type(x, n):
    fits = isinstance(x, types.Float) and isinstance(n, types.IntegerLiteral)
    return x if fits else None


def _emit_integer_power(builder, kinds, values):
    n, one = kinds[1].literal_value, ir.Constant(values[0].type, 1.0)
    power = _by_squaring(values[0], abs(n), builder.fmul) if n else one
    return builder.fdiv(one, power) if n < 0 else power


@compiled_as(_integer_power_type, _emit_integer_power)
@np.errstate(all="ignore")
def integer_power(x, n):
    """`x` to a whole power by repeated squaring; in a kernel `n` must be a literal.

    Examples
    --------
    >>> integer_power(np.array([2.0, -3.0]), 3).tolist()
    [8.0, -27.0]
    >>> integer_power(np.array([2.0, 0.0]), -1).tolist()
    [0.5, inf]
    """
    x = np.asarray(x) if np.result_type(x) == np.float32 else np.asarray(x, np.float64)
    power = _by_squaring(x, abs(n), np.multiply) if n else np.ones_like(x)[()]
    return np.divide(x.dtype.type(1), power) if n < 0 else power
