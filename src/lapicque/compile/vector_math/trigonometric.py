"""Sine, cosine and arctangent.

For sine and cosine, with n the whole number nearest to x / (pi/2), r = x - n pi/2 is computed with pi/2 in four or
five parts, of which all but the last are so short that their products with n are exact (Cody and Waite's reduction);
sin(r) and cos(r) are polynomials for |r| <= pi/4, and the two lowest bits of n say which of the two it is, and its
sign.
"""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from lapicque.compile.vector_math.bits import add_bits, and_bits, as_bits
from lapicque.compile.vector_math.primitives import (
    absolute,
    choose,
    copysign,
    like,
    polynomial,
    subtract_multiples,
    where,
)
from lapicque.compile.vector_math.two_forms import COMPILED, elementwise


class _Constants(NamedTuple):
    per_quarter: Any  # 2/pi
    rounder: Any  # 1.5 * 2^(mantissa bits)
    quarter: tuple  # pi/2
    widest: Any
    sine: tuple  # (sin(r)/r - 1)/r^2 in r^2
    cosine: tuple  # (cos(r) - 1 + r^2/2)/r^4 in r^2


# Coefficients: mpmath.chebyfit for r^2 <= 1.001 (pi/4)^2
_SINGLE = _Constants(
    per_quarter=np.float32(0.6366197723675814),
    rounder=np.float32(1.5 * 2**23),
    quarter=tuple(
        np.float32(p)
        for p in (1.5703125, 4.825592041015625e-4, 1.2665987014770508e-6, 9.89530235528946e-10, 2.5633440682570896e-12)
    ),
    widest=np.float32(1e5),
    sine=tuple(np.float32(c) for c in (-0.1666666465631220882, 0.008332747104664530017, -0.0001958763909873761926)),
    cosine=tuple(np.float32(c) for c in (0.04166666465348879292, -0.001388830186756236915, 2.454768977246002905e-5)),
)
_DOUBLE = _Constants(
    per_quarter=np.float64(0.6366197723675814),
    rounder=np.float64(1.5 * 2**52),
    quarter=tuple(
        np.float64(p) for p in (1.570796012878418, 3.139164164167596e-07, 6.223371969669989e-14, 2.0222662487959506e-21)
    ),
    widest=np.float64(2.0**31),
    sine=tuple(
        np.float64(c)
        for c in (
            -0.1666666666666666461,
            0.008333333333330936554,
            -0.000198412698367405321,
            2.755731609319840519e-6,
            -2.505112989645018631e-8,
            1.591798897939743326e-10,
        )
    ),
    cosine=tuple(
        np.float64(c)
        for c in (
            0.04166666666666666538,
            -0.001388888888888738977,
            2.480158729875440117e-5,
            -2.755731726587808004e-7,
            2.087614504941317909e-9,
            -1.138254464534925044e-11,
        )
    ),
)


@register_jitable(**COMPILED)
def in_quarter(r):
    """sin(r) and cos(r) for |r| <= pi/4."""
    c = choose(r, _SINGLE, _DOUBLE)
    z = r * r
    half = like(r, 0.5) * z
    one = like(r, 1.0)
    near = one - half
    return r + r * (z * polynomial(z, c.sine)), near + (((one - near) - half) + z * (z * polynomial(z, c.cosine)))


@register_jitable(**COMPILED)
def turned(n, sine, cosine):
    """The sine of an angle that lies n quarters of a turn beyond one with this sine and cosine; n is an integer."""
    zero = like(n, 0)
    y = where(and_bits(n, like(n, 1)) == zero, sine, cosine)
    return where(and_bits(n, like(n, 2)) == zero, y, -y)


@register_jitable(**COMPILED)
def _sine_from(x, quarters):
    c = choose(x, _SINGLE, _DOUBLE)
    shifted = x * c.per_quarter + c.rounder
    r = subtract_multiples(x, shifted - c.rounder, c.quarter)
    sine, cosine = in_quarter(r)
    y = turned(add_bits(as_bits(shifted), like(as_bits(shifted), quarters)), sine, cosine)
    return where(absolute(x) <= c.widest, y, like(x, np.nan))


