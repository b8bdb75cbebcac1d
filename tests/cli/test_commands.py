"""The command line: what each command prints and writes, exit codes, and what is said about bad input."""

import json
import os
import re
import select
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import lapicque as lq
from lapicque.cli import main
from lapicque.fit import Problem

CELL = lq.neurons.lif.with_(c_m="120 pF")
SAMPLES = 3000


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """Two stimuli of 300 ms, two repeats each, as an .npz file."""
    random = np.random.default_rng(2)
    currents = [np.repeat(random.normal(320, 120, SAMPLES // 20), 20) for _ in "ab"]
    trains = []
    for current in currents:
        times = lq.simulate(CELL, "300 ms", inputs={"i_ext": current}).spikes.times
        trains += [np.sort(np.clip(times + random.normal(0, 0.4, len(times)), 0, 300)) for _ in range(2)]
    path = tmp_path_factory.mktemp("recordings") / "cell.npz"
    np.savez(
        path, current_pA=np.repeat(np.array(currents)[:, None], 2, axis=1), dt_ms=0.1, set_names=["a", "b"],
        spike_times_ms=np.concatenate(trains), spike_offsets=np.cumsum([0, *map(len, trains)]),
    )  # fmt: skip
    return path


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def plain(monkeypatch):
    """Leave out the pictures, which take the most time."""

    def page(fit, path, **more):
        path.write_text(f"{fit!r}{sorted(more)}")

    monkeypatch.setattr("lapicque.reports.report", page)


FREE = ["--model", "lif", "--only", "--free", "c_m=50:400pF", "--free", "delay=0:5ms"]


def fitted(run, recording, *more, budget=192):
    result = run("fit", recording, *FREE, "--budget", budget, "--out", "out", *more)
    assert result.exit_code == 0, result.output
    with open("out/fit.json") as file:
        return json.load(file), result.output


# -- looking ----------------------------------------------------------------------------------------------------------


def test_help_names_every_command(run):
    result = run("--help")
    assert result.exit_code == 0
    assert all(f"  {name} " in result.output for name in ("fit", "models", "show", "demo", "cache"))
    assert run("-h").output == result.output


def test_models_are_listed_with_their_papers(run):
    output = run("models").output
    for name in lq.neurons.__all__:
        assert re.search(rf"^{name} .*doi:10\.", output, re.MULTILINE)


def test_a_model_is_shown(run, user_file):
    assert run("show", "adex").output == repr(lq.neurons.adex) + "\n"
    assert run("show", f"{user_file}:bursty").output.startswith("Neuron bursty\n    dv/dt = ")


def test_the_cache_is_named_and_cleared(run, monkeypatch, tmp_path):
    monkeypatch.setenv("LAPICQUE_CACHE", str(tmp_path / "kernels"))
    assert run("cache").output.strip() == str(tmp_path / "kernels")
    assert run("cache", "--clear").output.startswith("removed 0 kernels from ")


# -- fitting ----------------------------------------------------------------------------------------------------------


def test_a_fit_is_written_with_its_report(run, recording):
    result = run("fit", recording, *FREE, "--budget", 400, "--seed", 3, "--out", "deep/out")
    assert result.exit_code == 0, result.output
    with open("deep/out/fit.json") as file:
        found = json.load(file)
    assert found["parameters"]["c_m"]["value"] == pytest.approx(120, rel=0.1)
    assert (found["parameters"]["c_m"]["unit"], found["seed"]) == ("pF", 3)
    for part in ("train", "test"):
        scores = found["scores"][part]
        assert scores["gamma"] > 0.8
        assert scores["gamma_over_reliability"] == pytest.approx(scores["gamma"] / scores["reliability"])
    assert [t["window_ms"] for t in found["split"]["test"]] == [[180, 300], [180, 300]]
    with open("deep/out/report.html") as file:
        page = file.read()
    assert "lif fitted to cell" in page
    assert not re.search(r"(src|href)=\"https?://", page)
    assert {name.rpartition(".")[2] for name in os.listdir("deep/out/report-figures")} == {"png", "svg"}
    lines = result.output.splitlines()
    assert lines[0] == "Recording 'cell': 4 sweeps, 2 stimuli, dt 0.1 ms, stimulus in pA"
    assert "fitting 2 parameters of 'lif', 400 candidates ..." in lines
    assert re.search(r"^  test: Gamma 0\.[89]\d+, reliability \S+, ratio \S+$", result.output, re.MULTILINE)
    assert lines[-1] == f"report: {os.path.realpath('deep/out/report.html')}"


def test_the_same_command_gives_the_same_fit(run, recording, plain):
    first, again = (fitted(run, recording)[0] for _ in range(2))
    assert first["parameters"] == again["parameters"]
    assert first["scores"] == again["scores"]
    assert fitted(run, recording, "--seed", 1)[0]["parameters"] != first["parameters"]


def test_a_model_of_a_file_is_fitted(run, recording, user_file, plain):
    result = run("fit", recording, "--model", f"{user_file}:bursty", "--budget", 128)
    assert result.exit_code == 0, result.output
    with open("lapicque-fit/fit.json") as file:
        found = json.load(file)
    assert set(found["parameters"]) == {"c_m", "g_p", "tau_h", "delay"}
    assert set(found["model"]["events"]) == {"spike", "plateau"}


def test_parts_by_time_by_stimulus_and_by_file(run, recording, plain):
    found, _ = fitted(run, recording, "--split", 0.5)
    assert [t["window_ms"] for t in found["split"]["train"]] == [[0, 150], [0, 150]]
    found, _ = fitted(run, recording, "--hold-out", "b")
    assert [(t["label"], t["window_ms"]) for t in found["split"]["test"]] == [("b", [0, 300])]
    found, output = fitted(run, f"{recording}:a", "--test", f"{recording}:b")
    assert [[t["label"] for t in found["split"][part]] for part in ("train", "test")] == [["a"], ["b"]]
    assert "  0  'a' repeats 0, 1" in output
    found, _ = fitted(run, recording, "--select", "a", "--test", recording)
    assert [t["label"] for t in found["split"]["test"]] == ["a", "b"]


def test_a_fixed_parameter_is_not_free(run, recording, plain):
    result = run("fit", recording, "--model", "lif", "--fix", "g_l=0.008uS", "--fix", "delay=0ms", "--budget", 64)
    assert result.exit_code == 0, result.output
    with open("lapicque-fit/fit.json") as file:
        found = json.load(file)
    assert not {"g_l", "delay"} & set(found["parameters"])
    assert found["model"]["parameters"]["g_l"] == {"value": 8.0, "unit": "nS"}


def test_numbers_without_a_unit_are_told_once(run, recording, plain):
    result = run("fit", recording, "--model", "lif", "--free", "c_m=50:400", "--fix", "e_l=-70", "--budget", 64)
    assert result.output.count("notice: --free c_m=50:400 has no unit: it is taken in pF") == 1
    assert "notice: --fix e_l=-70 has no unit: it is taken in mV" in result.output


def test_another_step_another_scheme_another_optimiser(run, recording, plain):
    found, output = fitted(
        run, recording, "--dt", "0.2ms", "--method", "rk4", "--optimizer", "differential_evolution", "--patience", 64
    )
    assert "notice: 2 stimuli were resampled from dt 0.1 ms to 0.2 ms" in output
    assert (found["simulation"]["dt_ms"], found["simulation"]["scheme"]) == (0.2, "rk4")
    assert found["search"]["optimizer"].startswith("differential_evolution(")


def test_the_score_is_a_coincidence_factor_whatever_is_fitted(run, recording, plain):
    found, _ = fitted(run, recording, "--distance", "van_rossum:10ms")
    assert found["distance"] == "van_rossum(tau='10 ms')"
    assert 0.3 < found["scores"]["test"]["gamma"] <= 1


def test_data_too_fast_for_4_ms_are_scored_all_the_same(run, plain, tmp_path):
    current = np.full(3000, 900.0)
    times = np.arange(20.0, 295, 5)  # 183 Hz: coincidences within 4 ms exist below 125 Hz
    np.savez(tmp_path / "fast.npz", current_pA=current[None, None], dt_ms=0.1, spike_times_ms=times,
             spike_offsets=[0, len(times)])  # fmt: skip
    found, output = fitted(run, tmp_path / "fast.npz", "--distance", "spike")
    assert output.count("scored by coincidences within 2 ms: at") == 1
    assert isinstance(found["scores"]["test"]["gamma"], float)


def test_an_input_is_chosen_where_there_are_several(run, recording, plain, tmp_path):
    (tmp_path / "two.py").write_text(
        """
import lapicque as lq
two = lq.Neuron(
    "dv/dt = (-(v + 70*mV)*g + i_ext + i_other)/c_m : mV\\ni_ext : pA (input)\\ni_other : pA (input)",
    threshold="v > -50*mV", reset="v = -70*mV", initial=dict(v="-70*mV"),
    parameters=dict(g="10 nS", c_m="150 pF"), ranges=dict(c_m=("50 pF", "400 pF")))
"""
    )
    result = run("fit", recording, "--model", "two.py", "--budget", 64)
    assert result.exit_code == 1
    assert "has several inputs (i_ext, i_other)" in result.output
    assert run("fit", recording, "--model", "two.py", "--budget", 64, "--input", "i_other").exit_code == 0


def test_stimuli_without_spikes_are_told(run, recording, plain, tmp_path):
    with np.load(recording) as file:
        held = dict(file)
    first = held["spike_offsets"][2]
    held["spike_times_ms"] = held["spike_times_ms"][:first]
    held["spike_offsets"] = np.minimum(held["spike_offsets"], first)
    np.savez("half.npz", **held)
    found, output = fitted(run, "half.npz")
    assert "notice: 1 of 2 stimuli to train on evoke no spikes: the model should be silent there too" in output
    assert "notice: 1 of 2 stimuli to test on evoke no spikes: they are not scored" in output
    assert found["scores"]["test"]["per_stimulus"][1]["gamma"] is None
    assert found["scores"]["test"]["gamma"] == found["scores"]["test"]["per_stimulus"][0]["gamma"]


# -- interrupts -------------------------------------------------------------------------------------------------------


def test_ctrl_c_keeps_what_was_found_and_resume_goes_on(run, recording, plain, monkeypatch):
    whole, _ = fitted(run, recording, "--optimizer", "cma_es", budget=640)
    losses, calls = Problem.losses, []

    def interrupted(self, points, threads=None):
        calls.append(len(points))
        if len(calls) == 6:
            raise KeyboardInterrupt
        return losses(self, points, threads)

    monkeypatch.setattr(Problem, "losses", interrupted)
    command = ["fit", recording, *FREE, "--optimizer", "cma_es", "--budget", 640, "--out", "out"]
    result = run(*command)
    assert result.exit_code == 130
    assert "interrupted: here is the best so far; --resume continues the search" in result.output
    assert "Gamma" in result.output
    with open("out/fit.json") as file:
        part = json.load(file)
    assert (part["search"]["stopped"], part["search"]["evaluations"]) == ("interrupted", 320)
    assert os.path.exists("out/report.html")
    result = run(*command, "--resume")
    assert result.exit_code == 0
    with open("out/fit.json") as file:
        found = json.load(file)
    assert found["parameters"] == whole["parameters"]
    assert found["search"]["evaluations"] == 640


def test_resuming_nothing_is_told_and_another_search_refused(run, recording, plain):
    _, output = fitted(run, recording, "--resume")
    assert "notice: there is no search to resume in out: a new one begins" in output
    result = run("fit", recording, *FREE, "--fix", "e_l=-71mV", "--out", "out", "--resume")
    assert result.exit_code == 1
    assert "search.json cannot be resumed: it belongs to another problem" in result.output
    fitted(run, recording, "--fix", "e_l=-71mV")  # without --resume it begins anew


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_ctrl_c_in_a_terminal(recording, tmp_path):
    """The bar appears after two seconds and has the best loss; Ctrl-C then ends with a report."""
    import pty

    words = [sys.executable, "-m", "lapicque", "fit", str(recording), *FREE, "--budget", "100000000"]
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        os.execvpe(words[0], words, {**os.environ, "TERM": "xterm", "COLUMNS": "100"})
    output, pressed = b"", False
    while True:
        ready, _, _ = select.select([terminal], [], [], 120)
        assert ready, output
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        output += piece
        if not pressed and b"best 0." in output:
            os.write(terminal, b"\x03")
            pressed = True
    _, status = os.waitpid(process, 0)
    assert pressed, output
    assert os.waitstatus_to_exitcode(status) == 130, output
    assert b"interrupted: here is the best so far" in output
    with open(tmp_path / "lapicque-fit" / "fit.json") as file:
        assert json.load(file)["search"]["stopped"] == "interrupted"
    assert (tmp_path / "lapicque-fit" / "report.html").stat().st_size > 10_000


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "adx"], "unknown model 'adx'; did you mean 'adex'"),
        (["--model", "nowhere.py:cell"], "there is no file nowhere.py"),
        (["--free", "c_n=1:2pF"], "'c_n' is no parameter of the model; did you mean 'c_m'"),
        (["--free", "c_m"], "--free 'c_m': write NAME=VALUE, such as c_m=50:400pF"),
        (["--free", "c_m=50pF"], "are '50pF': write LOW:HIGH and the unit"),
        (["--free", "c_m=400:50pF"], "the bounds of 'c_m' are reversed: 400 to 50 pF"),
        (["--free", "c_m=0:50pF"], "include 0, but the model divides by it"),
        (["--free", "c_m=-50:-5pF"], "are outside its domain"),
        (["--free", "delay=-5:5ms"], "are outside its domain: it cannot be negative"),
        (["--free", "c_m=50:400mV"], "given in mV, but a capacitance (pF) is expected"),
        (["--free", "c_m=50:400pQ"], "unknown unit 'pQ'"),
        (["--fix", "c_m=5mV"], "declared as a capacitance (pF), but 5mV is a voltage"),
        (["--fix", "c_m=-5pF"], "'c_m' cannot be held at -5 pF: the model needs it positive"),
        (["--fix", "c_m=0pF"], "'c_m' cannot be held at 0 pF: the model divides by it"),
        (["--fix", "c_n=5pF"], "'c_n' is no parameter of the model; did you mean 'c_m'"),
        (["--fix", "delay=2ms"], "'delay' can be fixed at 0 only: give it narrow bounds, --free delay=LOW:HIGH"),
        (["--fix", "c_m=90pF", "--free", "c_m=50:400pF"], "'c_m' is both fixed and free"),
        (["--only"], "no parameter of 'adex' is free"),
        (["--distance", "coincidense:4ms"], "did you mean 'coincidence'"),
        (["--distance", "coincidence"], "needs its precision: write coincidence:4ms"),
        (["--distance", "coincidence:4mV"], "is given in mV, but a time (ms) is expected"),
        (["--distance", "coincidence:90ms"], "a: coincidence(precision='90 ms', counting='exclusive', rate='data')"),
        (["--distance", "coincidence:90ms"], "or a distance without one, such as --distance spike"),
        (["--optimizer", "SearchState"], "unknown optimiser 'SearchState'"),
        (["--method", "rk5"], "unknown scheme 'rk5'"),
        (["--method", "exact"], "exact cannot integrate 'adex'"),
        (["--split", "60"], "numbers that rise between 0 and 1 are expected, such as 0.6"),
        (["--split", "0.001"], "there are no spikes to train on: choose another --split"),
        (["--hold-out", "c"], "there is no stimulus 'c'"),
        (["--hold-out", "a", "--hold-out", "b"], "keep at least one on each side"),
        (["--budget", "0"], "the budget is 0"),
        (["--patience", "0"], "the patience is 0"),
        (["--dt", "1 mV"], "dt is given in mV, but a time"),
        (["--dt", "-1"], "a positive time is expected"),
        (
            ["--rec-dt", "0.3 ms"],
            "as the file says, but --rec-dt 0.3 ms was given: leave out --rec-dt; --dt is the step",
        ),
        (["--columns", "a,b"], "--columns is not for files of this format"),
        (["--unit", "current"], "--unit 'current': write NAME=VALUE, such as current=pA"),
        (["--unit", "curren=pA"], "--unit curren=pA names no channel; did you mean 'current'"),
        (["--select", "c"], "the file has no sweep 'c'"),
        (["--test", "nowhere.npz"], "there is no file 'nowhere.npz'"),
        (["--input", "i_exc"], "'adex' has no input 'i_exc'; did you mean 'i_ext'"),
        (["--out", "/proc/nowhere"], "/proc/nowhere: "),
    ],
)
def test_what_is_asked_and_cannot_be(run, recording, words, message):
    result = run("fit", recording, *words)
    assert result.exit_code == 1
    assert message in result.output.replace("\n", " ")
    assert result.output.splitlines()[-1].startswith("Error: ")
    assert not os.path.exists("lapicque-fit/fit.json")


