"""Comparisons from the command line: saved fits, and models fitted to one recording."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import lapicque as lq
from lapicque.cli import main


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Fits within two ranges of the capacitance, each saved with its scores on two held-out stimuli."""
    folder = tmp_path_factory.mktemp("fits")
    trials = []
    for current in (600.0, 520.0, 700.0):
        stimulus = np.full(3000, current)
        trials.append(lq.fit.Trial(stimulus, lq.simulate(lq.neurons.lif, "300 ms", inputs={"i_ext": stimulus}).spikes))
    train, test = trials[:1], trials[1:]
    paths = []
    for name, c_m in {"near": ("150 pF", "250 pF"), "far": ("700 pF", "900 pF")}.items():
        problem = lq.fit.Problem(lq.neurons.lif, train, free=dict(c_m=c_m), distance=lq.distances.coincidence("4 ms"))
        fit = lq.fit.minimize(problem, budget=128, seed=1)
        scores = {"test": lq.fit.score(fit, test)}
        paths.append(str(lq.fit.save(fit, folder / f"{name}.json", scores=scores, train=train, test=test)))
    return paths


def _run(*arguments):
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def test_saved_fits_are_compared_and_the_page_written(saved, tmp_path):
    result = _run(*saved, "--out", tmp_path / "page.html")
    assert result.exit_code == 0, result.output
    assert "over 2 stimuli" in result.output
    page = (tmp_path / "page.html").read_text()
    assert "near.json" in page
    assert "<img" in page


def test_json_has_the_scores_of_the_records(saved):
    found = json.loads(_run(*saved, "--json").stdout)
    scores = {path: json.loads(Path(path).read_text())["scores"]["test"]["gamma"] for path in saved}
    assert {row["name"]: row["score"] for row in found["rows"]} == scores
    assert found["best"] == max(scores, key=scores.get)


def test_bad_input_is_told(saved, tmp_path):
    assert "at least two" in _run(saved[0]).output
    assert "name models" in _run(saved[0], "cell.npz").output
    mixed = _run(saved[0], "--model", "lif", "cell.npz").output
    assert "near.json is a fit that was saved, and --model fits anew: compare saved fits" in mixed
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    assert "no record of a fit" in _run(saved[0], broken).output
    record = json.loads(Path(saved[1]).read_text())
    record["split"]["test"][0]["spikes"] += 1
    broken.write_text(json.dumps(record))
    assert "differ in their split: fit both to the same" in _run(saved[0], broken).output
    assert "twice" in _run("cell.npz", "--model", "lif", "--model", "lif").output


def test_models_are_fitted_to_a_recording_and_compared(tmp_path):
    stimulus = np.repeat(np.random.default_rng(2).normal(600, 120, 150), 20)
    times = lq.simulate(lq.neurons.lif, "300 ms", inputs={"i_ext": stimulus}).spikes.times
    path = tmp_path / "cell.npz"
    np.savez(path, current_pA=stimulus, dt_ms=0.1, spike_times_ms=times)
    result = _run(path, "--model", "lif", "--model", "izhikevich", "--budget", 64, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {row["name"] for row in found["rows"]} == {"lif", "izhikevich"}
    assert [row["verdict"] for row in found["rows"]] == ["best", "not known"]
    assert found["over"] == "1 repeat"


@pytest.fixture
def unseen(tmp_path):
    stimulus = np.repeat(np.random.default_rng(5).normal(600, 120, 150), 20)
    times = lq.simulate(lq.neurons.lif, "300 ms", inputs={"i_ext": stimulus}).spikes.times
    path = tmp_path / "unseen.npz"
    np.savez(path, current_pA=stimulus, dt_ms=0.1, spike_times_ms=times)
    return path


def test_saved_fits_run_anew_on_other_data(saved, unseen):
    result = _run(*saved, "--data", unseen, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    trial = lq.fit.trials_of(lq.io.read(unseen))[0]
    for row in found["rows"]:
        cell = lq.fit.load(row["name"])
        spikes = lq.simulate(cell, "300 ms", inputs={"i_ext": trial.stimulus}).spikes
        assert row["score"] == lq.distances.coincidence("4 ms").batch(spikes, trial.spikes)[0, 0]
        assert row["loss"] == json.loads(Path(row["name"]).read_text())["loss"]
    assert found["best"] == saved[0]
    assert "precision='2 ms'" in _run(saved[0], "--data", unseen, "--distance", "coincidence:2ms").output
    assert "--data is for saved fits" in _run("cell.npz", "--model", "lif", "--data", unseen).output
    assert "not spike(" in _run(saved[0], "--data", unseen, "--distance", "spike").output


def test_of_data_that_were_fitted_only_the_rest_is_scored(unseen, tmp_path):
    recording = lq.io.read(unseen)
    train, test = lq.fit.split_by_time(lq.fit.trials_of(recording), 0.5)
    problem = lq.fit.Problem(
        lq.neurons.lif, train, free=dict(c_m=("50 pF", "900 pF"), delay=("0 ms", "2 ms"), input_scale=(0.5, 2.0)),
        distance=lq.distances.coincidence("4 ms"),
    )  # fmt: skip
    fit = lq.fit.minimize(problem, budget=128, seed=1)
    scores = {"test": lq.fit.score(fit, test)}
    parts = dict(scores=scores, train=train, recording=recording)
    path = lq.fit.save(fit, tmp_path / "fit.json", test=test, **parts)
    found = lq.fit.rerun_records([path], recording)
    assert found.rows[0].score == scores["test"].gamma  # which needs all that the fit depends on
    whole = lq.fit.save(fit, tmp_path / "all.json", train=train, recording=recording)
    assert "was fitted to all of" in _run(whole, "--data", unseen).output
    (tmp_path / "no.json").write_text("{}")
    assert "no record of a fit" in _run(tmp_path / "no.json", "--data", unseen).output
