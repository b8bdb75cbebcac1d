"""Synapses seen from their targets: for each neuron of a partition, where its synapses lie in the rows of the sources.

A spike of the target goes through its column. Synapses lie in a column as in the rows: by source, then by delay and
number; so every step of the way goes forward in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a projection in one partition.

    Parameters
    ----------
    starts : (target + 1,) int64
        Where the column of each local target begins.
    places : (synapse,) uint32 or uint64
        Where the synapse lies in the rows.
    sources : (synapse,) uint16 or uint32
        The neuron that it comes from.
    """

    starts: np.ndarray
    places: np.ndarray
    sources: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory of all arrays."""
        return self.starts.nbytes + self.places.nbytes + self.sources.nbytes


def columns_of(row_starts: np.ndarray, targets: np.ndarray, size: int) -> Columns:
    """Return the columns of rows.

    Parameters
    ----------
    row_starts : (source + 1,) int64
    targets : (synapse,) local indices
    size : number of local targets

    Examples
    --------
    >>> columns = columns_of(np.array([0, 2, 3]), np.array([0, 1, 1], np.uint16), 2)
    >>> columns.starts.tolist(), columns.places.tolist(), columns.sources.tolist()
    ([0, 1, 3], [0, 1, 2], [0, 0, 1])
    """
    count, sources = len(targets), len(row_starts) - 1
    places = np.empty(count, np.uint32 if count < 2**32 else np.uint64)
    origins = np.empty(count, np.uint16 if sources <= 2**16 else np.uint32)
    starts = np.zeros(size + 1, np.int64)
    _fill(row_starts, targets, starts, places, origins)
    return Columns(starts, places, origins)


_KERNEL: Any = {"nogil": True, "cache": True, "error_model": "numpy"}


@njit(**_KERNEL)
def _fill(row_starts, targets, starts, places, origins):
    """Count, then sort by target, keeping the order of the rows."""
    for target in targets:
        starts[target + 1] += 1
    for n in range(len(starts) - 1):
        starts[n + 1] += starts[n]
    at = starts[:-1].copy()
    for s in range(len(row_starts) - 1):
        for e in range(row_starts[s], row_starts[s + 1]):
            to = at[targets[e]]
            at[targets[e]] = to + 1
            places[to] = e
            origins[to] = s
