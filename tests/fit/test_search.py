"""Searches: budgets, patience, seeds; what an interrupt keeps; resumption, point by point."""

import json

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit import Problem, Trial, minimize
from lapicque.fit.checkpoint import FORMAT
from lapicque.fit.search import default_optimizer

GAMMA = lq.distances.coincidence("4 ms")
OPTIMIZERS = [
    pytest.param(lq.optimizers.cma_es(population=16, patience=4), id="cma_es"),
    pytest.param(lq.optimizers.differential_evolution(population=16, patience=4), id="differential_evolution"),
]


@pytest.fixture(scope="module")
def problem(noisy_current, spikes_of):
    current = noisy_current(2000)
    cell = lq.neurons.lif.with_(c_m="120 pF")
    free = dict(c_m=("50 pF", "400 pF"), g_l=("4 nS", "20 nS"), delay=("0 ms", "5 ms"))
    return Problem(lq.neurons.lif, [Trial(current, spikes_of(cell, current))], distance=GAMMA, free=free)


@pytest.fixture
def asked(monkeypatch):
    """Every point that is evaluated, in order; a number of evaluations after which an interrupt comes."""
    points = []
    points_of = Problem.losses

    class Log:
        interrupt_at = None

        def all(self):
            return np.concatenate(points)

        def clear(self):
            points.clear()

    log = Log()

    def losses(self, candidates, threads=None):
        if log.interrupt_at is not None and sum(map(len, points)) >= log.interrupt_at:
            log.interrupt_at = None
            raise KeyboardInterrupt
        points.append(np.array(candidates))
        return points_of(self, candidates, threads)

    monkeypatch.setattr(Problem, "losses", losses)
    return log


def same(a, b):
    assert (a.loss, a.evaluations) == (b.loss, b.evaluations)
    np.testing.assert_array_equal(a.point, b.point)
    np.testing.assert_array_equal(a.history, b.history)
    assert [g.plain() for g in a.generations] == [g.plain() for g in b.generations]


# -- budget, patience, seeds ------------------------------------------------------------------------------------------


def test_the_cell_is_found(problem):
    found = minimize(problem, budget=6000, seed=1)
    assert found.loss < 0.02
    assert found.stopped == "budget"
    assert found.neuron == problem.fitted(found.point)
    assert found.seconds > 0


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_budget_is_spent_and_the_history_kept(problem, optimizer):
    seen = []
    found = minimize(problem, optimizer, budget=100, seed=3, on_generation=lambda *row: seen.append(row))
    assert found.evaluations == 112  # seven generations of 16
    assert found.budget == 100
    assert found.history[:, 0].tolist() == list(range(16, 113, 16))
    assert (np.diff(found.history[:, 1]) <= 0).all()
    assert (found.history[:, 2] >= found.history[:, 1]).all()
    assert found.loss == found.history[-1, 1] == problem.losses(found.point)[0]
    assert seen == [(row[0], row[1]) for row in found.history]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_seed_says_everything(problem, optimizer):
    first, again, other = (minimize(problem, optimizer, 200, seed, threads=t) for seed, t in ((5, 1), (5, 2), (6, 1)))
    same(first, again)
    assert not np.array_equal(first.point, other.point)


def test_patience_counts_evaluations_without_a_better_one(problem):
    found = minimize(problem, lq.optimizers.cma_es(population=16), 50_000, seed=1, patience=320)
    assert found.stopped == "patience"
    best_at = found.history[found.history[:, 1] == found.loss][0, 0]
    assert found.evaluations == best_at + 320


def test_an_optimiser_that_is_done_ends_the_search(problem):
    found = minimize(problem, lq.optimizers.cma_es(population=16, patience=2, max_restarts=0), 50_000, seed=1)
    assert found.stopped == "done"
    assert found.evaluations < 5000


