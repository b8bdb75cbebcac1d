"""One pool of threads for all compiled work of the distances."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from lapicque.errors import DistanceError


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    # a forked child has the pool but not its threads: let it make its own
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_pool.cache_clear)
    return ThreadPoolExecutor(processors(), thread_name_prefix="lapicque-distances")


def in_threads(work: Callable[[int, int], None], threads: int | None, most: int) -> None:
    """Call ``work(part, parts)`` for each part, in this thread and others.

    There are a few parts for each thread, so that one that starts late or is disturbed holds nobody up.

    Parameters
    ----------
    work : callable
        Releases the interpreter's lock; parts must not depend on one another.
    threads : int, optional
        Number of threads; by default the number of processors.
    most : int
        The number of threads that are worth it.

    Raises
    ------
    DistanceError
        If ``threads`` is not positive.
    """
    if threads is not None and threads < 1:
        raise DistanceError(f"threads must be at least 1, not {threads}")
    workers = max(1, min(threads or processors(), most))
    parts = 1 if workers == 1 else 4 * workers
    left = iter(range(parts))

    def take() -> None:
        for part in left:
            work(part, parts)

    others = [_pool().submit(take) for _ in range(workers - 1)]
    try:
        take()
    finally:
        for other in others:
            other.result()
