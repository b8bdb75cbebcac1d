"""Compiled editing: some synapses are taken out of a wiring, others are put in behind those that stay."""

from typing import Any

import numpy as np
from numba import njit

_KERNEL: Any = {"nogil": True, "cache": True, "error_model": "numpy"}


def merged(
    degrees: np.ndarray, gone: np.ndarray, added: np.ndarray, sources: np.ndarray, more: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return where the synapses of an edited wiring come from.

    Parameters
    ----------
    degrees : (target,) synapses of each target before
    gone : (synapse,) bool, which of them are taken out
    added : (target,) synapses that are put in
    sources, more : (synapse,) int32, of those that were there, and of those that are put in, both by target

    Returns
    -------
    origin : (synapse,) int64
        The number that each had before; those that are put in are counted on from there.
    sources, targets : (synapse,) int32
    degrees : (target,) int64

    Examples
    --------
    >>> gone = np.array([False, True, False])
    >>> merged(np.array([2, 1]), gone, np.array([1, 1]), np.array([5, 6, 7], np.int32), np.array([8, 9], np.int32))
    (array([0, 3, 2, 4]), array([5, 8, 7, 9], dtype=int32), array([0, 0, 1, 1], dtype=int32), array([2, 2]))
    """
    count = len(gone) - int(np.count_nonzero(gone)) + len(more)
    origin, begin, end = np.empty(count, np.int64), np.empty(count, np.int32), np.empty(count, np.int32)
    found = np.empty(len(degrees), np.int64)
    _merge(np.asarray(degrees, np.int64), gone, np.asarray(added, np.int64), sources, more, origin, begin, end, found)
    return origin, begin, end, found


@njit(**_KERNEL)
def _merge(degrees, gone, added, sources, more, origin, begin, end, found):
    """Walk through both lists, target by target."""
    at, old, new = 0, 0, 0
    for target in range(len(degrees)):
        first = at
        for _ in range(degrees[target]):
            if not gone[old]:
                origin[at] = old
                begin[at] = sources[old]
                end[at] = target
                at += 1
            old += 1
        for _ in range(added[target]):
            origin[at] = len(gone) + new
            begin[at] = more[new]
            end[at] = target
            at += 1
            new += 1
        found[target] = at - first
