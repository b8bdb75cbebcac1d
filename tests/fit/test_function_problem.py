"""Problems that are functions: what they are given, what is refused, what does not end a search."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError


def valley(values):
    return (values["tau"] - 20) ** 2 + (values["n"] - 3) ** 2


FREE = dict(tau=("10 ms", "30 ms"), n=(1, 5, "integer"))


def test_a_function_is_searched_and_its_model_made():
    def model(tau, n):
        return lq.neurons.lif.with_(t_ref=tau, c_m=100 * n)

    problem = lq.fit.FunctionProblem(valley, FREE, model=model)
    assert isinstance(problem, lq.fit.Searchable)
    found = lq.fit.minimize(problem, lq.optimizers.cma_es(population=12), 600, seed=1)
    assert found.parameters["n"].value == 3
    assert found.parameters["tau"].value == pytest.approx(20, abs=1e-3)
    assert found.fitted.constants["t_ref"].value == pytest.approx(20, abs=1e-3)
    assert found.fitted.constants["c_m"].value == 300


def test_values_come_in_the_units_of_the_bounds_all_candidates_at_once():
    seen = []

    def function(values):
        seen.append({name: value.copy() for name, value in values.items()})
        return values["tau"]

    problem = lq.fit.FunctionProblem(function, dict(tau=("0.01 second", "0.03 second")))
    np.testing.assert_allclose(problem.losses(np.array([[0.0], [0.5], [1.0]])), [0.01, 0.02, 0.03])
    assert [len(values["tau"]) for values in seen] == [3]
    np.testing.assert_allclose(problem.point(dict(tau="15 ms")), [0.25])


def test_several_objectives_make_a_front():
    def both(values):
        return np.stack([values["tau"], 40 - values["tau"]], 1)

    problem = lq.fit.FunctionProblem(both, dict(tau=("10 ms", "30 ms")), objectives=("short", "long"))
    assert problem.losses(np.array([[0.0], [1.0]])).tolist() == [[10, 30], [30, 10]]


def test_a_candidate_that_explodes_is_worth_a_million():
    problem = lq.fit.FunctionProblem(lambda values: np.log(values["tau"] - 20), dict(tau=("10 ms", "30 ms")))
    with np.errstate(invalid="ignore"):
        assert problem.losses(np.array([[0.0], [1.0]])).tolist() == [1e6, np.log(10)]
        with pytest.raises(FitError, match="'<lambda>' is not finite for any of 2 candidates"):
            problem.losses(np.array([[0.0], [0.1]]))


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (np.zeros((2, 1)), r"'odd' returned losses of shape \(2, 1\), \(2,\) is expected: one for each candidate$"),
        (0.0, r"returned losses of shape \(\), \(2,\) is expected"),
        ("good", "'odd' returned str: losses are expected"),
    ],
)
def test_losses_that_are_none_are_refused(returned, message):
    problem = lq.fit.FunctionProblem(lambda values: returned, FREE, name="odd")
    with pytest.raises(FitError, match=message):
        problem.losses(np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, FREE), "the function is int: a function of a dict of values is expected"),
        ((valley, {}), r"nothing is free: give free=dict\(name=\(low, high\)\)"),
        ((valley, dict(tau=("3 ms", "3 ms"))), "the bounds of 'tau' are equal"),
    ],
)
def test_what_is_no_problem_is_refused(arguments, message):
    with pytest.raises(FitError, match=message):
        lq.fit.FunctionProblem(*arguments)


def test_what_is_not_there_is_said():
    problem = lq.fit.FunctionProblem(valley, FREE)
    with pytest.raises(FitError, match="'valley' has no model: make it with model="):
        problem.fitted(np.zeros(2))
    with pytest.raises(FitError, match="'tua' is not free; did you mean 'tau'"):
        problem.point(dict(tua=3))
    with pytest.raises(FitError, match="objectives is 'loss': names are expected"):
        lq.fit.FunctionProblem(valley, FREE, objectives="loss")


def test_a_checkpoint_belongs_to_data_and_bounds():
    one = lq.fit.FunctionProblem(valley, FREE)
    assert one.fingerprint == lq.fit.FunctionProblem(valley, FREE).fingerprint
    assert one.fingerprint != lq.fit.FunctionProblem(valley, FREE, data="other").fingerprint
    assert one.fingerprint != lq.fit.FunctionProblem(valley, FREE | dict(tau=("10 ms", "31 ms"))).fingerprint


def test_a_candidate_that_explodes_in_one_objective_is_not_on_the_front():
    """The best of the second objective is where the first one has no value."""

    def both(values):
        x = values["x"]
        return np.stack([np.where(x < 0.5, np.nan, 1 - x), x], axis=1)

    front = lq.fit.pareto(
        lq.fit.FunctionProblem(both, dict(x=(0, 1)), objectives=("first", "second")),
        lq.optimizers.nsga2(population=16), 320, seed=1,
    )  # fmt: skip
    assert front.best("second").losses["second"] >= 0.5
    assert (front.losses < 1).all()


def test_an_objective_that_is_never_finite_is_named():
    def dead(values):
        return np.stack([values["x"], np.full_like(values["x"], np.inf)], axis=1)

    problem = lq.fit.FunctionProblem(dead, dict(x=(0, 1)), objectives=("alive", "dead"))
    with pytest.raises(FitError, match="not finite in 'dead' for any of 16 candidates"):
        lq.fit.pareto(problem, lq.optimizers.nsga2(population=16), 32, seed=1)


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_seeds_are_whole(seed):
    with pytest.raises(FitError, match=r"the seed is .*whole number from 0"):
        lq.fit.minimize(lq.fit.FunctionProblem(valley, FREE), budget=64, seed=seed)


def test_a_seed_of_numpy_can_be_written(tmp_path):
    problem, file = lq.fit.FunctionProblem(valley, FREE), tmp_path / "search.json"
    found = lq.fit.minimize(problem, budget=64, seed=np.int64(3), checkpoint=file)
    again = lq.fit.minimize(problem, budget=64, seed=3, checkpoint=file)
    assert again.loss == found.loss


def test_a_problem_is_copied_with_changes_and_sent_elsewhere():
    one = lq.fit.FunctionProblem(valley, FREE)
    assert replace(one, data="other").free == one.free
    sent = pickle.loads(pickle.dumps(one))
    points = np.array([[0.1, 0.9], [0.4, 0.2]])
    np.testing.assert_array_equal(sent.losses(points), one.losses(points))
    assert sent.fingerprint == one.fingerprint
