"""The Traub-Miles neuron of the COBAHH benchmark: rates against the papers' formulas, spikes, a continuous onset."""

import numpy as np
import pytest

from lapicque.model.evaluate import initial_values, parameter_values
from lapicque.neurons import traub
from lapicque.simulation import simulate


def steady_gates(v, shift=-63.0):
    """Gates at rest by the quotients of Brette et al. 2007, which have no value where they are 0/0."""
    x = v - shift
    alpha_m = 0.32 * (13 - x) / (np.exp((13 - x) / 4) - 1)
    beta_m = 0.28 * (x - 40) / (np.exp((x - 40) / 5) - 1)
    alpha_h = 0.128 * np.exp((17 - x) / 18)
    beta_h = 4 / (1 + np.exp((40 - x) / 5))
    alpha_n = 0.032 * (15 - x) / (np.exp((15 - x) / 5) - 1)
    beta_n = 0.5 * np.exp((10 - x) / 40)
    return {"m": alpha_m / (alpha_m + beta_m), "h": alpha_h / (alpha_h + beta_h), "n": alpha_n / (alpha_n + beta_n)}


@pytest.mark.parametrize("v", [-80.0, -60.0, -49.7, -30.0, 10.0])
def test_gates_begin_at_the_steady_state_of_the_paper(v):
    found = initial_values(traub, {**parameter_values(traub), "e_l": v})
    for gate, value in steady_gates(v).items():
        assert found[gate] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("v", [-50.0, -48.0, -23.0])
def test_gates_have_a_value_where_the_quotients_are_zero_by_zero(v):
    found = initial_values(traub, {**parameter_values(traub), "e_l": v})
    around = steady_gates(v + 1e-6)
    for gate in "mhn":
        assert found[gate] == pytest.approx(around[gate], abs=1e-6)


def test_onset_of_firing_is_continuous(rates):
    """Class 1: with a lower leak potential the cell is silent, and just above its rheobase it fires slowly."""
    cell = traub.with_(e_l="-65 mV")
    found = rates(cell, np.arange(0, 101, 2.0), 3000, dt=0.05, skip=500)
    assert found[0] == 0
    assert 0 < found[found > 0].min() < 8
    assert (np.diff(found[found > 0]) > 0).all()


def test_spikes_are_counted_once(rates):
    response = simulate(traub, 500, dt=0.02, inputs={"i_ext": 500}, record="v")
    v = response.traces["v"].values[:, 0]
    upward = np.flatnonzero((v[:-1] <= -20) & (v[1:] > -20))
    assert len(upward) == len(response.spikes.times) > 20
    assert v.max() < 50
    assert v.min() > -90


def test_rate_grows_with_the_current(rates):
    found = rates(traub, [100, 500, 1000, 2000], 1000, dt=0.02)
    np.testing.assert_allclose(found, [31, 81, 130, 203], rtol=0.05)
