"""Spike files of every kind: the same trains come back from each, and what is wrong with a file is said."""

import re

import h5py
import numpy as np
import pytest
from scipy.io import savemat

import lapicque as lq
from lapicque.errors import LapicqueNotice, RecordingError
from lapicque.io import read_populations, read_spikes
from lapicque.spikes import SpikeTrains

TRAINS = ([10.0, 40.0, 40.0, 70.5], [], [20.0, 99.0])
TIMES, OFFSETS = np.concatenate(TRAINS), np.array([0, 4, 4, 6])
LABELS = np.repeat([0, 1, 2], np.diff(OFFSETS))
FILLED = TRAINS[0], TRAINS[2]


def npz_offsets(path):
    np.savez(path.with_suffix(".npz"), spike_times_ms=TIMES, spike_offsets=OFFSETS, t_stop_ms=100.0)
    return path.with_suffix(".npz"), {}, TRAINS


def npz_seconds(path):
    np.savez(path.with_suffix(".npz"), cells_s=TIMES / 1e3, cells_offsets=OFFSETS)
    return path.with_suffix(".npz"), {"t_stop": 100}, TRAINS


def npz_clusters_in_samples(path):
    np.savez(path.with_suffix(".npz"), spike_times=np.round(TIMES * 30).astype(np.int64), spike_clusters=LABELS)
    return path.with_suffix(".npz"), {"rate": "30 kHz", "t_stop": 100}, FILLED


def npz_an_array_a_train(path):
    np.savez(path.with_suffix(".npz"), a_ms=np.array(TRAINS[0]), b_ms=np.array([]), c_ms=np.array(TRAINS[2]))
    return path.with_suffix(".npz"), {"t_stop": 100}, TRAINS


def hdf5_offsets(path):
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        file["spike_times"] = TIMES / 1e3
        file["spike_times"].attrs["unit"] = "s"
        file["spike_offsets"] = OFFSETS
    return path.with_suffix(".h5"), {"t_stop": 100}, TRAINS


def hdf5_group_of_trains(path):
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        for k, train in enumerate(TRAINS):
            file[f"cells/{k}_ms"] = np.array(train)
    return path.with_suffix(".h5"), {"t_stop": 100}, TRAINS


def hdf5_retinal_waves(path):
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        file["spikes"], file["sCount"] = TIMES / 1e3, np.diff(OFFSETS).astype(np.int32)
        file["names"] = np.array([b"ch_1", b"ch_2", b"ch_3"])
    return path.with_suffix(".h5"), {"t_stop": "0.1 s"}, TRAINS


def nwb_units(path):
    with h5py.File(path.with_suffix(".nwb"), "w") as file:
        file.attrs["nwb_version"] = "2.6.0"
        file["units/spike_times"], file["units/spike_times_index"] = TIMES / 1e3, OFFSETS[1:].astype(np.uint8)
        file["units/id"] = np.array([4, 5, 6])
        file["units/obs_intervals"] = np.array([[0.0, 0.06], [0.06, 0.1]] * 2 + [[0.0, 0.1]])
        file["units/obs_intervals_index"] = np.array([2, 4, 5], np.uint8)
    return path.with_suffix(".nwb"), {}, TRAINS


def mat_cells(path):
    cells = np.empty(3, object)
    cells[:] = [np.array(train) for train in TRAINS]
    savemat(path.with_suffix(".mat"), {"spikes_ms": cells})
    return path.with_suffix(".mat"), {"t_stop": 100}, TRAINS


def text_a_train_a_line(path):
    path.with_suffix(".txt").write_text("# spikes (ms)\n10 40 40 70.5\n20, 99\n")
    return path.with_suffix(".txt"), {"t_stop": 100}, FILLED


def text_columns(path):
    rows = [f"{label},{time / 1e3}" for label, time in zip(LABELS, TIMES, strict=True)]
    path.with_suffix(".csv").write_text("neuron,time_s\n" + "\n".join(rows) + "\n")
    return path.with_suffix(".csv"), {"t_stop": 100}, FILLED


def text_of_nest(path):
    rows = [f"{label}\t{time:.3f}" for label, time in zip(LABELS, TIMES, strict=True)]
    path.with_suffix(".dat").write_text("# NEST version: 3.9\nsender\ttime_ms\n" + "\n".join(rows) + "\n")
    return path.with_suffix(".dat"), {"t_stop": 100}, FILLED


