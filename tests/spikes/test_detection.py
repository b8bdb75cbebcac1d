"""Spike detection: what is a crossing, which crossings are spikes, when they are stamped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lapicque.errors import RecordingError, UnitError
from lapicque.spikes import SpikeDetection

DT = 0.1


def naive(voltage, dt, threshold=0.0, dead_time=1.0):
    """The definition: upward crossings that are at least a dead time after the spike before."""
    spikes = []
    for k in range(1, len(voltage)):
        rises = voltage[k - 1] <= threshold < voltage[k]
        if rises and (not spikes or round((k - spikes[-1]) * dt, 9) >= dead_time):
            spikes.append(k)
    return np.array(spikes) * dt


def spike(width=1.0, peak=30.0, rest=-70.0, before=5.0, after=10.0, dt=DT):
    """A triangular action potential that is above 0 mV for about `width` ms."""
    n = round(width / dt)
    rise = np.linspace(rest, peak, max(2, n), endpoint=False)
    return np.concatenate([np.full(round(before / dt), rest), rise, rise[::-1], np.full(round(after / dt), rest)])


@given(arrays(float, st.integers(2, 200), elements=st.floats(-80, 40)), st.sampled_from([0.0, 0.3, 1.0, 3.0]))
def test_default_is_the_definition(voltage, dead_time):
    found = SpikeDetection(dead_time=dead_time, max_slope=np.inf)(voltage, DT)
    np.testing.assert_array_equal(found, naive(voltage, DT, dead_time=dead_time))


def test_default_crosses_0_mv_with_a_dead_time_of_1_ms():
    assert (SpikeDetection().threshold, SpikeDetection().dead_time) == (0.0, 1.0)


def test_sample_at_the_threshold_has_not_crossed():
    assert SpikeDetection()([-1.0, 0.0, 1.0, -1.0], DT).tolist() == [0.2]


def test_trace_that_starts_above_the_threshold_has_no_crossing():
    assert SpikeDetection()([10.0, 20.0, -60.0, -60.0], DT).size == 0


def test_interval_of_exactly_the_dead_time_is_kept():
    # 0.7 is not a multiple of 0.1 in floating point
    voltage = np.full(40, -60.0)
    voltage[[3, 10, 16]] = 20.0
    np.testing.assert_allclose(SpikeDetection(dead_time=0.7)(voltage, DT), [0.3, 1.0])


def test_dead_time_counts_from_the_last_spike_not_from_the_last_crossing():
    voltage = np.full(40, -60.0)
    voltage[[3, 9, 15]] = 20.0
    np.testing.assert_allclose(SpikeDetection(dead_time=1.0)(voltage, DT), [0.3, 1.5])


def test_interpolated_crossing_lies_on_the_line():
    assert SpikeDetection(interpolate=True)([-30.0, -30.0, 10.0, -30.0], DT) == pytest.approx([0.175])


def test_interpolated_peak_of_a_parabola_is_its_vertex():
    t = np.arange(40) * DT
    voltage = 30.0 - 40.0 * (t - 2.137) ** 2
    found = SpikeDetection(stamp="peak", interpolate=True)(voltage, DT)
    assert found == pytest.approx([2.137], abs=1e-9)
    assert SpikeDetection(stamp="peak")(voltage, DT) == pytest.approx([2.1])


def test_peak_is_before_the_return_below_the_threshold():
    voltage = np.array([-60.0, 10.0, 5.0, -5.0, -60.0, 40.0, -60.0])
    assert SpikeDetection(stamp="peak")(voltage, 0.5).tolist() == [0.5, 2.5]


def test_small_crossings_fail_the_peak_criterion_and_leave_no_dead_time():
    voltage = np.full(60, -60.0)
    voltage[10], voltage[15] = 5.0, 35.0
    np.testing.assert_allclose(SpikeDetection(peak=20.0)(voltage, DT), [1.5])


def test_prominence_is_measured_from_the_foot():
    slow = np.concatenate([np.linspace(-70, 0, 400), np.linspace(0, 5, 20), np.linspace(5, -70, 400)])
    both = np.concatenate([slow, spike()])
    assert SpikeDetection()(both, DT).size == 2
    assert SpikeDetection(prominence=30.0)(both, DT).size == 1


def test_single_sample_is_an_artefact_by_min_width():
    voltage = np.concatenate([spike(), [60.0], spike()])
    detection = SpikeDetection(min_width=1.5 * DT)
    assert detection(voltage, DT).size == 2
    np.testing.assert_allclose(detection.artefacts(voltage, DT), [spike().size * DT])


def test_step_of_the_electrode_is_an_artefact_by_max_width():
    voltage = np.concatenate([spike(), np.full(1000, 20.0), spike()])
    detection = SpikeDetection(max_width="20 ms")
    assert detection(voltage, DT).size == 2
    assert detection.artefacts(voltage, DT).size == 1


@pytest.mark.parametrize("jump", [[200.0], [200.0, 200.0, 150.0], [10.0, 120.0, -70.0]])
def test_faster_than_any_membrane_is_an_artefact(jump):
    dt = 0.02
    voltage = np.concatenate([spike(dt=dt), jump, spike(dt=dt)])
    assert SpikeDetection()(voltage, dt).size == 2
    assert SpikeDetection().artefacts(voltage, dt).size == 1


def test_artefact_leaves_no_dead_time():
    voltage = np.concatenate([np.full(10, -70.0), [200.0], np.full(3, -70.0), spike(before=0.1)])
    assert SpikeDetection(dead_time=5.0, max_slope=1500)(voltage, DT).size == 1


def test_units_of_the_criteria():
    volts = SpikeDetection(threshold="-0.02 V", dead_time="0.003 second", max_slope="3 V/ms")
    assert volts == SpikeDetection(threshold=-20.0, dead_time=3.0, max_slope=3000.0)
    with pytest.raises(UnitError, match="dead_time of the spike detection"):
        SpikeDetection(dead_time="3 mV")


def test_trains_of_several_traces():
    trains = SpikeDetection().trains(np.stack([spike(), np.full(spike().size, -70.0)]), "0.1 ms")
    assert trains.shape == (2, 1)
    assert trains.counts.tolist() == [1, 0]
    assert trains.t_stop == pytest.approx(spike().size * DT)


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ({"stamp": "top"}, "stamp='top' of the spike detection is neither 'crossing' nor 'peak'"),
        ({"dead_time": -1}, "dead_time of the spike detection is -1, but it cannot be negative"),
    ],
)
def test_wrong_criteria(criteria, message):
    with pytest.raises(RecordingError, match=message):
        SpikeDetection(**criteria)


@pytest.mark.parametrize(
    ("voltage", "message"),
    [
        (np.zeros((2, 3)), r"one trace at a time, not in an array of shape \(2, 3\)"),
        ([0.0, np.nan, 1.0, np.inf], r"not finite in 2 of 4 samples \(first: sample 1\).*numpy.interp"),
    ],
)
def test_wrong_traces(voltage, message):
    with pytest.raises(RecordingError, match=message):
        SpikeDetection()(voltage, DT)
