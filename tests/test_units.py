"""Units at the boundary: names, algebra, exact conversion, quantities of pint and of the quantities package."""

import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import quantities as pq
from hypothesis import given
from hypothesis import strategies as st

from lapicque import units
from lapicque.errors import UnitError
from lapicque.units import (
    DIMENSIONLESS,
    ONE,
    cm2,
    common_units,
    describe,
    find_unit,
    internal_unit,
    magnitude,
    ms,
    mV,
    nS,
    pA,
    parse_unit,
    pF,
    split,
    uF,
)

named_units = st.sampled_from(common_units()).map(find_unit)
numbers = st.floats(-1e6, 1e6, allow_subnormal=False)


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("mvolt", "mV"), ("namp", "nA"), ("ampere", "A"), ("nsiemens", "nS"), ("pfarad", "pF"), ("ufarad", "uF"),
        ("Mohm", "1/uS"), ("Gohm", "1/nS"), ("second", "s"), ("msecond", "ms"), ("usecond", "us"), ("khertz", "kHz"),
        ("metre", "meter"), ("umetre", "um"), ("cmetre", "cm"), ("mmolar", "mM"), ("cm2", "cm**2"), ("um3", "um**3"),
        ("cmetre2", "cm2"), ("coulomb", "A*s"), ("joule", "V*A*s"), ("watt", "V*A"), ("kelvin", "K"), ("µV", "uV"),
        ("μV", "uV"), ("MΩ", "Mohm"), ("mmol", "mmole"), ("newton", "J/m"), ("hertz", "1/s"), ("kg", "kgram"),
    ],
)  # fmt: skip
def test_names_of_brian_and_of_the_si(name, same):
    assert parse_unit(name) == parse_unit(same)


@pytest.mark.parametrize(
    ("text", "ten"),
    [("mV", 0), ("volt", 3), ("nS/pF", 0), ("uF/cm**2", -2), ("mS/cm2", -2), ("1/ms", 0), ("Hz", -3), ("1", 0), ("", 0),
     ("uA/cm^2", -2), ("mV/(ms*pA)", 0), ("cm**-2", -8), ("mV**0.5", 0), ("V**0.5", Fraction(3, 2))],
)  # fmt: skip
def test_size_of_a_unit_in_internal_units(text, ten):
    assert parse_unit(text).ten == ten


@pytest.mark.parametrize("name", common_units())
def test_every_name_means_the_same_to_pint(name):
    unit = find_unit(name)
    quantity = 3 * unit
    assert magnitude(quantity, unit) == 3.0
    assert magnitude(quantity, internal_unit(unit.dimension)) == pytest.approx(3 * unit.scale, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mVv", "unknown unit 'mVv'; did you mean 'mV'?"),
        ("MV/mss", "unknown unit 'mss' in 'MV/mss'; did you mean 'ms'?"),
        ("mhz", "unknown unit 'mhz'; did you mean 'mHz'?"),
        ("bananas", "unknown unit 'bananas'"),
        ("5", "'5' is not a unit: write it as 'mV', 'nS/mV' or 'uF/cm**2'"),
        ("mV + pA", "'mV + pA' is not a unit: write it as 'mV', 'nS/mV' or 'uF/cm**2'"),
        ("mV mV", "'mV mV' is not a unit: write it as 'mV', 'nS/mV' or 'uF/cm**2'"),
        ("mV**x", "'mV**x' is not a unit: write it as 'mV', 'nS/mV' or 'uF/cm**2'"),
    ],
)
def test_text_that_is_no_unit(text, message):
    with pytest.raises(UnitError) as found:
        parse_unit(text)
    assert str(found.value) == message


def test_module_has_units_as_attributes():
    assert units.mvolt == mV
    with pytest.raises(AttributeError, match=r"lapicque\.units has no unit 'mVolt'; did you mean 'mvolt'"):
        _ = units.mVolt


def test_repr_and_pickle():
    unit = mV / (ms * pA)
    assert repr(unit) == "<Unit mV/(ms*pA)>"
    assert pickle.loads(pickle.dumps(unit)) == unit


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("mV", "a voltage (mV)"), ("nS", "a conductance (nS)"), ("Hz", "a rate (1/time) (Hz)"), ("1", "a pure number"),
        ("pA/ms", "a current per time (pA/ms)"), ("uF/cm2", "something in uF/cm2"), ("um2", "something in um2"),
    ],
)  # fmt: skip
def test_description(unit, text):
    assert describe(parse_unit(unit)) == text


def test_description_of_a_dimension_uses_internal_units():
    assert describe(parse_unit("volt").dimension) == "a voltage (mV)"
    assert describe(parse_unit("volt/second**1.5").dimension) == "something in mV/ms**(3/2)"


# -- algebra ---------------------------------------------------------------------------------------------------------


@given(named_units, named_units, named_units)
def test_products_are_a_group(a, b, c):
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert a / b == a * b**-1
    assert (a * b) / b == a
    assert a / a == ONE
    assert (a / a).dimension == DIMENSIONLESS


@given(named_units, st.integers(-3, 3), st.integers(-3, 3))
def test_powers_add(a, m, n):
    assert a**m * a**n == a ** (m + n)


@given(named_units, named_units)
def test_name_of_a_product_means_the_product(a, b):
    for unit in (a * b, a / b, a / b * a, a / (b * a), a**2 / b, (a / b) ** -1):
        assert parse_unit(unit.name) == unit