@pytest.fixture
def files(recording, tmp_path):
    """Files that are no recordings, or bad ones."""
    (tmp_path / "nothing_here").mkdir()
    with np.load(recording) as file:
        held = dict(file)

    def save(name, **changes):
        np.savez(tmp_path / name, **{k: v for k, v in {**held, **changes}.items() if v is not None})

    hole = held["current_pA"].copy()
    hole[0, 1, 7] = np.nan
    save("nan.npz", current_pA=hole)
    save("nothing.npz", spike_times_ms=np.empty(0), spike_offsets=np.zeros(5, int))
    save("late.npz", spike_times_ms=held["spike_times_ms"] * 10)
    save("unit.npz", current_pA=None, current=held["current_pA"])
    save("voltage.npz", voltage_mV=np.zeros((2, 2, SAMPLES - 1)))
    save("dt.npz", dt_ms=None)
    (tmp_path / "cut.npz").write_bytes(recording.read_bytes()[:4000])
    (tmp_path / "text.npz").write_text("not an archive\n")
    (tmp_path / "archive.abf").write_bytes(recording.read_bytes())
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "cell.csv").write_text("time_ms,current_pA,voltage_mV\n0,1,-60\n0.1,2,-60\n0.2,3,-50\n")
    (tmp_path / "current.txt").write_text("0\n1\n2\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.abf"], "there is no file 'nowhere.abf'"),
        (["nothing_here"], "the folder 'nothing_here' holds no .abf, "),
        (["nan.npz"], "is not finite in 1 of 3000 samples (first: sample 7)"),
        (["nothing.npz"], "'nothing' has no spikes: lower --threshold, or give --spikes FILE"),
        (["late.npz"], "lie outside the recorded 0 to 300 ms"),
        (["unit.npz"], "channel 'current' has no unit: state it, as in --unit current=pA"),
        (["voltage.npz"], "2999"),
        (["dt.npz"], "the file does not say its sampling interval: state it, as in --rec-dt 0.1ms"),
        (["cut.npz"], "cut"),
        (["text.npz"], "is named as a NumPy .npz archive, but holds a text file: rename it"),
        (["archive.abf"], "is named as an Axon ABF file, but holds a NumPy .npz archive: rename it"),
        (["empty.csv"], "empty.csv"),
        (["cell.csv"], "notice: cell.csv: there are no spikes"),
        (["cell.csv"], "'cell' has no spikes: lower --threshold, or give --spikes FILE"),
        (["current.txt", "--columns", "current", "--unit", "current=A"], "state it, as in --rec-dt 0.1ms"),
        (
            ["current.txt", "--columns", "current", "--unit", "current=pA", "--rec-dt", "1ms"],
            "neither spike times nor a voltage",
        ),
    ],
)
def test_files_that_cannot_be_fitted(run, files, words, message):
    result = run("fit", *words)
    assert result.exit_code == 1, result.output
    assert message in result.output.replace("\n", " ")
    assert not re.search(r"\b(units|dt|detect)=", result.output)


def test_options_that_do_not_exist_are_click_s_own(run, recording):
    assert run("fit").exit_code == 2
    assert run("fit", recording, "--bugdet", 5).exit_code == 2
    assert "Did you mean 'fit'" in run("fot").output
    assert run("fit", recording, "--out", recording).exit_code == 2


# -- the demonstration ------------------------------------------------------------------------------------------------


def test_the_demonstration_fits_both_receptors(run, plain):
    pytest.importorskip("nitime", reason="the grasshopper recordings come with nitime")
    result = run("demo", "--budget", 256)
    assert result.exit_code == 0, result.output
    assert result.output.count("notice: the stimulus has no physical unit") == 1
    for number in (1, 2):
        with open(f"lapicque-demo/receptor-{number}/fit.json") as file:
            found = json.load(file)
        assert {"input_scale", "input_offset", "delay"} <= set(found["parameters"])
        assert found["scores"]["test"]["reliability"] is None
        assert f"receptor-{number}/report.html" in result.output


def test_without_nitime_the_demonstration_says_how_to_get_it(run, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("demo")
    assert result.exit_code == 1
    assert "pip install 'lapicque[demo]'" in result.output
