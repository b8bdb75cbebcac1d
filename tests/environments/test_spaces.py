"""What actions and observations can be."""

import re

import numpy as np
import pytest

from lapicque.environments import Box, Discrete
from lapicque.errors import SimulationError, UnitError


def test_every_choice_is_drawn_equally_often():
    random = np.random.default_rng(1)
    drawn = np.bincount([Discrete(4).sample(random) for _ in range(4000)], minlength=4)
    assert len(drawn) == 4
    assert (abs(drawn - 1000) < 4 * np.sqrt(750)).all()


@pytest.mark.parametrize("value", [3, np.int64(3), np.array(3)])
def test_choices_are_whole_numbers_of_any_kind(value):
    assert Discrete(4).checked(value, "the action") == 3


@pytest.mark.parametrize("value", [1.0, np.nan, True, "1", None, np.array([1])])
def test_choice_that_is_no_whole_number_is_refused(value):
    with pytest.raises(SimulationError, match=r"the action is .*, but a whole number from 0 to 3 is expected"):
        Discrete(4).checked(value, "the action")


@pytest.mark.parametrize("value", [-1, 2])
def test_choice_out_of_range_is_refused_with_the_names(value):
    message = f"push: the action is {value}, but a whole number from 0 to 1 (left, right) is expected"
    with pytest.raises(SimulationError, match=re.escape(message)):
        Discrete(2, ("left", "right")).checked(value, "push: the action")


@pytest.mark.parametrize(("n", "names"), [(0, ()), (2.0, ()), (True, ()), (3, ("a", "b"))])
def test_impossible_choices_are_refused(n, names):
    with pytest.raises(SimulationError, match="Discrete: "):
        Discrete(n, names)


def test_box_draws_within_its_bounds():
    box = Box([-1, 0], [1, 10])
    drawn = np.array([box.sample(np.random.default_rng(seed)) for seed in range(200)])
    assert all(box.contains(value) for value in drawn)
    assert (drawn.std(axis=0) > [0.4, 2]).all()


def test_box_cannot_be_changed():
    low = np.zeros(2)
    box = Box(low, [1, 1])
    low[0] = -5
    assert box.low[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        box.low[0] = -5


def test_nothing_is_drawn_from_an_infinite_box():
    with pytest.raises(SimulationError, match="infinite bound"):
        Box(-np.inf, np.inf).sample(np.random.default_rng(1))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([0.5, np.nan], "the action of 'y' is nan, but numbers from 0 to 1 are expected"),
        ([2, 0.5], "the action of 'x' is 2, but numbers from 0 to 1 are expected"),
        (0.5, "the action has shape (), but (2,) is expected"),
        ("left", "the action is 'left', but numbers of shape (2,) are expected"),
    ],
)
def test_values_outside_a_box_are_refused(value, message):
    with pytest.raises(SimulationError, match=re.escape(message)):
        Box([0, 0], [1, 1], ("x", "y")).checked(value, "the action")


@pytest.mark.parametrize(
    ("low", "high", "names", "units", "kind"),
    [
        ([0, 0], [1], (), (), SimulationError),
        ([2], [1], (), (), SimulationError),
        ([np.nan], [1], (), (), SimulationError),
        ([0], [1], ("x", "y"), (), SimulationError),
        ([0], [1], ("x",), ("parsec",), UnitError),
    ],
)
def test_impossible_boxes_are_refused(low, high, names, units, kind):
    with pytest.raises(kind):
        Box(low, high, names, units)