# -- conversion ------------------------------------------------------------------------------------------------------


def test_conversion_is_exact():
    assert magnitude("0.2 nF", "pF") == 200.0
    assert magnitude("2.3 nA", "pA") == 2300.0
    assert magnitude(-70 * mV, "volt") == -0.07
    assert magnitude("0.57 cm", "mm") == 5.7
    assert magnitude("4.35 MHz", "Hz") == 4350000.0


@given(numbers, named_units, st.sampled_from(["", "k", "m", "u", "n", "p"]))
def test_a_number_is_moved_by_powers_of_ten_as_on_paper(number, unit, prefix):
    other = find_unit(f"{prefix}{unit.name}") or unit
    if other.dimension != unit.dimension:
        other = unit
    shift = int(unit.ten - other.ten)
    assert magnitude(f"{number!r} {unit}", other) == float(Decimal(repr(number)).scaleb(shift))


@given(numbers, named_units)
def test_a_quantity_written_as_text_is_read_back(number, unit):
    for text in (f"{number!r} {unit}", f"{number!r}*{unit}", f"  {number!r}{unit} "):
        value, found = split(text)
        assert value == number
        assert found == unit


@given(st.lists(numbers, max_size=5), named_units)
def test_an_array_is_converted_like_its_elements(values, unit):
    internal = internal_unit(unit.dimension)
    converted = magnitude(np.array(values, dtype=float) * unit, internal)
    assert converted.dtype == float
    np.testing.assert_allclose(converted, [magnitude(v * unit, internal) for v in values], rtol=1e-15)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (5, "mV", 5.0), ("5", "mV", 5.0), ("-50*mV", "mV", -50.0), ("5mV", "volt", 0.005), (".5 mV", "mV", 0.5),
        ("1e-3 V", "mV", 1.0), ("+2.5e2 uV", "mV", 0.25), ("5 /ms", "1/ms", 5.0), ("0.04 1/(ms*mV)", "1/(ms*mV)", 0.04),
        ("20 Hz", "1/ms", 0.02), (mV, "volt", 0.001), (np.float32(2), "mV", 2.0), (np.int64(2), "mV", 2.0),
    ],
)  # fmt: skip
def test_what_may_be_written_for_a_quantity(value, unit, expected):
    found = magnitude(value, unit)
    assert type(found) is float
    assert found == expected


def test_lists_of_quantities():
    np.testing.assert_array_equal(magnitude([5 * mV, "0.006 volt", 7], "mV"), [5.0, 6.0, 7.0])
    np.testing.assert_array_equal(magnitude((50, 400) * pF, "nF"), [0.05, 0.4])


def test_products_with_numbers_are_quantities_of_pint():
    assert magnitude((3 * mV) * nS, "pA") == 3.0
    assert magnitude(3 * mV / (2 * pA), "Gohm") == 1.5
    assert magnitude(2 / cm2, "1/um2") == 2e-8
    assert magnitude(1 / ms, "kHz") == 1.0
    assert magnitude(3 * uF / cm2, "pF/um2") == 0.03
    assert magnitude(np.arange(3) * pA + 1 * pA, "pA").tolist() == [1.0, 2.0, 3.0]


def test_quantities_of_another_pint_registry():
    import pint

    other = pint.UnitRegistry()
    assert magnitude(other.Quantity(2, "uF/cm**2"), "pF/um2") == 0.02
    with pytest.raises(UnitError, match=r"the unit 'inch' .* is not one that lapicque knows"):
        magnitude(other.Quantity(2, "inch"), "um")


def test_quantities_of_neo():
    assert magnitude(5 * pq.mV, "volt") == 0.005
    assert magnitude(pq.Quantity(2, "mV/ms"), "volt/second") == 2.0
    assert magnitude(pq.Quantity(1, "S/cm**2"), "mS/cm2") == 1000.0
    assert magnitude(pq.Quantity(5, "dimensionless"), "1") == 5.0
    np.testing.assert_array_equal(magnitude(np.arange(3) * pq.nA, "pA"), [0.0, 1000.0, 2000.0])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5 * pA, "tau is given in pA, but a time (ms) is expected: write it in ms"),
        ("5 mV", "tau is given in mV, but a time (ms) is expected: write it in ms"),
        (5 * pq.mV, "tau is given in mV, but a time (ms) is expected: write it in ms"),
        (["5 ms", "5 mV"], "tau is given in mV, but a time (ms) is expected: write it in ms"),
        (None, "tau is None, but a time (ms) is expected: write a number"),
        (True, "tau is True, but a time (ms) is expected: write a number"),
        (1j, "tau is 1j, but a time (ms) is expected: write a number"),
        ([[1], [2, 3]], "tau is [[1], [2, 3]], but a time (ms) is expected: write a number"),
        ("soon", "'soon' is not a quantity: write a number and a unit, such as '200 pF' or '-50*mV'"),
    ],
)
def test_what_is_no_time(value, message):
    with pytest.raises(UnitError) as found:
        magnitude(value, "ms", "tau")
    assert str(found.value) == message


def test_a_star_import_gives_units_and_nothing_else():
    names = {}
    exec("from lapicque.units import *", names)
    del names["__builtins__"]
    assert {"mV", "nS", "ms", "Hz", "pF"} <= names.keys()
    assert all(isinstance(unit, units.Unit) for unit in names.values())
