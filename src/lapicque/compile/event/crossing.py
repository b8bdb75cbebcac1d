"""The first time at which a threshold is reached: none is missed, however short the excursion above it.

Take a margin f that is a sum of exponentials (times powers of time, where rates are equal), f = l . x with x' = A x + b
and triangular A. With the rates in an order in which each variable comes before those that it reads,

    f_0 = f,    f_(k+1) = f_k' - rate_k f_k

loses one variable after the other, and ends in a constant. Since ``(exp(-rate_k s) f_k)' = exp(-rate_k s) f_(k+1)``,
between two zeros of f_(k+1) there is at most one of f_k, where its sign changes (Rolle; Polya & Szego 1976, part V,
75-77: n exponentials have at most n - 1 zeros). So the zeros of the last function, in closed form, bracket those of the
one before, and so on up to f itself, where each bracket holds one root or none. The values come from the states and not
from coefficients of exponentials, so that equal or nearly equal rates need no care.

Brette 2007, doi:10.1162/neco.2007.19.10.2604, counts the roots of the polynomial that remains where rates are
commensurate; Hanuschkin et al. 2010, doi:10.3389/fninf.2010.00113, and Krishnan et al. 2018,
doi:10.3389/fninf.2017.00075, compare ways to miss no spike within steps.
"""

from numba import njit

from lapicque.compile.event.options import OPTIONS
from lapicque.compile.vector_math import log1p

_NEVER = float("inf")
_CLOSE = 2.0**-51  # of a root, relative
_WINDOW = 32.0  # ms


@njit(**OPTIONS)
def first_order_zero(f, slope, rate):
    """Return the time at which ``f + slope s exprel(rate s)`` is 0, infinite if it never is after s = 0."""
    q = -f / slope
    if not q > 0.0:
        return _NEVER
    z = q * rate
    if z == 0.0:
        return q
    if z <= -1.0:
        return _NEVER
    return q * (log1p(z) / z)


def search(value):
    """Return ``first_crossing`` for a margin and what follows from it: ``value(k, s, x, a, c, b)`` is f_k and f_k'."""

    @njit(**OPTIONS)
    def zero_between(level, low, high, below, above, x, a, c, b):
        """Return the zero of a function with one change of sign: Newton's steps, bisection where they leave it.

        Parameters
        ----------
        low, high : the bracket
        below, above : the function at its ends, of different signs
        """
        rising = above > 0.0
        s = low - below * (high - low) / (above - below)
        if not low < s < high:
            s = 0.5 * (low + high)
        step = before = high - low
        for _ in range(200):
            f, slope = value(level, s, x, a, c, b)
            if f == 0.0:
                return s
            if (f > 0.0) == rising:
                high = s
            else:
                low = s
            before, step = step, -f / slope
            after = s + step
            if not low < after < high or abs(step) > 0.5 * abs(before):
                if abs(step) <= _CLOSE * s:
                    return s
                step = 0.5 * (high - low)
                after = low + step
            if abs(step) <= _CLOSE * after or after == s:
                return after
            s = after
        return s

    @njit(**OPTIONS)
    def crossing_between(levels, zeros, count, begin, end, x, a, c, b):
        """Return the first time in an interval at which f_0 becomes positive, given the zeros of f_levels in it."""
        for level in range(levels - 1, -1, -1):
            found = 0
            low = begin
            below, _ = value(level, low, x, a, c, b)
            for n in range(count + 1):
                high = zeros[n] if n < count else end
                above, _ = value(level, high, x, a, c, b)
                if level == 0:
                    if above > 0.0:
                        return zero_between(0, low, high, below, above, x, a, c, b) if below < 0.0 else low
                elif (below < 0.0 and above > 0.0) or (below > 0.0 and above < 0.0):
                    zeros[found] = zero_between(level, low, high, below, above, x, a, c, b)
                    found += 1
                elif above == 0.0 and below != 0.0 and n < count:
                    zeros[found] = high
                    found += 1
                low, below = high, above
            count = found
        return _NEVER

    @njit(**OPTIONS)
    def first_crossing(levels, zeros, last_zero, horizon, x, a, c, b):
        """Return the first time at which a margin that is not positive becomes so, infinity if not up to the horizon.

        The search goes from window to window, each twice as long. They do not depend on the horizon, so neither does a
        root to its last bit.

        Parameters
        ----------
        levels : number of functions above the one whose zero is given
        zeros : scratch, at least levels + 1
        last_zero : the zero of f_levels after s = 0, infinite if there is none
        """
        begin, end = 0.0, _WINDOW
        while begin < horizon:
            zeros[0] = last_zero
            found = crossing_between(levels, zeros, 1 if begin < last_zero < end else 0, begin, end, x, a, c, b)
            if found < _NEVER:
                return found
            begin, end = end, 2.0 * end
        return _NEVER

    return first_crossing


def monotone_search(value):
    """Return ``first_crossing`` for a margin that moves in one direction, ``value(s, x, a, c, b)``."""

    @njit(**OPTIONS)
    def first_crossing(horizon, x, a, c, b):
        """Return the time at which a margin that moves in one direction becomes positive, by bisection.

        Where it is not a number it is taken for positive: the solution has become infinite.
        """
        low, high = 0.0, 1.0
        while value(high, x, a, c, b) <= 0.0:
            if high >= horizon:
                return _NEVER
            low, high = high, 2.0 * high
        for _ in range(1100):
            middle = 0.5 * (low + high)
            if not low < middle < high:
                break
            if value(middle, x, a, c, b) <= 0.0:
                low = middle
            else:
                high = middle
        return high

    return first_crossing
