"""The MAT neuron: its asymptotic interval in closed form, and the four classes of Kobayashi et al. 2009, figure 5B."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from lapicque.neurons import mat
from lapicque.simulation import simulate

#            alpha_1 alpha_2 omega
CLASSES = {"RS": (30, 2, 20), "IB": (7.5, 1.5, 19), "FS": (10, 0.2, 10), "CH": (-0.5, 0.4, 26)}


def member(name):
    alpha_1, alpha_2, omega = CLASSES[name]
    return mat.with_(alpha_1=alpha_1, alpha_2=alpha_2, e_l="-65 mV", v_th=-65 + omega)


def asymptotic_interval(alpha_1, alpha_2, omega, current):
    """Interval at which the threshold, lifted by all earlier spikes, has fallen to the constant voltage."""

    def excess(t):
        lifted = alpha_1 / math.expm1(t / 10) + alpha_2 / math.expm1(t / 200)
        return lifted - (current * 0.05 - omega)  # R is 50 Mohm

    return brentq(excess, 2.0, 5000.0)


@pytest.mark.parametrize("name", ["RS", "IB", "FS"])
@pytest.mark.parametrize("current", [500, 600, 800])
def test_asymptotic_interval_is_the_closed_form(spike_times, name, current):
    intervals = np.diff(spike_times(member(name), current, 2500, dt=0.01))
    assert intervals[-1] == pytest.approx(asymptotic_interval(*CLASSES[name], current), abs=0.02)


def test_voltage_is_not_reset():
    response = simulate(mat, 100, dt=0.1, inputs={"i_ext": 1500}, record="v")
    assert len(response.spikes.times) > 3
    t = response.traces["v"].times
    np.testing.assert_allclose(response.traces["v"].values[:, 0], -70 + 75 * (1 - np.exp(-t / 5)), rtol=1e-12)


def test_threshold_jumps_and_decays():
    response = simulate(mat, 60, dt=0.1, inputs={"i_ext": 1000}, record=["theta_1", "theta_2"])
    first = int(np.rint(response.spikes.times[0] / 0.1)) + 1
    theta_1, theta_2 = (response.traces[n].values[:, 0] for n in ("theta_1", "theta_2"))
    assert (theta_1[first], theta_2[first]) == (37, 2)
    np.testing.assert_allclose(theta_1[first : first + 50], 37 * np.exp(-np.arange(50) * 0.1 / 10), rtol=1e-12)
    np.testing.assert_allclose(theta_2[first : first + 50], 2 * np.exp(-np.arange(50) * 0.1 / 200), rtol=1e-12)


def test_classes_of_the_paper(spike_times):
    """Step of 0.6 nA for 500 ms: regular spiking adapts, IB begins with a burst, FS is fast, CH chatters."""
    intervals = {name: np.diff(spike_times(member(name), 600, 500, dt=0.02)) for name in CLASSES}
    assert intervals["RS"][-1] / intervals["RS"][0] > 2
    assert intervals["RS"][0] > 10
    assert intervals["IB"][0] < 6 < 20 < intervals["IB"][-1]
    assert intervals["FS"][-1] < 8
    chatter = intervals["CH"]
    assert (np.abs(chatter - 2) < 0.05).mean() > 0.8  # within a burst it fires as fast as t_ref allows
    assert chatter.max() > 20


def test_refractory_period_is_the_shortest_interval(spike_times):
    intervals = np.diff(spike_times(mat.with_(alpha_1=0, alpha_2=0), 2000, 200, dt=0.1))
    np.testing.assert_allclose(intervals, 2.0, atol=1e-9)
