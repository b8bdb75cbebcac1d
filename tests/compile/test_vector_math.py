"""Elementary functions are right: accuracy in units in the last place against mpmath, special values, arguments."""

import mpmath
import numpy as np
import pytest

from lapicque.compile import vector_math as vm
from lapicque.compile.vector_math import exponential, logarithm, trigonometric

PRECISIONS = [np.float32, np.float64]
INF, NAN = np.inf, np.nan


def ulps(name, x, oracle):
    """Largest error over normal results."""
    y, info = getattr(vm, name)(*x), np.finfo(x[0].dtype)
    worst = 0.0
    with mpmath.workprec(120):
        for *arguments, value in zip(*x, y, strict=True):
            exact = oracle(*(mpmath.mpf(float(a)) for a in arguments))
            near = x[0].dtype.type(float(exact))
            if info.tiny <= abs(near) <= info.max:
                worst = max(worst, float(abs(mpmath.mpf(float(value)) - exact) / float(np.spacing(abs(near)))))
    return worst


def exprel(x):
    return mpmath.expm1(x) / x if x else mpmath.mpf(1)


SPANS = {  # name: oracle, intervals in float32 and float64, ulp in float32 and float64
    "exp": (mpmath.exp, [(-87.3, 88.7), (-1, 1)], [(-708, 709), (-1, 1)], 1.1, 1.2),
    "expm1": (mpmath.expm1, [(-20, 88.7), (-1, 1)], [(-40, 709), (-1, 1)], 1.4, 1.8),
    "exprel": (exprel, [(-80, 88.7), (-1, 1)], [(-700, 709), (-1, 1)], 2.7, 2.9),
    "sigmoid": (lambda x: 1 / (1 + mpmath.exp(-x)), [(-87, 20), (-1, 1)], [(-700, 40), (-1, 1)], 2.5, 2.4),
    "tanh": (mpmath.tanh, [(-10, 10), (-1, 1)], [(-20, 20), (-1, 1)], 2.2, 2.4),
    "sinh": (mpmath.sinh, [(-88, 88), (-1, 1)], [(-709, 709), (-1, 1)], 2.4, 2.8),
    "cosh": (mpmath.cosh, [(-88, 88), (-1, 1)], [(-709, 709), (-1, 1)], 1.6, 1.6),
    "log": (mpmath.log, [(1e-30, 10), (0.5, 2)], [(1e-300, 10), (0.5, 2)], 0.9, 0.9),
    "log1p": (mpmath.log1p, [(-0.999, 10), (-0.1, 0.1)], [(-0.999, 10), (-0.1, 0.1)], 1.4, 1.4),
    "log10": (mpmath.log10, [(1e-30, 10), (0.5, 2)], [(1e-300, 10), (0.5, 2)], 2.1, 2.1),
    "sin": (mpmath.sin, [(-1, 1), (-100, 100), (-1e5, 1e5)], [(-1, 1), (-1e5, 1e5), (-(2.0**31), 2.0**31)], 3.9, 2.5),
    "cos": (mpmath.cos, [(-1, 1), (-100, 100), (-1e5, 1e5)], [(-1, 1), (-1e5, 1e5), (-(2.0**31), 2.0**31)], 3.9, 2.5),
    "arctan": (mpmath.atan, [(-1, 1), (-10, 10), (-1e6, 1e6)], [(-1, 1), (-10, 10), (-1e6, 1e6)], 2.0, 2.0),
}


@pytest.mark.parametrize("real", PRECISIONS)
@pytest.mark.parametrize("name", SPANS)
def test_error_in_ulp(name, real):
    oracle, single, double, single_limit, double_limit = SPANS[name]
    random = np.random.default_rng(5)
    for low, high in single if real == np.float32 else double:
        x = random.uniform(low, high, 700).astype(real)
        assert ulps(name, [x], oracle) <= (single_limit if real == np.float32 else double_limit)


@pytest.mark.parametrize("real", PRECISIONS)
def test_logarithm_over_all_magnitudes(real):
    info = np.finfo(real)
    x = np.exp(np.random.default_rng(6).uniform(np.log(info.tiny) + 1, np.log(info.max) - 1, 700)).astype(real)
    assert ulps("log", [x], mpmath.log) <= 0.9


