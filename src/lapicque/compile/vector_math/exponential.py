"""Exponential functions: exp, expm1, exprel, sigmoid, tanh, sinh, cosh.

With n the whole number nearest to x / ln 2 and r = x - n ln 2 (ln 2 in two parts, so that the difference is exact but
for its last rounding), exp(x) = 2^n exp(r) with |r| <= ln(2)/2, and exp(r) is a polynomial. Adding and subtracting
1.5 * 2^23 or 1.5 * 2^52 rounds to n, and leaves n as an integer in the lowest bits of the sum, from where it is added
to the exponent: there is no conversion between floats and integers, and no power of two that could overflow.
"""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from lapicque.compile.vector_math.bits import add_bits, as_bits, from_bits, into_exponent
from lapicque.compile.vector_math.primitives import absolute, choose, copysign, like, polynomial, where
from lapicque.compile.vector_math.two_forms import COMPILED, elementwise


class _Constants(NamedTuple):
    per_ln2: Any
    rounder: Any  # 1.5 * 2^(mantissa bits)
    ln2_high: Any  # so short that its product with n is exact
    ln2_low: Any
    lowest: Any  # exp(lowest) is the smallest normal number
    highest: Any  # exp(highest) is the largest finite number
    negligible: Any  # expm1 is -1 below
    saturated: Any  # tanh is 1 above
    tiny: Any  # exprel is 1 for |x| below
    beyond: tuple  # (exp(r) - 1 - r)/r^2


# Coefficients: mpmath.chebyfit of (exp(r) - 1 - r)/r^2 for |r| <= 1.001 ln(2)/2
_SINGLE = _Constants(
    per_ln2=np.float32(1.4426950408889634),
    rounder=np.float32(1.5 * 2**23),
    ln2_high=np.float32(0.693359375),
    ln2_low=np.float32(-2.1219444005469057e-4),
    lowest=np.float32(-87.33654022216797),
    highest=np.float32(88.72283172607422),
    negligible=np.float32(-20.0),
    saturated=np.float32(10.0),
    tiny=np.float32(2.0**-26),
    beyond=tuple(
        np.float32(c)
        for c in (0.5, 0.1666657667661992835, 0.04166655421298415027, 0.008363232883682618197, 0.001392625083149760)
    ),
)
_DOUBLE = _Constants(
    per_ln2=np.float64(1.4426950408889634),
    rounder=np.float64(1.5 * 2**52),
    ln2_high=np.float64(0.6931471803691238),
    ln2_low=np.float64(1.9082149292705877e-10),
    lowest=np.float64(-708.3964185322641),
    highest=np.float64(709.782712893384),
    negligible=np.float64(-40.0),
    saturated=np.float64(20.0),
    tiny=np.float64(2.0**-55),
    beyond=tuple(
        np.float64(c)
        for c in (
            0.5,
            0.166666666666666675,
            0.0416666666666238205,
            0.0083333333333300382,
            0.00138888889173670806,
            0.00019841269863171556,
            2.48015210578682052e-5,
            2.75572682769056962e-6,
            2.76202015910315488e-7,
            2.5100472505694996e-8,
        )
    ),
)


@register_jitable(**COMPILED)
def split(x, c):
    """x = n ln 2 + r: n in the lowest bits of the first value, and r."""
    shifted = x * c.per_ln2 + c.rounder
    n = shifted - c.rounder
    return as_bits(shifted), (x - n * c.ln2_high) - n * c.ln2_low


@register_jitable(**COMPILED)
def scale(y, n):
    """y 2^n, n in the lowest bits of an integer, for normal y and a normal result."""
    return from_bits(add_bits(as_bits(y), into_exponent(n)))


@register_jitable(**COMPILED)
def beyond(r, c):
    """exp(r) - 1 - r for |r| <= ln(2)/2."""
    return (r * r) * polynomial(r, c.beyond)


@register_jitable(**COMPILED)
def bounded(x, y, c):
    """`y` = exp(x) where that is a normal number, else 0 or infinity; NaN for NaN."""
    return where(x < c.lowest, like(x, 0.0), where(x <= c.highest, y, x * like(x, np.inf)))


@register_jitable(**COMPILED)
def exp_sum(x, low):
    """exp(x + low) for low so small that its square does not matter."""
    c = choose(x, _SINGLE, _DOUBLE)
    n, r = split(x, c)
    y = (beyond(r, c) + r) + like(x, 1.0)
    return bounded(x, scale(y + y * low, n), c)


