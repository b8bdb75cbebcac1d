"""The general reader: files under other names, several files, folders."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import RecordingError


def save(path, value=0.0, dt=0.1, **more):
    np.savez(path, current_pA=np.full(5, value), dt_ms=dt, spike_times_ms=[0.1], **more)
    return path


def test_content_decides_where_the_extension_says_nothing(tmp_path):
    save(tmp_path / "cell.npz").rename(tmp_path / "cell.recording")
    assert len(lq.io.read(tmp_path / "cell.recording")) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.abf",
            b"0.1 0.2\n",
            r"named as an Axon ABF file, but holds a text file: read it by lapicque.io.text.read or rename",
        ),
        (
            "a.nwb",
            b"ABF2" + bytes(100),
            "named as an NWB .HDF5. file, but holds an Axon ABF file: read it by lapicque.io.abf",
        ),
        ("a.ibw", b"PK\x03\x04" + bytes(100), "named as an Igor binary wave, but holds a NumPy .npz archive"),
        ("a.csv", b"\x89HDF\r\n\x1a\n" + bytes(100), "named as a text file, but holds an NWB .HDF5. file"),
        (
            "a.npz",
            b"\x93NUMPY" + bytes(100),
            "named as a NumPy .npz archive, but holds a NumPy .npy array: get the file",
        ),
        ("a.txt", "é".encode("latin-1") * 9, "named as a text file, but holds binary data of another kind"),
        ("a.xyz", bytes([200] * 100), "holds binary data of another kind, which no reader knows: .abf, .ibw"),
        ("a.abf", b"", "a.abf' is empty"),
        ("a.npz", b"PK\x03\x04" + bytes(100), "begins as a NumPy .npz archive, but is cut short or damaged .104 bytes"),
    ],
)
def test_mislabelled_files(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingError, match=message) as caught:
        lq.io.read(tmp_path / name)
    assert name in str(caught.value)


def test_missing_files_suggest_their_neighbours(tmp_path):
    save(tmp_path / "cell_1.npz")
    with pytest.raises(RecordingError, match=r"no file '.*cell_2.npz'; did you mean 'cell_1.npz'\?"):
        lq.io.read(tmp_path / "cell_2.npz")
    with pytest.raises(RecordingError, match="nor is there a folder"):
        lq.io.read(tmp_path / "nowhere" / "cell.npz")


def test_unknown_options_are_named(tmp_path):
    path = save(tmp_path / "cell.npz")
    with pytest.raises(TypeError, match=r"lapicque.io.npz.read has no option 'curent'; did you mean 'current'\?"):
        lq.io.read(path, curent="a")
    with pytest.raises(TypeError, match=r"lapicque.io.npz.read has no option 'columns'"):
        lq.io.read(path, columns=["a"])


def test_several_files_are_one_recording(tmp_path):
    paths = [save(tmp_path / f"cell_{k}.npz", value=k) for k in (1, 2, 10)]
    recording = lq.io.read(paths, repeats=[[0], [1, 2]])
    assert [s.label for s in recording] == ["cell_1:0", "cell_2:0", "cell_10:0"]
    assert [group.sweeps for group in recording.stimuli()] == [(0,), (1, 2)]
    assert [s.label for s in lq.io.read(tmp_path)] == [s.label for s in recording]
    assert recording.source == ", ".join(map(str, paths))
    with pytest.warns(lq.errors.LapicqueNotice, match="cell_10.npz: there are no spikes"):
        by_hand = lq.io.read(paths, spikes=[[0.2], [0.2, 0.3], []])
    assert [s.spikes.times.tolist() for s in by_hand] == [[0.2], [0.2, 0.3], []]


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        ([], {}, "the list is empty"),
        (["a.npz", "b.txt"], {}, r"read one by one: 'a.npz' \(a NumPy .npz archive\), 'b.txt' \(a text file\)"),
        (["a.npz", "fine.npz"], {}, "'a' and 'fine' have dt 0.1 and 0.05 ms: bring them to one by resample"),
        (["a.npz", "a.npz"], {"spikes": [1.0]}, "for 2 files, spikes= is a list of 2, one entry per file"),
    ],
)
def test_files_that_do_not_fit_together(tmp_path, names, options, message):
    save(tmp_path / "a.npz")
    save(tmp_path / "fine.npz", dt=0.05)
    (tmp_path / "b.txt").write_text("1 2")
    with pytest.raises(RecordingError, match=message):
        lq.io.read([tmp_path / name for name in names], **options)


def test_empty_folder(tmp_path):
    with pytest.raises(RecordingError, match=r"holds no .abf, .ibw, .npz, .nwb files"):
        lq.io.read(tmp_path)


def test_notice_is_the_callers(tmp_path):
    np.savez(tmp_path / "cell.npz", current_pA=np.zeros(5), voltage_mV=np.full(5, -60.0), dt_ms=0.1)
    with pytest.warns(lq.errors.LapicqueNotice, match=r"^cell.npz: there are no spikes.*as without spikes$") as given:
        recording = lq.io.read(tmp_path / "cell.npz")
    assert given[0].filename == __file__
    assert recording.notices == (str(given[0].message),)