@pytest.mark.parametrize(("reach", "limit"), [(3, 1.6), (30, 2.0), (85, 3.2)])
@pytest.mark.parametrize("real", PRECISIONS)
def test_error_of_powers_in_ulp(real, reach, limit):
    random = np.random.default_rng(7)
    x = np.exp(random.uniform(-5, 5, 700)).astype(real)
    y = (random.uniform(-reach, reach, 700) / np.log(x)).astype(real)
    assert ulps("power", [x, y], mpmath.power) <= limit


def test_extreme_powers_keep_fourteen_digits():
    random = np.random.default_rng(8)
    x = np.exp(random.uniform(-5, 5, 700))
    y = random.uniform(-700, 700, 700) / np.log(x)
    assert ulps("power", [x, y], mpmath.power) <= 40


SPECIAL = {
    "exp": {NAN: NAN, INF: INF, -INF: 0.0, 0.0: 1.0, 1e30: INF, -1e30: 0.0},
    "expm1": {NAN: NAN, INF: INF, -INF: -1.0, 0.0: 0.0, 1e-20: 1e-20, -1e30: -1.0, 1e30: INF},
    "exprel": {NAN: NAN, INF: INF, -INF: 0.0, 0.0: 1.0, 1e-30: 1.0, -1e-45: 1.0},
    "sigmoid": {NAN: NAN, INF: 1.0, -INF: 0.0, 0.0: 0.5, -1e30: 0.0},
    "tanh": {NAN: NAN, INF: 1.0, -INF: -1.0, 0.0: 0.0, 1e-20: 1e-20, 50.0: 1.0},
    "sinh": {NAN: NAN, INF: INF, -INF: -INF, 0.0: 0.0},
    "cosh": {NAN: NAN, INF: INF, -INF: INF, 0.0: 1.0},
    "log": {NAN: NAN, INF: INF, -INF: NAN, 0.0: -INF, -1.0: NAN, 1.0: 0.0},
    "log1p": {NAN: NAN, INF: INF, -INF: NAN, -1.0: -INF, -2.0: NAN, 0.0: 0.0, 1e-20: 1e-20},
    "log10": {NAN: NAN, INF: INF, 0.0: -INF, -1.0: NAN, 1.0: 0.0},
    "sin": {NAN: NAN, INF: NAN, -INF: NAN, 0.0: 0.0, 1e-20: 1e-20, 1e10: NAN},
    "cos": {NAN: NAN, INF: NAN, -INF: NAN, 0.0: 1.0, 1e10: NAN},
    "arctan": {NAN: NAN, INF: np.pi / 2, -INF: -np.pi / 2, 0.0: 0.0, 1.0: np.pi / 4},
    "sign": {NAN: NAN, INF: 1.0, -INF: -1.0, 0.0: 0.0, -3.0: -1.0},
    "sqrt": {NAN: NAN, INF: INF, -1.0: NAN, 4.0: 2.0},
    "round_half_even": {NAN: NAN, 0.5: 0.0, 1.5: 2.0, -2.5: -2.0},
}


@pytest.mark.parametrize("real", PRECISIONS)
@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(name, real):
    x = np.array(list(SPECIAL[name]), real)
    np.testing.assert_array_equal(getattr(vm, name)(x), np.array(list(SPECIAL[name].values()), real))


@pytest.mark.parametrize("real", PRECISIONS)
def test_power_follows_c(real):
    values = [0.0, 0.5, 1.0, 2.0, 3.0, 0.25, 1e30, INF, NAN]
    x, y = (
        a.ravel().astype(real) for a in np.meshgrid([*values, *(-v for v in values[1:])], [*values, -1.0, -2.0, -0.5])
    )
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    expected[(x == -INF) & (y != np.floor(y))] = NAN  # C makes this one exception to NaN for negative numbers
    np.testing.assert_allclose(vm.power(x, y), expected, rtol=4 * np.finfo(real).eps)


@pytest.mark.parametrize("real", PRECISIONS)
@pytest.mark.parametrize("name", ["exp", "sigmoid"])
def test_small_results_are_zero_not_subnormal(name, real):
    info = np.finfo(real)
    edge = np.asarray(np.log(np.longdouble(info.tiny)), real)
    x = np.concatenate([np.linspace(edge - 30, edge + 1, 5000), edge + np.spacing(edge) * np.arange(-200, 200)])
    y = getattr(vm, name)(x.astype(real))
    assert np.all((y == 0) | (y >= info.tiny))
    assert y.max() > info.tiny


