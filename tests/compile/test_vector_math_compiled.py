"""Elementary functions in kernels: the same bits as for arrays, and neither a branch nor a call."""

import re

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

from lapicque.compile import vector_math as vm

PRECISIONS = [np.float32, np.float64]
INF, NAN, LN2 = np.inf, np.nan, float(np.log(2))
UNARY = [
    name
    for name in vm.__all__
    if name not in ("clip", "copysign", "integer_power", "maximum", "minimum", "power", "where", "wide_vectors")
]


def integers(x):
    return x.view(np.int32 if x.dtype == np.float32 else np.int64)


def same_bits(a, b):
    if a.dtype.kind == "i":
        return np.array_equal(a, b)
    nan = np.isnan(a)
    return np.array_equal(nan, np.isnan(b)) and np.array_equal(integers(a)[~nan], integers(b)[~nan])


def samples(real, seed=0, count=4096):
    """Ordinary numbers, every power of two, any bits at all, and the places where something happens."""
    random = np.random.default_rng(seed)
    info, width = np.finfo(real), np.uint32 if real == np.float32 else np.uint64
    special = [0.0, INF, NAN, 0.5, 1.0, 1.5, 2.0, 3.0, LN2 / 2, LN2, 10.0, 20.0, 40.0, 1e5, 2.0**31, np.pi / 2]
    edges = [info.tiny, info.smallest_subnormal, info.max, info.tiny / 2]
    edges += [-87.33654, -87.33655, 88.72283, 88.72284, 708.3964, 709.7827, 709.7828, 745.2]
    with np.errstate(all="ignore"):
        fixed = np.array([*special, *edges]).astype(real)
        powers = np.ldexp(real(1.0), np.arange(info.minexp, info.maxexp)).astype(real)
        fixed = np.concatenate([fixed, np.nextafter(fixed, real(INF)), np.nextafter(fixed, real(-INF)), powers])
    anything = random.integers(0, 2 ** (8 * info.dtype.itemsize), count, dtype=width, endpoint=False).view(real)
    pieces = [fixed, -fixed, anything, random.normal(0, 30, count), random.normal(0, 1, count)]
    return np.concatenate([np.asarray(p, real) for p in pieces])


def compiled(function):
    @njit(error_model="numpy")
    def loop(x, out):
        for block in range(x.shape[0]):
            for lane in range(64):
                out[block, lane] = function(x[block, lane])

    return loop


@pytest.fixture(scope="module")
def loops():
    return {name: compiled(getattr(vm, name)) for name in UNARY}


