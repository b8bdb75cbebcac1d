"""Logarithms and powers: log, log1p, log10, power.

x = 2^k m with sqrt(1/2) <= m < sqrt(2), read off the bits, and with f = m - 1 and s = f/(2 + f)
log m = 2 atanh(s) = 2 s + s^3 P(s^2), where P is a polynomial.
"""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from lapicque.compile.vector_math.bits import add_bits, as_bits, from_bits, from_exponent, into_exponent, subtract_bits
from lapicque.compile.vector_math.exponential import exp_sum
from lapicque.compile.vector_math.primitives import absolute, choose, copysign, floor, like, polynomial, where
from lapicque.compile.vector_math.two_forms import COMPILED, elementwise


class _Constants(NamedTuple):
    smallest: Any  # normal number
    lift: Any  # a power of two that makes every subnormal number normal
    lifted: Any  # its exponent
    offset: Any  # bits of 1 less the bits of sqrt(1/2)
    bias: Any
    whole: Any  # bits of 2^(mantissa bits): a small integer added there reads as that float plus the integer
    unwhole: Any  # 2^(mantissa bits) + bias
    ln2_high: Any  # so short that its product with k is exact
    ln2_low: Any
    splitter: Any  # Dekker's, 2^(half the mantissa bits) + 1
    steep: Any  # power is 0, 1 or infinite for any larger exponent
    series: tuple  # P


# Coefficients: mpmath.chebyfit of (2 atanh(s)/s - 2)/s^2 in s^2, for m up to sqrt(2)
_SINGLE = _Constants(
    smallest=np.float32(2.0**-126),
    lift=np.float32(2.0**25),
    lifted=np.float32(25.0),
    offset=np.int32(0x3F800000 - 0x3F3504F3),
    bias=np.int32(127),
    whole=np.int32(0x4B000000),
    unwhole=np.float32(2.0**23 + 127),
    ln2_high=np.float32(0.693359375),
    ln2_low=np.float32(-2.1219444005469057e-4),
    splitter=np.float32(2.0**12 + 1),
    steep=np.float32(2.0**32),
    series=tuple(
        np.float32(c)
        for c in (0.6666666655404201243, 0.400001222118106494, 0.2855077863319196543, 0.2333161447184349923)
    ),
)
_DOUBLE = _Constants(
    smallest=np.float64(2.0**-1022),
    lift=np.float64(2.0**54),
    lifted=np.float64(54.0),
    offset=np.int64(0x3FF0000000000000 - 0x3FE6A09E667F3BCD),
    bias=np.int64(1023),
    whole=np.int64(0x4330000000000000),
    unwhole=np.float64(2.0**52 + 1023),
    ln2_high=np.float64(0.6931471803691238),
    ln2_low=np.float64(1.9082149292705877e-10),
    splitter=np.float64(2.0**27 + 1),
    steep=np.float64(2.0**64),
    series=tuple(
        np.float64(c)
        for c in (
            0.6666666666666666646,
            0.4000000000000088324,
            0.2857142857079978503,
            0.222222223925810451,
            0.1818179554752113623,
            0.1538624473762166661,
            0.1326863836926682388,
            0.1308803485092755383,
        )
    ),
)


@register_jitable(**COMPILED)
def significand(x, c):
    """k, as a float, and m - 1 of a normal number x = 2^k m."""
    bits = as_bits(x)
    biased = from_exponent(add_bits(bits, c.offset))
    m = from_bits(subtract_bits(bits, into_exponent(subtract_bits(biased, c.bias))))
    return from_bits(add_bits(biased, c.whole)) - c.unwhole, m - like(x, 1.0)


@register_jitable(**COMPILED)
def lifted_significand(x, c):
    """The same for any positive, finite number."""
    subnormal = x < c.smallest
    k, f = significand(where(subnormal, x * c.lift, x), c)
    return where(subnormal, k - c.lifted, k), f


@register_jitable(**COMPILED)
def log_of(k, f, c):
    """k ln 2 + log(1 + f)."""
    s = f / (like(f, 2.0) + f)
    z = s * s
    half_square = like(f, 0.5) * f * f
    rest = s * (half_square + z * polynomial(z, c.series))
    return k * c.ln2_high - ((half_square - (rest + k * c.ln2_low)) - f)


@register_jitable(**COMPILED)
def log_of_normal(x):
    """log(x) of a positive normal number, for a little less than `log` takes."""
    c = choose(x, _SINGLE, _DOUBLE)
    k, f = significand(x, c)
    return log_of(k, f, c)


