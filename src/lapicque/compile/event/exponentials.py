"""Divided differences of the exponential function: the entries of the propagator of a triangular linear flow.

The entry of ``exp(A s)`` for states that act on each other along a chain with the rates a, b, c ... is the product of
their couplings times ``s^k exp[a s, b s, c s ...]``, where the brackets mean the divided difference of order k (Opitz
1964, doi:10.1002/zamm.19640441321). With this form nothing is special about equal time constants, and nothing is
lost where they are nearly equal, as it is in ``(exp(a s) - exp(b s))/(a - b)``: nodes that are closer than 1 are taken
together in a Taylor series around their mean, as McCurdy, Ng & Parlett 1984, doi:10.1090/S0025-5718-1984-0758198-0, do.
"""

import numpy as np
from numba import njit

from lapicque.compile.event.options import OPTIONS
from lapicque.compile.vector_math import exp, exprel

ALLOCATING = {**OPTIONS, "_nrt": True}
_APART = 1.0  # nodes further apart than this are subtracted, at the cost of a bit


@njit(**OPTIONS)
def exp_dd1(a, b, exp_a, exp_b):
    """Return ``(exp(a) - exp(b))/(a - b)``, given the exponentials; ``exp(a)`` where both are equal."""
    d = a - b
    if d > _APART or d < -_APART:
        return (exp_a - exp_b) / d
    return exp_a * exprel(-d) if d > 0.0 else exp_b * exprel(d)


@njit(**OPTIONS)
def exp_dd2(a, b, c):
    """Return the divided difference of exp of order 2; half of ``exp(a)`` where all nodes are equal."""
    if a > b:
        a, b = b, a
    if b > c:
        b, c = c, b
    if a > b:
        a, b = b, a
    if c - a > _APART:
        middle = exp(b)
        return (exp_dd1(c, b, exp(c), middle) - exp_dd1(b, a, middle, exp(a))) / (c - a)
    mean = (a + b + c) / 3.0
    a, b, c = a - mean, b - mean, c - mean
    second, third = a * b + a * c + b * c, a * b * c
    # complete homogeneous polynomials of nodes whose sum is 0: h_j = -second h_(j-2) + third h_(j-3)
    before, last, now = 0.0, 0.0, 1.0
    factor = total = 0.5
    for j in range(1, 24):
        before, last, now = last, now, third * before - second * last
        factor /= j + 2.0
        total += now * factor
    return exp(mean) * total


@njit(**ALLOCATING)
def exp_dd(nodes):
    """Return the divided difference of exp of any order, from a tuple of nodes."""
    n = len(nodes)
    z = np.empty(n)
    for i in range(n):
        z[i] = nodes[i]
    z.sort()
    table = np.exp(z)
    for order in range(1, n):
        for i in range(n - order):
            if z[i + order] - z[i] > _APART:
                table[i] = (table[i + 1] - table[i]) / (z[i + order] - z[i])
            else:
                table[i] = _close(z[i : i + order + 1])
    return table[0]


@njit(**ALLOCATING)
def _close(z):
    """Taylor's series around the mean: sum over j of h_j/(j + k)!, h_j the complete homogeneous polynomials."""
    n = len(z)
    mean = z.mean()
    # h[m] is h_j of the first m + 1 nodes: h_j(first m + 1) = h_j(first m) + z_m h_(j-1)(first m + 1)
    h = np.ones(n)
    factor = 1.0
    for j in range(2, n):
        factor /= j
    total = factor
    for j in range(1, 24):
        below = 0.0
        for m in range(n):
            below += (z[m] - mean) * h[m]
            h[m] = below
        factor /= j + n - 1.0
        total += h[n - 1] * factor
    return np.exp(mean) * total
