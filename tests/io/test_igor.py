"""Igor binary waves: files written here, channel by channel, and those of a real cell."""

import struct

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import RecordingError


def write_sample(folder, current, voltage, dt):
    """One file a channel and sweep, in a folder; Ch0 is the current in nA."""
    for k, (i, v) in enumerate(zip(current, voltage, strict=True)):
        write_wave(folder / f"cell_Ch0_step_{k + 9}.ibw", i / 1e3, "nA", dt)
        write_wave(folder / f"cell_Ch3_step_{k + 9}.ibw", v, "mV", dt)
    return folder, {}


def write_wave(path, values, unit, dt, order="<"):
    """Write version 5: a file header of 64 bytes, a wave header of 320, the samples in float64."""
    data = np.asarray(values, dtype=f"{order}f8").tobytes()
    wave = bytearray(320)

    def put(offset, form, *numbers):
        struct.pack_into(order + form, wave, offset, *numbers)

    put(12, "i", len(values))
    put(16, "h", 4)
    put(26, "h", 1)
    put(28, "32s", path.stem[:31].encode())
    put(68, "4i", len(values), 0, 0, 0)
    put(84, "4d", dt / 1e3, 1, 1, 1)
    put(148, "4s4s", unit.encode(), b"s")
    head = bytearray(struct.pack(order + "hhi", 5, 0, len(wave) + len(data)) + bytes(56))
    sums = struct.unpack(f"{order}{(64 + 320) // 2}h", bytes(head + wave))
    checksum = -sum(sums) & 0xFFFF
    struct.pack_into(order + "H", head, 2, checksum)
    path.write_bytes(bytes(head + wave) + data)
    return path


def test_big_endian_files(tmp_path):
    write_wave(tmp_path / "a_Ch0.ibw", [0.0, 1.0], "pA", 0.1, order=">")
    write_wave(tmp_path / "a_Ch1.ibw", [0.0, 1.0], "mV", 0.1, order=">")
    assert lq.io.read(tmp_path)[0].stimulus.tolist() == [0.0, 1.0]


def test_one_file_brings_the_other_channel(tmp_path):
    write_sample(tmp_path, np.ones((2, 5)), np.full((2, 5), 20.0), 0.1)
    recording = lq.io.read(tmp_path / "cell_Ch3_step_10.ibw", spikes=[0.1])
    assert [s.label for s in recording] == ["cell_step_10"]


def test_sweeps_are_in_the_order_of_their_numbers(tmp_path):
    write_sample(tmp_path, np.ones((3, 5)), np.full((3, 5), 20.0), 0.1)
    recording = lq.io.read(tmp_path, spikes=[[], [0.1], []])
    assert [s.label for s in recording] == ["cell_step_9", "cell_step_10", "cell_step_11"]


def test_two_files_with_any_names_are_one_sweep(tmp_path):
    files = [
        write_wave(tmp_path / "v.ibw", [-70.0, 10.0], "mV", 0.1),
        write_wave(tmp_path / "i.ibw", [0, 1], "pA", 0.1),
    ]
    assert lq.io.read(files)[0].spikes.times.tolist() == [0.1]


def test_channel_without_its_companion(tmp_path):
    write_wave(tmp_path / "cell_Ch0_1.ibw", [0.0, 1.0], "pA", 0.1)
    with pytest.raises(RecordingError, match=r"cell_Ch0_1.ibw' is one channel, and no file beside it.*as a list"):
        lq.io.read(tmp_path / "cell_Ch0_1.ibw")
    assert lq.io.read(tmp_path / "cell_Ch0_1.ibw", spikes=[0.1]).n_spikes == 1


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (([0.0, 1.0], "", 0.1), r"channel 'a_Ch3' has no unit: state it, as in units=\{'a_Ch3': 'pA'\}"),
        (([0.0, 1.0, 2.0], "mV", 0.1), "current 'a_Ch0' has 2 samples, the voltage 'a_Ch3' 3: cut both"),
        (([0.0, 1.0], "mV", 0.2), "'a_Ch0' was sampled every 0.1 ms, 'a_Ch3' every 0.2 ms: bring both to one"),
        (([0.0, np.nan], "mV", 0.1), "voltage is not finite in 1 of 2 samples .first: sample 1.: cut"),
    ],
)
def test_channels_that_do_not_fit(tmp_path, second, message):
    write_wave(tmp_path / "a_Ch0.ibw", [0.0, 1.0], "pA", 0.1)
    write_wave(tmp_path / "a_Ch3.ibw", *second)
    with pytest.raises(RecordingError, match=message):
        lq.io.read(tmp_path)


def test_stated_unit_is_taken(tmp_path):
    write_wave(tmp_path / "a_Ch0.ibw", [0.0, 1.0], "pA", 0.1)
    write_wave(tmp_path / "a_Ch3.ibw", [-0.07, 0.01], "", 0.1)
    assert lq.io.read(tmp_path, units={"*_Ch3": "V"})[0].voltage.tolist() == [-70.0, 10.0]


def test_real_cell(data):
    recording = lq.io.read(data("intracellular/bluepyefe_B6"))
    assert [s.label for s in recording] == ["B6_IDRest_181", "B6_IDRest_183", "B6_IDRest_185"]
    assert (recording.dt, recording.stimulus_unit) == (0.25, "pA")
    assert [s.stimulus.size for s in recording] == [12_000] * 3
    assert [s.spikes.times.size for s in recording] == [26, 68, 89]
    assert [round(float(s.stimulus.max())) for s in recording] == [125, 241, 356]
    assert [group.sweeps for group in recording.stimuli()] == [(0,), (1,), (2,)]


@pytest.mark.parametrize("cut", [1, 4, 100, 300, 1000, 24_000, 48_000, 48_876])
def test_real_file_cut_short(data, tmp_path, cut, capfd):
    whole = data("intracellular/bluepyefe_B6/B6_Ch3_IDRest_181.ibw").read_bytes()
    (tmp_path / "a_Ch3.ibw").write_bytes(whole[:cut])
    write_wave(tmp_path / "a_Ch0.ibw", np.zeros(12_000), "pA", 0.25)
    with pytest.raises(RecordingError, match=r"a_Ch3.ibw' (begins|is named) as an Igor binary wave") as caught:
        lq.io.read([tmp_path / "a_Ch0.ibw", tmp_path / "a_Ch3.ibw"])
    assert len(str(caught.value)) < 400
    assert capfd.readouterr() == ("", "")
