"""The AdEx: the eight firing patterns of Naud et al. 2008, its rheobase, an independent solver's trace.

Naud, Marcille, Clopath & Gerstner 2008, doi:10.1007/s00422-008-0264-7. Parameters as adapted by P. Müller to the
figures. A pattern is recognised from the spike times alone.
"""

import math

import numpy as np
import pytest

from lapicque.neurons import adex
from lapicque.simulation import simulate

NAUD = adex.with_(v_th="-50 mV", delta_t="2 mV", v_peak="0 mV", t_ref="0 ms")
#               c_m  g_l e_l   a  tau_w  b  v_reset  current
PATTERNS = {
    "tonic spiking": (200, 10, -70, 2, 30, 0, -58, 500),
    "adaptation": (200, 12, -70, 2, 300, 60, -58, 500),
    "initial burst": (130, 18, -58, 4, 150, 120, -50, 400),
    "regular bursting": (200, 10, -58, 2, 120, 100, -46, 210),
    "delayed accelerating": (200, 12, -70, -10, 300, 0, -58, 300),
    "delayed regular bursting": (100, 10, -65, -10, 90, 30, -47, 110),
    "transient spiking": (100, 10, -65, 10, 90, 100, -47, 180),
    "irregular spiking": (100, 12, -60, -11, 130, 30, -48, 160),
}
NAMES = ("c_m", "g_l", "e_l", "a", "tau_w", "b", "v_reset")


def period_of(intervals, tolerance=0.05):
    """Length of the shortest cycle in which the intervals repeat, 0 if there is none up to eight."""
    for length in range(1, 9):
        change = np.abs(intervals[length:] - intervals[:-length])
        if change.max() < tolerance * intervals.mean() + 0.2:
            return length
    return 0


def classify(times, duration):
    """Name the pattern of a spike train: when it begins, whether it lasts, what its intervals do."""
    if not (times > duration / 2).any():
        return "transient spiking"
    intervals = np.diff(times)
    late = intervals[len(intervals) // 2 :]
    cycle = period_of(late)
    delayed = times[0] > 0.75 * intervals.max()
    if cycle == 0:
        return "irregular spiking"
    if cycle > 1:
        return "delayed regular bursting" if delayed else "regular bursting"
    change = intervals[0] / late.mean()
    if change > 1.2:
        return "delayed accelerating" if delayed else "accelerating"
    if change > 0.85:
        return "tonic spiking"
    steepest = (intervals[1:] / intervals[:-1]).max()
    return "initial burst" if steepest > 3 else "adaptation"


@pytest.mark.parametrize(("pattern", "values"), PATTERNS.items())
def test_firing_pattern(spike_times, pattern, values):
    *parameters, current = values
    neuron = NAUD.with_(**dict(zip(NAMES, parameters, strict=True)))
    times = spike_times(neuron, current, 1500, dt=0.02)
    assert classify(times, 1500) == pattern


def test_rheobase_by_a_hopf_bifurcation():
    """Touboul & Brette 2008, doi:10.1007/s00422-008-0267-4: with a/g_l above tau_m/tau_w rest is lost earlier."""
    g_l, a, tau_m, tau_w, delta_t, span = 30.0, 4.0, 281 / 30, 144.0, 2.0, -50.4 + 70.6
    assert a / g_l > tau_m / tau_w
    corner = (g_l + a) * (span - delta_t + delta_t * math.log(1 + tau_m / tau_w))
    rheobase = corner + delta_t * g_l * (a / g_l - tau_m / tau_w)
    ramp = np.concatenate([np.linspace(0, 0.97, 100_000), np.linspace(0.97, 1.01, 400_000)]) * rheobase  # 2 s, 8 s
    response = simulate(adex, 10_000, dt=0.02, inputs={"i_ext": ramp})
    first = ramp[np.rint(response.spikes.times[0] / 0.02).astype(int)]
    assert first == pytest.approx(rheobase, rel=0.003)


def test_each_spike_adds_b():
    response = simulate(adex, 100, dt=0.1, inputs={"i_ext": 1000}, record="w")
    steps = np.rint(response.spikes.times / 0.1).astype(int)
    w = response.traces["w"].values[:, 0]
    jumps = w[steps + 1] - w[steps]
    np.testing.assert_allclose(jumps, 80.5, atol=1.0)


def test_adaptation_slows_firing(spike_times):
    intervals = np.diff(spike_times(adex, 1000, 1000, dt=0.05))
    assert intervals[-1] > 1.5 * intervals[0]
    assert (np.diff(intervals[:5]) > 0).all()


def test_trace_of_lsodar(data):
    """NEST's reference trace, integrated by LSODAR with the parameters of its test_aeif_lsodar.py."""
    t, v, w = np.loadtxt(data("reference/nest/test_aeif_data_lsodar.dat")).T
    neuron = adex.with_(c_m=200, g_l=11, e_l=-70, v_th=-50, delta_t=2, v_peak=0, v_reset=-58, a=3, b=0, tau_w=300,
                        t_ref=0, initial=dict(v="-70 mV", w="5 pA"))  # fmt: skip
    dt = 0.001
    response = simulate(neuron, 100, dt=dt, inputs={"i_ext": 420}, record=["v", "w"], method="rk4")
    ours = response.traces["v"].times
    np.testing.assert_allclose(np.interp(t, ours, response.traces["w"].values[:, 0]), w, rtol=2e-3)
    spikes = t[1:][np.diff(v) < -20]  # the reset, in the reference
    assert len(spikes) == len(response.spikes.times)
    np.testing.assert_allclose(response.spikes.times, spikes, atol=0.02)
    calm = np.abs(t[:, None] - spikes[None, :]).min(axis=1) > 1.0 if len(spikes) else np.ones(len(t), bool)
    np.testing.assert_allclose(np.interp(t, ours, response.traces["v"].values[:, 0])[calm], v[calm], atol=0.05)
