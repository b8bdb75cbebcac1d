"""AdEx against a solution by LSODAR, NEST's data, under the criterion of NEST's own test.

LSODAR stops at the spike itself and NEST adapts its step, where the schemes here have a fixed one: it must be smaller.
"""

import numpy as np
import pytest

from lapicque import neurons, simulate

#: Mean relative difference that NEST allows its own neurons at 0.01 ms; of the voltage, where it is not in a spike.
TOLERANCES = {"v": 5e-4, "w": 1e-4}


@pytest.fixture(scope="module")
def lsodar(data):
    """Times (ms), voltage (mV) and adaptation current (pA)."""
    return np.loadtxt(data("reference/nest/test_aeif_data_lsodar.dat")).T


def differences(lsodar, method, dt):
    neuron = neurons.adex.with_(
        c_m="200 pF", g_l="11 nS", e_l="-70 mV", v_th="-50 mV", delta_t="2 mV", v_peak="0 mV", v_reset="-58 mV",
        a="3 nS", b="0 pA", tau_w="300 ms", t_ref="0 ms", initial=dict(v="-70 mV", w="5 pA"),
    )  # fmt: skip
    given = dict(inputs=dict(i_ext="420 pA"), record=["v", "w"], every=max(dt, 0.01), progress=False)
    answer = simulate(neuron, "100 ms", dt=dt, method=method, **given)
    t = answer.traces["v"].times
    kept = t <= lsodar[0, -1]
    found = {}
    for name, reference in (("v", lsodar[1]), ("w", lsodar[2])):
        ours, expected = answer.traces[name].values[kept, 0], np.interp(t[kept], lsodar[0], reference)
        calm = ours < (-50 + 0) / 2 if name == "v" else np.ones(len(ours), bool)
        found[name] = np.mean(np.abs(ours - expected)[calm] / np.abs(expected[calm]))
    return found


@pytest.mark.parametrize(("method", "dt"), [("euler", 1e-4), ("rk2", 2e-4), ("rk4", 2e-4), ("heun", 2e-4)])
def test_trace_is_within_nests_own_tolerance(lsodar, method, dt):
    found = differences(lsodar, method, dt)
    for name, tolerance in TOLERANCES.items():
        assert found[name] < tolerance, name


def test_smaller_steps_come_nearer(lsodar):
    errors = [differences(lsodar, "euler", dt)["v"] for dt in (0.1, 0.01, 0.001)]
    assert errors[0] > 4 * errors[1] > 16 * errors[2]
