"""Candidates evaluated by any executor: threads, processes, machines; a batch that a worker dies with is sent again."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.function_problem import FunctionProblem
from lapicque.fit.searchable import Searchable, checked_losses

#: How often one batch is sent before the search gives up.
ATTEMPTS = 4
#: Batches of a generation for each worker, so that none waits long for the slowest.
BATCHES = 4

Losses = Callable[[np.ndarray], np.ndarray]


@contextmanager
def evaluating(
    problem: Searchable,
    executor: Executor | Callable[[], Executor] | None,
    threads: int | None = None,
    batch: int | None = None,
) -> Iterator[Losses]:
    """Give the function from points to losses, here or by an executor.

    Parameters
    ----------
    problem : Searchable
        Must pickle, unless the executor has threads of this process.
    executor : Executor, or function that returns one, optional
        ``ProcessPoolExecutor(8)``, dask's ``client.get_executor()``, ``MPIPoolExecutor()``. A pool of processes of
        which one dies is lost as a whole: a function can make another one, and is called again then; what it returned
        is shut down at the end. An executor itself is left as it is.
    threads : int, optional
        Of this process (all processors if absent), or of each worker (1 if absent).
    batch : int, optional
        Candidates that are sent together. By default a generation makes four batches for each worker; a problem whose
        ``lanes`` are calculated together (64 candidates of a cell) has whole ones.

    Raises
    ------
    FitError
        If the problem cannot be pickled, or a batch could not be evaluated in four attempts.

    Examples
    --------
    >>> import lapicque as lq
    >>> trial = lq.fit.Trial(np.full(200, 600.0), lq.spikes.SpikeTrains.from_lists([[9.0]], t_stop=20))
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif, [trial], free=dict(c_m=("50 pF", "400 pF")), distance=lq.distances.coincidence("1 ms")
    ... )
    >>> points = np.linspace(0, 1, 100)[:, None]
    >>> with ThreadPoolExecutor(2) as pool, evaluating(problem, pool) as losses:
    ...     np.array_equal(losses(points), problem.losses(points))
    True
    """
    if batch is not None and (isinstance(batch, bool) or not isinstance(batch, int) or batch < 1):
        raise FitError(f"batch is {batch!r}: at least one candidate is sent at a time")
    if executor is None:
        if batch is not None:
            raise FitError("batch is for an executor, and there is none: leave it out")
        yield lambda points: checked_losses(problem, points, problem.losses(points, threads))
        return
    sender = _Sender(problem, executor, 1 if threads is None else threads, batch)
    try:
        yield sender.losses
    finally:
        sender.close()


class _Sender:
    def __init__(
        self, problem: Searchable, executor: Executor | Callable[[], Executor], threads: int, batch: int | None
    ):
        self.problem, self.threads, self.batch = problem, threads, batch
        self.make = None if isinstance(executor, Executor) else executor
        self.pool = executor if isinstance(executor, Executor) else self._made()
        self.sent: Searchable | bytes = problem if isinstance(self.pool, ThreadPoolExecutor) else _pickled(problem)

    def _made(self) -> Executor:
        assert self.make is not None
        if not callable(self.make):
            raise FitError(f"{self.make!r} is no executor: give one, or a function that makes one")
        pool = self.make()
        if not isinstance(pool, Executor):
            raise FitError(
                f"the function that makes executors returned {type(pool).__name__}: a concurrent.futures.Executor is "
                "expected"
            )
        return pool

    def close(self) -> None:
        if self.make is not None:
            self.pool.shutdown(wait=True, cancel_futures=True)

    def losses(self, points: np.ndarray) -> np.ndarray:
        """Return (candidate,) or (candidate, objective), in the order of the points."""
        size = self._size(len(points))
        parts = [points[first : first + size] for first in range(0, len(points), size)]
        found: dict[int, np.ndarray] = {}
        failed: Exception | None = None
        for attempt in range(ATTEMPTS):
            if isinstance(failed, BrokenExecutor):
                self._renew(failed)
            failed = self._sent_and_back(parts, found, attempt)
            if failed is None:
                break
        else:
            raise FitError(
                f"{len(parts) - len(found)} of {len(parts)} batches of candidates of {self.problem.name!r} were lost "
                f"with their workers {ATTEMPTS} times: {_said(failed)}"
            ) from failed
        whole = np.concatenate([found[n] for n in range(len(parts))])
        if isinstance(self.problem, FunctionProblem):
            whole = self.problem.finite(whole)
        return checked_losses(self.problem, points, whole)

    def _sent_and_back(self, parts: list[np.ndarray], found: dict[int, np.ndarray], attempt: int) -> Exception | None:
        """Send what is missing, put what comes back into `found`; return why something did not come back."""
        failed: Exception | None = None
        futures: dict[Future[Any], int] = {}
        try:
            for n in sorted(set(range(len(parts))) - set(found)):
                try:
                    futures[self.pool.submit(_evaluate, self.sent, parts[n], self.threads, attempt)] = n
                except BrokenExecutor as error:
                    failed = error
                    break
                except RuntimeError as error:  # shut down: nothing will be evaluated by it
                    raise FitError(f"the executor takes no candidates: {error}") from error
            for future in as_completed(futures):
                try:
                    losses, wrong = future.result()
                except Exception as lost:  # the problem's own errors come back as values: this is the worker's end
                    failed = lost if not isinstance(failed, BrokenExecutor) else failed
                    continue
                if wrong is not None:
                    raise wrong
                found[futures[future]] = losses
        except BaseException:
            for future in futures:
                future.cancel()
            raise
        return failed

    def _renew(self, failed: BrokenExecutor) -> None:
        if self.make is None:
            raise FitError(
                f"a worker died, and its pool with it ({_said(failed)}): give a function that makes another one, "
                "executor=lambda: ProcessPoolExecutor(8), and a checkpoint to go on from here"
            ) from failed
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.pool = self._made()

    def _size(self, count: int) -> int:
        if self.batch is not None:
            return self.batch
        lanes = getattr(self.problem, "lanes", 1)
        workers = getattr(self.pool, "_max_workers", None) or os.cpu_count() or 1
        return max(1, -(-count // (BATCHES * workers * lanes))) * lanes


def _pickled(problem: Searchable) -> bytes:
    try:
        return pickle.dumps(problem, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise FitError(
            f"{problem.name!r} cannot be sent to other processes ({error}): define what it is made of at the top of a "
            "module, not within a function; threads=, or a ThreadPoolExecutor, takes it as it is"
        ) from error


def _evaluate(
    sent: Searchable | bytes, points: np.ndarray, threads: int, attempt: int
) -> tuple[np.ndarray | None, Exception | None]:
    """Return losses, or the error that the problem raised: whatever else a future raises is its worker's.

    The attempt is for executors that remember what became of a call: another attempt is another call.
    """
    try:
        problem = _rebuilt(sent) if isinstance(sent, bytes) else sent
        if isinstance(problem, FunctionProblem):  # of which a batch may explode, but no generation
            return problem.unchecked(points), None
        return problem.losses(points, threads), None
    except Exception as error:
        if isinstance(sent, bytes):  # elsewhere, from where no traceback comes
            error.add_note("In a worker:\n" + traceback.format_exc())
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            return None, FitError(f"{type(error).__name__}: {error}")
        return None, error


@lru_cache(maxsize=2)  # of this worker process: a problem is rebuilt once, and its kernels are loaded once
def _rebuilt(text: bytes) -> Searchable:
    return pickle.loads(text)


def _said(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
