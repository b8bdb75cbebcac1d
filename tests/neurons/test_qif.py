"""The QIF against its closed form: between spikes the voltage follows a tangent."""

import math

import pytest

from lapicque.neurons import qif

C_M, G_L, V_REST, V_TH, V_PEAK, V_RESET, T_REF = 200.0, 10.0, -70.0, -50.0, 0.0, -70.0, 2.0
RHEOBASE = G_L * (V_TH - V_REST) / 4  # pA, where the two fixed points meet


def period(current):
    """Time from reset to peak: c_m dv/dt = k x^2 + (I - I_rh) with x from the middle of the fixed points."""
    k, middle = G_L / (V_TH - V_REST), (V_REST + V_TH) / 2
    root = math.sqrt(k * (current - RHEOBASE))
    phase = [math.atan(k * (v - middle) / root) for v in (V_RESET, V_PEAK)]
    return C_M / root * (phase[1] - phase[0])


@pytest.mark.parametrize("current", [55.0, 80.0, 200.0, 500.0])
def test_rate_is_the_closed_form(rates, current):
    (found,) = rates(qif, [current], 2500, dt=0.01, method="rk4")
    assert found == pytest.approx(1000 / (T_REF + period(current)), rel=2e-3)


def test_onset_is_a_saddle_node_on_a_circle(rates):
    """Silent below the rheobase; above it the rate grows as the square root of the distance."""
    below, near, far = rates(qif, [RHEOBASE * 0.999, RHEOBASE * 1.01, RHEOBASE * 1.04], 9000, dt=0.05)
    assert below == 0
    assert far / near == pytest.approx(2, rel=0.05)
