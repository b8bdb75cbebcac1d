"""The squid axon: 68 Hz at 10 uA/cm2 and 6.3 C, rest, onset by a Hopf bifurcation, anode break, temperature."""

import numpy as np
import pytest

from lapicque.neurons import hodgkin_huxley
from lapicque.simulation import simulate

PER_AREA = 10.0  # pA into the membrane of 1000 um2 for 1 uA/cm2


def test_rate_at_10_microampere(rates):
    (found,) = rates(hodgkin_huxley, [10 * PER_AREA], 1000, dt=0.01, skip=100)
    assert found == pytest.approx(68, abs=3)


def test_rest_is_steady():
    response = simulate(hodgkin_huxley, 200, dt=0.01, method="rk4")
    assert response.final["v"][0] == pytest.approx(-65, abs=0.01)
    for gate, value in dict(m=0.0529, h=0.5961, n=0.3177).items():
        assert response.final[gate][0] == pytest.approx(value, abs=5e-4)
    assert len(response.spikes.times) == 0


def test_onset_of_firing_is_at_a_high_rate(rates):
    """Class 2: repetitive firing sets in near 6.3 uA/cm2 at more than 50 Hz."""
    silent, firing = rates(hodgkin_huxley, [6.1 * PER_AREA, 6.4 * PER_AREA], 1500, dt=0.01, skip=700, method="rk4")
    assert silent == 0
    assert firing == pytest.approx(54, abs=2)


def test_anode_break_excitation(spike_times, steps):
    """The end of a hyperpolarisation alone makes a spike."""
    times = spike_times(hodgkin_huxley, steps((-50, 50), (0, 50), dt=0.01), dt=0.01)
    assert len(times) == 1
    assert 50 < times[0] < 60


def test_shape_of_the_spike(steps):
    current = steps((0, 10), (200, 1), (0, 39), dt=0.01)
    response = simulate(hodgkin_huxley, 50, dt=0.01, inputs={"i_ext": current}, record="v", method="rk4")
    v = response.traces["v"].values[:, 0]
    assert v.max() == pytest.approx(40, abs=5)  # the overshoot stays below e_na
    assert -77 < v.min() < -72  # the undershoot stays above e_k
    assert len(response.spikes.times) == 1  # one spike, though v stays above 0 mV for many steps


def test_warmth_makes_it_faster():
    """At 16.3 C the gates are three times as fast, and the spike is narrower."""

    def width(phi):
        cell = hodgkin_huxley.with_(phi=phi)
        response = simulate(cell, 20, dt=0.005, inputs={"i_ext": 150}, record="v", method="rk4")
        above = response.traces["v"].values[:, 0] > -20
        first = int(np.argmax(above))
        return int(np.argmin(above[first:])) * 0.005

    assert width(3.0) < 0.55 * width(1.0)


def test_area_scales_the_current(rates):
    (small,) = rates(hodgkin_huxley, [100], 300, dt=0.02)
    (large,) = rates(hodgkin_huxley.with_(area="2000 um2"), [200], 300, dt=0.02)
    assert large == pytest.approx(small, rel=1e-9)
