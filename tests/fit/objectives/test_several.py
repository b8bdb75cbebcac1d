"""Objectives side by side: each has the losses that it has alone."""

import pickle

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit import Problem, SpikeMatch, Trial, VoltageError
from lapicque.fit.objectives import Several

MATCH = SpikeMatch(lq.distances.coincidence("4 ms"))
FREE = dict(c_m=("50 pF", "400 pF"), g_l=("4 nS", "20 nS"), delay=("0 ms", "5 ms"))


@pytest.fixture(scope="module")
def trials(noisy_current):
    found = []
    for seed in (1, 2):
        current = noisy_current(2000, seed)
        answer = lq.simulate(
            lq.neurons.lif.with_(c_m="120 pF"), 200, inputs={"i_ext": current}, record="v", progress=False
        )
        found.append(Trial(current, answer.spikes, voltage=answer.traces["v"].values[None, :2000, 0], weight=seed))
    return found


def test_each_objective_is_what_it_is_alone(trials):
    points = np.random.default_rng(0).random((70, 3))
    parts = [VoltageError(), MATCH, MATCH + 0.5 * VoltageError()]
    both = Problem(lq.neurons.lif, trials, free=FREE, objective=parts)
    alone = [Problem(lq.neurons.lif, trials, free=FREE, objective=part) for part in parts]
    found = both.losses(points)
    assert found.shape == (70, 3)
    np.testing.assert_array_equal(found, np.stack([problem.losses(points) for problem in alone], axis=1))
    assert both.objectives == ("VoltageError", "SpikeMatch", "WeightedSum")
    assert both.fingerprint not in {problem.fingerprint for problem in alone}


def test_a_sent_problem_has_the_same_losses(trials):
    points = np.random.default_rng(0).random((5, 3))
    problem = Problem(lq.neurons.lif, trials, free=FREE, objective=[VoltageError(), MATCH])
    expected = problem.losses(points)
    text = pickle.dumps(problem)
    assert len(text) < 4 * sum(trial.spikes.times.nbytes + trial.voltage.nbytes for trial in trials)  # nothing cached
    back = pickle.loads(text)
    assert back.fingerprint == problem.fingerprint
    np.testing.assert_array_equal(back.losses(points), expected)


def test_one_objective_is_no_list(trials):
    for given in ([MATCH], (MATCH,), Several((MATCH,))):
        problem = Problem(lq.neurons.lif, trials, free=FREE, objective=given)
        assert problem.objective == MATCH
        assert problem.losses(np.full((2, 3), 0.5)).shape == (2,)


def test_objectives_of_one_kind_are_numbered():
    assert Several((VoltageError(), MATCH, VoltageError(before=0))).names == (
        "VoltageError 1", "SpikeMatch", "VoltageError 2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "there are no objectives"),
        ([MATCH, "rate"], "'rate' is no objective"),
        ([VoltageError("v"), VoltageError("w")], r"cannot need different states \(v, w\)"),
    ],
)
def test_mistakes_are_named(trials, given, message):
    with pytest.raises(FitError, match=message):
        Problem(lq.neurons.lif, trials, free=FREE, objective=given)
