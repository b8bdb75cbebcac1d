"""Fitted models side by side on held-out data."""

import json

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit.comparing import AS_GOOD, BEST, NAN, UNKNOWN, WORSE, Compared, ranked
from lapicque.fit.search import Candidate

LIF = lq.neurons.lif
NEAR = lq.distances.coincidence("4 ms")


def _trial(current, label=""):
    stimulus = np.full(3000, float(current))
    return lq.fit.Trial(stimulus, lq.simulate(LIF, "300 ms", inputs={"i_ext": stimulus}).spikes, label=label)


def _at(train, c_m):
    problem = lq.fit.Problem(LIF, train, free=dict(c_m=("50 pF", "900 pF")), distance=NEAR)
    return Candidate(problem, problem.point({"c_m": f"{c_m} pF"}))


@pytest.fixture(scope="module")
def data():
    return [_trial(600)], [_trial(current) for current in (520, 640, 700)]


def _row(name):
    return Compared(name, 1, 0.0, 0.5, NAN, NAN, NAN, NAN, NAN, NAN)


def test_the_true_model_is_best_and_a_wrong_one_is_worse(data):
    train, test = data
    true = float(LIF.constants["c_m"].value)
    found = lq.fit.compare({"wrong": _at(train, 800), "true": _at(train, true), "again": _at(train, true)}, test)
    assert found.best == "true"
    assert [row.verdict for row in found.rows] == [BEST, AS_GOOD, WORSE]
    assert found.rows[0].score == pytest.approx(lq.fit.score(_at(train, true), test, NEAR).gamma)
    assert found.rows[0].score > 0.99
    assert found.rows[2].high < 0
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["rows"][2]["aic"] is None
    assert "No likelihood" in repr(found)
    assert "3 stimuli" in repr(found)


def test_one_train_gives_no_interval(data):
    train, test = data
    found = lq.fit.compare({"a": _at(train, 200), "b": _at(train, 800)}, test[:1])
    assert found.rows[1].verdict == UNKNOWN
    assert np.isnan(found.rows[1].low)


def test_intervals_are_those_of_the_paired_bootstrap():
    rng = np.random.default_rng(3)
    common, noise = rng.normal(size=40), rng.normal(size=40)
    rows = ranked([(_row("a"), common), (_row("b"), common - 0.1 + 0.05 * noise)], 4000, 0.95, 1)
    by = -0.1 + 0.05 * noise
    error = by.std() / np.sqrt(40)
    assert rows[1].low == pytest.approx(by.mean() - 1.96 * error, abs=0.2 * error)
    assert rows[1].high == pytest.approx(by.mean() + 1.96 * error, abs=0.2 * error)
    assert rows[1].verdict == WORSE


def test_a_model_without_a_score_is_last_and_has_no_verdict():
    rows = ranked([(_row("none"), np.array([NAN, 1.0])), (_row("some"), np.array([0.1, 0.2]))], 10, 0.95, 0)
    assert [(row.name, row.verdict) for row in rows] == [("some", BEST), ("none", "no score")]


@pytest.fixture(scope="module")
def noisy():
    """Halves of two seconds of a neuron with escape noise."""
    command = 300 + 200 * np.repeat(np.random.default_rng(3).standard_normal(2000), 10)
    cell = lq.neurons.gif.with_(v_th="-50 mV", delta_v="2 mV")
    answer = lq.simulate(cell, "2 s", inputs={"i_ext": command}, seed=1, record="v")
    trial = lq.fit.Trial(command, answer.spikes, voltage=answer.traces["v"].values.T)
    return lq.fit.split_by_time([trial], 0.5)


def _glm(train, dt="1 ms"):
    return lq.fit.glm(train, stimulus=lq.fit.rectangles(0, 10, 50), dt=dt)


def test_what_a_glm_was_fitted_to_is_not_held_out(noisy):
    train, test = noisy
    assert lq.fit.compare({"glm": _glm(train)}, test, runs=2).best == "glm"
    for held_out in (train, [train[0].within(0, 2000)]):
        with pytest.raises(FitError, match=r"'glm' was fitted to Trial.*, which is to be held out"):
            lq.fit.compare({"glm": _glm(train)}, held_out, runs=2)
    with pytest.raises(FitError, match="'glm' and 'other' were fitted to different data"):
        lq.fit.compare({"glm": _glm(train), "other": _glm([train[0].within(0, 500)])}, test)


def test_likelihoods_of_bins_of_different_widths_do_not_compare(noisy):
    """The same model in bins of a tenth has a log-likelihood that is lower by about log(10) a spike."""
    train, test = noisy
    fine, coarse = _glm(train, "0.1 ms"), _glm(train)
    assert fine.aic - coarse.aic > 2 * fine.n_spikes
    alike = lq.fit.compare({"fine": fine, "again": fine}, test, runs=2)
    assert {row.aic for row in alike.rows} == {fine.aic}
    mixed = lq.fit.compare({"fine": fine, "coarse": coarse}, test, runs=2)
    for row in mixed.rows:
        assert np.isnan([row.aic, row.bic, row.log_likelihood]).all()
        assert np.isfinite(row.bits_per_spike)
    assert "bins of 0.1 ms ('fine') and 1 ms ('coarse') do not compare" in repr(mixed)
    assert "No likelihood" not in repr(mixed)


def test_refuses_what_does_not_compare(data):
    train, test = data
    one = _at(train, 200)
    with pytest.raises(FitError, match="nothing to compare"):
        lq.fit.compare({}, test)
    with pytest.raises(FitError, match="'x' is a int"):
        lq.fit.compare({"x": 3}, test)
    with pytest.raises(FitError, match="which is to be held out"):
        lq.fit.compare({"a": one}, train)
    with pytest.raises(FitError, match="different data"):
        lq.fit.compare({"a": one, "b": _at(test[:1], 200)}, test[1:])
    with pytest.raises(FitError, match="confidence"):
        lq.fit.compare({"a": one}, test, confidence=95)
    with pytest.raises(FitError, match="coincidence factor"):
        lq.fit.compare({"a": one}, test, distance=lq.distances.van_rossum("10 ms"))
