"""fit.json: strict JSON, complete, and the neuron comes back from it."""

import hashlib
import json

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError, LapicqueNotice
from lapicque.fit.agreement import agreements, scoring_distance
from lapicque.fit.held_out import Score
from lapicque.fit.record import model_from_dict, model_to_dict, recording_to_dict, to_dict
from lapicque.spikes import SpikeTrains

PLATEAU = lq.Neuron(
    """
    dv/dt = (-(v - e) + r*i + p)/tau : mV (unless refractory)
    p : mV
    i : pA (input)
    e : mV
    """,
    threshold="v > v_th",
    reset="v = e",
    refractory="3 ms",
    events={"plateau": lq.Event(threshold="v > v_th - 2*mV", reset="p += 1*mV", refractory="20*ms")},
    parameters=dict(e="-65 mV", r="0.1 Gohm", tau=[10.0, 20.0] * lq.units.ms, v_th="-50 mV"),
    initial=dict(v="e", p=0.5 * lq.units.mV),
    name="plateau",
)


@pytest.fixture(scope="module")
def fit():
    data = lq.simulate(lq.neurons.lif, "300 ms", inputs={"i_ext": "600 pA"}).spikes.times
    trains = SpikeTrains.from_lists([data, data + 0.5], t_stop=300, shape=(2, 1))
    train, _ = lq.fit.split_by_time([lq.fit.Trial(np.full(3000, 600.0), trains, label="step")], 0.6)
    problem = lq.fit.Problem(
        lq.neurons.lif,
        train,
        free=dict(c_m=("50 pF", "900 pF"), delay=("0 ms", "2 ms")),
        distance=lq.distances.coincidence("4 ms"),
    )
    return lq.fit.minimize(problem, lq.optimizers.cma_es(population=64), budget=128, seed=7)


@pytest.mark.parametrize("name", lq.neurons.__all__)
def test_every_neuron_survives(name):
    neuron = getattr(lq.neurons, name)
    described = json.loads(json.dumps(model_to_dict(neuron), allow_nan=False))
    assert model_from_dict(described) == neuron


def test_arrays_events_and_quantities_survive():
    back = model_from_dict(json.loads(json.dumps(model_to_dict(PLATEAU), allow_nan=False)))
    assert back.structure == PLATEAU.structure
    np.testing.assert_array_equal(back.constants["tau"].value, [10.0, 20.0])
    assert [e.name for e in back.parsed_events] == ["spike", "plateau"]
    assert model_to_dict(back) == model_to_dict(PLATEAU)


def test_record_and_back(fit, tmp_path):
    path = lq.fit.save(fit, tmp_path / "fit.json")
    assert lq.fit.load(path) == fit.neuron
    assert lq.fit.load(path, lq.neurons.lif) == fit.neuron
    assert lq.fit.load(path).ranges == {"c_m": ["50.0 pF", "900.0 pF"]}
    assert not list(tmp_path.glob("*.writing"))


def test_generations_of_the_search_and_back(fit, tmp_path):
    path = lq.fit.save(fit, tmp_path / "fit.json")
    assert json.loads(path.read_text())["search"]["history"] == fit.history.tolist()
    found = lq.fit.load_generations(path)
    assert [(g.number, g.evaluations) for g in found] == [(0, 64), (1, 128)]
    for read, own in zip(found, fit.generations, strict=True):
        np.testing.assert_allclose(read.points, own.points, atol=1e-6)
        np.testing.assert_allclose(read.losses, own.losses, rtol=1e-5)
    longest = max(len(line) for line in path.read_text().splitlines())
    assert longest < 2000  # a point is a line, a generation is not
    assert '      "bounds": [ 50.0, 900.0 ],' in path.read_text()


def test_a_record_that_was_written_before_there_were_generations_has_none(fit, tmp_path):
    path = lq.fit.save(fit, tmp_path / "fit.json")
    record = json.loads(path.read_text())
    del record["search"]["generations"]
    path.write_text(json.dumps(record))
    assert lq.fit.load_generations(path) == ()
    assert lq.fit.load(path) == fit.neuron
    path.write_text(json.dumps({**record, "search": []}))
    with pytest.raises(FitError, match="is no record of a fit"):
        lq.fit.load_generations(path)


def test_record_holds_what_the_fit_depends_on(fit):
    found = to_dict(fit, command="lapicque fit cell.abf", test=[fit.problem.trials[0].within(180, 300)])
    assert found["parameters"]["c_m"] == {
        "value": fit.parameters["c_m"].value, "unit": "pF", "bounds": [50.0, 900.0], "scale": "log", "at_bound": None
    }  # fmt: skip
    assert found["parameters"]["delay"]["unit"] == "ms"
    assert found["seed"] == found["search"]["seed"] == 7
    assert found["search"]["budget"] == 128
    assert found["search"]["evaluations"] == fit.evaluations
    assert found["search"]["stopped"] == "budget"
    assert found["search"]["optimizer"] == repr(fit.optimizer)
    assert found["simulation"]["dt_ms"] == 0.1
    assert found["simulation"]["scheme"] == fit.problem.scheme
    assert found["distance"] == "coincidence(precision='4 ms', counting='exclusive', rate='data')"
    assert [t["window_ms"] for t in found["split"]["train"]] == [[0.0, 180.0]]
    assert [t["window_ms"] for t in found["split"]["test"]] == [[180.0, 300.0]]
    assert {"lapicque", "numpy", "numba", "python"} <= found["versions"].keys()
    assert found["model"]["parameters"]["c_m"]["value"] == fit.parameters["c_m"].value
    assert found["command"] == "lapicque fit cell.abf"