def text_of_pyspike(path):
    path.with_suffix(".txt").write_text("# lines that begin with # are passed over\n\n10 40 40 70.5\n20 99\n")
    return path.with_suffix(".txt"), {"unit": "ms", "t_stop": 100}, FILLED


WRITERS = [
    npz_offsets, npz_seconds, npz_clusters_in_samples, npz_an_array_a_train, hdf5_offsets, hdf5_group_of_trains,
    hdf5_retinal_waves, nwb_units, mat_cells, text_a_train_a_line, text_columns, text_of_nest, text_of_pyspike,
]  # fmt: skip


@pytest.mark.parametrize("write", WRITERS)
def test_the_same_trains_from_every_format(write, tmp_path):
    path, options, expected = write(tmp_path / "cells")
    found = read_spikes(path, **options)
    assert (found.t_start, found.t_stop) == (0, 100)
    assert len(found) == len(expected)
    for mine, theirs in zip(found.to_lists(), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_a_recording_of_lapicque(tmp_path):
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 3, name="cells", initial={"v": -49.0})
    net.record(cells, "spikes")
    net.record(cells[:2], "spikes", name="some")
    result = lq.simulate(net, "20 ms", dt=0.1, seed=1, to=tmp_path / "run.h5")
    found = read_populations(tmp_path / "run.h5")
    assert found.keys() == {"cells", "some"}
    assert found["cells"] == result.spikes["cells"]
    assert len(found["cells"].times) > 0
    with pytest.raises(RecordingError, match=r"2 populations: choose one by key=, of 'cells', 'some'"):
        read_spikes(tmp_path / "run.h5")
    assert read_spikes(tmp_path / "run.h5", key="some") == result.spikes["some"]
    with pytest.raises(RecordingError, match="leave out unit="):
        read_spikes(tmp_path / "run.h5", key="some", unit="s")


def test_neo_files(tmp_path):
    import neo

    trains = SpikeTrains.from_lists(TRAINS * 2, t_stop=100, shape=(2, 3))
    neo.io.NeoMatlabIO(str(tmp_path / "cells.mat")).write(trains.to_neo())
    found = read_spikes(tmp_path / "cells.mat")
    assert found.shape == (2, 3)
    np.testing.assert_array_equal(found.times, trains.times)
    (tmp_path / "cells.pkl").write_bytes(b"\x80\x04N.")
    with pytest.raises(RecordingError, match=r"cells\.pkl' holds binary data of another kind, which no reader"):
        read_spikes(tmp_path / "cells.pkl")


def test_intracellular_recordings_are_trials(tmp_path):
    voltage = np.full((2, 100), -70.0)
    voltage[0, 20], voltage[1, [30, 60]] = 10.0, 10.0
    np.savez(tmp_path / "cell.npz", current_pA=np.zeros((2, 100)), voltage_mV=voltage, dt_ms=0.5)
    found = read_spikes(tmp_path / "cell.npz")
    assert found.shape == (2, 1)
    assert found.counts.tolist() == [1, 2]
    assert found.t_stop == 50


def test_several_files_are_neurons(tmp_path):
    for name, times in (("unit1", "15\n30\n"), ("unit2", "45\n")):
        (tmp_path / f"{name}.txt").write_text(times)
    found = read_spikes([tmp_path / "unit1.txt", tmp_path / "unit2.txt"], rate="15 kHz", t_stop=10)
    assert found.neurons == ("unit1", "unit2")
    np.testing.assert_array_equal(found.times, [1, 2, 3])
    (tmp_path / "both.txt").write_text("15 30\n45 60\n")
    with pytest.raises(RecordingError, match=r"both.txt' holds more than one train"):
        read_spikes([tmp_path / "unit1.txt", tmp_path / "both.txt"], rate="15 kHz")
    with pytest.raises(RecordingError, match="no file to read"):
        read_spikes([])


def test_the_window_that_nobody_states_ends_with_the_last_spike(tmp_path):
    (tmp_path / "a.txt").write_text("-5 10 30\n")
    with pytest.warns(LapicqueNotice, match=r"does not say when the recording ended: .* last spike, at 30 ms"):
        found = read_spikes(tmp_path / "a.txt", unit="ms")
    assert (found.t_start, found.t_stop) == (-5, 30)
    found = read_spikes(tmp_path / "a.txt", unit="ms", t_start=0, t_stop=20)
    np.testing.assert_array_equal(found.times, [10])
    (tmp_path / "none.txt").write_text("# spikes (ms)\n")
    with pytest.raises(RecordingError, match=r"no spike, and nothing says when the recording ended"):
        read_spikes(tmp_path / "none.txt")
    assert read_spikes(tmp_path / "none.txt", t_stop="1 s").counts.tolist() == [0]
    with pytest.raises(RecordingError, match="reaches beyond the trains' own, 0 to 100 ms"):
        read_spikes(npz_offsets(tmp_path / "cells")[0], t_stop=200)


