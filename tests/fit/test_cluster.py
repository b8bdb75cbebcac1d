"""A search over two workers of a cluster, one of which is killed: nothing is lost, and the result is the same."""

import os
import signal
from concurrent.futures import Executor

import numpy as np
import pytest

import lapicque as lq

dask = pytest.importorskip("dask", reason="the extra cluster is not installed")
distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")
pytestmark = pytest.mark.crosscheck

CMA = lq.optimizers.cma_es(population=128)


@pytest.fixture(scope="module")
def problem(noisy_current, spikes_of):
    current = noisy_current(5000)
    cell = lq.neurons.lif.with_(c_m="120 pF")
    free = dict(c_m=("50 pF", "400 pF"), g_l=("4 nS", "20 nS"), delay=("0 ms", "5 ms"))
    distance = lq.distances.coincidence("4 ms")
    return lq.fit.Problem(lq.neurons.lif, [lq.fit.Trial(current, spikes_of(cell, current))], free, distance)


class Killing(Executor):
    """A cluster's executor, one worker of which is killed when a generation's batches are half sent."""

    def __init__(self, client, at):
        self.client, self.at, self.calls, self.pool = client, at, 0, client.get_executor()

    def submit(self, *call):
        self.calls += 1
        if self.calls == self.at:
            os.kill(next(iter(self.client.run(os.getpid).values())), signal.SIGKILL)
        return self.pool.submit(*call)


@pytest.mark.parametrize("failures", [3, 0], ids=["the cluster sends again", "we send again"])
def test_a_killed_worker_loses_nothing(problem, failures, tmp_path):
    whole = lq.fit.minimize(problem, CMA, 1280, seed=3, threads=1)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": failures}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        workers = client.run(os.getpid)
        pool = Killing(client, at=58)
        found = lq.fit.minimize(problem, CMA, 1280, seed=3, executor=pool, batch=8, checkpoint=tmp_path / "search.json")
        assert len(workers) == 2
        assert set(workers.values()) - set(client.run(os.getpid).values())  # another one took its place
    assert pool.calls >= 160
    assert (found.loss, found.evaluations) == (whole.loss, whole.evaluations)
    np.testing.assert_array_equal(found.point, whole.point)
    np.testing.assert_array_equal(found.history, whole.history)
    assert [g.plain() for g in found.generations] == [g.plain() for g in whole.generations]
