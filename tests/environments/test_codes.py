"""Codes: observations as rates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapicque.environments import GaussianCode, place_cells, population_code, state_cells
from lapicque.errors import SimulationError, UnitError


def test_rates_are_gaussian():
    code = GaussianCode([[0.0, 0.0], [1.0, 2.0]], [[0.5, 0.5], [1.0, 2.0]], rate=40, base=2)
    at = np.array([0.5, 1.0])
    expected = [2 + 38 * np.exp(-(0.25 + 1) / 0.5), 2 + 38 * np.exp(-(0.25 / 2 + 1 / 8))]
    np.testing.assert_allclose(code.rates(at), expected, rtol=1e-14)
    np.testing.assert_array_equal(code.rates([at, at])[1], code.rates(at))


def test_a_cell_fires_most_in_its_centre():
    code = place_cells(radius=0.75, cells=100, rate=30)
    np.testing.assert_array_equal(code.rates(code.centres).argmax(axis=1), np.arange(100))
    np.testing.assert_allclose(np.diag(code.rates(code.centres)), 30)


def test_place_cells_cover_the_pool_evenly():
    centres = place_cells(cells=2000).centres
    assert np.hypot(*centres.T).max() < 1
    random = np.random.default_rng(1)
    for _ in range(20):  # discs of a fortieth of the area hold a fortieth of the cells
        middle = random.uniform(-0.55, 0.55, 2)
        near = (np.hypot(*(centres - middle).T) < np.sqrt(1 / 40)).sum()
        assert near == pytest.approx(50, abs=8)


def test_the_summed_rate_of_place_cells_hardly_depends_on_the_place():
    sums = place_cells().rates(np.random.default_rng(1).uniform(-0.4, 0.4, (50, 2))).sum(axis=1)
    assert sums.std() < 0.01 * sums.mean()


@given(st.tuples(st.floats(-2, 2), st.floats(-0.2, 0.2)))
def test_the_population_vector_is_the_value(value):
    code = population_code([-4, -0.4], [4, 0.4], cells=40)
    rates = code.rates(value).reshape(2, 40)
    decoded = np.einsum("ik,iki->i", rates, code.centres.reshape(2, 40, 2)) / rates.sum(axis=1)
    np.testing.assert_allclose(decoded / [4, 0.4], np.array(value) / [4, 0.4], atol=1e-3)


def test_each_cell_of_a_population_code_looks_at_one_coordinate():
    code = population_code([0, 0], [1, 1], cells=[3, 5])
    assert len(code) == 8
    moved = code.rates([0.2, 0.7]) != code.rates([0.2, 0.3])
    assert moved.tolist() == [False] * 3 + [True] * 5


def test_joint_cells_prefer_every_combination():
    code = population_code([0, 10], [1, 30], cells=[2, 3], joint=True, width=[0.1, 5])
    assert code.centres.tolist() == [[0, 10], [0, 20], [0, 30], [1, 10], [1, 20], [1, 30]]
    assert code.rates([1, 20]).argmax() == 4
    assert code.rates([1, 25])[4] == pytest.approx(100 * np.exp(-0.5))


def test_default_widths():
    assert place_cells().widths[0, 0] == pytest.approx(0.16, abs=5e-4)
    assert population_code(0, 1, cells=11).widths[0, 0] == pytest.approx(0.1)


def test_one_group_of_state_cells_fires():
    rates = state_cells(25, cells=4, rate=40, base=1).rates(7).reshape(25, 4)
    assert (rates[7] == 40).all()
    assert rates.sum() == 4 * (40 + 24)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: place_cells(radius=-1), "place_cells: radius is -1 m, but a positive number is expected"),
        (lambda: place_cells(cells=0), "place_cells: cells is 0, but a whole number from 1 upward is expected"),
        (lambda: place_cells(width=0), "place_cells: width is 0 m"),
        (lambda: place_cells(rate="-5 Hz"), "place_cells: rate is -5 Hz"),
        (lambda: place_cells(rate=5, base=10), "place_cells: base is 10 Hz, above the largest rate, 5 Hz"),
        (lambda: population_code([0], [np.inf], cells=4), "is no range"),
        (lambda: population_code([1], [0], cells=4), "is no range"),
        (lambda: population_code([0, 0], [1], cells=4), "one number a coordinate"),
        (lambda: population_code([0], [1], cells=1), "at least 2 for each"),
        (lambda: population_code([0, 0], [1, 1], cells=[2, 2, 2]), "at least 2 for each"),
        (lambda: population_code([0], [1], cells=4, width=[1, 2]), "width is .*, but one number a coordinate"),
        (lambda: population_code([0], [1], cells=4, width=-1), "a width is -1, but positive ones are expected"),
        (lambda: state_cells(0), "state_cells: states is 0"),
        (lambda: GaussianCode([[np.nan]], [[1]], 10), "a centre is not finite"),
        (lambda: GaussianCode([0, 1], [1, 1], 10), r"both are \(cell, coordinate\)"),
        (lambda: place_cells().rates([0.5]), r"has shape \(1,\), but 2 coordinates"),
        (lambda: place_cells().rates([0.5, np.nan]), "is not finite"),
        (lambda: state_cells(3).rates(3), "state_cells: the state is 3, but a whole number from 0 to 2"),
    ],
)
def test_impossible_codes_are_refused(make, message):
    with pytest.raises(SimulationError, match=message):
        make()


def test_a_rate_in_volts_is_refused():
    with pytest.raises(UnitError, match="state_cells: rate is given in mV"):
        state_cells(3, rate="5 mV")
