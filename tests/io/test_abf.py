"""Axon Binary Format: a small ABF 1 file made here, and real ABF 2 files with swapped channel names."""

import struct

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import LapicqueNotice, RecordingError


def write_sample(folder, current, voltage, dt):
    """Episodes of ABF 1.83 in float32, whose channel names are swapped."""
    return write_abf(folder / "cell.abf", [("Vm", "pA", current), ("Im", "mV", voltage)], dt), {}


def write_abf(path, channels, dt):
    """Write ABF 1.83: a header of 6144 bytes, the samples channel by channel, the table of episodes."""
    head = bytearray(6144)

    def put(offset, form, *values):
        struct.pack_into("<" + form, head, offset, *values)

    n, (episodes, samples) = len(channels), channels[0][2].shape
    data = np.stack([values for *_, values in channels], axis=-1).astype("<f4").tobytes()
    padded = data + bytes(-len(data) % 512)
    put(0, "4sfhi", b"ABF ", 1.83, 5, n * episodes * samples)
    put(16, "i", episodes)
    put(40, "i", 12)
    put(92, "ii", 12 + len(padded) // 512, episodes)
    put(100, "h", 1)
    put(120, "hf", n, 1000 * dt / n)
    put(138, "i", n * samples)
    put(410, "16h", *range(n), *[-1] * (16 - n))
    for k, (name, unit, _) in enumerate(channels):
        put(442 + 10 * k, "10s", name.encode())
        put(602 + 8 * k, "8s", unit.encode())
    table = b"".join(struct.pack("<ii", k * n * samples, n * samples) for k in range(episodes))
    path.write_bytes(bytes(head) + padded + table)
    return path


def test_units_count_and_names_do_not(tmp_path):
    current, voltage = np.full((1, 50), 5.0), np.full((1, 50), -70.0)
    path = write_abf(tmp_path / "cell.abf", [("Vm", "nA", current), ("Im", "V", voltage / 1e3)], 0.1)
    recording = lq.io.read(path, spikes=[1.0])
    assert recording[0].stimulus == pytest.approx(np.full(50, 5000.0))
    assert recording[0].voltage == pytest.approx(np.full(50, -70.0))


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (
            {"current": "Im"},
            r"current='Im' is in mV, which is no current; the channels are 'Vm' \(pA\), 'Im' \(mV\).*swapped",
        ),
        ({"voltage": "Vm"}, "voltage='Vm' is in pA, which is no voltage"),
        ({"current": "vm"}, r"no such channel or column; did you mean 'Vm'\?"),
        ({"current": 5}, "there are 2 channels"),
        ({"units": {"Vm": "parsec"}}, "write a unit of current"),
        ({"units": {"Vm": "mV"}}, "no channel holds a current"),
    ],
)
def test_wrong_channels(tmp_path, option, message):
    path = write_abf(tmp_path / "cell.abf", [("Vm", "pA", np.zeros((1, 9))), ("Im", "mV", np.zeros((1, 9)))], 0.1)
    with pytest.raises(RecordingError, match=message):
        lq.io.read(path, **option)


def test_two_currents_need_a_choice(tmp_path):
    channels = [("I1", "pA", np.ones((1, 9))), ("I2", "pA", np.zeros((1, 9))), ("V", "mV", np.zeros((1, 9)))]
    path = write_abf(tmp_path / "cell.abf", channels, 0.1)
    with pytest.raises(
        RecordingError, match=r"2 channels hold a current.*name one by current=.*'I1' \(pA\), 'I2' \(pA\)"
    ):
        lq.io.read(path)
    assert lq.io.read(path, current="I1", spikes=[0.1])[0].stimulus.tolist() == [1.0] * 9


@pytest.mark.parametrize("cut", [4, 100, 512, 2000, 8000, 100_000, 4_005_400])
def test_real_file_cut_short(data, tmp_path, cut):
    whole = data("intracellular/gifk_DRN164/DRN164_5ht_test.abf").read_bytes()
    path = tmp_path / "cut.abf"
    path.write_bytes(whole[:cut])
    with pytest.raises(RecordingError, match=r"cut.abf' begins as an Axon ABF file, but is cut short or damaged"):
        lq.io.read(path)


def test_drn_test_file_is_one_stimulus_in_ten_repeats(data):
    recording = lq.io.read(data("intracellular/gifk_DRN164/DRN164_5ht_test.abf"))
    [group] = recording.stimuli()
    assert group.sweeps == tuple(range(10))
    assert group.spikes.counts.tolist() == [73, 71, 73, 71, 71, 70, 70, 70, 69, 69]
    assert (recording.dt, recording.stimulus_unit, group.stimulus.size) == (0.1, "pA", 100_000)
    # the channel that is called "Im RIGHT" holds the voltage
    assert group.voltage.min() < -100
    assert group.voltage.max() == pytest.approx(44.16, abs=0.01)
    assert group.stimulus.mean() == pytest.approx(52.04, abs=0.01)


def test_drn_training_and_electrode_files(data):
    training = lq.io.read(data("intracellular/gifk_DRN164/DRN164_5ht_training.abf"))
    assert (len(training), training[0].stimulus.size, training.n_spikes) == (1, 600_000, 527)
    with pytest.warns(LapicqueNotice, match=r"DRN164_5ht_aec.abf: there are no spikes.*as without spikes"):
        assert lq.io.read(data("intracellular/gifk_DRN164/DRN164_5ht_aec.abf")).n_spikes == 0


def test_folder_of_abf_files_is_one_recording(data):
    folder = data("intracellular/gifk_DRN164")
    with pytest.warns(LapicqueNotice, match="no spikes"):
        recording = lq.io.read(folder)
    assert [s.label for s in recording][:2] == ["DRN164_5ht_aec:0", "DRN164_5ht_test:0"]
    assert [len(group.sweeps) for group in recording.stimuli()] == [1, 10, 1]
