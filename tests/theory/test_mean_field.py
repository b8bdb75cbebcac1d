"""Stationary rates of random networks in mean-field theory."""

import numpy as np
import pytest

from lapicque.errors import ModelError
from lapicque.theory import mean_field, siegert

CELL = dict(tau_m="20 ms", v_th="20 mV", v_reset="10 mV", t_ref="2 ms")


def brunel(g, eta, external=(1.0, 1.0), **options):
    """10,000 excitatory and 2500 inhibitory cells; what each population receives from outside is scaled."""
    w = [[0.1, -0.1 * g, 0.1 * s, 0.1 * (1 - s)] for s in (1, 0)]
    rates = [10 * eta * factor for factor in external]
    return mean_field(w, [[1000, 250, 1000, 1000]] * 2, rates, **CELL, **options)


@pytest.mark.parametrize(("g", "eta", "rate"), [(5, 2, 37.9), (6, 4, 55.8), (4.5, 0.9, 6.5)])
def test_brunels_states(g, eta, rate):
    found = brunel(g, eta)
    assert found.rates == pytest.approx([rate, rate], rel=0.01)
    assert found.rates == pytest.approx(siegert(found.means, found.sigmas, **CELL), rel=1e-6)


def test_without_synapses_it_is_a_single_cell():
    found = mean_field([[0.0]], [[0]], **CELL, mean=25)
    assert found.rates == pytest.approx(siegert([25], 0, **CELL))
    assert found.gain == pytest.approx(0)
    assert not found.inhibition_stabilised


def test_response_is_the_derivative_of_the_rates():
    base, more = brunel(5, 2), brunel(5, 2, (1, 1.001))
    # the drive alone, with the recurrent input held
    change = 0.1 * 0.02 * 1000 * 20 * 0.001, 0.01 * 0.02 * 1000 * 20 * 0.001
    held = siegert(base.means + change[0], np.sqrt(base.sigmas**2 + change[1]), **CELL) - base.rates
    predicted = base.response([0, held[1]])
    assert more.rates - base.rates == pytest.approx(predicted, rel=0.05)


def test_inhibition_that_is_driven_more_fires_less():
    base, more = brunel(5, 2), brunel(5, 2, (1, 1.02))
    assert base.inhibition_stabilised
    assert np.all(more.rates < base.rates)
    # without excitation among each other it is not so
    w = [[0.0, -0.5, 0.1, 0.0], [0.1, -0.5, 0.0, 0.1]]
    alone, driven = (mean_field(w, [[1000, 250, 2000, 1000]] * 2, [20, 20 * s], **CELL) for s in (1, 1.02))
    assert not alone.inhibition_stabilised
    assert driven.rates[1] > alone.rates[1]


def test_which_state_is_found_depends_on_the_start():
    states = [mean_field([[0.5]], [[1000]], mean=10, **CELL, start=s).rates[0] for s in (0, 400)]
    assert states[0] < 1
    assert states[1] > 200


@pytest.mark.parametrize(
    ("w", "in_degree", "external", "message"),
    [
        ([[0.1, 0.1]], [[1]], [1], r"weights are \(1, 2\), in-degrees \(1, 1\)"),
        ([[0.1, 0.1]], [[1, 1]], [], "0 external rates"),
        ([[0.1, np.nan]], [[1, 1]], [1], "weights must be finite"),
        ([[0.1, 0.1]], [[1, -1]], [1], "must not be negative"),
        ([[0.1, 0.1]], [[1, 1]], [-1], "must not be negative"),
        ([[[0.1]]], [[[1]]], [], r"weights are \(1, 1, 1\): a row for each population"),
        ([[0.1, 0.1]], [[1, 1]], [[1]], r"external rates are \(1, 1\)"),
    ],
)
def test_what_does_not_fit_is_refused(w, in_degree, external, message):
    with pytest.raises(ModelError, match=message):
        mean_field(w, in_degree, external, **CELL)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(mean=np.nan), "mean must be finite"),
        (dict(start=[1.0, 2.0]), r"start is \(2,\): give one number, or one for each of 1 populations"),
        (dict(v_th=[20, 20]), r"v_th is \(2,\)"),
    ],
)
def test_what_does_not_fit_a_population_is_refused(options, message):
    with pytest.raises(ModelError, match=message):
        mean_field([[0.1, 0.1]], [[1, 1]], [1], **(CELL | options))


def test_populations_may_differ():
    w, degrees = np.zeros((2, 2)), np.zeros((2, 2))
    found = mean_field(w, degrees, **(CELL | dict(tau_m=[10, 20])), mean=[25, 30])
    assert found.rates == pytest.approx(siegert([25, 30], 0, **(CELL | dict(tau_m=[10, 20]))))


def test_rates_that_run_away_are_refused():
    with pytest.raises(ModelError, match=r"rates run away.*t_ref"):
        mean_field([[1.0]], [[1000]], mean=30, **(CELL | dict(t_ref=0)))
    assert mean_field([[1.0]], [[1000]], mean=30, **CELL).rates == pytest.approx([500], rel=0.02)


def test_drives_that_do_not_fit_are_refused():
    found = mean_field([[-0.1]], [[100]], mean=25, **CELL)
    assert found.response([1.0]) == pytest.approx(1 / (1 - found.gain[0]))
    assert found.response(1.0) == pytest.approx(found.response([1.0]))
    with pytest.raises(ModelError, match=r"drive is \(2,\): give one number, or one for each of 1 populations"):
        found.response([1, 2])
