"""Refinement on problems with known answers; all methods by one contract."""

import json

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit.refine import Residuals
from lapicque.fit.refine.gauss_newton import step
from lapicque.fit.refine.residuals import matched
from lapicque.fit.refine.starts import distinct
from lapicque.spikes import SpikeTrains

FREE = dict(c_m=(100, 400), g_l=(5, 20), t_ref=(1, 6))
TRUE = dict(c_m=210, g_l=11, t_ref=3)
METHODS = [lq.fit.cma_newton(population=12), lq.fit.gauss_newton(), lq.fit.l_bfgs(), lq.fit.adam(), lq.fit.pattern()]


@pytest.fixture(scope="module")
def problem(noisy_current, spikes_of):
    current = noisy_current(5000, mean=350.0, sd=100.0)
    data = spikes_of(lq.neurons.lif.with_(**TRUE), current)
    return lq.fit.Problem(lq.neurons.lif, [lq.fit.Trial(current, data)], free=FREE, distance=lq.distances.spike())


@pytest.fixture(scope="module")
def rough(problem):
    return lq.fit.minimize(problem, lq.optimizers.differential_evolution(population=32), 200, seed=3, progress=False)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_every_method_improves_counts_and_goes_on_as_if_not_stopped(method, problem, rough, tmp_path):
    fine = lq.fit.refine(rough, method, starts=3, budget=300, progress=False)
    assert fine.loss < rough.loss
    assert fine.loss == problem.losses(fine.point[None])[0]  # the problem's own objective
    assert rough.evaluations < fine.evaluations <= rough.evaluations + 300 + 3 * 40
    assert (np.diff(fine.history[:, 0]) > 0).all()
    assert (np.diff(fine.history[:, 1]) <= 0).all()
    assert [g.number for g in fine.generations] == sorted({g.number for g in fine.generations})
    search = method.begin(problem, *distinct(*_pool(rough), 3))
    copy = None
    for n in range(4):
        if n == 2:
            copy = method.resume(problem, json.loads(json.dumps(search.save())))
        for each in (search, copy):
            if each is not None and not each.done:
                points = each.ask()
                each.tell(points, problem.losses(points))
    assert copy.save() == search.save()
    part = lq.fit.refine(rough, method, starts=3, budget=60, progress=False, checkpoint=tmp_path / "fit.json")
    whole = lq.fit.refine(rough, method, starts=3, budget=300, progress=False, checkpoint=tmp_path / "fit.json")
    assert part.evaluations < whole.evaluations
    np.testing.assert_array_equal(whole.point, fine.point)
    np.testing.assert_array_equal(whole.history, fine.history)


def _pool(fit):
    return (np.concatenate([g.points for g in fit.generations]), np.concatenate([g.losses for g in fit.generations]))


def test_hidden_parameters_are_found_in_few_steps(problem, rough):
    fine = lq.fit.refine(rough, budget=600, progress=False)
    found = {name: p.value for name, p in fine.parameters.items()}
    assert fine.loss < 0.01
    assert found == pytest.approx(TRUE, rel=0.01, abs=0.1)  # a refractory period counts whole steps of 0.1 ms


def test_a_start_of_ones_own(problem):
    found = lq.fit.refine(problem, x0=dict(c_m=230, g_l=10, t_ref=2.5), budget=300, progress=False)
    assert found.loss < 0.02
    assert found.evaluations == found.history[-1, 0]


def test_the_hybrid_goes_on_as_if_not_stopped(problem, tmp_path):
    settings = dict(first=64, starts=2, progress=False, seed=2)
    search = lq.optimizers.differential_evolution(population=32)
    whole = lq.fit.hybrid(problem, search, budget=420, **settings)
    evaluations = []
    for budget in (120, 200, 300, 420):  # in the search, and in the middle of refinements
        part = lq.fit.hybrid(problem, search, budget=budget, checkpoint=tmp_path / "fit.json", **settings)
        evaluations.append(part.evaluations)
    assert evaluations == sorted(set(evaluations))
    np.testing.assert_array_equal(part.point, whole.point)
    np.testing.assert_array_equal(part.history, whole.history)
    plain = lq.fit.minimize(problem, search, 420, seed=2, progress=False)
    assert whole.loss < plain.loss


def test_derivatives_count_as_evaluations(problem, rough):
    fine = lq.fit.refine(rough, starts=1, budget=20, progress=False)
    first, second = fine.history[len(rough.history) :, 0][:2]
    assert first - rough.evaluations == 5 + (1 + 3)  # five dampings; as many as differences of three parameters need
    assert second - first in (5, 9)  # where no damping was better, the derivatives are still known


