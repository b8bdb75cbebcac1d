"""Executors: the same losses wherever candidates are evaluated, workers that die, processes that are killed."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError, ThreadsError
from lapicque.fit.executing import ATTEMPTS, evaluating

CMA = lq.optimizers.cma_es(population=24)


def cell_problem(**more):
    """A problem of which other processes can make a copy."""
    current = np.repeat([300.0, 500.0, 200.0, 400.0], 500)
    cell = lq.neurons.lif.with_(c_m="120 pF")
    spikes = lq.simulate(cell, "200 ms", inputs={"i_ext": current}, progress=False).spikes
    free = dict(c_m=("50 pF", "400 pF"), g_l=("4 nS", "20 nS"), delay=("0 ms", "5 ms"))
    return lq.fit.Problem(
        lq.neurons.lif, [lq.fit.Trial(current, spikes)], free=free,
        **(more or dict(distance=lq.distances.coincidence("4 ms"))),
    )  # fmt: skip


@pytest.fixture(scope="module")
def problem():
    return cell_problem()


@pytest.fixture(scope="module")
def whole(problem):
    return lq.fit.minimize(problem, CMA, 240, seed=3)


def processes(count=1):
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))


def same(a, b):
    assert (a.loss, a.evaluations, a.stopped) == (b.loss, b.evaluations, b.stopped)
    np.testing.assert_array_equal(a.point, b.point)
    np.testing.assert_array_equal(a.history, b.history)
    assert [g.plain() for g in a.generations] == [g.plain() for g in b.generations]


class Elsewhere(Executor):
    """An executor that evaluates at once, after a stay in pickles, and does as it is told with some futures."""

    def __init__(self, fate=lambda number: None):
        self.fate, self.calls, self.closed = fate, 0, False

    def submit(self, function, *arguments):
        self.calls += 1
        future, lost = Future(), self.fate(self.calls)
        if lost == "cancelled":
            future.cancel()
            future.set_running_or_notify_cancel()
        elif lost is not None:
            future.set_exception(lost)
        else:
            function, arguments = pickle.loads(pickle.dumps((function, arguments)))
            future.set_result(pickle.loads(pickle.dumps(function(*arguments))))
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.closed = True


# -- the same losses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
@pytest.mark.parametrize("batch", [None, 1, 7, 64, 1000])
def test_batches_do_not_matter(problem, count, batch):
    points = np.random.default_rng(count).random((count, 3))
    with evaluating(problem, Elsewhere(), batch=batch) as losses:
        np.testing.assert_array_equal(losses(points), problem.losses(points))


def half(values):
    return np.where(values["x"] > 0.5, np.nan, values["x"])


def never(values):
    return np.full_like(values["x"], np.inf)


@pytest.mark.parametrize("batch", [None, 1, 2, 5])
def test_a_batch_that_explodes_ends_no_search_but_a_generation_does(batch):
    """As without an executor, where a batch is a generation."""
    some, none = (lq.fit.FunctionProblem(function, dict(x=(0, 1))) for function in (half, never))
    same(lq.fit.minimize(some, CMA, 240, executor=Elsewhere(), batch=batch), lq.fit.minimize(some, CMA, 240))
    for executor, size in ((None, None), (Elsewhere(), batch)):
        with pytest.raises(FitError, match="'never' is not finite for any of 24 candidates"):
            lq.fit.minimize(none, CMA, 240, executor=executor, batch=size)


def test_batches_are_whole_lanes_of_a_cell(problem):
    here = Elsewhere()
    with evaluating(problem, here) as losses:
        losses(np.full((130, 3), 0.5))
    assert here.calls == 3  # 64, 64 and 2


@pytest.mark.parametrize("executor", [lambda: ThreadPoolExecutor(2), Elsewhere])
def test_an_executor_does_not_matter(problem, whole, executor):
    with executor() as pool:
        same(lq.fit.minimize(problem, CMA, 240, seed=3, executor=pool, batch=5), whole)
    same(lq.fit.minimize(problem, CMA, 240, seed=3, executor=executor, batch=5), whole)


def test_an_executor_that_was_given_stays_open_and_one_that_was_made_is_shut_down(problem):
    given, made = Elsewhere(), []

    def make():
        made.append(Elsewhere())
        return made[-1]

    lq.fit.minimize(problem, CMA, 24, executor=given)
    lq.fit.minimize(problem, CMA, 24, executor=make)
    assert (given.closed, len(made), made[0].closed) == (False, 1, True)


def test_several_objectives_come_back(problem):
    both = cell_problem(objective=[lq.fit.SpikeMatch(lq.distances.coincidence(d)) for d in ("2 ms", "4 ms")])
    points = np.random.default_rng(0).random((70, 3))
    with evaluating(both, Elsewhere(), batch=30) as losses:
        np.testing.assert_array_equal(losses(points), both.losses(points))


def test_a_network_is_sent_too():
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 20, name="cells")
    net.stimulate(cells, "i_ext", lq.stimuli.white_noise("500 pA", "300 pA", tau="1 ms"), name="noise")
    net.record(cells, "spikes")
    data = lq.simulate(net, "100 ms", dt="0.1 ms", seed=5, progress=False).spikes
    network = lq.fit.NetworkProblem(
        net, data, {"noise.mean": (300, 900)}, lq.fit.PopulationStatistics(), dt="0.1 ms", seed=1
    )
    points = np.linspace(0, 1, 12)[:, None]
    with evaluating(network, Elsewhere(), batch=5) as losses:
        np.testing.assert_array_equal(losses(points), network.losses(points))


# -- workers that die --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["cancelled", CancelledError(), OSError("the connection was reset")])
def test_what_a_lost_worker_had_is_sent_again(problem, whole, lost):
    pool = Elsewhere(lambda number: lost if number % 7 == 3 else None)
    same(lq.fit.minimize(problem, CMA, 240, seed=3, executor=pool, batch=5), whole)
    assert pool.calls > 50


def test_workers_that_always_die_end_the_search_and_lose_nothing(problem, whole, tmp_path):
    path = tmp_path / "search.json"
    pool = Elsewhere(lambda number: OSError("killed") if number > 20 else None)
    with pytest.raises(FitError, match=r"5 of 5 batches .* of 'lif' were lost .* 4 times: OSError: killed"):
        lq.fit.minimize(problem, CMA, 240, seed=3, executor=pool, batch=5, checkpoint=path)
    assert pool.calls == 20 + 5 * ATTEMPTS
    same(lq.fit.minimize(problem, CMA, 240, seed=3, checkpoint=path), whole)


def test_a_killed_process_of_a_pool_is_replaced(problem, whole):
    """One worker dies with candidates under way, and its pool with it."""
    pools, dead = [], []

    def make():
        pools.append(processes())
        return pools[-1]

    def kill(done, best):
        if done == 96:
            dead.append(pools[-1].submit(os.kill, pools[-1].submit(os.getpid).result(), signal.SIGKILL))

    same(lq.fit.minimize(problem, CMA, 240, seed=3, executor=make, batch=12, on_generation=kill), whole)
    assert len(pools) == 2
    assert isinstance(dead[0].exception(), BrokenProcessPool)
    with pytest.raises(RuntimeError, match="shutdown"):
        pools[-1].submit(os.getpid)


def test_a_pool_that_is_lost_without_another_one_is_named(problem, whole, tmp_path):
    path = tmp_path / "search.json"
    pool = Elsewhere(lambda number: BrokenProcessPool("A process was terminated abruptly") if number > 4 else None)
    with pytest.raises(FitError, match=r"a worker died.*terminated abruptly.*executor=lambda: ProcessPoolExecutor"):
        lq.fit.minimize(problem, CMA, 240, seed=3, executor=pool, checkpoint=path)
    same(lq.fit.minimize(problem, CMA, 240, seed=3, checkpoint=path, executor=Elsewhere()), whole)


def test_an_error_of_the_problem_is_no_death(problem):
    pool = Elsewhere()
    with (
        evaluating(problem, pool) as losses,
        pytest.raises(FitError, match="points have 2 coordinates, but 3 parameters") as caught,
    ):
        losses(np.zeros((4, 2)))
    assert pool.calls == 1
    assert "In a worker:\nTraceback" in caught.value.__notes__[0]
    with pytest.raises(ThreadsError, match="threads must be at least 1, not 0"):
        lq.fit.minimize(problem, CMA, 24, executor=Elsewhere(), threads=0)


class Interrupting:
    """A problem that is interrupted while it evaluates."""

    lanes = 1

    def __init__(self, problem, at):
        self.problem, self.at, self.calls = problem, at, 0

    def __getattr__(self, name):
        return getattr(self.problem, name)

    def losses(self, points, threads=None):
        self.calls += 1
        if self.calls == self.at:
            raise KeyboardInterrupt
        return self.problem.losses(points, threads)


def test_an_interrupt_elsewhere_ends_the_search_and_loses_nothing(problem, whole, tmp_path):
    path = tmp_path / "search.json"
    with ThreadPoolExecutor(1) as pool:
        part = lq.fit.minimize(Interrupting(problem, 18), CMA, 240, seed=3, executor=pool, batch=6, checkpoint=path)
    assert (part.stopped, part.evaluations) == ("interrupted", 96)
    same(lq.fit.minimize(problem, CMA, 240, seed=3, checkpoint=path), whole)


# -- the process of the search itself ---------------------------------------------------------------------------------

KILLED = """
import os, pickle, signal, sys
import lapicque as lq
import lapicque.fit.searching
lapicque.fit.searching.CHECKPOINT_EVERY = -1.0
problem, path = pickle.load(open(sys.argv[1], "rb")), sys.argv[2]

