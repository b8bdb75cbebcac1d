"""Fits against data, by runs that the fit has not seen."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit import features, validate
from lapicque.fit.validation import fresh, welch
from lapicque.fit.validation.fresh import fresh_seeds

CHECKED = dict(features=[features.rate(), features.cv()], tests=[welch()])


@pytest.fixture(scope="module")
def problem(network, data):
    return lq.fit.NetworkProblem(
        network(),
        data[0],
        {"exc_noise.sd": (4.9, 5.1)},
        lq.fit.PopulationStatistics(),
        dt="0.5 ms",
        method="euler",
        seed=3,
    )


@pytest.fixture(scope="module")
def fit(problem):
    return lq.fit.minimize(problem, budget=4, seed=1, threads=1, progress=False)


def test_network_that_is_right_passes(fit):
    found = validate(fit, seeds=8, **CHECKED)
    assert found.independent == "runs"
    assert [row.population for row in found] == ["exc", "exc", "inh", "inh"]
    assert not found.failed
    assert found.notes == ("the data are those of the fit: unseen ones test more",)
    assert validate(fit, seeds=8, **CHECKED).rows == found.rows
    assert validate(fit, seeds=8, seed=1, **CHECKED).rows != found.rows


def test_unseen_data_of_another_network_fail(fit, network, runs):
    found = validate(fit, runs(network(sd=5.75), [1])[0], seeds=8, **CHECKED)
    assert {row.feature for row in found.failed} >= {"rate"}
    assert not found.notes


def test_kept_wiring_varies_less(fit):
    new, kept = (validate(fit, seeds=12, wiring=wiring, **CHECKED) for wiring in ("fresh", "kept"))
    width = [np.diff(found.select(population="exc", feature="rate")[0].effect_interval)[0] for found in (new, kept)]
    assert width[1] < width[0]


def test_seeds_are_none_of_the_fit():
    found = fresh_seeds({1, 2}, 50, seed=0)
    assert len(set(np.ravel(found))) == 100
    words = np.ravel(fresh_seeds(set(), 3, seed=0))
    assert int(words[0]) not in np.ravel(fresh_seeds({int(words[0])}, 3, seed=0))


def test_what_was_run_before_an_interrupt_is_kept(fit, monkeypatch):
    done = []

    class Interrupted(fresh.NetworkProblem):
        def respond(self, *args, **kwargs):
            done.append(1)
            if len(done) == stop:
                raise KeyboardInterrupt
            return super().respond(*args, **kwargs)

    original = fit.problem
    copy = Interrupted(*original.__reduce__()[1])
    object.__setattr__(fit, "problem", copy)
    try:
        stop = 7
        found = validate(fit, seeds=9, wiring="kept", **CHECKED)
        assert "interrupted after 6 of 9 runs" in found.notes
        done.clear()
        stop = 3
        with pytest.raises(KeyboardInterrupt):
            validate(fit, seeds=9, wiring="kept", **CHECKED)
    finally:
        object.__setattr__(fit, "problem", original)


def test_refused(fit):
    for seeds in (3, 8.0, True):
        with pytest.raises(FitError, match="seeds is"):
            validate(fit, seeds=seeds)
    with pytest.raises(FitError, match="takes a mapping"):
        validate(fit, [1])
    with pytest.raises(FitError, match="are int: SpikeTrains"):
        validate(fit, {**fit.problem.data, "exc": 3})
    with pytest.raises(FitError, match="the data lack 'inh'"):
        validate(fit, {"exc": fit.problem.data["exc"]}, seeds=4)


@pytest.fixture(scope="module")
def cell():
    """A cell in four currents, each with a window of one length."""
    currents = [np.full(8000, pA) for pA in (500.0, 550.0, 600.0, 650.0)]
    truth = lq.neurons.lif.with_(c_m="300 pF")
    trials = [
        lq.fit.Trial(i, lq.simulate(truth, "800 ms", inputs={"i_ext": i}, progress=False).spikes) for i in currents
    ]
    problem = lq.fit.Problem(
        lq.neurons.lif, trials, free=dict(c_m=("200 pF", "400 pF")), distance=lq.distances.coincidence("4 ms")
    )
    return trials, lq.fit.minimize(problem, budget=200, seed=1, threads=1, progress=False)


def test_cell_by_its_stimuli(cell):
    trials, found = cell
    checked = validate(found, trials, features=[features.rate()], tests=[welch()])
    assert checked.independent == "neurons"
    assert "each stimulus counts as a neuron" in checked.notes
    (row,) = checked.rows
    assert row.undefined_data == row.undefined_model == (0, 4)
    assert row.p > 0.5
    assert row.verdict.startswith("undecided: power")  # four stimuli are few
    slow = lq.fit.Trial(np.full(8000, 500.0), lq.simulate(lq.neurons.lif.with_(c_m="900 pF"), "800 ms",
                        inputs={"i_ext": "500 pA"}, progress=False).spikes)  # fmt: skip
    wrong = validate(found, [slow] * 4, features=[lambda trains: trains.rate() + np.arange(len(trains)) * 1e-3],
                     tests=[welch()])  # fmt: skip
    assert wrong.failed
    with pytest.raises(FitError, match="takes trials"):
        validate(found, {"a": trials[0].scored})