def test_an_interrupt_keeps_what_was_found(problem, rough):
    def stop(evaluations, best):
        raise KeyboardInterrupt

    found = lq.fit.refine(rough, budget=300, progress=False, on_generation=stop)
    assert found.stopped == "interrupted"
    assert found.loss <= rough.loss


def test_a_noisy_trace_of_hodgkin_and_huxley(noisy_current):
    """Conductances below the threshold, from a voltage with noise: within three standard errors of the truth."""
    cell = lq.neurons.hodgkin_huxley.with_(g_k="30 mS/cm2", g_l="0.4 mS/cm2")
    current = np.repeat(noisy_current(1000, mean=10.0, sd=15.0), 4)
    run = lq.simulate(cell, "100 ms", dt="0.025 ms", inputs={"i_ext": current}, record="v", progress=False)
    noise = np.random.default_rng(1).normal(0, 0.3, 4000)
    trial = lq.fit.Trial(current, run.spikes, dt="0.025 ms", voltage=run.traces["v"].values[:, 0] + noise)
    problem = lq.fit.Problem(
        lq.neurons.hodgkin_huxley, [trial], free=dict(g_k=(20, 60), g_l=(0.1, 1), g_na=(80, 160)),
        objective=lq.fit.VoltageError(),
    )  # fmt: skip
    found = lq.fit.refine(problem, x0=dict(g_k=36, g_l=0.3, g_na=120), budget=300, progress=False)
    known = lq.fit.uncertainty(found)
    assert known.names == ("g_k", "g_l", "g_na")
    assert (np.abs(known.values - [30, 0.4, 120]) < 3.5 * known.errors).all()
    assert (known.errors < [3, 0.05, 20]).all()
    times = np.arange(4000) * 0.025
    near = (np.abs(times[:, None] - run.spikes.times - 3) <= 5).any(axis=1)  # left out, from 2 before to 8 ms after
    assert 0 < near.sum() < 2000
    spread = trial.voltage[0, ~near].std()
    assert known.residual == pytest.approx(0.3 / spread, rel=0.1)


def test_standard_errors_are_those_of_linear_regression():
    """A voltage that is linear in e_l: the error is sigma/sqrt(n), and 95 of 100 samples lie within two of them."""
    random, n, sigma = np.random.default_rng(3), 400, 0.5
    inside = []
    for _ in range(40):
        voltage = -67.0 + random.normal(0, sigma, n)
        trial = lq.fit.Trial(np.zeros(n), SpikeTrains.from_lists([[]], t_stop=n / 10), voltage=voltage)
        problem = lq.fit.Problem(lq.neurons.lif, [trial], free=dict(e_l=(-80, -60)), objective=lq.fit.VoltageError())
        fit = lq.fit.refine(problem, x0=dict(e_l=-67.5), budget=60, progress=False)
        known = lq.fit.uncertainty(fit)
        assert fit.parameters["e_l"].value == pytest.approx(voltage.mean(), abs=1e-6)
        assert known.errors[0] == pytest.approx(voltage.std(ddof=1) / np.sqrt(n), rel=1e-9)
        inside.append(abs(known.values[0] + 67) < 2 * known.errors[0])
    assert np.mean(inside) > 0.85


def test_what_does_not_matter_is_not_determined(noisy_current):
    trial = lq.fit.Trial(
        np.full(300, 50.0),
        SpikeTrains.from_lists([[]], t_stop=30),
        voltage=np.random.default_rng(0).normal(-68, 1, 300),
    )
    free = dict(g_l=(5, 20), t_ref=(1, 6))  # it never spikes
    problem = lq.fit.Problem(lq.neurons.lif, [trial], free=free, objective=lq.fit.VoltageError())
    known = lq.fit.uncertainty(lq.fit.refine(problem, x0={}, budget=60, progress=False))
    assert np.isnan(known.errors).tolist() == [False, True]
    assert "t_ref = 2 not determined" in repr(known)


