"""Recordings as values: validation, repeats, resampling."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapicque.errors import LapicqueNotice, RecordingError
from lapicque.fit.recording import Recording, Sweep, concatenate
from lapicque.fit.repeats import same_stimulus
from lapicque.fit.resampling import resample_signal
from lapicque.spikes import SpikeTrains

DT = 0.1


def train(times, size, dt=DT):
    return SpikeTrains.from_lists([times], t_stop=size * dt)


def sweep(stimulus, times=(), voltage=None, label="", dt=DT):
    return Sweep(stimulus, train(times, len(stimulus), dt), voltage, label)


def smooth_noise(seed, size=20_000, tau=50, sd=100.0):
    """Ornstein-Uhlenbeck noise, pA, with a correlation time of `tau` samples."""
    rng = np.random.default_rng(seed)
    kernel = np.exp(-np.arange(10 * tau) / tau)
    noise = np.convolve(rng.normal(size=size + 10 * tau), kernel)[10 * tau : 10 * tau + size]
    return sd * noise / noise.std()


# ---- validation


def test_values_are_frozen():
    recording = Recording([sweep(np.zeros(5))], DT, "pA")
    with pytest.raises(dataclasses.FrozenInstanceError):
        recording.dt = 1.0
    with pytest.raises(ValueError, match="read-only"):
        recording[0].stimulus[0] = 1.0


def test_arrays_are_copied():
    stimulus = np.zeros(5)
    one = sweep(stimulus)
    stimulus[0] = 1.0
    assert one.stimulus[0] == 0.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sweep([]), r"stimulus of a sweep has shape \(0,\): give one dimension"),
        (lambda: sweep([[1.0]]), r"stimulus of a sweep has shape \(1, 1\)"),
        (lambda: sweep(["a"]), "stimulus of a sweep is not an array of numbers"),
        (
            lambda: sweep([0, np.nan, 0], label="7"),
            "stimulus of sweep '7' is not finite in 1 of 3.*sample 1.*numpy.interp",
        ),
        (lambda: sweep([0, 0], voltage=[0, np.inf]), "voltage of a sweep is not finite in 1 of 2 samples"),
        (lambda: sweep([0, 0, 0], voltage=[0, 0]), "3 samples of stimulus but 2 of voltage: cut both"),
        (
            lambda: Sweep([0.0], SpikeTrains.from_lists([[], []], t_stop=0.1)),
            "2 spike trains: a sweep has one, so make one sweep per train",
        ),
        (lambda: Recording([], DT, "pA", name="x"), "recording 'x' has no sweeps"),
        (lambda: Recording([sweep([0.0])], 0.0, "pA"), "dt = 0 ms: the sampling interval is a positive time"),
        (lambda: Recording([sweep([0.0])], DT, "nA"), "stimulus in 'nA': hold it in pA, mV, or '1'"),
        (
            lambda: Recording([Sweep([0.0, 0.0], train([0.3, 7.0], 100))], DT, "pA"),
            "sweep 0: 2 of 2 spikes lie outside the recorded 0 to 0.2 ms .first: 0.3 ms.: check the unit",
        ),
        (lambda: Recording([sweep([0.0])] * 2, DT, "pA", repeats=[[0]]), "must name each of the sweeps 0 to 1 once"),
        (
            lambda: Recording([sweep([0.0]), sweep([0.0, 0.0])], DT, "pA", repeats=[[0, 1]]),
            r"repeats \(0, 1\) are not of the same length",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(RecordingError, match=message):
        make()


def test_dt_is_a_quantity():
    assert Recording([sweep([0.0] * 5, dt=0.2)], "0.2 ms", "pA").dt == 0.2


def test_counts_rates_and_duration():
    recording = Recording([sweep(np.zeros(1000), [1, 2, 3]), sweep(np.zeros(500), [1])], DT, "pA")
    assert recording.n_spikes == 4
    assert recording.duration == pytest.approx(150.0)
    np.testing.assert_allclose(recording.rates(), [30.0, 20.0])


# ---- repeats


def test_equal_stimuli_are_repeats_and_stay_as_they_are():
    a, b = smooth_noise(0), smooth_noise(1)
    recording = Recording([sweep(a, [1.0]), sweep(b), sweep(a, [2.0, 3.0])], DT, "pA")
    first, second = recording.stimuli()
    assert (first.sweeps, second.sweeps) == ((0, 2), (1,))
    np.testing.assert_array_equal(first.stimulus, a)
    assert first.spikes.shape == (2, 1)
    assert [t.times.tolist() for t in first.spikes] == [[1.0], [2.0, 3.0]]
    assert first.voltage is None


def test_measured_copies_are_repeats_and_are_averaged():
    rng = np.random.default_rng(2)
    command = smooth_noise(0)
    measured = command + rng.normal(0, 9, (4, command.size))
    [group] = Recording([sweep(m, voltage=m) for m in measured], DT, "pA").stimuli()
    assert group.sweeps == (0, 1, 2, 3)
    assert np.std(group.stimulus - command) == pytest.approx(4.5, rel=0.1)
    assert group.voltage.shape == measured.shape


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("other", [lambda c: 1.1 * c, lambda c: c + 5.0, lambda c: np.roll(c, 20), lambda c: -c])
def test_other_commands_are_no_repeats_however_noisy_the_measurement(seed, other):
    rng = np.random.default_rng(seed)
    command = smooth_noise(seed)
    first, second = command + rng.normal(0, 9, command.size), other(command) + rng.normal(0, 9, command.size)
    assert not same_stimulus(first, second, DT, noise=0.3, drift=0.02)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_shared_white_noise_is_no_repeat(correlation):
    shared, own = np.random.default_rng(3).normal(size=(2, 20_000))
    other = correlation * shared + np.sqrt(1 - correlation**2) * own
    assert not same_stimulus(500 + 20 * shared, 500 + 20 * other, DT, noise=0.3, drift=0.02)


def test_steps_of_a_family_are_told_apart():
    steps = [np.repeat([0.0, height, 0.0], 1000) for height in (50, 55, 60, -50, 50)]
    groups = Recording([sweep(step) for step in steps], DT, "pA").stimuli()
    assert [group.sweeps for group in groups] == [(0, 4), (1,), (2,), (3,)]


def test_sweeps_of_other_length_are_no_repeats():
    recording = Recording([sweep(np.zeros(5)), sweep(np.zeros(6))], DT, "pA")
    assert len(recording.stimuli()) == 2


def test_known_repeats_come_first():
    different = [sweep(smooth_noise(k, size=1000)) for k in range(3)]
    recording = Recording(different, DT, "pA", repeats=[[0, 2], [1]])
    assert [group.sweeps for group in recording.stimuli()] == [(0, 2), (1,)]


def test_tolerance_is_the_users():
    rng = np.random.default_rng(4)
    command = smooth_noise(0)
    recording = Recording([sweep(command + rng.normal(0, 50, command.size)) for _ in range(2)], DT, "pA")
    assert len(recording.stimuli()) == 2
    assert len(recording.stimuli(noise=1.0)) == 1


# ---- selection and joining


def test_selection_by_label_and_number():
    sweeps = [sweep([float(k)], label=label) for k, label in enumerate("aab")]
    recording = Recording(sweeps, DT, "pA", repeats=[[0, 1], [2]])
    assert [s.stimulus[0] for s in recording.select("b", 0)] == [2.0, 0.0]
    assert recording.select("b", 0).repeats == ((1,), (0,))
    assert [s.label for s in recording.select("a")] == ["a", "a"]
    with pytest.raises(RecordingError, match=r"no sweep 'c'; it has 3, labelled 'a', 'b'"):
        recording.select("c")


def test_joined_recordings_keep_repeats_and_notices():
    one = Recording([sweep([0.0])] * 2, DT, "pA", name="one", source="1.abf", notices=["n"], repeats=[[0, 1]])
    both = concatenate([one, dataclasses.replace(one, source="2.abf")])
    assert both.repeats == ((0, 1), (2, 3))
    assert both.notices == ("n",)
    assert both.source == "1.abf, 2.abf"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            Recording([sweep([0.0] * 2, dt=0.2)], 0.2, "pA", name="b"),
            r"dt 0.1 and 0.2 ms: bring them to one by resample",
        ),
        (Recording([sweep([0.0])], DT, "1", name="b"), "stimuli in pA and 1: fit them apart"),
    ],
)
def test_unlike_recordings_are_not_joined(other, message):
    with pytest.raises(RecordingError, match=message):
        concatenate([Recording([sweep([0.0])], DT, "pA", name="a"), other])


# ---- resampling


def test_same_interval_needs_no_resampling():
    recording = Recording([sweep(np.zeros(5))], DT, "pA")
    assert recording.resample("0.1 ms") is recording


def test_resampling_says_so_and_is_kept_as_a_notice():
    recording = Recording([sweep(np.arange(4.0), [0.35], np.arange(4.0))], DT, "pA", name="cell")
    with pytest.warns(LapicqueNotice, match=r"'cell' was resampled from dt 0.1 ms to 0.05 ms: stimulus held"):
        fine = recording.resample(0.05)
    assert fine[0].stimulus.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert fine[0].voltage.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3]
    assert fine[0].spikes.times.tolist() == [0.35]
    assert (fine.dt, len(fine.notices)) == (0.05, 1)
    with pytest.warns(LapicqueNotice, match="averaged"):
        coarse = recording.resample(0.2)
    assert coarse[0].stimulus.tolist() == [0.5, 2.5]
    assert coarse[0].voltage.tolist() == [0.0, 2.0]


def test_spike_in_the_cut_end_is_cut():
    recording = Recording([sweep(np.zeros(5), [0.1, 0.45])], DT, "pA")
    with pytest.warns(LapicqueNotice):
        coarse = recording.resample(0.2)
    assert coarse[0].spikes.times.tolist() == [0.1]
    assert coarse[0].spikes.t_stop == pytest.approx(0.4)


@pytest.mark.parametrize(("dt", "message"), [(0.0, "give a positive time"), (1.0, "a sweep lasts 0.5 ms")])
def test_impossible_intervals(dt, message):
    with pytest.raises(RecordingError, match=message):
        Recording([sweep(np.zeros(5))], DT, "pA").resample(dt)


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=60),
    st.sampled_from([0.01, 0.03, 0.05, 0.07, 0.1, 0.13, 0.2, 0.25, 0.3]),
)
def test_charge_is_kept(values, new):
    old = np.array(values)
    resampled = resample_signal(old, DT, new)
    assert resampled.size == int(old.size * DT / new + 1e-9)
    # what flowed until the end of the last whole new sample
    whole = resampled.size * new / DT
    charge = np.interp(whole, np.arange(old.size + 1), np.append(0.0, np.cumsum(old))) * DT
    assert resampled.sum() * new == pytest.approx(charge, rel=1e-9, abs=1e-6)
    assert resampled.size == 0 or resampled.max() <= old.max() + 1e-9


def test_up_and_down_again_is_the_same():
    old = smooth_noise(5, size=1000)
    np.testing.assert_allclose(resample_signal(resample_signal(old, 0.2, 0.05), 0.05, 0.2), old, rtol=1e-14)


def test_repr_shows_stimuli_and_notices():
    recording = Recording([sweep(np.zeros(5), label="a")] * 2, DT, "pA", name="cell", notices=["beware"])
    assert repr(recording).splitlines() == [
        "Recording 'cell': 2 sweeps, 1 stimulus, dt 0.1 ms, stimulus in pA",
        "  0  'a' repeats 0, 1: 5 samples (0.5 ms), spikes 0, 0, no voltage",
        "  notice: beware",
    ]
