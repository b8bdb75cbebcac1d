"""Plain threads for compiled work that releases the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import cache
from threading import Event
from typing import Any

from lapicque.errors import ThreadsError


class StoppedError(Exception):
    """Raised in workers when the run that they belong to was interrupted."""


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    # a forked child has the pool but not its threads: let it make its own
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_pool.cache_clear)
    return ThreadPoolExecutor(processors(), thread_name_prefix="lapicque")


def in_threads(work: Callable[[int, int], None], threads: int | None, most: int) -> None:
    """Call ``work(part, parts)`` for each part, the first in this thread: for work of a millisecond.

    Parameters
    ----------
    work : callable
        Releases the interpreter's lock; parts must not depend on one another.
    threads : int, optional
        Number of parts; by default the number of processors.
    most : int
        The number of parts that are worth a thread.

    Raises
    ------
    ThreadsError
        If ``threads`` is not positive.
    """
    parts = max(1, min(_checked(threads), most))
    others = [_pool().submit(work, part, parts) for part in range(1, parts)] if parts > 1 else []
    try:
        work(0, parts)
    finally:
        for other in others:
            other.result()


def run_all(work: Callable[[Any, Event], Any], items: Iterable[Any], threads: int | None = None) -> list[Any]:
    """Apply ``work(item, stop)`` to every item and return the results in order: for work that may be interrupted.

    An interrupt or an error sets ``stop``; workers that look at it end early (by `StoppedError`), and the exception is
    raised here.

    Raises
    ------
    ThreadsError
        If ``threads`` is not positive.
    """
    items = list(items)
    stop = Event()
    count = min(_checked(threads), len(items)) or 1
    if count == 1:
        return [work(item, stop) for item in items]
    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(work, item, stop) for item in items]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise


def _checked(threads: int | None) -> int:
    if threads is not None and threads < 1:
        raise ThreadsError(f"threads must be at least 1, not {threads}")
    return threads or processors()