def blocks(x):
    return np.resize(x, (-(-x.size // 64), 64))


# The same on every backend


@pytest.mark.parametrize("real", PRECISIONS)
@pytest.mark.parametrize("name", UNARY)
def test_arrays_and_kernels_agree_to_the_bit(loops, name, real):
    x = blocks(samples(real))
    expected = getattr(vm, name)(x)
    out = np.empty_like(expected)
    loops[name](x, out)
    assert expected.dtype == (real if name != "floor_to_integer" else integers(x).dtype)
    assert same_bits(out, expected)


@pytest.mark.parametrize("real", PRECISIONS)
@pytest.mark.parametrize("name", ["copysign", "maximum", "minimum", "power"])
def test_functions_of_two_numbers_agree_to_the_bit(name, real):
    function = getattr(vm, name)

    @njit(error_model="numpy")
    def loop(x, y, out):
        for i in range(x.shape[0]):
            out[i] = function(x[i], y[i])

    x = samples(real, seed=1)
    y = np.random.default_rng(2).permutation(x)
    out = np.empty_like(x)
    loop(x, y, out)
    assert same_bits(out, function(x, y))


@pytest.mark.parametrize("real", PRECISIONS)
def test_choices_agree_to_the_bit(real):
    @njit(error_model="numpy")
    def loop(x, low, high, out):
        for i in range(x.shape[0]):
            out[0, i] = vm.clip(x[i], low, high)
            out[1, i] = vm.where(x[i] > low, x[i], high)

    x, low, high = samples(real), real(-1.5), real(2.5)
    out = np.empty((2, x.size), real)
    loop(x, low, high, out)
    assert same_bits(out[0], vm.clip(x, low, high))
    assert same_bits(out[1], vm.where(x > low, x, high))


@pytest.mark.parametrize("real", PRECISIONS)
def test_whole_powers_agree_to_the_bit(real):
    @njit(error_model="numpy")
    def loop(x, out):
        for i in range(x.shape[0]):
            out[0, i] = vm.integer_power(x[i], 0)
            out[1, i] = vm.integer_power(x[i], 1)
            out[2, i] = vm.integer_power(x[i], 4)
            out[3, i] = vm.integer_power(x[i], 7)
            out[4, i] = vm.integer_power(x[i], -3)

    x = samples(real)
    out = np.empty((5, x.size), real)
    loop(x, out)
    for row, n in zip(out, (0, 1, 4, 7, -3), strict=True):
        assert same_bits(row, vm.integer_power(x, n))


# What is refused


def test_mixed_precision_is_refused_in_a_kernel():
    @njit
    def mixed(x):
        return vm.power(x, 2.0)

    with pytest.raises(TypingError, match=r"power\(float32, float64\): needs 2 arguments, all float32 or all float64"):
        mixed(np.float32(3.0))


def test_choice_between_different_types_is_refused_in_a_kernel():
    @njit
    def mixed(x):
        return vm.where(x > 0, x, 0.0)

    with pytest.raises(
        TypingError, match=r"where\(bool, float32, float64\): needs a boolean and two values of one type"
    ):
        mixed(np.float32(3.0))


# Neither a branch nor a call


@pytest.mark.parametrize("real", PRECISIONS)
@pytest.mark.parametrize("name", UNARY)
def test_loop_over_64_lanes_becomes_vector_instructions(name, real, processor_with_avx, machine_code):
    x = np.ones((4, 64), real)
    loop = compiled(getattr(vm, name))
    loop(x, np.empty_like(getattr(vm, name)(x)))
    code = machine_code(loop)
    assert re.search(r"%[yz]mm", code)
    assert not re.search(r"\bcall", code)
    assert not re.search(r"\bv?cvt(ss2sd|ps2pd|sd2ss|pd2ps)", code), "changes precision"


@pytest.mark.parametrize("real", PRECISIONS)
def test_functions_vectorise_inside_a_large_kernel(real, processor_with_avx, machine_code):
    one, four, tenth, twentieth = real(1), real(4), real(0.1), real(0.05)

    @njit(error_model="numpy")
    def gates(a, dt, steps):
        for _ in range(steps):
            for lane in range(64):
                v, m, h, n = a[lane], a[64 + lane], a[128 + lane], a[192 + lane]
                am = one / vm.exprel(-(v + real(40)) * tenth)
                bm = four * vm.exp(-(v + real(65)) * twentieth)
                ah = real(0.07) * vm.exp(-(v + real(65)) * twentieth)
                bh = vm.sigmoid((v + real(35)) * tenth)
                x = (one + vm.tanh((v + real(1.2)) * twentieth)) * real(0.5) + vm.log(one + vm.absolute(v))
                a[64 + lane] = m + (am / (am + bm) - m) * -vm.expm1(-dt * (am + bm))
                a[128 + lane] = h + (ah / (ah + bh) - h) * -vm.expm1(-dt * (ah + bh))
                a[192 + lane] = vm.clip(n + dt * (x - n) * vm.cos(v), real(0), one)
                current = real(120) * vm.integer_power(m, 3) * h * (v - real(50)) + real(36) * vm.power(n, four)
                a[lane] = vm.where(v > real(40), real(-65), v - dt * current)

    gates(np.full(256, 0.5, real), real(0.01), 3)
    code = machine_code(gates)
    assert len(re.findall(r"mulp[sd].*%[yz]mm", code)) > 100
    assert not re.search(r"\bcall", code)


def test_wide_vectors(processor_with_avx512, machine_code):
    @njit(error_model="numpy")
    def wide(x):
        vm.wide_vectors()
        for lane in range(64):
            x[lane] = vm.exp(x[lane])

    wide(np.zeros(64))
    assert re.search(r"mulpd.*%zmm", machine_code(wide))
    assert vm.wide_vectors() is None
