"""Pictures of fronts, and of how candidates spread."""

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

import lapicque as lq
from lapicque.errors import FitError

BOUNDS = {"x": (0.0, 1.0), "tau": ("1 ms", "100 ms", "log")}


def trade(values):
    aside = np.log10(values["tau"] / 10) ** 2
    return np.stack([values["x"] ** 2 + aside, (1 - values["x"]) ** 2 + aside], axis=1)


@pytest.fixture(scope="module")
def front():
    problem = lq.fit.FunctionProblem(trade, BOUNDS, objectives=("near $0", "near 1"))
    return lq.fit.pareto(problem, lq.optimizers.nsga2(population=16), budget=160, seed=1)


@pytest.fixture(scope="module")
def fit():
    problem = lq.fit.FunctionProblem(lambda values: trade(values)[:, 0], BOUNDS)
    return lq.fit.minimize(problem, lq.optimizers.cma_es(population=16), budget=320, seed=1)


DRAWINGS = {
    "pareto_front": lambda ax, front: lq.plot.pareto_front(front, ax),
    "turned": lambda ax, front: lq.plot.pareto_front(front, ax, objectives=(1, 0)),
    "hypervolume": lambda ax, front: lq.plot.hypervolume(front, ax),
    "along_front": lambda ax, front: lq.plot.along_front(front, "tau", ax),
    "candidate_spread": lambda ax, front: lq.plot.candidate_spread(front, "tau", ax),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_axes_in_axes_out(name, front):
    given_axes = Figure().add_subplot()
    assert DRAWINGS[name](given_axes, front) is given_axes
    own = DRAWINGS[name](None, front)
    assert own is not given_axes
    for ax in (given_axes, own):
        ax.figure.savefig(io.BytesIO(), format="svg")


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_the_front_and_its_knee_are_where_they_are(front):
    drawn = lines(lq.plot.pareto_front(front))
    np.testing.assert_array_equal(drawn["front"], front.losses)
    np.testing.assert_array_equal(drawn["knee"][0], list(front.knee().losses.values()))
    turned = lines(lq.plot.pareto_front(front, objectives=(1, 0)))
    np.testing.assert_array_equal(turned["front"], front.losses[:, ::-1])


def test_the_hypervolume_is_that_of_the_search(front):
    np.testing.assert_array_equal(lq.plot.hypervolume(front).lines[0].get_xydata(), front.history[:, :2])


def test_parameters_along_the_front_are_between_their_bounds(front):
    ax = lq.plot.along_front(front, "tau", objective=1)
    np.testing.assert_array_equal(
        ax.lines[0].get_xydata(), np.stack([front.losses[:, 1], front.parameters["tau"]], axis=1)
    )
    assert ax.get_ylim() == (1, 100)
    assert ax.get_yscale() == "log"


def test_the_spread_is_the_median_of_each_generation_and_ends_at_the_best(fit):
    ax = lq.plot.candidate_spread(fit, "tau")
    medians = [10 ** np.median(2 * g.points[:, 1]) for g in fit.generations]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), medians)
    assert ax.lines[1].get_ydata()[0] == fit.parameters["tau"].value
    alone = replace(fit, generations=fit.generations[-1:])
    assert lq.plot.candidate_spread(alone, "x").get_xlim() == (0, fit.generations[-1].evaluations)


def test_a_front_of_one_candidate_is_drawn(front):
    one = replace(front, points=front.points[:1], losses=front.losses[:1])
    for name in ("pareto_front", "along_front"):
        DRAWINGS[name](None, one).figure.savefig(io.BytesIO(), format="png")


def test_mistakes_are_named(front, fit):
    with pytest.raises(FitError, match="two different numbers from 0 to 1"):
        lq.plot.pareto_front(front, objectives=(0, 2))
    with pytest.raises(FitError, match="'taw' is not free in this fit; did you mean 'tau'"):
        lq.plot.along_front(front, "taw")
    with pytest.raises(FitError, match="there is no objective 2"):
        lq.plot.along_front(front, "tau", objective=2)
    with pytest.raises(FitError, match="'y' is not free"):
        lq.plot.candidate_spread(fit, "y")
    with pytest.raises(FitError, match="has no generations to show"):
        lq.plot.candidate_spread(replace(fit, generations=()), "x")