@elementwise
def sin(x):
    """The sine of `x` in radians; NaN beyond 2^31 in float64, beyond 1e5 in float32.

    Beyond those, consecutive floats are so far apart, and the reduction so long, that an answer would be noise.
    Largest error seen: 2.40 ulp in float64, 3.19 ulp in float32 (all were tried), for abs(x) up to 1e5.

    Examples
    --------
    >>> sin(np.array([0.0, 1.0, 1e6, 1e10])).round(12).tolist()
    [0.0, 0.841470984808, -0.349993502171, nan]
    """
    return _sine_from(x, 0)


@elementwise
def cos(x):
    """The cosine of `x` in radians; NaN beyond 2^31 in float64, beyond 1e5 in float32 (see `sin`).

    Largest error seen: 2.30 ulp in float64, 3.46 ulp in float32 (all were tried), for abs(x) up to 1e5.

    Examples
    --------
    >>> cos(np.array([0.0, 1.0, 1e6, 1e10])).round(12).tolist()
    [1.0, 0.540302305868, 0.936752127533, nan]
    """
    return _sine_from(x, 1)


class _ArctanConstants(NamedTuple):
    eighth: Any  # tan(pi/8)
    three_eighths: Any  # tan(3 pi/8)
    quarter: Any  # pi/4 in two parts
    quarter_low: Any
    series: tuple  # (arctan(t)/t - 1)/t^2 in t^2


# Coefficients: mpmath.chebyfit for t^2 <= 1.001 tan(pi/8)^2
_SINGLE_ARCTAN = _ArctanConstants(
    eighth=np.float32(0.41421356),
    three_eighths=np.float32(2.4142136),
    quarter=np.float32(0.7853981633974483),
    quarter_low=np.float32(0.7853981633974483 - float(np.float32(0.7853981633974483))),
    series=tuple(
        np.float32(c)
        for c in (
            -0.3333333175381696891,
            0.1999953879477192146,
            -0.1426389711259867546,
            0.1074309966767457026,
            -0.06449835224591495918,
        )
    ),
)
_DOUBLE_ARCTAN = _ArctanConstants(
    eighth=np.float64(0.4142135623730951),
    three_eighths=np.float64(2.414213562373095),
    quarter=np.float64(0.7853981633974483),
    quarter_low=np.float64(3.061616997868383e-17),
    series=tuple(
        np.float64(c)
        for c in (
            -0.3333333333333333013,
            0.199999999999954792,
            -0.1428571428465789355,
            0.111111110145610136,
            -0.09090904549884610954,
            0.07692182535116648202,
            -0.06664502215671447104,
            0.05858068756861510547,
            -0.05085030492810940543,
            0.03921955253255129409,
            -0.01916206891590257395,
        )
    ),
)


@elementwise
def arctan(x):
    """The inverse tangent, between -pi/2 and pi/2.

    An argument above tan(pi/8) is turned by an eighth or a quarter of a circle first.
    Largest error seen: 1.89 ulp in float64, 1.87 ulp in float32.

    Examples
    --------
    >>> arctan(np.array([-np.inf, 0.0, 1.0])).round(12).tolist()
    [-1.570796326795, 0.0, 0.785398163397]
    """
    c = choose(x, _SINGLE_ARCTAN, _DOUBLE_ARCTAN)
    zero, one, two = like(x, 0.0), like(x, 1.0), like(x, 2.0)
    a = absolute(x)
    large, middle = a > c.three_eighths, a > c.eighth
    t = where(large, -one, where(middle, a - one, a)) / where(large, a, where(middle, a + one, one))
    turns = where(large, two, where(middle, one, zero))
    z = t * t
    y = turns * c.quarter + (t + (t * (z * polynomial(z, c.series)) + turns * c.quarter_low))
    return copysign(y, x)
