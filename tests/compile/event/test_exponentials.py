"""Divided differences and the quadratic flow against high precision."""

import mpmath
import numpy as np
import pytest
from numba import njit

from lapicque.compile.event.exponentials import exp_dd, exp_dd1, exp_dd2
from lapicque.compile.event.quadratic import quadratic_flow, quadratic_time
from lapicque.compile.vector_math import exp


@njit
def first(a, b):
    return exp_dd1(a, b, exp(a), exp(b))


@njit
def second(a, b, c):
    return exp_dd2(a, b, c)


@njit
def fourth(a, b, c, d, e):
    return exp_dd((a, b, c, d, e))


@njit
def flow(x, a, b, c, s):
    return quadratic_flow(x, a, b, c, s)


@njit
def time_to(x, goal, a, b, c):
    return quadratic_time(x, goal, a, b, c)


def divided(nodes):
    """The integral over the simplex, from distinct nodes: sum of exp(z_i)/prod(z_i - z_j), with digits to spare."""
    with mpmath.workdps(200):
        z = [mpmath.mpf(float(node)) + mpmath.mpf(10) ** -30 * k for k, node in enumerate(nodes)]
        return float(sum(
            mpmath.exp(a) / mpmath.fprod(a - b for j, b in enumerate(z) if j != i) for i, a in enumerate(z)
        ))  # fmt: skip


@pytest.mark.parametrize(("function", "count"), [(first, 2), (second, 3), (fourth, 5)])
@pytest.mark.parametrize("spread", [0.0, 1e-9, 1e-3, 0.4, 1.1, 3.0, 40.0])
def test_divided_differences(function, count, spread):
    rng = np.random.default_rng(7)
    for _ in range(20):
        nodes = -spread * rng.uniform(0, 1, count) - rng.uniform(0, 3)
        assert function(*nodes) == pytest.approx(divided(nodes), rel=4e-15 if count < 5 else 2e-13)


def test_divided_differences_of_what_has_decayed():
    assert first(-800.0, -900.0) == 0
    assert first(-2000.0, 0.0) == 1 / 2000
    assert second(-1e6, -1e6, 0.0) == pytest.approx(1e-12, rel=1e-14)


@pytest.mark.parametrize("a", [0.0, 0.02, -0.02])
@pytest.mark.parametrize("c", [-0.3, 0.0, 1 / 8, 0.4])
def test_the_quadratic_flow_and_its_inverse(a, c):
    """The flow solves its equation (Taylor's series of high order by mpmath), and its inverse finds the time."""
    b, x, s = 0.1, -1.5, 1.25
    with mpmath.workdps(30):
        solution = mpmath.odefun(lambda t, y: [(a * y[0] + b) * y[0] + c], 0, [x])
        expected = float(solution(s)[0])
    assert flow(x, a, b, c, s) == pytest.approx(expected, rel=1e-13)
    if expected != x:
        assert time_to(x, expected, a, b, c) == pytest.approx(s, rel=1e-11)
        assert time_to(x, 2 * x - expected, a, b, c) == np.inf or a * c != 0