@pytest.mark.parametrize("real", PRECISIONS)
def test_exponential_overflows_where_the_largest_number_ends(real):
    edge = np.asarray(np.log(np.longdouble(np.finfo(real).max)), real)
    x = edge + np.spacing(edge) * np.arange(-200, 200).astype(real)
    y = vm.exp(x)
    assert np.all(np.diff(y[np.isfinite(y)]) >= 0)
    assert np.all(np.isfinite(y) == (x.astype(np.longdouble) <= np.log(np.longdouble(np.finfo(real).max))))


@pytest.mark.parametrize("real", PRECISIONS)
def test_nan_stays_nan(real):
    widths = (np.uint32, 0x7F800001) if real == np.float32 else (np.uint64, 0x7FF0000000000001)
    nans = np.array([widths[1], widths[1] + 0x3FFFF, *(int(widths[1]) | 1 << k for k in range(20))], widths[0]).view(
        real
    )
    for name in SPECIAL:
        assert np.isnan(getattr(vm, name)(nans)).all(), name
    for name in ("minimum", "maximum"):
        assert np.isnan(getattr(vm, name)(nans, real(1))).all()
        assert np.isnan(getattr(vm, name)(real(1), nans)).all()
    assert np.isnan(vm.clip(nans, real(0), real(1))).all()


def test_floor_to_integer():
    assert vm.floor_to_integer(np.array([-2.5, -0.0, 7.999, 2.0**50])).tolist() == [-3, 0, 7, 2**50]
    assert vm.floor_to_integer(np.array([-2.5, 4e6], np.float32)).tolist() == [-3, 4_000_000]


def test_whole_powers():
    x = np.array([-2.0, 0.5, 3.0])
    for n in range(-5, 9):
        np.testing.assert_allclose(vm.integer_power(x, n), x**n, rtol=1e-15)
    assert vm.integer_power(2, 3) == 8.0


def per_square(function, value_at_zero):
    """(function(r)/r - its value at 0)/r^2, as a function of r^2."""

    def of_square(z):
        r = mpmath.sqrt(z)
        return (function(r) / r - value_at_zero) / z

    return of_square


def fits():
    """Constants, and for each the function and the interval of its Chebyshev fit."""
    stretch = mpmath.mpf("1.001")
    reach, turn = mpmath.log(2) / 2 * stretch, (mpmath.pi / 4) ** 2 * stretch
    third, tangent = (3 - 2 * mpmath.sqrt(2)) ** 2 * stretch, mpmath.tan(mpmath.pi / 8) ** 2 * stretch
    sine, cosine = per_square(mpmath.sin, 1), lambda z: (mpmath.cos(mpmath.sqrt(z)) - 1 + z / 2) / z**2
    for size in ("_SINGLE", "_DOUBLE"):
        yield getattr(exponential, size).beyond, lambda r: (mpmath.expm1(r) - r) / r**2 if r else 0.5, -reach, reach
        yield getattr(logarithm, size).series, per_square(lambda s: 2 * mpmath.atanh(s), 2), 0, third
        yield getattr(trigonometric, size).sine, sine, 0, turn
        yield getattr(trigonometric, size).cosine, cosine, 0, turn
        yield getattr(trigonometric, f"{size}_ARCTAN").series, per_square(mpmath.atan, 1), 0, tangent


def test_coefficients_are_the_chebyshev_fits_that_the_files_name():
    with mpmath.workprec(250):
        for stored, function, low, high in fits():
            fitted = mpmath.chebyfit(function, [low, high], len(stored))[::-1]
            precision = float(np.finfo(type(stored[0])).eps)
            assert [float(c) for c in stored] == pytest.approx([float(c) for c in fitted], rel=2 * precision)


# What may be passed


def test_numbers_lists_and_shapes():
    assert isinstance(vm.exp(1.0), np.float64)
    assert isinstance(vm.exp(np.float32(1.0)), np.float32)
    assert vm.exp(1) == vm.exp(1.0)
    assert vm.exp([[0, 1]]).shape == (1, 2)
    assert vm.exp(np.zeros((2, 0))).shape == (2, 0)
    assert vm.power(np.ones((3, 1), np.float32), 2.0).dtype == np.float32
    assert vm.power(np.ones((3, 1)), np.ones(4)).shape == (3, 4)
    assert vm.power(np.ones(2, np.float32), np.ones(2)).dtype == np.float64
