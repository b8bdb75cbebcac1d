"""NumPy archives: shapes, units in names, stored spikes, and the recordings of a challenge."""

import itertools

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import RecordingError


def write_sample(folder, current, voltage, dt):
    path = folder / "cell.npz"
    np.savez(path, current_pA=current, voltage_mV=voltage.astype(np.float32), dt_ms=dt)
    return path, {}


def save(folder, **arrays):
    np.savez(folder / "cell.npz", **arrays)
    return folder / "cell.npz"


def test_set_and_trials(tmp_path):
    current = np.arange(24.0).reshape(2, 3, 4)
    path = save(
        tmp_path, current_nA=current, sampling_rate_kHz=2.0, set_names=["one", "two"],
        spike_times_s=np.array([0.001, 0.0005, 0.0015]), spike_offsets=[0, 1, 1, 1, 1, 3, 3], remark="by hand",
    )  # fmt: skip
    recording = lq.io.read(path)
    assert [s.label for s in recording] == ["one"] * 3 + ["two"] * 3
    assert recording.dt == 0.5
    np.testing.assert_allclose(recording[5].stimulus, 1e3 * current[1, 2])
    assert [s.spikes.times.tolist() for s in recording] == [[1.0], [], [], [], [0.5, 1.5], []]
    assert [s.label for s in lq.io.read(f"{path}:two")] == ["two"] * 3
    assert len(lq.io.read(f"{path}:two,one")) == 6


def test_one_stimulus_for_several_voltages_and_trains(tmp_path):
    voltages = np.where(np.arange(5) == 2, 20.0, -60.0) * np.ones((3, 5))
    path = save(tmp_path, current_pA=np.arange(5.0), voltage_mV=voltages, dt_ms=0.1)
    assert [group.sweeps for group in lq.io.read(path).stimuli()] == [(0, 1, 2)]
    path = save(tmp_path, stimulus=np.arange(5.0), dt_ms=0.1, spike_times_ms=[0.1, 0.2], spike_offsets=[0, 1, 2])
    repeats = lq.io.read(path, units={"stimulus": "1"})
    assert [s.spikes.times.tolist() for s in repeats] == [[0.1], [0.2]]
    assert repeats.stimulus_unit == "1"


def test_stored_spikes_are_taken_unless_detection_is_asked_for(tmp_path):
    path = save(tmp_path, current_pA=np.zeros(4), voltage_mV=[-60, 20, -60, -60.0], dt_ms=0.1, spike_times_ms=[0.3])
    assert lq.io.read(path)[0].spikes.times.tolist() == [0.3]
    assert lq.io.read(path, detect={})[0].spikes.times.tolist() == [0.1]


def test_arrays_of_other_names(tmp_path):
    path = save(tmp_path, inj_pA=np.arange(3.0), vm_mV=[-60, 20, -60.0], dt_ms=0.1)
    recording = lq.io.read(path, current="inj", voltage="vm")
    assert recording[0].stimulus.tolist() == [0.0, 1.0, 2.0]
    assert recording.n_spikes == 1


GOOD = {"current_pA": np.zeros(4), "dt_ms": 0.1, "spike_times_ms": [0.1]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"current_pA": None, "current": np.zeros(4)}, r"channel 'current' has no unit: .*units=\{'current': 'pA'\}"),
        ({"current_pA": None, "current_kg": np.zeros(4)}, "no array 'current'.*did you mean 'current_kg'"),
        ({"current_pA": None}, "there is no array 'current' or 'stimulus'"),
        ({"dt_ms": None}, "does not say its sampling interval: state it, as in dt='0.1 ms'"),
        ({"dt_ms": None, "dt": 0.1}, "array 'dt' must be one number with a unit of time: name it dt_ms"),
        ({"dt_ms": [0.1, 0.2]}, "array 'dt' must be one number"),
        ({"dt_ms": -0.1}, "array 'dt' is -0.1, but must be positive"),
        ({"dt_ms": None, "sampling_rate_ms": 0.1}, "'sampling_rate' must be one number with a unit of rate"),
        ({"spike_times_ms": None, "spike_times": [0.1]}, "'spike_times' has no unit: name it 'spike_times_ms'"),
        ({"spike_times_ms": None}, "neither spike times nor a voltage"),
        ({"spike_times_ms": [0.1, 7.0]}, "1 of 2 spikes lie outside the recorded 0 to 0.4 ms"),
        ({"spike_times_ms": [0.2, 0.1]}, "sort each train by np.sort"),
        ({"spike_offsets": [0, 2]}, "'spike_offsets' must rise from 0 to the number of spike times, 1"),
        ({"voltage_mV": np.zeros(5)}, "current 'current' has 4 samples, the voltage 'voltage' 5"),
        ({"voltage_mV": [0, np.nan, 0, 0]}, "voltage of a sweep is not finite|voltage of sweep '0' is not finite"),
        (
            {"current_pA": np.zeros((2, 4)), "voltage_mV": np.zeros((3, 4)), "spike_times_ms": None},
            "does not fit .*sweeps",
        ),
        ({"current_pA": np.zeros((2, 4))}, "'spike_times' holds 1 trains for 2 sweeps"),
        ({"set_names": ["a", "b"]}, "array 'set_names' holds 2 names for 1 sets"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path, change, message):
    arrays = {name: values for name, values in {**GOOD, **change}.items() if values is not None}
    with pytest.raises(RecordingError, match=message) as caught:
        lq.io.read(save(tmp_path, **arrays))
    assert "cell.npz" in str(caught.value)


