"""Plain text: columns, companion files of spike times, and two real recordings."""

import os

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import RecordingError
from lapicque.io.spike_times import read_spike_times


def write_sample(folder, current, voltage, dt):
    """Sweeps one below the other, names in the last comment."""
    rows = [
        np.column_stack([np.full(current.shape[1], k), np.arange(current.shape[1]) * dt * 1e3, current[k], voltage[k]])
        for k in range(2)
    ]
    path = folder / "cell.txt"
    np.savetxt(path, np.concatenate(rows), header="two steps\nsweep time_us current_pA voltage_mV", fmt="%.6g")
    return path, {}


def write(folder, text, name="cell.txt"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_single_column_is_the_current(tmp_path):
    path = write(tmp_path, "# injected\n1e-10\n2e-10\n")
    recording = lq.io.read(path, units={"current": "A"}, dt="0.1 ms", spikes=[0.1])
    assert recording[0].stimulus.tolist() == [100.0, 200.0]


def test_names_in_the_first_line(tmp_path):
    path = write(tmp_path, "t_ms I_nA V_mV\n0 1 -60\n0.5 1 20\n")
    assert lq.io.read(path)[0].spikes.times.tolist() == [0.5]


def test_comma_separated_text_names_the_reader(tmp_path):
    with pytest.raises(
        RecordingError,
        match=r"line 2 is neither numbers .*: '1, 2'; columns with commas between them are read by lapicque.io.csv",
    ):
        lq.io.read(write(tmp_path, "0, 1\n1, 2\n"))


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1\n2\n3\n", "ms", [[1, 2, 3]]),
        ("# spikes (s)\n0.001\n\n0.002\n", None, [[1, 2]]),
        ("spike_times_us\n1000\n2000\n", None, [[1, 2]]),
        ("1 2\n3\n\n4 5 6 # the last\n", "ms", [[1, 2], [3], [4, 5, 6]]),
        ("1, 2\n3,\n", "ms", [[1, 2], [3]]),
        ("# none\n", "ms", [[]]),
    ],
)
def test_companion_files(tmp_path, text, unit, expected):
    trains = read_spike_times(write(tmp_path, text), unit)
    assert [t.tolist() for t in trains] == [pytest.approx(e) for e in expected]


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("1\n2\n", None, r"does not say the unit of its spike times: state it, as in units=\{'spikes': 's'\}"),
        ("1\n2\n", "mV", "spike times in 'mV': state a unit of time"),
        ("1\ntwo\n", "ms", "line 2: 'two' is no spike time"),
    ],
)
def test_companion_files_that_do_not_fit(tmp_path, text, unit, message):
    with pytest.raises(RecordingError, match=message):
        read_spike_times(write(tmp_path, text), unit)


def test_several_trains_for_one_stimulus_are_repeats(tmp_path):
    stimulus = write(tmp_path, "\n".join(["0.5"] * 100))
    spikes = write(tmp_path, "1 2\n3 4 5\n", "spikes.txt")
    units = {"current": "nA", "spikes": "ms"}
    [group] = lq.io.read(stimulus, units=units, dt=0.1, spikes=spikes).stimuli()
    assert group.spikes.counts.tolist() == [2, 3]


@pytest.mark.parametrize("spikes", [np.array([1.0, 2.0]), (1.0, 2.0), [0.001] * lq.units.second, [1.0]])
def test_spikes_by_hand(tmp_path, spikes):
    path = write(tmp_path, "\n".join(["0.5"] * 100))
    recording = lq.io.read(path, units={"current": "nA"}, dt=0.1, spikes=spikes)
    assert recording[0].spikes.times[0] == 1.0


def test_stimulus_that_is_a_voltage(tmp_path):
    path = write(tmp_path, "t_ms stimulus_mV v_mV\n0 1 -60\n0.5 2 20\n")
    recording = lq.io.read(path)
    assert recording.stimulus_unit == "mV"
    assert (recording[0].stimulus.tolist(), recording[0].voltage.tolist()) == ([1.0, 2.0], [-60.0, 20.0])


def test_one_second_of_a_challenge(data):
    folder = data("intracellular/brian_1s")
    recording = lq.io.read(
        folder / "current.txt", units={"current": "A", "spikes": "s"}, dt="0.1 ms", spikes=folder / "spikes.txt"
    )
    assert recording[0].stimulus.size == 10_000
    assert recording[0].stimulus[0] == pytest.approx(301.65688)
    assert recording[0].spikes.times.size == 19
    assert recording[0].spikes.times[0] == pytest.approx(58.9)


def test_folder_of_text_files_is_not_guessed(data):
    with pytest.raises(RecordingError, match=r"brian_1s' holds no .abf, .ibw, .npz, .nwb files: name a file"):
        lq.io.read(data("intracellular/brian_1s"))


@pytest.mark.parametrize(("k", "count", "first"), [(1, 929, 6.7), (2, 868, 7.3)])
def test_grasshopper_receptor(k, count, first):
    # Both clocks are in microseconds: 200,000 samples every 50 make the 10 s that the spikes fill. The stimulus is the
    # amplitude of a 2.5 kHz tone, without a unit.
    nitime = pytest.importorskip("nitime", reason="the recordings come with nitime")
    folder = os.path.join(os.path.dirname(nitime.__file__), "data")
    recording = lq.io.read(
        os.path.join(folder, f"grasshopper_stimulus{k}.txt"),
        columns=("time_us", "stimulus"),
        units={"stimulus": "1", "spikes": "us"},
        spikes=os.path.join(folder, f"grasshopper_spike_times{k}.txt"),
    )
    assert (recording.dt, recording.stimulus_unit, recording.duration) == (0.05, "1", pytest.approx(10_000))
    assert recording.n_spikes == count
    assert recording[0].spikes.times[0] == pytest.approx(first)
    assert np.diff(recording[0].spikes.times).min() > 1.0
