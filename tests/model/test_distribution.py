"""Distributions as values: units, ends, what is refused. What they draw is tested in tests/network."""

import pytest

import lapicque as lq
from lapicque.errors import ModelError, UnitError
from lapicque.units import ms, mV, parse_unit


def test_bare_numbers_take_the_unit_of_the_other():
    assert lq.uniform(-60, -50 * mV) == lq.uniform(-60 * mV, -50 * mV)
    assert lq.normal("1 V", "10 mV").numbers == (1.0, 0.01)
    assert lq.normal("1 V", "10 mV").internal(parse_unit("mV"), "v") == ((1000.0, 10.0), float("-inf"), float("inf"))


def test_bare_numbers_alone_are_in_the_unit_of_what_is_drawn():
    made = lq.normal(1, 0.1).clipped(0.5)
    assert made.unit is None
    assert made.internal(parse_unit("V"), "v") == ((1000.0, 100.0), 500.0, float("inf"))


def test_repr_can_be_read():
    assert repr(lq.uniform(0, 1)) == "uniform(0, 1)"
    assert repr(lq.lognormal("1 nS", 0.5).clipped(high="5 nS")) == "lognormal(1 nS, 0.5 nS).clipped(high=5 nS)"
    assert repr(lq.exponential(2 * ms)) == "exponential(2 ms)"


def test_they_are_values():
    assert hash(lq.normal(1 * mV, 2)) == hash(lq.normal(1 * mV, 2 * mV))
    assert lq.normal(1, 2) != lq.normal(1, 2).clipped(0)


@pytest.mark.parametrize(
    ("make", "message", "kind"),
    [
        (lambda: lq.uniform(2, 1), "uniform(): the lower end, 2, is not below the upper end, 1", ModelError),
        (
            lambda: lq.uniform("1 mV", "2 pA"),
            "uniform(): high is given in pA, but a voltage (mV) is expected: write it in mV",
            UnitError,
        ),
        (lambda: lq.normal(1, -1), "normal(): the standard deviation is -1, but it cannot be negative", ModelError),
        (
            lambda: lq.lognormal(-1, 1),
            "lognormal(): the mean is -1, but the values are positive, so their mean is as well",
            ModelError,
        ),
        (lambda: lq.exponential(0), "exponential(): the mean is 0, but a positive one is expected", ModelError),
        (lambda: lq.normal(float("nan"), 1), "normal(): mean is nan, but one finite number is expected", ModelError),
        (lambda: lq.normal([1, 2], 1), "normal(): mean is [1, 2], but one finite number is expected", ModelError),
        (lambda: lq.normal(1, 1).clipped(2, 1), "normal().clipped: low is 2, which is not below high, 1", ModelError),
        (
            lambda: lq.normal(1, 1).clipped("1 pA"),
            "normal().clipped: the ends have the unit pA, but the numbers have none",
            UnitError,
        ),
        (
            lambda: lq.normal("1 mV", 1).clipped("1 pA"),
            "normal().clipped: low is given in pA, but a voltage (mV) is expected: write it in mV",
            UnitError,
        ),
        (
            lambda: lq.normal("1 mV", 1).internal(parse_unit("pA"), "the weight"),
            "the weight is declared as a current (pA), but normal(1 mV, 1 mV) is a voltage (mV)",
            UnitError,
        ),
    ],
)
def test_refused(make, message, kind):
    with pytest.raises(kind) as found:
        make()
    assert found.value.summary == message