def test_curvature_and_gradient_are_those_of_differences():
    """The normal equations of a smooth trace: gradient of the sum of squares by central differences."""
    current, voltage = np.linspace(0, 150, 300), np.linspace(-70, -60, 300)
    trial = lq.fit.Trial(current, SpikeTrains.from_lists([[]], t_stop=30), voltage=voltage)
    problem = lq.fit.Problem(
        lq.neurons.lif, [trial], free=dict(c_m=(100, 400), g_l=(5, 20)), objective=lq.fit.VoltageError()
    )
    residuals, point = Residuals(problem), np.array([0.4, 0.6])
    normal = residuals.at(point[None])[0]
    h = 1e-5 * np.eye(2)
    squares = [[residuals.at((point + s * e)[None])[0].squares for s in (1, -1)] for e in h]
    expected = [(a - b) / (2e-5) / 2 for a, b in squares]
    np.testing.assert_allclose(normal.gradient, expected, rtol=1e-6)
    assert normal.squares / normal.count == pytest.approx(problem.losses(point[None])[0] ** 2, rel=1e-9)


def test_steps_stay_in_the_cube_and_solve_the_equations():
    curvature, gradient = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([0.1, -0.1])
    inside = step(np.array([0.5, 0.5]), curvature, gradient, 0.0)
    np.testing.assert_allclose(inside - 0.5, -np.linalg.solve(curvature, gradient), rtol=1e-6)
    assert step(np.array([0.5, 0.5]), curvature, gradient, 1e9) == pytest.approx([0.5, 0.5], abs=1e-6)
    on_face = step(np.array([0.0, 0.5]), curvature, np.array([1.0, -0.1]), 0.0)
    np.testing.assert_allclose(on_face, [0.0, 0.6], rtol=1e-6)  # the other coordinate moves as if alone
    assert step(np.zeros(2), np.zeros((2, 2)), np.zeros(2), 0.01).tolist() == [0, 0]


def test_spikes_that_belong_together():
    nothing = np.zeros(0)
    for ours, theirs in ((nothing, nothing), (np.array([1.0]), nothing), (nothing, np.array([1.0]))):
        assert [len(found) for found in matched(ours, theirs, 5.0)] == [0, 0]
    assert [f.tolist() for f in matched(np.array([3.0]), np.array([4.0]), 5.0)] == [[0], [0]]
    assert [f.tolist() for f in matched(np.array([3.0]), np.array([4.0, 2.5, 90.0][1:]), 0.4)] == [[], []]


def test_what_cannot_be_refined_is_said(problem, rough, noisy_current):
    with pytest.raises(FitError, match=r"gauss_newton\(\)"):
        lq.fit.refine(rough, lq.fit.gauss_newton)
    with pytest.raises(FitError, match="starts is 0"):
        lq.fit.refine(rough, starts=0)
    with pytest.raises(FitError, match="x0 is for problems"):
        lq.fit.refine(rough, x0={})
    with pytest.raises(FitError, match="growth is above 1"):
        lq.fit.hybrid(problem, growth=1.0)
    with pytest.raises(FitError, match="cannot be fitted"):
        lq.fit.refine(rough, lq.fit.gauss_newton(forced=True))
    features = lq.fit.Problem(lq.neurons.lif, problem.trials, free=FREE, objective=lq.fit.StepFeatures(latency=5.0))
    with pytest.raises(FitError, match=r"StepFeatures has no residuals.*pattern"):
        lq.fit.hybrid(features, budget=100)
    several = lq.fit.Problem(
        lq.neurons.lif, problem.trials, free=FREE,
        objective=[lq.fit.SpikeMatch(lq.distances.spike()), lq.fit.SpikeMatch(lq.distances.isi())],
    )  # fmt: skip
    with pytest.raises(FitError, match="2 objectives"):
        lq.fit.refine(several)
    for wrong in (dict(radius=0), dict(damping=-1), dict(rounds=0)):
        with pytest.raises(FitError, match=next(iter(wrong))):
            lq.fit.gauss_newton(**wrong)
    for wrong in (dict(radius=0), dict(spread=np.nan), dict(population=7), dict(rounds=0), dict(patience=0)):
        with pytest.raises(FitError, match=next(iter(wrong))):
            lq.fit.cma_newton(**wrong)
    with pytest.raises(FitError, match="enough is 1"):
        lq.fit.cma_newton(enough=1.0)
    with pytest.raises(FitError, match="rate is 0"):
        lq.fit.adam(rate=0)
    with pytest.raises(FitError, match="memory is 0"):
        lq.fit.l_bfgs(memory=0)
    with pytest.raises(FitError, match="step is 2"):
        lq.fit.pattern(step=2)
    with pytest.raises(FitError, match="tau of surrogate"):
        lq.fit.surrogate(tau=0)
