"""Searches over networks: in other processes, and for several objectives."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import lapicque as lq


@pytest.mark.crosscheck
def test_other_processes_find_the_same(problem):
    search = lq.optimizers.cma_es(population=12)
    here = lq.fit.minimize(problem, search, budget=60, seed=3)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        there = lq.fit.minimize(problem, search, budget=60, seed=3, executor=pool)
    np.testing.assert_array_equal(there.point, here.point)
    np.testing.assert_array_equal(there.history, here.history)


def test_a_search_finds_the_product_that_the_data_fix(problem):
    found = lq.fit.minimize(problem, lq.optimizers.cma_es(population=24), budget=240, seed=3)
    assert found.loss < 0.7 * np.median(found.history[0, 2])
    assert found.fitted.projections["exc->inh"].where.p == pytest.approx(found.parameters["exc->inh.where.p"].value)


def test_two_objectives_have_a_front(network, data, problem, run):
    both = lq.fit.PopulationStatistics(), lq.fit.MatchedNeurons(lq.distances.van_rossum("10 ms"), "assigned")
    two = lq.fit.NetworkProblem(network, data, problem.free, both, seed=1, **run)
    front = lq.fit.pareto(two, lq.optimizers.nsga2(population=12), budget=48, seed=1)
    losses = front.losses
    assert losses.shape[1] == 2
    for one in losses:
        assert not ((losses <= one).all(axis=1) & (losses < one).any(axis=1)).any()
