"""The loop of every search: ask, evaluate, tell; budget, patience, interrupts, checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.checkpoint import Checkpoint, Optimizer, Reached, standing_of
from lapicque.fit.executing import evaluating
from lapicque.fit.searchable import Searchable
from lapicque.progress import bar

CHECKPOINT_EVERY = 5.0  # seconds


class Searched(NamedTuple):
    """How a search ended: its state after the last complete generation, where that stood, and why it ended."""

    search: Any
    reached: Reached
    stopped: str


def searched(
    problem: Searchable,
    optimizer: Optimizer,
    budget: int,
    seed: int,
    *,
    x0: Mapping[str, Any] | None,
    patience: int | None,
    checkpoint: str | Path | None,
    threads: int | None,
    executor: Executor | Callable[[], Executor] | None,
    batch: int | None,
    progress: bool,
    on_generation: Callable[[int, float], Any] | None,
) -> Searched:
    """Search until the budget is spent; arguments as of `lapicque.fit.minimize`.

    Raises
    ------
    FitError
        For a budget or patience that is no positive whole number, an optimiser that is a class, a checkpoint of another
        search, and batches that are lost again and again.
    """
    _check_count("budget", budget)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise FitError(f"the seed is {seed!r}: a whole number from 0 is expected")
    seed = int(seed)  # a NumPy one is not written into a checkpoint
    if patience is not None:
        _check_count("patience", patience)
    if isinstance(optimizer, type):
        raise FitError(f"the optimiser is a class: call it, {optimizer.__name__}()")
    begin = None if x0 is None else problem.point(x0)
    file = None if checkpoint is None else Checkpoint(Path(checkpoint), problem, optimizer, seed, begin)
    saved = None if file is None else file.load()
    if saved is None:
        search = optimizer.start(problem.dimension, seed, begin)
        reached = Reached(search.save(), standing_of(search))
    else:
        search, reached = saved
    saved_at, stopped = time.monotonic(), "budget"
    begun = saved_at - reached.seconds
    with bar("fit", budget, show=progress) as tick:
        tick(reached.evaluations)
        try:
            with evaluating(problem, executor, threads, batch) as losses_of:
                while reached.evaluations < budget:
                    if search.done:
                        stopped = "done"
                        break
                    if patience is not None and reached.evaluations - reached.best_at >= patience:
                        stopped = "patience"
                        break
                    points = search.ask()
                    losses = losses_of(points)
                    search.tell(points, losses)
                    reached = reached.after(search, points, losses, time.monotonic() - begun)
                    value = abs(reached.standing) if losses.ndim > 1 else reached.standing
                    tick(len(points), f"{'best' if losses.ndim == 1 else 'hypervolume'} {value:.4f}")
                    if on_generation is not None:
                        on_generation(reached.evaluations, value)
                    if file is not None and time.monotonic() - saved_at > CHECKPOINT_EVERY:
                        file.save(reached)
                        saved_at = time.monotonic()
        except KeyboardInterrupt:
            if not reached.rows_so_far:
                raise
            stopped = "interrupted"
        finally:
            if file is not None:
                file.save(reached)
    return Searched(optimizer.resume(reached.search), reached, stopped)


def _check_count(what: str, given: Any) -> None:
    if isinstance(given, bool) or not isinstance(given, int | np.integer):
        raise FitError(f"the {what} is {given!r}: a whole number is expected, such as 10_000")
    if given < 1:
        raise FitError(f"the {what} is {given}: at least one evaluation is needed")
