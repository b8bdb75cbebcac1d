"""What every format of recordings owes: each test file in tests/io writes the same two sweeps in its format."""

import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import LapicqueNotice, RecordingError
from lapicque.io.reading import choose_format, formats

TESTS = Path(__file__).resolve().parent.parent / "io"
DT = 0.1
SPIKES = ([5.0, 20.0, 20.9], [10.0])
HEAVY = {"neo", "quantities", "h5py", "pynwb", "igor2", "matplotlib", "numba", "scipy", "sympy"}


def short(leaf):
    return leaf.__name__.rpartition(".")[2]


def two_sweeps():
    """Two steps of current, pA, and voltages, mV, that cross 0 mV at SPIKES; values that float32 holds."""
    current, voltage = np.zeros((2, 600)), np.full((2, 600), -70.0)
    current[0, 100:], current[1, 100:] = 100.0, 200.5
    for trace, times in zip(voltage, SPIKES, strict=True):
        for time in times:
            k = round(time / DT)
            trace[k - 2 : k + 4] = [-50.0, -20.0, 30.0, 10.5, -40.0, -75.0]
    return current, voltage


def sample(leaf, folder):
    """Write the two sweeps; what is returned goes to ``read``: a path and options."""
    path = TESTS / f"test_{short(leaf)}.py"
    spec = importlib.util.spec_from_file_location(f"samples_{short(leaf)}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.write_sample(folder, *two_sweeps(), DT)


def files_of(path):
    return sorted(path.iterdir()) if path.is_dir() else [path]


every_format = pytest.mark.parametrize("leaf", formats(), ids=short)


@every_format
def test_reads_the_two_sweeps(leaf, tmp_path):
    path, options = sample(leaf, tmp_path)
    recording = leaf.read(path, **options)
    current, voltage = two_sweeps()
    assert recording.dt == DT
    assert recording.stimulus_unit == "pA"
    for k in range(2):
        np.testing.assert_allclose(recording[k].stimulus, current[k], atol=1e-4)
        np.testing.assert_allclose(recording[k].voltage, voltage[k], atol=1e-4)
        np.testing.assert_allclose(recording[k].spikes.times, [t for t in SPIKES[k] if t != 20.9], atol=1e-9)
    assert len(recording) == len(recording.stimuli()) == 2
    assert recording.source.startswith(str(tmp_path))


@every_format
def test_general_reader_finds_it(leaf, tmp_path):
    path, options = sample(leaf, tmp_path)
    if not leaf.EXTENSIONS:
        assert not leaf.recognises(path.read_bytes()[:4096])
        return
    for file in files_of(path):
        assert choose_format(file) is leaf
    assert len(lq.io.read(path, **options)) == 2


@every_format
def test_shared_options(leaf, tmp_path):
    path, options = sample(leaf, tmp_path)
    short_dead_time = leaf.read(path, **options, detect={"dead_time": "0.5 ms", "threshold": -0.01 * lq.units.volt})
    assert [s.spikes.times.size for s in short_dead_time] == [3, 1]
    by_hand = leaf.read(path, **options, spikes=[[1.0, 2.0], []])
    assert [s.spikes.times.tolist() for s in by_hand] == [[1.0, 2.0], []]
    last = leaf.read(path, **options, select=1, name="x")
    assert (len(last), last.name) == (1, "x")
    assert last[0].stimulus.max() == pytest.approx(200.5)
    assert len(leaf.read(path, **options, repeats=[[0, 1]]).stimuli()) == 1
    with pytest.warns(LapicqueNotice, match="no spikes.*never crosses 50 mV upwards.*it reaches 30 mV: try detect="):
        assert leaf.read(path, **options, detect={"threshold": 50}).notices


@every_format
def test_options_that_do_not_fit(leaf, tmp_path):
    path, options = sample(leaf, tmp_path)
    wrong = {
        "no sweep 7": {"select": 7},
        "no such channel or column": {"voltage": "banana"},
        "3 trains for 2 sweeps": {"spikes": [[1.0], [2.0], [3.0]]},
        "outside the recorded 0 to 60 ms .first: 70 ms.: state their unit": {"spikes": [[70.0], []]},
        "comes before its predecessor: sort each train by np.sort": {"spikes": [[2.0, 1.0], []]},
        "exclude each other": {"spikes": [[], []], "detect": {}},
        "names no channel": {"units": {"banana": "mV", **options.get("units", {})}},
        "must name each of the sweeps": {"repeats": [[0]]},
        "as the file says, but dt=0.2 ms was given": {"dt": 0.2},
    }
    for message, option in wrong.items():
        if short(leaf) == "nwb" and "voltage" in option:
            message = "do not pair one to one: name those to read"
        with pytest.raises(RecordingError, match=message) as caught:
            leaf.read(path, **{**options, **option})
        assert str(tmp_path) in str(caught.value) or "recording" in str(caught.value)
    with pytest.raises(TypeError, match="volatge"):
        leaf.read(path, **options, volatge="v")


@every_format
def test_damage_is_told(leaf, tmp_path):
    path, options = sample(leaf, tmp_path)
    file = files_of(path)[-1]
    whole = file.read_bytes()
    binary = not leaf.recognises(b"text")
    for content in [b"", whole[: len(whole) // 10], whole[: len(whole) // 2], whole[:-200]] if binary else [b""]:
        file.write_bytes(content)
        with pytest.raises(RecordingError) as caught:
            leaf.read(path, **options)
        assert file.name in str(caught.value)
        assert len(str(caught.value)) < 500
    file.unlink()
    with pytest.raises(RecordingError, match=r"no file|is one channel"):
        leaf.read(path, **options)


@every_format
def test_wrong_content_is_told(leaf, tmp_path):
    path, options = sample(leaf, tmp_path)
    file = files_of(path)[-1]
    # what a file is mistaken for: text, an archive, noise
    for content in (b"1 2 3\n", b"PK\x03\x04" + bytes(100), bytes(range(256)) * 20):
        if leaf.recognises(content):
            continue
        file.write_bytes(content)
        with pytest.raises(RecordingError, match=r"is not a|begins as|cannot be read by Neo") as caught:
            leaf.read(path, **options)
        assert file.name in str(caught.value)
        if leaf.EXTENSIONS:
            with pytest.raises(RecordingError, match=r"is named as .*, but holds"):
                lq.io.read(file)


@every_format
def test_leaf_says_what_it_is(leaf):
    assert leaf.NAME
    assert leaf.NAME.split()[0] in ("a", "an")
    assert all(extension.startswith(".") and extension.islower() for extension in leaf.EXTENSIONS)
    parameters = inspect.signature(leaf.read).parameters
    assert next(iter(parameters)) == "path"
    assert parameters["options"].kind is inspect.Parameter.VAR_KEYWORD
    assert short(leaf) in lq.io.__all__


def test_extensions_are_claimed_once():
    extensions = [extension for leaf in formats() for extension in leaf.EXTENSIONS]
    assert len(set(extensions)) == len(extensions)


def test_formats_load_nothing_heavy():
    program = (
        "import sys; from lapicque.io.reading import formats; formats(); "
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not HEAVY & set(run.stdout.split())