def test_empty_lines_between_trains_are_told(tmp_path):
    (tmp_path / "a.txt").write_text("1 2\n\n3 4\n")
    with pytest.warns(LapicqueNotice, match="1 empty line between trains is passed over, and no silent neuron"):
        assert len(read_spikes(tmp_path / "a.txt", unit="ms", t_stop=5)) == 2


WRONG = {
    "nothing says the unit of the spike times: state unit='s', or, where they count samples": ("1 2\n3 4\n", {}),
    "no unit of time|is a time, such as 's' or 'ms', not 'mV'": ("1 2\n", {"unit": "mV"}),
    "in 's', and rate= is for times in samples": ("# t (s)\n1 2\n", {"rate": "1 kHz"}),
    "the sampling rate must be positive": ("1 2\n", {"rate": "-1 kHz"}),
    r"spike 1 of train 0 \(2 ms\) comes before its predecessor: sort=True sorts them": ("3 2 9\n", {"unit": "ms"}),
    "spike 1 of train 0 .* is not finite": ("3 nan 9\n", {"unit": "ms"}),
    "holds no spike times: its text begins 'Some licence": ("Some licence\nof software\n", {"unit": "ms"}),
    "line 2: 'two 3' is no spike time": ("1 2\ntwo 3\n", {"unit": "ms"}),
    "one of times .* and one of neurons": ("time_ms,voltage_mV\n0,1\n", {}),
    "labels of neurons of .* no whole numbers": ("time_ms,neuron\n0,1.5\n", {}),
}


@pytest.mark.parametrize("message", WRONG)
def test_texts_that_are_wrong(message, tmp_path):
    text, options = WRONG[message]
    path = tmp_path / "cells.txt"
    path.write_text(text)
    with pytest.raises(RecordingError, match=message) as caught:
        read_spikes(path, **{"t_stop": 100, **options})
    assert "cells.txt" in str(caught.value)
    if "sort=True" in message:
        np.testing.assert_array_equal(read_spikes(path, t_stop=100, sort=True, **options).times, [2, 3, 9])


def test_files_that_are_wrong(tmp_path):
    with pytest.raises(RecordingError, match=r"there is no file .*nothing.npz"):
        read_spikes(tmp_path / "nothing.npz")
    with pytest.raises(RecordingError, match=r"is a folder: name its files"):
        read_spikes(tmp_path)
    np.savez(tmp_path / "images.npz", images=np.zeros((3, 4, 5)))
    with pytest.raises(RecordingError, match=r"holds 'images': spikes are arrays NAME_ms with NAME_offsets"):
        read_spikes(tmp_path / "images.npz")
    np.savez(tmp_path / "offsets.npz", a_ms=[1.0, 2.0], a_offsets=[0, 3])
    with pytest.raises(RecordingError, match=r"offsets of array 'a' must be integers that rise from 0 to .* 2"):
        read_spikes(tmp_path / "offsets.npz")
    savemat(tmp_path / "matrix.mat", {"spikes": np.zeros((3, 4))})
    with pytest.raises(RecordingError, match=r"does not say whether its rows are trains"):
        read_spikes(tmp_path / "matrix.mat")
    (tmp_path / "a.aedat").write_bytes(b"#!AER-DAT2.0\r\n\x00\x01")
    with pytest.raises(RecordingError, match=r"AEDAT events, which are not read: export them"):
        read_spikes(tmp_path / "a.aedat")
    (tmp_path / "a.xyz").write_bytes(b"\xff\xfe\x01\x02")
    with pytest.raises(RecordingError, match=r"which no reader of spikes knows"):
        read_spikes(tmp_path / "a.xyz")
    path = npz_offsets(tmp_path / "cells")[0]
    with pytest.raises(RecordingError, match=r"no spikes called 'cels'; did you mean 'cells'"):
        read_spikes(path, key="cels")


@pytest.mark.parametrize("write", [npz_offsets, hdf5_offsets, mat_cells])
def test_files_that_are_cut_short(write, tmp_path):
    path, options, _ = write(tmp_path / "cells")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(RecordingError, match=r"cells\.\w+' begins as .* but is cut short or damaged"):
        read_spikes(path, **options)


