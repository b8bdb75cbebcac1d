"""Wirings of any probability from one drawing: those that the rule makes, each contained in the next."""

import numpy as np
import pytest

from lapicque.compile.wiring import wire
from lapicque.compile.wiring.nested import Chances
from lapicque.network.connectivity import fixed_probability
from lapicque.random import stream_key

KEY = stream_key(3, "exc->exc/sources")
PART = np.array([4, -1, 0, 7, -1])  # which sources the targets are


@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("same", [False, True, PART], ids=["others", "themselves", "some"])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_a_probability_has_the_synapses_that_its_rule_makes(p, same, autapses):
    rule = fixed_probability(p, autapses=autapses, nested=True)
    expected = wire(rule, 9, 9 if same is True else 5, KEY, same)
    found = Chances(fixed_probability(0.5, autapses=autapses, nested=True), expected.ends, KEY).below(p)
    for one, other in zip(found.draw(), expected.draw(), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    np.testing.assert_array_equal(found.in_degrees, expected.in_degrees)
    assert found.count == expected.count
    for one, other in zip(found.draw(1, 4), expected.draw(1, 4), strict=True):
        np.testing.assert_array_equal(one, other)
    assert found.given_order is None


def test_a_wiring_of_many_pairs_takes_its_numbers_in_pieces():
    """The rule tries 2^20 pairs at a time."""
    rule = fixed_probability(1e-3, nested=True)
    expected = wire(rule, 1 << 14, 70, KEY)
    found = Chances(rule, expected.ends, KEY).below(1e-3)
    np.testing.assert_array_equal(found.draw()[1], expected.draw()[1])
    assert found.count == pytest.approx(1147, abs=150)
