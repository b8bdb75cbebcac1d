"""The EIF: its rheobase in closed form, and the exponential's runaway."""

import math

import numpy as np
import pytest

from lapicque.neurons import eif
from lapicque.simulation import simulate

RHEOBASE = 20.0 * (-59.9 + 65.0 - 3.48)  # pA: g_l (v_th - e_l - delta_t), where the fixed points meet at v_th


def test_rheobase(rates):
    silent, firing = rates(eif, [RHEOBASE - 0.5, RHEOBASE + 0.5], 3000, dt=0.05)
    assert silent == 0
    assert 0 < firing < 10


def test_rate_does_not_depend_on_the_peak(rates):
    """Beyond the onset the voltage runs away within a fraction of a millisecond."""
    early, late = (rates(eif.with_(v_peak=v), [200.0], 2000, dt=0.005)[0] for v in ("-30 mV", "30 mV"))
    assert late == pytest.approx(early, rel=5e-3)


def test_a_sharp_onset_is_a_threshold(rates):
    """As delta_t shrinks the EIF fires as the LIF with threshold v_th."""
    sharp = eif.with_(delta_t="0.01 mV", v_peak="-59 mV")
    end, tau = -65 + 250 / 20, 10.0  # where a current of 250 pA would lead the voltage
    closed = 1.7 + tau * math.log((end + 68) / (end + 59.9))
    (found,) = rates(sharp, [250.0], 1000, dt=0.002, method="euler")
    assert found == pytest.approx(1000 / closed, rel=0.015)


def test_upstroke_is_exponential():
    """What the leak and the current leave of the slope dv/dt grows e-fold in delta_t."""
    response = simulate(eif.with_(v_peak="20 mV"), 200, dt=0.001, inputs={"i_ext": 60}, record="v", method="rk4")
    v = response.traces["v"].values[:, 0]
    middle, slope = (v[1:] + v[:-1]) / 2, np.diff(v) / 0.001
    rising = (middle > -58) & (middle < -40) & (slope > 0)
    spike_current = slope[rising] - (20 * (-65 - middle[rising]) + 60) / 200
    growth = np.polyfit(middle[rising], np.log(spike_current), 1)[0]
    assert growth == pytest.approx(1 / 3.48, rel=0.01)
