"""The threshold that spikes lift: its course, the interval it comes to, and rates that it holds together."""

import numpy as np
import pytest
from scipy.optimize import brentq

from lapicque.neurons import lif, lif_adaptive
from lapicque.simulation import simulate


def test_the_threshold_jumps_and_decays():
    response = simulate(lif_adaptive, 200, dt=0.1, inputs={"i_ext": 400}, record="theta")
    spikes = response.spikes.times
    assert len(spikes) > 4
    t = response.traces["theta"].times
    lifted = [np.exp(-(at - spikes[spikes < at - 1e-6] - 0.1) / 500).sum() for at in t]
    np.testing.assert_allclose(response.traces["theta"].values[:, 0], lifted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("current", [250, 400, 800])
def test_the_interval_comes_to_the_closed_form(spike_times, current):
    """Voltage and threshold meet: current/g_l (1 - exp(-(T - t_ref)/tau_m)) = 20 mV + theta_plus/(exp(T/tau) - 1)."""
    drive = current / 10

    def gap(interval):
        return drive * -np.expm1(-(interval - 2) / 20) - 20 - 1 / np.expm1(interval / 500)

    expected = brentq(gap, 2.1, 5000)
    found = np.diff(spike_times(lif_adaptive, current, 4000, dt=0.02))[-1]
    assert found == pytest.approx(expected, abs=0.05)


def test_slow_steps_hold_rates_down(rates):
    """Homeostasis: the mean lift, theta_plus*rate*tau_theta, comes to what the drive exceeds v_th by."""
    slow = lif_adaptive.with_(theta_plus="2 mV", tau_theta="2 second")
    free, held = (rates(neuron, [300, 500], 12000, dt=0.1, skip=8000) for neuron in (lif, slow))
    assert (held < 0.12 * free).all()
    np.testing.assert_allclose(held, np.array([30 - 20, 50 - 20]) / (2 * 2), rtol=0.12)
