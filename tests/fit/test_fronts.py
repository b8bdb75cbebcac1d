"""Pareto fronts of cells: what is on them, resumption, executors, knees, mistakes."""

import json

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit import Problem, SpikeMatch, Trial, VoltageError, minimize, pareto
from lapicque.fit.free import Free
from lapicque.fit.fronts import ParetoFront
from lapicque.units import ONE

NSGA = lq.optimizers.nsga2(population=32)
MATCH = SpikeMatch(lq.distances.coincidence("4 ms"))


@pytest.fixture(scope="module")
def problem(noisy_current, spikes_of):
    """Spikes of one cell and the voltage of another one: a candidate can have one of the two."""
    current = noisy_current(3000)
    voltage = lq.simulate(
        lq.neurons.lif.with_(e_l="-67 mV"), 300, inputs={"i_ext": current}, record="v", progress=False
    ).traces["v"].values.T  # fmt: skip
    trial = Trial(current, spikes_of(lq.neurons.lif.with_(c_m="120 pF"), current), voltage=voltage)
    free = dict(c_m=("50 pF", "400 pF"), e_l=("-75 mV", "-60 mV"))
    return Problem(lq.neurons.lif, [trial], free=free, objective=[VoltageError(), MATCH])


@pytest.fixture(scope="module")
def front(problem):
    return pareto(problem, NSGA, 960, seed=2)


def same(a, b):
    np.testing.assert_array_equal(a.points, b.points)
    np.testing.assert_array_equal(a.losses, b.losses)
    np.testing.assert_array_equal(a.history, b.history)
    assert [g.plain() for g in a.generations] == [g.plain() for g in b.generations]


def test_a_front_is_what_nothing_dominates(problem, front):
    np.testing.assert_array_equal(front.losses, problem.losses(front.points))
    assert len(front) > 5
    assert (np.diff(front.losses[:, 0]) > 0).all()
    assert (np.diff(front.losses[:, 1]) < 0).all()
    assert front.objectives == ("VoltageError", "SpikeMatch")
    assert (front.evaluations, front.stopped) == (960, "budget")
    assert front.history[:, 0].tolist() == list(range(32, 961, 32))
    assert front.history[-1].tolist() == [960, front.hypervolume, len(front)]
    assert front.generations[-1].losses.shape == (32, 2)


def test_its_ends_are_the_two_cells(problem):
    found = pareto(problem, lq.optimizers.nsga2(population=64), 6400, seed=2)
    assert (found.losses.min(axis=0) < 0.02).all()
    assert found.best("VoltageError").parameters["e_l"].value == pytest.approx(-67, abs=0.1)
    assert found.best("VoltageError").parameters["c_m"].value == pytest.approx(200, rel=0.02)
    assert found.best("SpikeMatch").parameters["c_m"].value == pytest.approx(120, rel=0.1)


def test_candidates_have_parameters_and_models(front):
    first = front[0]
    assert first.losses == {"VoltageError": front.losses[0, 0], "SpikeMatch": front.losses[0, 1]}
    assert first.parameters["c_m"].value == front.parameters["c_m"][0]
    assert first.neuron == first.fitted == front.problem.fitted(front.points[0])
    assert repr(first).startswith("Compromise of 'lif': VoltageError ")
    assert [c.losses["SpikeMatch"] for c in front] == front.losses[:, 1].tolist()
    assert front.best("VoltageError").losses == front.best(0).losses == first.losses
    assert front.best("SpikeMatch").losses == front[-1].losses
    assert repr(front).splitlines()[0].startswith(f"ParetoFront of 'lif': {len(front)} candidates after 960")
    with pytest.raises(FitError, match="there is no objective 'rate': write one of VoltageError, SpikeMatch"):
        front.best("rate")
    with pytest.raises(IndexError):
        front[len(front)]