def test_a_start_is_used(problem, asked):
    """Around a start near a corner, there are candidates that the middle of the bounds does not give."""
    minimize(problem, lq.optimizers.cma_es(population=64, sigma0=0.01), 64, x0={"c_m": "55 pF", "g_l": 19})
    start = problem.point({"c_m": 55, "g_l": 19})
    assert np.abs(asked.all() - start).max() < 0.06
    with pytest.raises(FitError, match="'c_n' is not free; did you mean 'c_m'"):
        minimize(problem, budget=10, x0={"c_n": 55})


# -- interrupts and resumption ----------------------------------------------------------------------------------------


def interrupted_after(evaluations):
    def on_generation(done, best):
        if done >= evaluations:
            raise KeyboardInterrupt

    return on_generation


def test_an_interrupt_keeps_the_best(problem):
    whole = minimize(problem, OPTIMIZERS[0].values[0], 160, seed=2)
    found = minimize(problem, OPTIMIZERS[0].values[0], 400, seed=2, on_generation=interrupted_after(160))
    assert found.stopped == "interrupted"
    assert found.budget == 400
    same(found, whole)


def test_an_interrupt_before_anything_is_found_is_passed_on(problem, asked):
    asked.interrupt_at = 0
    with pytest.raises(KeyboardInterrupt):
        minimize(problem, budget=100)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("where", ["after a generation", "within a generation"])
def test_an_interrupted_search_continues_identically(problem, optimizer, where, tmp_path, asked):
    whole = minimize(problem, optimizer, 480, seed=4)
    points = asked.all()
    asked.clear()
    path = tmp_path / "search.json"
    if where == "within a generation":  # its losses are under way
        asked.interrupt_at = 208
    part = minimize(
        problem, optimizer, 480, seed=4, checkpoint=path,
        on_generation=interrupted_after(208) if where == "after a generation" else None,
    )  # fmt: skip
    assert (part.stopped, part.evaluations) == ("interrupted", 208)
    assert json.loads(path.read_text())["evaluations"] == 208
    rest = minimize(problem, optimizer, 480, seed=4, checkpoint=path)
    np.testing.assert_array_equal(asked.all(), points)
    assert rest.stopped == "budget"
    same(rest, whole)
    assert rest.seconds > part.seconds


def test_an_interrupt_while_the_optimiser_learns_continues_identically(problem, tmp_path, monkeypatch):
    """What was half told is forgotten, and told again."""
    optimizer = OPTIMIZERS[0].values[0]
    whole = minimize(problem, optimizer, 320, seed=4)
    search = type(optimizer.start(1, 0))
    tell, calls = search.tell, []

    def interrupted(self, points, values):
        tell(self, points, values)
        calls.append(len(points))
        if len(calls) == 9:
            raise KeyboardInterrupt

    monkeypatch.setattr(search, "tell", interrupted)
    part = minimize(problem, optimizer, 320, seed=4, checkpoint=tmp_path / "search.json")
    assert part.evaluations == 8 * 16
    same(minimize(problem, optimizer, 320, seed=4, checkpoint=tmp_path / "search.json"), whole)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_finished_search_can_be_given_more(problem, optimizer, tmp_path):
    path = tmp_path / "search.json"
    for budget in (96, 97, 300):
        found = minimize(problem, optimizer, budget, seed=1, checkpoint=path)
    same(found, minimize(problem, optimizer, 300, seed=1))
    again = minimize(problem, optimizer, 50, seed=1, checkpoint=path)  # all that was found, nothing new
    same(again, found)


def test_patience_goes_on_where_it_stood(problem, tmp_path):
    optimizer, path = lq.optimizers.cma_es(population=16), tmp_path / "search.json"
    whole = minimize(problem, optimizer, 50_000, seed=1, patience=320)
    for stop in (64, 64 + int(whole.history[-5, 0])):
        minimize(
            problem, optimizer, 50_000, seed=1, patience=320, checkpoint=path, on_generation=interrupted_after(stop)
        )
    found = minimize(problem, optimizer, 50_000, seed=1, patience=320, checkpoint=path)
    same(found, whole)
    assert found.stopped == "patience"


