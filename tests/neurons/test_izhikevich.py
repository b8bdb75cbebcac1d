"""The eight classes of Izhikevich 2003, figure 2, recognised from the answers to three currents.

A step of 10 gives the intervals, the end of a hyperpolarisation the rebound, a step too small for a spike the ringing.
The thalamo-cortical neuron is two of the eight: it fires tonically from -63 mV and in a burst from below -80 mV.
"""

import numpy as np
import pytest

from lapicque.neurons import izhikevich
from lapicque.simulation import simulate

DT = 0.05
#                                a     b     c    d
CLASSES = {
    "regular spiking": (0.02, 0.2, -65, 8),
    "intrinsically bursting": (0.02, 0.2, -55, 4),
    "chattering": (0.02, 0.2, -50, 2),
    "fast spiking": (0.1, 0.2, -65, 2),
    "thalamo-cortical": (0.02, 0.25, -65, 0.05),
    "resonator": (0.1, 0.26, -65, 2),
    "low-threshold spiking": (0.02, 0.25, -65, 2),
}


def member(name):
    return izhikevich.with_(**dict(zip("abcd", CLASSES[name], strict=True)))


def intervals_of_step(spike_times, steps, neuron):
    times = spike_times(neuron, steps((0, 200), (10, 600), dt=DT), dt=DT)
    return np.diff(times[times > 200])


def rebound_of(spike_times, steps, neuron):
    """Return the spikes after 600 ms of hyperpolarisation, in ms after its end."""
    times = spike_times(neuron, steps((-20, 600), (0, 300), dt=DT), dt=DT)
    return times - 600


def ringing_of(steps, neuron):
    """Return how often the voltage swings by more than 1 uV after a step that is too small for a spike."""
    current = steps((0, 1000), (0.15, 300), dt=DT)
    response = simulate(neuron, 1300, dt=DT, inputs={"i_ext": current}, record="v")
    assert response.spikes.window(900, 1300).counts.sum() == 0
    v = response.traces["v"].values[20_000:, 0]
    peaks = (v[1:-1] > v[:-2] + 1e-12) & (v[1:-1] > v[2:] + 1e-12) & (np.abs(v[1:-1] - v[-1]) > 1e-3)
    return int(peaks.sum())


def classify(intervals, rebound, ringing):
    """Name the class from the intervals of a step, the spikes of the rebound, the swings below threshold."""
    late = intervals[len(intervals) // 2 :]
    if ringing >= 4:
        return "resonator"
    if len(rebound) >= 4:
        return "thalamo-cortical"
    if rebound.size:
        return "low-threshold spiking"
    if (late < 6).mean() > 0.3:
        return "chattering"
    if late.mean() < 12 and intervals[0] > 0.4 * late.mean():
        return "fast spiking"
    if (intervals[:2] < 6).all():
        return "intrinsically bursting"
    return "regular spiking"


@pytest.mark.parametrize("name", CLASSES)
def test_class(spike_times, steps, name):
    neuron = member(name)
    rebound = rebound_of(spike_times, steps, neuron)
    assert classify(intervals_of_step(spike_times, steps, neuron), rebound, ringing_of(steps, neuron)) == name


def test_regular_spiking_adapts(spike_times, steps):
    intervals = intervals_of_step(spike_times, steps, member("regular spiking"))
    assert intervals[0] < 0.5 * intervals[-1]
    np.testing.assert_allclose(intervals[2:], intervals[-1], rtol=0.02)


def test_chattering_bursts_again_and_again(spike_times, steps):
    intervals = intervals_of_step(spike_times, steps, member("chattering"))
    pauses = intervals[intervals > 20]
    assert len(pauses) >= 5
    assert pauses.std() < 0.1 * pauses.mean()


def test_fast_spiking_does_not_adapt(spike_times, steps):
    intervals = intervals_of_step(spike_times, steps, member("fast spiking"))
    assert 1000 / intervals[3:].mean() > 100
    np.testing.assert_allclose(intervals[3:], intervals[-1], rtol=0.05)


def test_thalamo_cortical_is_tonic_from_above_and_bursts_from_below(spike_times, steps):
    neuron = member("thalamo-cortical")
    held = simulate(neuron, 500, dt=DT, inputs={"i_ext": 0.45}, record="v")
    assert held.traces["v"].values[-1, 0] == pytest.approx(-63, abs=0.3)
    times = spike_times(neuron, steps((0.45, 500), (2, 600), dt=DT), dt=DT)
    tonic = np.diff(times[times > 500])
    assert tonic.min() > 6
    np.testing.assert_allclose(tonic[10:], tonic[-1], rtol=0.05)
    below = simulate(neuron, 600, dt=DT, inputs={"i_ext": -25}, record="v")
    assert below.traces["v"].values[-1, 0] < -80
    burst = spike_times(neuron, steps((-25, 600), (0, 300), dt=DT), dt=DT) - 600
    assert burst[0] < 15
    assert (np.diff(burst)[:3] < 8).all()


def test_current_is_divided_by_the_capacitance():
    small = simulate(izhikevich, 500, dt=DT, inputs={"i_ext": 10})
    large = simulate(izhikevich.with_(c_m="100 pF"), 500, dt=DT, inputs={"i_ext": 1000})
    assert small.spikes == large.spikes


def test_rest_is_where_the_paper_has_it():
    """0.04 v^2 + 5 v + 140 - b v = 0 at v = -70 mV for b = 0.2."""
    response = simulate(izhikevich, 500, dt=DT)
    assert response.final["v"][0] == pytest.approx(-70, abs=1e-2)