RECORDINGS = {
    "pyspike/PySpike_testdata.txt": ({"unit": "ms", "t_stop": 4000}, 40, 634),
    "pyspike/SPIKE_Sync_Test.txt": ({"unit": "ms", "t_stop": 4000}, 50, 1746),
    "pynapple/A8604-211122.nwb": ({}, 3, 21354),
    "retinal_waves/Xu2011_19NOV2007R3-31.h5": ({}, 78, 24108),
    "retinal_waves/Kirkby2013_03_WT_P5.h5": ({}, 53, 17567),
    "rgc_lgn/rgc_lgn.npz": ({"key": "pre"}, 76, 28719),
}


@pytest.mark.filterwarnings("ignore::lapicque.errors.LapicqueNotice")
@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings(name, data):
    options, trains, spikes = RECORDINGS[name]
    found = read_spikes(data(f"spiketrains/{name}"), **options)
    assert (len(found), len(found.times)) == (trains, spikes)


@pytest.mark.filterwarnings("ignore::lapicque.errors.LapicqueNotice")
def test_locust_units_count_samples(data):
    folder = data("spiketrains/locust20010214")
    files = sorted(folder.glob("*Citral*.txt"))
    with pytest.raises(RecordingError, match=r"nothing says the unit"):
        read_spikes(files)
    found = read_spikes(files, rate="15 kHz")
    # 12.5 minutes of 10 units; the first file's first spike is sample 9804.768
    assert len(found) == 10
    assert found[0].times[0] == 9804.768 / 15
    assert 700e3 < found.t_stop < 800e3


@pytest.mark.parametrize("names", [("t", "i"), ("times", "senders"), ("t_ms", "i")])
def test_monitors_of_other_simulators(tmp_path, names):
    order = np.argsort(TIMES, kind="stable")  # monitors list spikes as they come, of all neurons
    unit = {} if names[0].endswith("_ms") else {"unit": "ms"}
    np.savez(tmp_path / "a.npz", **dict(zip(names, (TIMES[order], LABELS[order]), strict=True)))
    found = read_spikes(tmp_path / "a.npz", **unit, t_stop=float(TIMES.max()))
    assert [train.tolist() for train in found.to_lists()] == [
        np.sort(TIMES[label == LABELS]).tolist() for label in np.unique(LABELS)
    ]


def test_numbers_of_neurons_are_not_taken_for_times(tmp_path):
    np.savez(tmp_path / "a.npz", when=np.array([1.5, 2.5]), who=np.array([0, 1]))
    with pytest.raises(RecordingError, match="'who' are whole numbers, as many as there are times in 'when'"):
        read_spikes(tmp_path / "a.npz", unit="s")
    np.savez(tmp_path / "b.npz", one=np.array([1.5, 2.5]), two=np.array([0.0, 1.0]))
    assert read_spikes(tmp_path / "b.npz", unit="s", t_stop="3 s").counts.tolist() == [2, 2]


def test_a_bare_sampling_rate_is_in_hertz(tmp_path):
    (tmp_path / "a.txt").write_text("150\n450\n")
    np.testing.assert_allclose(read_spikes(tmp_path / "a.txt", rate=15_000, t_stop="0.1 s").times, [10, 30])


def test_the_window_of_a_file_has_its_own_unit_or_that_of_the_times(tmp_path):
    clusters = {"spike_times": np.array([150, 450]), "spike_clusters": [0, 1]}
    np.savez(tmp_path / "a.npz", **clusters, t_stop_s=0.1)
    assert read_spikes(tmp_path / "a.npz", rate="15 kHz").t_stop == 100
    np.savez(tmp_path / "b.npz", **clusters, t_stop=1500)
    assert read_spikes(tmp_path / "b.npz", rate="15 kHz").t_stop == 100
    np.savez(tmp_path / "c.npz", cells_s=np.array([0.1, 0.2]), t_stop=3.0)
    assert read_spikes(tmp_path / "c.npz").t_stop == 3000


def nwb(path, **columns):
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.6.0"
        for name, values in columns.items():
            file[f"units/{name}"] = values
    return path