def test_python_objects_are_not_read(tmp_path):
    path = save(tmp_path, current_pA=np.array([{}], dtype=object))
    with pytest.raises(RecordingError, match="holds Python objects, which are not read"):
        lq.io.read(path)


def test_a_damaged_member(tmp_path):
    path = save(tmp_path, current_pA=np.arange(5000.0), dt_ms=0.1)
    content = bytearray(path.read_bytes())
    content[10_000] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(RecordingError, match=r"begins as a NumPy .npz archive, but is cut short or damaged"):
        lq.io.read(path)


def test_choosing_sweeps_twice(tmp_path):
    path = save(tmp_path, **GOOD)
    with pytest.raises(RecordingError, match="both choose sweeps"):
        lq.io.read(f"{path}:0", select="0")
    with pytest.raises(RecordingError, match=r"no sweep '7'; it has 1, labelled '0'"):
        lq.io.read(f"{path}:7")


# ---- the challenge's recordings


@pytest.fixture(scope="module")
def challenge(data):
    path = data("intracellular/qsnmc2007_A/qsnmc2007_A_train.npz")
    return lambda *args, **options: lq.io.read(path, *args, **options)


def test_measured_currents_of_eight_stimuli_are_repeats(challenge):
    recording = challenge()
    assert (recording.dt, len(recording), recording[0].stimulus.size) == (0.2, 32, 34_000)
    groups = recording.stimuli()
    assert [group.sweeps for group in groups] == [tuple(range(k, k + 4)) for k in range(0, 32, 4)]
    assert [group.label for group in groups] == ["00", "04", "05", "06", "08", "09", "11", "12"]


@pytest.mark.parametrize("dead_time", [1.0, 3.0])
def test_spikes_of_set_11(challenge, dead_time):
    # intervals of 1 to 2 ms occur: the second repeat has 216 spikes at a dead time of 1 ms, 184 at 3 ms
    counts = {1.0: [212, 216, 220, 219], 3.0: [181, 184, 190, 186]}[dead_time]
    recording = challenge(select="11", detect={"dead_time": dead_time})
    assert [s.spikes.times.size for s in recording] == counts


def test_detection_finds_the_stored_spikes(challenge):
    stored, found = challenge(), challenge(detect={})
    for a, b in zip(stored, found, strict=True):
        np.testing.assert_allclose(a.spikes.times, b.spikes.times, atol=1e-9)


def test_resampled_to_the_models_step(challenge):
    with pytest.warns(lq.errors.LapicqueNotice, match="from dt 0.2 ms to 0.1 ms"):
        fine = challenge(select="11").resample(0.1)
    assert fine[0].stimulus.size == 68_000
    assert fine[0].spikes.times.size == 212


def gamma(data, other, delta, duration):
    """Coincidence factor with the data's rate, each spike in one coincidence at most; ties at delta count."""
    coincidences = i = j = 0
    while i < len(data) and j < len(other):
        gap = data[i] - other[j]
        if abs(gap) <= delta + 1e-9:
            coincidences, i, j = coincidences + 1, i + 1, j + 1
        elif gap < 0:
            i += 1
        else:
            j += 1
    rate = len(data) / duration
    expected = 2 * rate * delta * len(other)
    return (coincidences - expected) / (0.5 * (len(data) + len(other))) / (1 - 2 * rate * delta)


def reliability(group, delta):
    trains = group.spikes.to_lists()
    return np.mean([gamma(a, b, delta, group.spikes.duration) for a, b in itertools.permutations(trains, 2)])


@pytest.mark.parametrize(
    ("label", "delta", "expected", "published"),
    [("11", 2, 0.923, 0.914), ("11", 4, 0.9325, 0.922), ("05", 2, 0.852, 0.825), ("05", 4, 0.877, 0.873)],
)
def test_reliability_of_the_challenge(challenge, label, delta, expected, published):
    # The published figures are of times in seconds, where rounding decides about gaps of exactly delta (sampled at
    # 0.2 ms, these are common: set 05 has 0.817 without and 0.852 with them), and of nearest neighbours.
    [group] = challenge(select=label).stimuli()
    found = reliability(group, delta)
    assert found == pytest.approx(expected, abs=1e-3)
    assert found == pytest.approx(published, abs=0.03)


@pytest.mark.parametrize(("delta", "expected", "published"), [(2, 0.673, 0.666), (4, 0.834, 0.831)])
def test_reliability_of_the_drn_cell(data, delta, expected, published):
    [group] = lq.io.read(data("intracellular/gifk_DRN164/DRN164_5ht_test.abf")).stimuli()
    found = reliability(group, delta)
    assert found == pytest.approx(expected, abs=1e-3)
    assert found == pytest.approx(published, abs=0.01)