@elementwise
def log(x):
    """The natural logarithm: minus infinity at 0, NaN below; subnormal numbers are treated properly.

    Largest error seen: 0.85 ulp in float64, 0.84 ulp in float32 (all from 1e-9 to 1e6 were tried).

    Examples
    --------
    >>> log(np.array([-1.0, 0.0, 1.0, 2.0, np.inf])).round(12).tolist()
    [nan, -inf, 0.0, 0.69314718056, inf]
    """
    c = choose(x, _SINGLE, _DOUBLE)
    k, f = lifted_significand(x, c)
    zero, infinity = like(x, 0.0), like(x, np.inf)
    extreme = where(x == zero, -infinity, like(x, np.nan))
    return where(x > zero, where(x < infinity, log_of(k, f, c), x), extreme)


@elementwise
def log1p(x):
    """log(1 + x), accurate near 0.

    Examples
    --------
    >>> log1p(np.array([-1.0, 1e-20, np.inf])).tolist()
    [-inf, 1e-20, inf]
    """
    one = like(x, 1.0)
    u = one + x
    y = log(u)
    large = x > one
    lost = where(large, one, x) - (u - where(large, x, one))  # by the rounding of the sum, exactly
    return where((u > like(x, 0.0)) & (u < like(x, np.inf)), y + lost / u, y)


@elementwise
def log10(x):
    """The decimal logarithm (log(x) times a constant: not always exact at powers of ten).

    Examples
    --------
    >>> log10(np.array([0.0, 1.0, 2.0])).round(12).tolist()
    [-inf, 0.0, 0.301029995664]
    """
    return log(x) * like(x, 0.4342944819032518)


@register_jitable(**COMPILED)
def exact_product(x, y, c):
    """x*y, and its rounding error (Dekker 1971, doi:10.1007/BF01397083)."""
    p = x * y
    t, u = c.splitter * x, c.splitter * y
    x_high, y_high = t - (t - x), u - (u - y)
    x_low, y_low = x - x_high, y - y_high
    return p, ((x_high * y_high - p) + x_high * y_low + x_low * y_high) + x_low * y_low


@elementwise
def power(x, y):
    """x to the power y, as C's `pow`: exp(y log(x)), the logarithm and the product carried to half as many bits again.

    NaN for negative `x` unless `y` is a whole number; 1 where `y` is 0 or `x` is 1, even if the other is NaN. The sign
    of a zero `x` is ignored. For a fixed whole exponent `integer_power` is faster.
    Largest error seen: 1.5 ulp where abs(y log(x)) < 10, 3.1 ulp where it is below 100, and 26 ulp in float64 towards
    the ends of its range.

    Examples
    --------
    >>> power(np.array([2.0, -2.0, 0.0, 10.0]), np.array([0.5, 3.0, 2.0, -400.0])).round(12).tolist()
    [1.414213562373, -8.0, 0.0, 0.0]
    """
    c = choose(x, _SINGLE, _DOUBLE)
    zero, one, two, infinity = like(x, 0.0), like(x, 1.0), like(x, 2.0), like(x, np.inf)
    magnitude = absolute(x)
    exponent = where(absolute(y) > c.steep, copysign(c.steep, y), y)

    k, f = lifted_significand(magnitude, c)
    divisor = two + f
    inverse = one / divisor
    s = f * inverse
    product, error = exact_product(s, divisor, c)
    s_low = (((f - product) - error) - s * (f - (divisor - two))) * inverse
    z = s * s
    whole, high = k * c.ln2_high, s + s
    log_high = whole + high
    cubic = s * (z * polynomial(z, c.series)) + k * c.ln2_low
    log_low = (high - (log_high - whole)) + ((s_low + s_low) * (one + z) + cubic)  # 2 atanh has the slope 2/(1 - z)

    product, error = exact_product(exponent, log_high, c)
    error = error + exponent * log_low
    high = product + error
    result = exp_sum(high, error - (high - product))

    limit = where((magnitude > one) == (y > zero), infinity, zero)
    result = where((magnitude > zero) & (magnitude < infinity), result, where((x == x) & (y == y), limit, x + y))
    odd = floor(y * like(x, 0.5)) * two != y
    signed = where(floor(y) == y, where(odd, -result, result), like(x, np.nan))
    return where((y == zero) | (x == one), one, where(x < zero, signed, result))
