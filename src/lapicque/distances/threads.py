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
    """Call ``work(part, parts)`` for each part, the first in this thread, the others in the pool's.

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
    parts = max(1, min(threads or processors(), most))
    others = [_pool().submit(work, part, parts) for part in range(1, parts)]
    try:
        work(0, parts)
    finally:
        for other in others:
            other.result()
