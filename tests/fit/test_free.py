"""Free parameters: ways to write bounds, scales, domains, and the way to the unit cube and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lapicque as lq
from lapicque.errors import FitError, UnitError
from lapicque.fit.free import Free, read_free, values_of
from lapicque.units import ONE, mV, nF, parse_unit, pF

LIF = lq.neurons.lif


def read(name, bounds, neuron=LIF):
    (found,) = read_free(neuron, {name: bounds}, "i_ext")
    return found


@pytest.mark.parametrize(
    "bounds",
    [
        (50, 400), [50.0, 400.0], np.array([50, 400]), (50, 400) * pF, (0.05, 0.4) * nF, (50 * pF, 0.4 * nF),
        (50 * pF, 400 * pF), ("50 pF", "400 pF"), ("50", "0.4 nF"), "50 .. 400 pF", "50:400pF", "50pF:400pF",
        "0.05 nF .. 400 pF", "5e1:4e2", "50..400pF log", (50, 400, "log"), ("50 pF", "400 pF", "log"),
        Free("c_m", 0.05, 0.4, parse_unit("nF"), "log"),
    ],
    ids=str,
)  # fmt: skip
def test_ways_to_write_bounds(bounds):
    found = read("c_m", bounds)
    assert (found.name, found.unit.name, found.scale) == ("c_m", "pF", "log")
    assert (found.low, found.high) == pytest.approx((50, 400), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "bounds", "scale"),
    [
        ("c_m", "50:399pF", "linear"),
        ("c_m", "50:400pF", "log"),
        ("c_m", "50:60pF log", "log"),
        ("c_m", "5:5000pF linear", "linear"),
        ("v_reset", "-90:-5mV", "linear"),
        ("t_ref", "0:50ms", "linear"),
        ("delay", "0.5:15ms", "log"),
    ],
)
def test_a_wide_range_of_positive_numbers_is_logarithmic(name, bounds, scale):
    assert read(name, bounds).scale == scale


def test_without_a_wish_the_models_own_ranges_are_free():
    assert {f.name for f in read_free(LIF, None, "i_ext")} == set(LIF.ranges)


def test_nuisances_have_units():
    found = read_free(LIF, {"delay": (0, "0.01 second"), "input_scale": (1, 50), "input_offset": "-0.1:0.2nA"}, "i_ext")
    assert [(f.high, f.unit) for f in found] == [(10, parse_unit("ms")), (50, ONE), (200, parse_unit("pA"))]


def test_repr_says_all():
    assert repr(read("c_m", "50:400pF")) == "c_m: 50 to 400 pF (log)"
    assert repr(read("input_scale", (1, 2))) == "input_scale: 1 to 2 (linear)"


def test_points_are_numbers():
    with pytest.raises(FitError, match="2 coordinates of the points are NaN"):
        values_of([Free("x", 0.0, 1.0, ONE, "linear")], np.array([[0.5], [np.nan], [np.nan]]))


bounds = st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(2, 1e6), st.sampled_from(["linear", "log"]))


@given(bounds, st.floats(0, 1))
def test_to_the_cube_and_back(bounds, x):
    low, positive, ratio, scale = bounds
    low, high = (positive, positive * ratio) if scale == "log" else (low, low + positive * ratio)
    free = Free("x", low, high, ONE, scale)
    value = free.from_cube(x)
    assert low <= value <= high
    assert free.to_cube(value) == pytest.approx(x, abs=1e-6)
    assert free.from_cube(free.to_cube(value)) == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert (free.from_cube(0.0), free.from_cube(1.0)) == pytest.approx((low, high))
    assert (free.to_cube(low), free.to_cube(high)) == (0, 1)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_order_and_bounds_are_kept(scale):
    free = Free("x", 0.3, 700.0, ONE, scale)
    values = free.from_cube(np.linspace(0, 1, 101))
    assert (np.diff(values) > 0).all()
    assert values[50] == pytest.approx(np.sqrt(0.3 * 700) if scale == "log" else 350.15)
    assert free.to_cube(np.array([-5.0, 0.0, 1e9])).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("name", "bounds", "message"),
    [
        ("c_n", (1, 2), "'c_n' is no parameter of the model; did you mean 'c_m'?"),
        ("dellay", (1, 2), "did you mean 'delay'"),
        ("v", (1, 2), "free: 'v' is a state"),
        ("c_m", (400, 50), "the bounds of 'c_m' are reversed: 400 to 50 pF"),
        ("c_m", "50:50pF", r"are equal, 50 to 50 pF: fix it by neuron.with_\(c_m=...\)"),
        ("delay", (2, 2), "are equal, 2 to 2 ms: leave it out, or widen them"),
        ("c_m", (0, 50), "0 to 50 pF, include 0, but the model divides by it"),
        ("c_m", (-50, 50), "include 0, but the model divides by it: keep its sign"),
        ("c_m", (-50, -5), "are outside its domain: the model needs it positive"),
        ("t_ref", (-1, 5), "-1 to 5 ms, are outside its domain: it cannot be negative"),
        ("delay", (-1, 5), "are outside its domain: it cannot be negative"),
        ("c_m", (50, float("inf")), "50 to inf pF, are not finite"),
        ("c_m", (float("nan"), 5), "are not finite"),
        ("v_reset", (-90, -50, "log"), "are not positive: a logarithmic scale needs that"),
        ("c_m", (50, 400, "logarithmic"), "the scale of 'c_m' is 'logarithmic': write 'log', 'linear' or 'integer'"),
        ("c_m", 50, r"the bounds of 'c_m' are 50: write \(low, high\), such as \('50 pF', '400 pF'\)"),
        ("c_m", (1, 2, 3, 4), r"write \(low, high\)"),
        ("c_m", "50 pF", "are '50 pF': write LOW:HIGH and the unit, such as 50:400pF"),
        ("c_m", "50:400:500pF", "write LOW:HIGH and the unit"),
        ("c_m", ":400pF", "write LOW:HIGH and the unit"),
        ("c_m", "50pF:400", "write the unit at the end, such as 50:400pF"),
    ],
)
def test_mistakes_are_named(name, bounds, message):
    with pytest.raises(FitError, match=message):
        read(name, bounds)


@pytest.mark.parametrize("bounds", ["50:400mV", (50, 400) * mV, ("50 pF", "4 mV"), "50:400pf"])
def test_units_that_do_not_fit_are_named(bounds):
    with pytest.raises(UnitError, match=r"bound of 'c_m' is given in mV|unknown unit 'pf'"):
        read("c_m", bounds)


def test_nothing_free():
    bare = LIF.with_(ranges={})
    with pytest.raises(FitError, match=r"nothing is free: 'lif' has no ranges of its own"):
        read_free(bare, None, "i_ext")
    with pytest.raises(FitError, match="nothing is free"):
        read_free(LIF, {}, "i_ext")


def test_a_negative_divisor_keeps_its_sign():
    """Domains follow from the model: what divides keeps the sign of the value that it has."""
    neuron = lq.Neuron(
        "dv/dt = (i - v/r)/c : mV\ni : pA (input)\nr : Gohm\nc : pF",
        threshold="v > 1*mV", reset="v = 0*mV", parameters=dict(r="-0.1 Gohm", c="1 pF"),
    )  # fmt: skip
    assert read("r", (-0.5, -0.05), neuron).high == -0.05
    with pytest.raises(FitError, match="the model needs it negative"):
        read("r", (0.05, 0.5), neuron)


def test_bounds_that_differ_in_the_last_digit_are_told_apart():
    """Checkpoints belong to problems by what is written of their bounds."""
    one, other = Free("c_m", 50.0, 400.0, pF, "log"), Free("c_m", 50.0, np.nextafter(400.0, 500), pF, "log")
    assert repr(one) == "c_m: 50 to 400 pF (log)"
    assert repr(other) != repr(one)
    problems = [lq.fit.FunctionProblem(abs, dict(a=(0, high)), name="f") for high in (8.0, 8.0000001)]
    assert problems[0].fingerprint != problems[1].fingerprint


def test_bounds_may_be_numbers_of_numpy():
    given = Free("c_m", np.float64(0.05), np.float64(0.4), parse_unit("nF"), "log")
    assert read("c_m", given) == read("c_m", "0.05 .. 0.4 nF log")
