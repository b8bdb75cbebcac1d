"""Plain threads for kernels that release the GIL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event
from typing import Any


def available() -> int:
    """Return the number of processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


class Stopped(Exception):
    """Raised in workers when the run was interrupted."""


def run_all(work: Callable[[Any, Event], Any], items: Iterable[Any], threads: int | None = None) -> list[Any]:
    """Apply ``work(item, stop)`` to every item and return the results in order.

    An interrupt or an error sets ``stop``; workers that look at it end early, and the exception is raised here.
    """
    items = list(items)
    stop = Event()
    count = min(threads or available(), len(items)) or 1
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
