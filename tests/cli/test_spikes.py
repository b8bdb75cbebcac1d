"""lapicque spikes: statistics and a raster of any spike file."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from lapicque.cli import main
from lapicque.spikes import SpikeTrains, poisson


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(main, ["spikes", *map(str, arguments)])


@pytest.fixture
def cells(tmp_path):
    """Two populations of one second: 5 Poisson trains, and 3 of which one is silent and one has a duplicate."""
    exc = poisson("30 Hz", "1 s", seed=1, trains=5)
    inh = SpikeTrains.from_lists([[100, 200, 300.5, 400], [], [50, 50, 900]], t_stop=1000)
    np.savez(
        tmp_path / "cells.npz", exc_ms=exc.times, exc_offsets=exc.offsets, inh_s=inh.times / 1e3,
        inh_offsets=inh.offsets, t_stop_ms=1000.0,
    )  # fmt: skip
    return tmp_path / "cells.npz", exc, inh


def test_a_table_and_a_raster(run, cells):
    found = run(cells[0], "--width", 60, "--height", 8)
    assert found.exit_code == 0, found.output
    lines = found.output.splitlines()
    assert lines[0].startswith("exc: SpikeTrains(")
    assert "  1 of 3 trains are silent; 1 spikes at the time of the one before" in lines
    rate = next(line for line in lines if line.startswith("  rate (Hz)"))
    assert f"{np.median(cells[1].rate()):.3f}" in rate
    raster = [line for line in lines if "│" in line]
    assert len(raster) == 8
    assert [line.split()[0] for line in raster if line[0] != " "] == ["exc", "inh"]
    assert lines[-1].endswith("1000 ms")
    assert all(len(line) <= 60 for line in [*raster, lines[-1]])


def test_json_holds_every_train_and_null_for_what_is_undefined(run, cells):
    found = run(cells[0], "--json", "--key", "inh")
    said = json.loads(found.stdout)["inh"]
    assert (said["neurons"], said["spikes"], said["silent"], said["duplicates"]) == (3, 7, 1, 1)
    assert said["measures"]["rate (Hz)"]["values"] == [4, 0, 3]
    cv = said["measures"]["CV"]
    intervals = np.diff([100, 200, 300.5, 400])
    assert cv["values"][0] == pytest.approx(intervals.std() / intervals.mean())
    assert cv["values"][1] is None
    assert cv["undefined"] == sum(value is None for value in cv["values"])
    assert said["measures"]["spikes in bursts"]["values"] == [0, None, 0]


def test_json_of_silence(run, tmp_path):
    np.savez(tmp_path / "silent.npz", a_ms=[], a_offsets=[0, 0, 0], t_stop_ms=100.0)
    said = json.loads(run(tmp_path / "silent.npz", "--json").stdout)["a"]
    assert said["measures"]["CV"]["median"] is None
    assert said["synchrony"] == {"chi (50 ms)": None, "mean correlation (50 ms)": None}
    assert run(tmp_path / "silent.npz").exit_code == 0


@pytest.mark.parametrize("kind", ["html", "png", "svg"])
def test_a_page_and_pictures(run, cells, tmp_path, kind):
    found = run(cells[0], "--out", tmp_path / f"cells.{kind}")
    assert found.exit_code == 0, found.output
    written = (tmp_path / f"cells.{kind}").read_bytes()
    assert written.startswith({"html": b"<!DOCTYPE html>", "png": b"\x89PNG", "svg": b"<?xml"}[kind])
    if kind == "html":
        assert b"Fano factor (50 ms)" in written
        assert b"<h2>inh</h2>" in written


def test_errors_speak_the_command_line(run, cells, tmp_path):
    (tmp_path / "unit.txt").write_text("150\n90\n900\n")
    found = run(tmp_path / "unit.txt")
    assert found.exit_code == 1
    assert "state --unit s, or, where they count samples, --rate 30kHz" in found.output
    found = run(tmp_path / "unit.txt", "--rate", "15kHz", "--t-stop", "1s")
    assert "spike 1 of train 0 (6 ms) comes before its predecessor: --sort sorts them" in found.output
    assert run(tmp_path / "unit.txt", "--rate", "15kHz", "--t-stop", "1s", "--sort").exit_code == 0
    found = run(cells[0], "--out", tmp_path / "cells.docx")
    assert found.exit_code == 1
    assert ".html, .png, .svg or .pdf is expected" in found.output
    found = run(tmp_path / "nothing.npz")
    assert found.exit_code == 1
    assert "there is no file" in found.output


def test_a_window_of_no_length_and_no_trains(run, tmp_path):
    (tmp_path / "zero.txt").write_text("0\n")
    found = run(tmp_path / "zero.txt", "--unit", "ms", "--json")
    assert json.loads(found.stdout)["zero"]["measures"]["rate (Hz)"]["values"] == [None]
    found = run(tmp_path / "zero.txt", "--unit", "ms", "--out", tmp_path / "zero.png")
    assert found.exit_code == 1
    assert "its window has no length, state --t-stop 1s" in found.output
    np.savez(tmp_path / "none.npz", a_ms=[], a_offsets=[0], t_stop_ms=100.0)
    found = run(tmp_path / "none.npz")
    assert found.exit_code == 1
    assert "no spike trains in it, not even silent ones" in found.output


def test_a_short_window_has_no_counts_in_time(run, tmp_path):
    (tmp_path / "a.txt").write_text("1 2 3\n4 5 6\n")
    found = run(tmp_path / "a.txt", "--unit", "ms", "--t-stop", "20ms")
    assert "the window, 20 ms, holds no two bins of 50 ms: no counts in time" in found.output
    assert "chi" not in found.output


def test_recordings(run, data):
    files = sorted(data("spiketrains/locust20010214").glob("*Spontaneous*.txt"))
    found = run(*files, "--rate", "15kHz", "--json")
    said = json.loads(found.stdout)["spikes"]
    assert said["neurons"] == 10
    assert said["duplicates"] == 44  # 30 + 3 + 1 + 3 + 7, as counted in the files