def test_units_of_nwb_with_gaps_or_without_an_index(tmp_path):
    spikes = {"spike_times": [0.1, 0.2, 0.9], "spike_times_index": [2, 3]}
    path = nwb(tmp_path / "gap.nwb", **spikes, obs_intervals=[[0.0, 0.3], [0.8, 1.0]])
    with pytest.warns(LapicqueNotice, match=r"observed for 0.5 s only of the 1 s from 0 to 1 s"):
        assert read_spikes(path).t_stop == 1000
    path = nwb(tmp_path / "none.nwb", **spikes, obs_intervals=np.zeros((0, 2)))
    assert read_spikes(path, t_stop="2 s").t_stop == 2000
    path = nwb(tmp_path / "whose.nwb", spike_times=[0.1, 0.2])
    with pytest.raises(RecordingError, match="without 'spike_times_index': nothing says whose they are"):
        read_spikes(path)


@pytest.mark.parametrize("text", ["0 1.5\n0 2.5\n1 3.5\n", "1.5 0\n2.5 0\n3.5 1\n", "0,1\n0,2\n0,3\n"])
def test_pairs_that_may_be_a_neuron_and_a_time_are_told(text, tmp_path):
    (tmp_path / "a.txt").write_text(text)
    with pytest.warns(LapicqueNotice, match="read as a train of two spikes. If they are a neuron and a time"):
        read_spikes(tmp_path / "a.txt", unit="s", t_stop="4 s", sort=True)


def test_a_single_array_does_not_say_whose_spikes(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3.0))
    with pytest.raises(RecordingError, match="single NumPy array, which says neither its unit nor whose"):
        read_spikes(tmp_path / "a.npy", unit="ms")


@pytest.mark.parametrize("line", ["0.5;1.2", "0.5|1.2", "0:30"])
def test_numbers_that_cannot_be_read_are_no_heading(tmp_path, line):
    (tmp_path / "a.txt").write_text(f"{line}\n3.4\n")
    with pytest.raises(RecordingError, match=rf"line 1: '{re.escape(line)}' is no spike time.*white space or commas"):
        read_spikes(tmp_path / "a.txt", unit="s", t_stop="4 s")


def test_a_unit_is_not_overruled(tmp_path):
    (tmp_path / "a.txt").write_text("time_us\n1000\n2000\n")
    assert read_spikes(tmp_path / "a.txt", unit="us", t_stop=3).times.tolist() == [1, 2]
    with pytest.raises(RecordingError, match="the file says its times are in 'us', not in 's': leave out unit="):
        read_spikes(tmp_path / "a.txt", unit="s", t_stop="30 s")


def test_a_window_beyond_all_spikes_is_told(tmp_path):
    (tmp_path / "a.txt").write_text("1\n2\n30\n")
    with pytest.warns(LapicqueNotice, match="none of the 3 spikes, from 1000 to 30000 ms, is in the window, 0 to 3 ms"):
        assert not len(read_spikes(tmp_path / "a.txt", unit="s", t_stop=3).times)
    np.savez(tmp_path / "a.npz", spike_times_ms=[1.0, 2.0], spike_offsets=[0, 2], t_stop_ms=100.0)
    with pytest.warns(LapicqueNotice, match="none of the 2 spikes, from 1 to 2 ms, is in the window, 50 to 100 ms"):
        assert not len(read_spikes(tmp_path / "a.npz", t_start=50).times)


def saved(kind, folder, **arrays):
    path = folder / f"cells{kind}"
    if kind == ".h5":
        with h5py.File(path, "w") as file:
            for name, values in arrays.items():
                file[name] = values
    else:
        {".npz": np.savez, ".mat": savemat}[kind](path, **({"mdict": arrays} if kind == ".mat" else arrays))
    return path


@pytest.mark.parametrize("kind", [".npz", ".h5", ".mat"])
def test_names_that_differ_in_their_unit_are_not_one(kind, tmp_path):
    path = saved(kind, tmp_path, cell_s=np.array([0.1, 0.2]), cell_ms=np.array([1.0, 2.0, 3.0]))
    with pytest.raises(RecordingError, match=r"'cell_m?s' and 'cell_m?s' differ in their unit only: rename one"):
        read_populations(path, t_stop="1 s")


@pytest.mark.parametrize("kind", [".npz", ".h5", ".mat"])
def test_neurons_a_and_v_are_no_amperes_and_volts(kind, tmp_path):
    path = saved(kind, tmp_path, cell_A=np.array([1.0, 2.0]), cell_V=np.array([5.0, 6.0, 7.0]))
    found = read_populations(path, unit="ms", t_stop=10)
    assert sorted(np.concatenate([each.times for each in found.values()]).tolist()) == [1, 2, 5, 6, 7]