def made(losses):
    """A front with some losses."""
    losses = np.array(losses, dtype=float)
    line = Line(tuple(f"f{n}" for n in range(losses.shape[1])))
    points = np.linspace(0, 1, len(losses))[:, None]
    return ParetoFront(line, points, losses, losses.max(axis=0), 1, 1.0, np.ones((1, 3)), 0, NSGA, "budget", 1)


class Line:
    """A problem of one coordinate, whose first losses are x and 1 - x^3."""

    name, free, dimension, fingerprint = "line", (Free("x", 0.0, 1.0, ONE, "linear"),), 1, "line"

    def __init__(self, objectives=("x", "y")):
        self.objectives = objectives

    def values(self, points):
        return {"x": np.atleast_2d(points)[:, 0]}

    def point(self, values):
        return np.array([values["x"]])

    def fitted(self, point):
        return lq.neurons.lif

    def losses(self, points, threads=None):
        return np.stack([points[:, 0], 1 - points[:, 0] ** 3], axis=1)


def test_the_knee_is_furthest_from_the_line_between_the_ends():
    x = np.linspace(0, 1, 101)
    front = made(np.stack([100 * x, (1 - np.sqrt(x)) / 100], axis=1))  # scales do not matter
    assert front.knee().losses["f0"] == pytest.approx(25)
    assert made([[3.0, 4.0]]).knee().losses == {"f0": 3.0, "f1": 4.0}
    assert made([[0, 9, 9], [9, 0, 9], [9, 9, 0], [1, 2, 3]]).knee().losses == {"f0": 1, "f1": 2, "f2": 3}


def test_a_resumed_search_is_the_uninterrupted_one(problem, front, tmp_path):
    path = tmp_path / "front.json"

    def stop(done, volume):
        if done == 480:
            raise KeyboardInterrupt

    part = pareto(problem, NSGA, 960, seed=2, checkpoint=path, on_generation=stop)
    assert (part.stopped, part.evaluations) == ("interrupted", 480)
    assert part.hypervolume == front.history[14, 1]
    same(pareto(problem, NSGA, 960, seed=2, checkpoint=path), front)
    with pytest.raises(FitError, match=r"was written with the optimiser nsga2\(population=32"):
        pareto(problem, lq.optimizers.nsga2(population=16), 960, seed=2, checkpoint=path)
    text = path.read_text()
    for part in ("search", "history", "generations"):
        path.write_text(json.dumps({**json.loads(text), part: "word"}))
        with pytest.raises(
            FitError, match=r"front.json (is no checkpoint of a fit, or it is damaged|cannot be resumed)"
        ):
            pareto(problem, NSGA, 960, seed=2, checkpoint=path)


def test_an_interrupt_before_anything_is_found_is_passed_on(tmp_path):
    class Interrupted(Line):
        def losses(self, points, threads=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pareto(Interrupted(), NSGA, 64, checkpoint=tmp_path / "front.json")
    found = pareto(Line(), NSGA, 64, checkpoint=tmp_path / "front.json")
    same(found, pareto(Line(), NSGA, 64))


def test_patience_waits_for_the_hypervolume():
    class Flat(Line):
        def losses(self, points, threads=None):
            return np.ones((len(points), 2))

    found = pareto(Flat(), NSGA, 9600, patience=320)
    assert (found.stopped, found.evaluations, len(found)) == ("patience", 352, 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: pareto(Line(("x",))), "'line' has one objective, x: use lq.fit.minimize"),
        (lambda: pareto(Line(), lq.optimizers.cma_es()), "cma_es minimises one objective"),
        (lambda: pareto(Line(), lq.optimizers.nsga2), "the optimiser is a class: call it"),
        (lambda: minimize(Line()), r"'line' has 2 objectives \(x, y\): add them up with weights, or use lq.fit.pareto"),
        (lambda: minimize(Line(("x",)), NSGA), "nsga2 is for several objectives, by lq.fit.pareto"),
        (lambda: pareto(Line(("x", "y", "z"))), r"have shape \(128, 2\), \(128, 3\) is expected"),
    ],
)
def test_mistakes_are_named(wrong, message):
    with pytest.raises(FitError, match=message):
        wrong()