def test_an_error_loses_nothing(problem, tmp_path):
    def fails(done, best):
        if done >= 64:
            raise RuntimeError("no space left")

    path = tmp_path / "search.json"
    optimizer = OPTIMIZERS[0].values[0]
    with pytest.raises(RuntimeError, match="no space left"):
        minimize(problem, optimizer, 160, checkpoint=path, on_generation=fails)
    same(minimize(problem, optimizer, 160, checkpoint=path), minimize(problem, optimizer, 160))


def test_the_search_is_written_while_it_runs(problem, tmp_path, monkeypatch):
    monkeypatch.setattr("lapicque.fit.searching.CHECKPOINT_EVERY", 0.0)
    path = tmp_path / "search.json"
    saved = []

    def look(done, best):
        saved.append(json.loads(path.read_text())["evaluations"] if path.exists() else 0)

    minimize(problem, OPTIMIZERS[0].values[0], 64, checkpoint=path, on_generation=look)
    assert saved == [0, 16, 32, 48]
    assert [p.name for p in tmp_path.iterdir()] == ["search.json"]


# -- files that are no checkpoints ------------------------------------------------------------------------------------


@pytest.fixture
def checkpoint(problem, tmp_path):
    path = tmp_path / "search.json"
    minimize(problem, OPTIMIZERS[0].values[0], 32, checkpoint=path)
    return path