def test_scores_have_the_names_that_readers_expect(fit):
    scores = {"train": lq.fit.score(fit, fit.problem.trials), "test": Score(0.4, None, (("a", 0.4, None),))}
    found = to_dict(fit, scores=scores)["scores"]
    assert 0.8 < found["train"]["reliability"] < 1
    assert found["train"]["gamma"] == scores["train"].gamma
    assert found["train"]["gamma_over_reliability"] == scores["train"].gamma_over_reliability
    assert found["train"]["per_stimulus"][0]["label"] == "step"
    assert found["test"] == {
        "gamma": 0.4,
        "reliability": None,
        "gamma_over_reliability": 0.4,
        "per_stimulus": [{"label": "a", "gamma": 0.4, "reliability": None, "gamma_over_reliability": 0.4}],
    }


def test_what_is_no_number_is_null(fit, tmp_path):
    scores = {"test": Score(float("nan"), 0.0, (("a", float("nan"), 0.0),))}
    path = lq.fit.save(fit, tmp_path / "fit.json", scores=scores)
    found = json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert found["scores"]["test"]["gamma"] is None
    assert found["scores"]["test"]["gamma_over_reliability"] is None


def test_recording_is_known_by_its_files_and_its_contents(tmp_path):
    file = tmp_path / "cell, one.csv"
    file.write_bytes(b"1,2\n")
    sweep = lq.fit.Sweep([0, 100.0], SpikeTrains.from_lists([[0.1]], t_stop=0.2))
    recording = lq.fit.Recording([sweep], 0.1, "pA", name="cell", source=str(file), notices=["read"])
    found = recording_to_dict(recording)
    assert found["files"] == [{"path": str(file), "sha256": hashlib.sha256(b"1,2\n").hexdigest()}]
    assert found["notices"] == ["read"]
    other = lq.fit.Recording([lq.fit.Sweep([0, 101.0], sweep.spikes)], 0.1, "pA", source=f"{file}, gone.csv")
    changed = recording_to_dict(other)
    assert changed["sha256_of_stimuli_and_spikes"] != found["sha256_of_stimuli_and_spikes"]
    assert changed["files"][-1] == {"path": "gone.csv", "sha256": None}


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 1, "model": 3}', "\x00\x01"])
def test_a_file_that_is_no_record(tmp_path, text):
    path = tmp_path / "fit.json"
    path.write_text(text)
    with pytest.raises(FitError, match="no record of a fit"):
        lq.fit.load(path)


def test_a_record_of_another_model_or_format(fit, tmp_path):
    path = lq.fit.save(fit, tmp_path / "fit.json")
    with pytest.raises(FitError, match="is a fit of 'lif': 'adex' has other equations"):
        lq.fit.load(path, lq.neurons.adex)
    path.write_text(path.read_text().replace('"format": 1', '"format": 9'))
    with pytest.raises(FitError, match="has format 9"):
        lq.fit.load(path)


def test_agreement_of_each_trial_averages_to_the_score(fit):
    runs = lq.fit.predicted(fit, fit.problem.trials)
    found = agreements(fit.problem.trials, runs, fit.problem.distance)[0]
    score = lq.fit.score(fit, fit.problem.trials)
    assert found.gamma == pytest.approx(score.gamma)
    assert found.reliability == pytest.approx(score.reliability)
    assert found.gammas.shape == found.reliabilities.shape == (2,)


def test_scores_are_coincidence_factors_whatever_was_fitted(fit):
    assert scoring_distance(fit).precision == 4.0
    spike = lq.distances.spike()
    mixed = lq.fit.SpikeMatch(spike) + 0.5 * lq.fit.SpikeMatch(lq.distances.coincidence("2 ms"))
    for objective, precision in ((lq.fit.SpikeMatch(spike), 4.0), (mixed, 2.0)):
        problem = lq.fit.Problem(
            lq.neurons.lif, fit.problem.trials, free=dict(c_m=("50 pF", "90 pF")), objective=objective
        )
        other = lq.fit.minimize(problem, lq.optimizers.cma_es(population=64), budget=1)
        assert scoring_distance(other).precision == precision


def test_data_too_fast_for_4_ms_are_scored_more_precisely(fit):
    burst = lq.spikes.SpikeTrains.from_lists([np.arange(10, 90, 3.0)], t_stop=100)  # 27 in 100 ms: 270 Hz
    trial = lq.fit.Trial(np.full(1000, 700.0), burst)
    problem = lq.fit.Problem(
        lq.neurons.lif, [trial], free=dict(c_m=("50 pF", "90 pF")), distance=lq.distances.spike()
    )  # fmt: skip
    fast = lq.fit.minimize(problem, lq.optimizers.cma_es(population=64), budget=1)
    with pytest.warns(LapicqueNotice, match="within 1 ms: at 270 Hz those within 4 ms are chance"):
        assert scoring_distance(fast).precision == 1.0  # below 500 Hz; 2 ms exists below 250 Hz
    with pytest.warns(LapicqueNotice, match="within 1 ms"):
        assert np.isfinite(lq.fit.score(fast, [trial]).gamma)
    spike = lq.distances.spike()
    slow = lq.fit.minimize(
        lq.fit.Problem(lq.neurons.lif, fit.problem.trials, free=dict(c_m=("50 pF", "90 pF")), distance=spike), budget=1
    )
    with pytest.warns(LapicqueNotice, match="within 1 ms"):
        assert scoring_distance(slow, [trial]).precision == 1.0  # what is scored counts, not the fit's data alone
