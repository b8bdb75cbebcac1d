"""Fitted networks side by side on trials that none has seen, and models of a cell with a likelihood."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit.search import Candidate


def test_networks_are_judged_by_their_objective_on_held_out_trials(problem):
    true = problem.point({"exc->inh.where.p": 0.5})
    runs = problem.respond(true, trials=3, seed=91)
    fits = {"true": Candidate(problem, true), "far": Candidate(problem, np.full(problem.dimension, 0.02))}
    found = lq.fit.compare(fits, runs)
    by_name = {row.name: row for row in found.rows}
    for name, fit in fits.items():
        assert by_name[name].score == problem.with_data(runs).losses(fit.point[None])[0]
    each = [
        [problem.with_data({k: v[n : n + 1, :] for k, v in runs.items()}).losses(f.point[None])[0] for n in range(3)]
        for f in fits.values()
    ]
    best, other = sorted(map(np.mean, each))
    assert found.rows[1].difference == pytest.approx(best - other)
    assert found.over == "3 trials"


def test_networks_refuse_their_own_data_and_cells(problem):
    one = Candidate(problem, np.full(problem.dimension, 0.5))
    with pytest.raises(FitError, match="to be held out"):
        lq.fit.compare({"a": one}, problem.data)
    with pytest.raises(FitError, match="spikes by recorder"):
        lq.fit.compare({"a": one}, [])
    with pytest.raises(FitError, match="leave out distance"):
        lq.fit.compare({"a": one}, problem.data, distance=lq.distances.coincidence("4 ms"))