@elementwise
def exp(x):
    """The exponential function.

    Results below the smallest normal number are 0: subnormal numbers make arithmetic about a hundred times slower.
    Largest error seen: 1.15 ulp in float64, 1.05 ulp in float32 (every float32 was tried).

    Examples
    --------
    >>> exp(np.array([-np.inf, -800.0, 0.0, 1.0, np.inf])).round(12).tolist()
    [0.0, 0.0, 1.0, 2.718281828459, inf]
    """
    c = choose(x, _SINGLE, _DOUBLE)
    n, r = split(x, c)
    return bounded(x, scale((beyond(r, c) + r) + like(x, 1.0), n), c)


@elementwise
def expm1(x):
    """exp(x) - 1, accurate near 0.

    Largest error seen: 1.71 ulp in float64, 1.33 ulp in float32 (all above 1e-9 were tried).

    Examples
    --------
    >>> expm1(np.array([-np.inf, 1e-20])).tolist()
    [-1.0, 1e-20]
    """
    c = choose(x, _SINGLE, _DOUBLE)
    n, r = split(where(x < c.negligible, c.negligible, x), c)
    half = scale(like(x, 0.5), n)  # 2^n would overflow at the upper end
    # Summed from the cancelling pair: adding expm1(r) as a whole would double its error near x = ln(2)/2.
    y = (half * r + (half - like(x, 0.5))) + half * beyond(r, c)
    return where(x <= c.highest, y + y, x * like(x, np.inf))


@elementwise
def exprel(x):
    """(exp(x) - 1)/x, and 1 at 0.

    Largest error seen: 2.84 ulp in float64, 2.43 ulp in float32 (all above 1e-9 were tried).
    Infinite where exp(x) is.

    Examples
    --------
    >>> exprel(np.array([-np.inf, 0.0, 1.0, np.inf])).round(12).tolist()
    [0.0, 1.0, 1.718281828459, inf]
    """
    c = choose(x, _SINGLE, _DOUBLE)
    one = like(x, 1.0)
    small = absolute(x) < c.tiny
    divisor = where(x > c.highest, one, where(small, one, x))
    return where(small, one, expm1(x) / divisor)


@elementwise
def sigmoid(x):
    """The logistic function 1/(1 + exp(-x)), with full relative accuracy for negative `x`.

    Largest error seen: 2.32 ulp in float64, 2.40 ulp in float32 (all above 1e-9 were tried).

    Examples
    --------
    >>> sigmoid(np.array([-np.inf, 0.0, np.inf])).tolist()
    [0.0, 0.5, 1.0]
    """
    one = like(x, 1.0)
    e = exp(-absolute(x))
    return where(x < like(x, 0.0), e, one) / (one + e)


@elementwise
def tanh(x):
    """The hyperbolic tangent.

    Largest error seen: 2.33 ulp in float64, 2.09 ulp in float32 (all above 1e-9 were tried).

    Examples
    --------
    >>> tanh(np.array([-np.inf, 0.0, 0.5, np.inf])).round(12).tolist()
    [-1.0, 0.0, 0.46211715726, 1.0]
    """
    c = choose(x, _SINGLE, _DOUBLE)
    a = absolute(x)
    a = where(a > c.saturated, c.saturated, a)
    half, two = like(x, 0.5), like(x, 2.0)
    e = expm1(a + a)
    divisor = e + two
    large = e > two
    lost = where(large, two, e) - (divisor - where(large, e, two))  # by the rounding of the sum, exactly
    y = e / divisor
    return copysign(y - (y * lost) * (half - half * y), x)


@elementwise
def sinh(x):
    """The hyperbolic sine; infinite where exp(abs(x)) is.

    Examples
    --------
    >>> sinh(np.array([-1.0, 0.0, np.inf])).round(12).tolist()
    [-1.175201193644, 0.0, inf]
    """
    half, one = like(x, 0.5), like(x, 1.0)
    e = expm1(absolute(x))
    finite = e < like(x, np.inf)
    return copysign(where(finite, half * (e + e / (e + one)), e), x)


@elementwise
def cosh(x):
    """The hyperbolic cosine; infinite where exp(abs(x)) is.

    Examples
    --------
    >>> cosh(np.array([-1.0, 0.0, np.inf])).round(12).tolist()
    [1.543080634815, 1.0, inf]
    """
    half = like(x, 0.5)
    e = exp(absolute(x))
    return half * e + half / e