def damaged(text):
    """Every way in which the file is damaged, and its text."""
    state = json.loads(text)
    yield "truncated", text[: len(text) // 2]
    yield "empty", ""
    yield "a list", "[1, 2]"
    yield "a number", "3"
    yield "no text", "\x00\x01\x02"
    for name in state:
        yield f"without {name}", json.dumps({k: v for k, v in state.items() if k != name})
    for name in ("search", "history", "evaluations", "seconds"):
        yield f"{name} is a word", json.dumps({**state, name: "word"})
    for name in state["search"]:
        yield (
            f"search without {name}",
            json.dumps({**state, "search": {k: v for k, v in state["search"].items() if k != name}}),
        )


def test_damaged_checkpoints_are_refused(problem, checkpoint):
    found = dict(damaged(checkpoint.read_text()))
    assert len(found) > 15
    for how, text in found.items():
        checkpoint.write_text(text)
        with pytest.raises(
            FitError, match=r"search.json (is no checkpoint of a fit, or it is damaged|cannot be resumed)"
        ):
            pytest.fail(f"{how}: {minimize(problem, OPTIMIZERS[0].values[0], 64, checkpoint=checkpoint)}")
        assert checkpoint.read_text() == text


def edited(state):
    """Ways in which a file is edited by hand so that it can be read still, and what is in it then."""
    search = state["search"]
    yield "a point with a coordinate less", {"search": {**search, "best_point": search["best_point"][:-1]}}
    yield "a mean with a coordinate more", {"search": {**search, "mean": [*search["mean"], 0.5]}}
    yield "another best loss", {"search": {**search, "best_value": -1.0}}
    yield "a loss that is no number", {"search": {**search, "run_best": float("nan")}}
    yield "evaluations that were not made", {"evaluations": 16}
    yield "a generation less", {"history": state["history"][:-1]}
    yield "other candidates", {"generations": []}


def test_checkpoints_that_were_edited_are_refused(problem, checkpoint):
    state = json.loads(checkpoint.read_text())
    for how, change in edited(state):
        checkpoint.write_text(json.dumps({**state, **change}))
        with pytest.raises(FitError, match=r"search.json cannot be resumed: it is damaged, or was edited"):
            pytest.fail(f"{how}: {minimize(problem, OPTIMIZERS[0].values[0], 64, checkpoint=checkpoint)}")
    checkpoint.write_text(json.dumps(state, indent=1))  # what is in it is what counts
    same(
        minimize(problem, OPTIMIZERS[0].values[0], 64, checkpoint=checkpoint),
        minimize(problem, OPTIMIZERS[0].values[0], 64),
    )


def test_a_checkpoint_with_another_start_is_refused(problem, tmp_path):
    path, optimizer = tmp_path / "search.json", OPTIMIZERS[0].values[0]
    minimize(problem, optimizer, 32, checkpoint=path, x0={"c_m": "55 pF"})
    for other in (None, {"c_m": "56 pF"}):
        with pytest.raises(FitError, match="was begun at another x0: give the same again, or another name"):
            minimize(problem, optimizer, 64, checkpoint=path, x0=other)
    assert minimize(problem, optimizer, 64, checkpoint=path, x0={"c_m": 55}).evaluations == 64


def test_checkpoints_of_another_search_are_refused(problem, checkpoint):
    optimizer = OPTIMIZERS[0].values[0]
    other = Problem(problem.neuron, problem.trials, distance=GAMMA, free=dict(c_m=("50 pF", "401 pF")))
    with pytest.raises(FitError, match="cannot be resumed: it belongs to another problem"):
        minimize(other, optimizer, 64, checkpoint=checkpoint)
    with pytest.raises(FitError, match="was begun with the seed 0: give the same again, or another name"):
        minimize(problem, optimizer, 64, seed=1, checkpoint=checkpoint)
    for another in (lq.optimizers.cma_es(population=32), OPTIMIZERS[1].values[0], default_optimizer()):
        with pytest.raises(FitError, match=r"was written with the optimiser cma_es\(population=16"):
            minimize(problem, another, 64, checkpoint=checkpoint)
    checkpoint.write_text(checkpoint.read_text().replace(f'"format": {FORMAT}', '"format": 2'))
    with pytest.raises(FitError, match="was written by another version of lapicque"):
        minimize(problem, optimizer, 64, checkpoint=checkpoint)


def test_a_checkpoint_is_a_file_in_a_folder(problem, tmp_path):
    with pytest.raises(FitError, match="is a folder: name a file"):
        minimize(problem, budget=10, checkpoint=tmp_path)
    with pytest.raises(FitError, match=r"lies in no folder that exists \(.*nowhere\)"):
        minimize(problem, budget=10, checkpoint=tmp_path / "nowhere" / "search.json")


# -- what is found, mistakes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "end"), [(0, "low"), (1, None), (2, "high"), (9, "high")])
def test_a_whole_number_is_at_its_bound_wherever_in_its_share(wanted, end):
    problem = lq.fit.FunctionProblem(lambda values: np.abs(values["k"] - wanted), dict(k=(0, 2, "integer")))
    found = minimize(problem, OPTIMIZERS[0].values[0], 64, seed=1)
    assert found.parameters["k"].value == min(wanted, 2)
    assert found.at_bounds == ({} if end is None else {"k": end})


def test_parameters_at_their_bounds_are_named(noisy_current, spikes_of):
    current = noisy_current(2000)
    trial = Trial(current, spikes_of(lq.neurons.lif.with_(c_m="120 pF"), current))
    cell = lq.neurons.lif.with_(c_m="120 pF")
    problem = Problem(cell, [trial], distance=lq.distances.van_rossum("4 ms"), free=dict(delay=("2 ms", "9 ms")))
    found = minimize(problem, OPTIMIZERS[0].values[0], 200)
    assert found.at_bounds == {"delay": "low"}
    assert repr(found).endswith(" ms  at its lower bound")


def test_repr_has_every_parameter_with_its_unit(problem):
    text = repr(minimize(problem, budget=128))
    assert text.startswith("Fit of 'lif': loss ")
    assert "after 128 evaluations" in text
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["c_m", "g_l", "delay"]
    assert " ms" in text.splitlines()[3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(budget=0), "the budget is 0: at least one evaluation"),
        (dict(patience=0), "the patience is 0"),
        *((dict(budget=given), "the budget is .*: a whole number is expected") for given in (10.5, True, "90", np.nan)),
        *((dict(patience=given), "the patience is .*: a whole number is") for given in (1e3, True, "90", np.inf)),
        (dict(optimizer=lq.optimizers.cma_es), r"the optimiser is a class: call it, cma_es\(\)"),
    ],
)
def test_mistakes_are_named(problem, options, message):
    with pytest.raises(FitError, match=message):
        minimize(problem, **options)
