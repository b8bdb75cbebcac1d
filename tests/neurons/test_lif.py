"""The LIF against its closed form: rate 1/(t_ref + tau log(J/(J - 1))) for a current of J thresholds."""

import math

import numpy as np
import pytest

from lapicque.neurons import lif
from lapicque.simulation import simulate

TAU, T_REF, RHEOBASE = 20.0, 2.0, 200.0  # ms, ms, pA: c_m/g_l, t_ref, g_l (v_th - e_l)
RATES = {1.1: 20.02, 1.5: 41.71, 2.0: 63.04, 4.0: 128.97}  # Hz


@pytest.mark.parametrize(("j", "rate"), RATES.items())
def test_rate_is_the_closed_form(rates, j, rate):
    assert 1000 / (T_REF + TAU * math.log(j / (j - 1))) == pytest.approx(rate, abs=0.005)
    (found,) = rates(lif, [j * RHEOBASE], 4000, dt=0.01)
    assert found == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.1, 0.3])
@pytest.mark.parametrize("j", RATES)
def test_every_interval_is_the_closed_form_in_steps(spike_times, j, dt):
    # The threshold is passed in the first step whose end is later than T; the refractory period ends the step before.
    steps_to_threshold = math.ceil(TAU * math.log(j / (j - 1)) / dt)
    expected = math.floor(T_REF / dt + 1e-3) - 1 + steps_to_threshold
    times = spike_times(lif, j * RHEOBASE, 1200, dt=dt, method="exact")
    intervals = np.rint(np.diff(times) / dt)
    assert len(intervals) > 15
    np.testing.assert_array_equal(intervals, expected)


def test_rheobase(rates):
    silent, firing = rates(lif, [RHEOBASE * 0.999, RHEOBASE * 1.001], 2000, dt=0.1)
    assert silent == 0
    assert firing > 0


def test_membrane_charges_exponentially():
    response = simulate(lif, 100, dt=0.5, inputs={"i_ext": 100}, record="v")
    expected = -70 + 10 * (1 - np.exp(-response.traces["v"].times / TAU))
    np.testing.assert_allclose(response.traces["v"].values[:, 0], expected, rtol=1e-13)


def test_voltage_is_held_while_refractory():
    response = simulate(lif, 50, dt=0.1, inputs={"i_ext": 800}, record="v")
    first = int(np.rint(response.spikes.times[0] / 0.1))
    held = response.traces["v"].values[first + 1 : first + 20, 0]
    np.testing.assert_array_equal(held, -70.0)
    assert response.traces["v"].values[first + 21, 0] > -70.0


def test_order_of_the_schemes():
    """The error at a fixed time falls as dt to the order of the scheme."""
    below = lif.with_(v_th="0 mV")

    def error(method, dt):
        found = simulate(below, 10, dt=dt, inputs={"i_ext": 400}, method=method).final["v"][0]
        return abs(found - (-70 + 40 * (1 - math.exp(-10 / TAU))))

    steps = np.array([0.5, 0.25, 0.125])
    for method, order in {"euler": 1, "rk2": 2, "rk4": 4}.items():
        slope = np.polyfit(np.log(steps), np.log([error(method, dt) for dt in steps]), 1)[0]
        assert slope == pytest.approx(order, abs=0.1), method
