"""Comma-separated values: separators, names, sweeps."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import RecordingError


def write_sample(folder, current, voltage, dt):
    """Sweeps one below the other."""
    lines = ["# two steps", "sweep,time [s],I (nA),Vm_mV"]
    for k in range(2):
        lines += [
            f"{k},{n * dt / 1e3:.7f},{i / 1e3!r},{v!r}"
            for n, (i, v) in enumerate(zip(current[k].tolist(), voltage[k].tolist(), strict=True))
        ]
    path = folder / "cell.csv"
    path.write_text("\n".join(lines))
    return path, {}


def write(folder, text, name="cell.csv"):
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("separator", [",", ";", "\t", ", "])
def test_separators(tmp_path, separator):
    rows = [("t_ms", "current_pA", '"v [mV]"'), ("0", "1", "-60"), ("0.5", "2", "20")]
    path = write(tmp_path, "\n".join(separator.join(row) for row in rows))
    recording = lq.io.read(path)
    assert recording.dt == 0.5
    assert recording[0].stimulus.tolist() == [1.0, 2.0]
    assert recording[0].spikes.times.tolist() == [0.5]


def test_spreadsheets_put_a_mark_before_the_text(tmp_path):
    (tmp_path / "cell.csv").write_text("\ufefftime_ms,current_pA\n0,1\n0.5,2\n", encoding="utf-8")
    assert lq.io.read(tmp_path / "cell.csv", spikes=[0.1]).dt == 0.5


def test_text_in_another_encoding_below_the_names(tmp_path):
    rows = "".join(f"{k},1\n" for k in range(2000))
    (tmp_path / "cell.csv").write_bytes(f"time_ms,current_pA\n{rows}# 5 ".encode() + b"\xb5A\n")
    with pytest.raises(RecordingError, match=r"cell.csv' is no UTF-8 text .*: convert it"):
        lq.io.read(tmp_path / "cell.csv", spikes=[0.1])


def test_without_names(tmp_path):
    path = write(tmp_path, "0,1\n0.5,2\n")
    with pytest.raises(
        RecordingError, match=r"2 columns without names: name them, as in columns=\('time_ms', 'current_pA'\)"
    ):
        lq.io.read(path)
    recording = lq.io.read(path, columns=["time_ms", "current_nA"], spikes=[0.5])
    assert recording[0].stimulus.tolist() == [1000.0, 2000.0]


def test_the_unit_of_times_can_be_stated_as_the_message_says(tmp_path):
    path = write(tmp_path, "t,current_pA\n0,1\n0.0005,2\n")
    with pytest.raises(RecordingError, match=r"the times 't' have no unit: state it, as in units=\{'time': 'ms'\}"):
        lq.io.read(path, spikes=[0.5])
    assert lq.io.read(path, units={"time": "s"}, spikes=[0.5]).dt == 0.5


def test_times_in_another_unit_than_their_name(tmp_path):
    path = write(tmp_path, "time_s,current_pA\n0,1\n0.5,2\n")
    assert lq.io.read(path, units={"time": "ms"}, spikes=[0.1]).dt == 0.5


def test_start_of_the_clock_does_not_matter(tmp_path):
    path = write(tmp_path, "time_ms,current_pA\n100.0,1\n100.5,2\n101.0,2\n")
    assert lq.io.read(path, spikes=[0.1]).dt == 0.5


def test_times_printed_with_few_digits(tmp_path):
    times = np.arange(1000) / 30.0
    path = write(tmp_path, "time_ms,current_pA\n" + "\n".join(f"{t:.3f},0" for t in times))
    assert lq.io.read(path, spikes=[0.1]).dt == pytest.approx(1 / 30, rel=1e-4)


TABLE = "time_ms,current_pA,v_mV\n0,1,-60\n0.5,2,20\n1.0,2,-60\n"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (TABLE.replace("current_pA", "current"), {}, r"channel 'current' has no unit: state it"),
        (TABLE.replace("v_mV", "v"), {}, "channel 'v' has no unit"),
        (
            TABLE.replace("time_ms", "time"),
            {},
            r"the times 'time' have no unit: state it, as in units=\{'time': 'ms'\}",
        ),
        (TABLE, {"units": {"time": "mV"}}, "the times 'time' are in 'mV': state a unit of time"),
        (TABLE, {"units": {"current": "kg"}}, "write a unit of current"),
        (TABLE, {"units": {"curent": "pA"}}, r"names no channel; did you mean 'current'\?"),
        (
            TABLE,
            {"voltage": "vm"},
            r"no such channel or column; did you mean 'v'\?; there are 'current' \(pA\), 'v' \(mV\)",
        ),
        (TABLE, {"columns": ["a", "b"]}, r"columns=\('a', 'b'\) names 2 of the 3 columns"),
        (TABLE.replace("current_pA", "v2_mV"), {}, "no channel holds a current"),
        (TABLE.replace("\n1.0,", "\n0.2,"), {}, r"times do not rise from row 1 to 2 \(0.5 to 0.2 ms\): sort the rows"),
        (TABLE.replace("\n1.0,", "\n0.5,"), {}, "times do not rise"),
        (TABLE.replace("\n1.0,", "\n5.0,"), {}, r"not evenly spaced \(steps from 0.5 to 4.5 ms\).*numpy.interp"),
        (TABLE.replace("\n0.5,", "\nnan,"), {}, "the time of row 1 is not finite"),
        (TABLE.replace("20", "nan"), {}, "the voltage is not finite in 1 of 3 samples"),
        (TABLE.replace("\n0.5,2,", "\n0.5,inf,"), {}, "stimulus of a sweep is not finite in 1 of 3 samples"),
        (
            TABLE.replace("\n0.5,2,20", "\n0.5,2"),
            {},
            "cell.csv', line 3 has 2 columns, those before 3: is the file complete",
        ),
        (TABLE.replace("20", "twenty"), {}, "cell.csv', line 3 is neither numbers nor a comment: '0.5,2,twenty'"),
        (TABLE + "1.5,1", {}, "cell.csv', line 5 has 2 columns, those before 3"),
        (TABLE.replace(",v_mV", ""), {}, "2 names, 'time_ms', 'current_pA', for 3 columns"),
        ("time_ms,current_pA\n", {}, "cell.csv' holds no numbers"),
        ("time_ms,current_pA\n0,1\n", {}, "1 sample is too short to tell the sampling interval"),
        ("a,b\nc,d\n1,2\n", {}, "line 2 is neither numbers nor a comment: 'c,d'"),
        ("current_pA\n1\n2\n", {}, "does not say its sampling interval"),
        ("current_pA\n1\n2\n", {"dt": 0}, "dt=0 ms: the sampling interval is a positive time"),
        ("current_pA\n1\n2\n", {"dt": 0.1}, "neither spike times nor a voltage to find them in"),
        (
            TABLE,
            {"dt": "0.1 ms"},
            "'current' was sampled every 0.5 ms, as the file says, but dt=0.1 ms was given: .*resample",
        ),
    ],
)
def test_tables_that_do_not_fit(tmp_path, text, options, message):
    with pytest.raises(RecordingError, match=message) as caught:
        lq.io.read(write(tmp_path, text), **options)
    assert "cell.csv" in str(caught.value)