def kill(done, best):
    if done == 168:
        os.kill(os.getpid(), signal.SIGKILL)

lq.fit.minimize(problem, lq.optimizers.cma_es(population=24), 240, seed=3, checkpoint=path, on_generation=kill)
"""


def test_a_killed_search_goes_on_from_its_checkpoint(problem, whole, tmp_path):
    (tmp_path / "problem").write_bytes(pickle.dumps(problem))
    path = tmp_path / "search.json"
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "problem", path], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    seen = []
    found = lq.fit.minimize(
        problem, CMA, 240, seed=3, checkpoint=path, on_generation=lambda done, best: seen.append(done)
    )
    assert seen == [168, 192, 216, 240]  # the generation whose end was not written is done again
    same(found, whole)


BOTH_KILLED = """
import multiprocessing, os, pickle, signal, sys
from concurrent.futures import ProcessPoolExecutor
import lapicque as lq
import lapicque.fit.searching

def search():
    lapicque.fit.searching.CHECKPOINT_EVERY = -1.0
    problem, path, pools = pickle.load(open(sys.argv[1], "rb")), sys.argv[2], []

    def make():
        pools.append(ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")))
        return pools[-1]

    def kill(done, best):
        if done == 96:
            pools[-1].submit(os.kill, pools[-1].submit(os.getpid).result(), signal.SIGKILL)
        if done == 168:
            print(len(pools), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

    lq.fit.minimize(
        problem, lq.optimizers.cma_es(population=24), 240, seed=3, checkpoint=path, on_generation=kill, executor=make,
        batch=6,
    )

if __name__ == "__main__":
    search()
"""


@pytest.mark.crosscheck
def test_a_search_whose_worker_and_then_itself_were_killed_goes_on(problem, whole, tmp_path):
    (tmp_path / "problem").write_bytes(pickle.dumps(problem))
    (tmp_path / "search.py").write_text(BOTH_KILLED)
    path = tmp_path / "search.json"
    command = [sys.executable, tmp_path / "search.py", tmp_path / "problem", path]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        said = child.stdout.readline()  # the pool's processes outlive it, and hold the pipe
        assert child.wait(120) == -signal.SIGKILL
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.stdout.close()
    assert said == "2\n"  # the pool was made anew
    seen = []
    found = lq.fit.minimize(
        problem, CMA, 240, seed=3, checkpoint=path, executor=processes, on_generation=lambda n, _: seen.append(n)
    )
    assert seen[0] == 168
    same(found, whole)


# -- mistakes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(executor=3), "3 is no executor: give one, or a function that makes one"),
        (dict(executor=lambda: 3), "returned int: a concurrent.futures.Executor is expected"),
        (dict(executor=Elsewhere(), batch=0), "batch is 0: at least one candidate"),
        (dict(batch=3), "batch is for an executor, and there is none"),
    ],
)
def test_mistakes_are_named(problem, options, message):
    with pytest.raises(FitError, match=message):
        lq.fit.minimize(problem, CMA, 24, **options)


def test_an_executor_that_was_shut_down_is_named(problem):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(FitError, match="the executor takes no candidates: cannot schedule new futures after shutdown"):
        lq.fit.minimize(problem, CMA, 24, executor=pool)


def test_a_problem_that_cannot_be_sent_is_named():
    class Mine(lq.fit.SpikeMatch):
        pass

    mine = cell_problem(objective=Mine(lq.distances.coincidence("4 ms")))
    with pytest.raises(
        FitError, match=r"'lif' cannot be sent to other processes \(.*Mine.*a ThreadPoolExecutor, takes"
    ):
        lq.fit.minimize(mine, CMA, 24, executor=Elsewhere())
    with ThreadPoolExecutor(2) as pool:
        same(lq.fit.minimize(mine, CMA, 48, executor=pool, batch=5), lq.fit.minimize(mine, CMA, 48))
