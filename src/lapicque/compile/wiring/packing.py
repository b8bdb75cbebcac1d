"""Compiled packing: synapses that come target by target are put into the rows of their sources.

Rows are filled in the order in which synapses come, so that each row is written from its beginning to its end; where
its delays differ, it is then sorted by delay while it is in the cache.
"""

from typing import Any

import numpy as np
from numba import njit

_KERNEL: Any = {"nogil": True, "cache": True, "error_model": "numpy"}


@njit(**_KERNEL)
def count_rows(sources, ends):
    """Count the synapses of each source, in ``ends[source + 1]``."""
    for source in sources:
        ends[source + 1] += 1


@njit(**_KERNEL)
def sort_by_target(targets, values, at, out):
    """Sort what belongs to the synapses of a list by target; ``at`` is where each target begins."""
    for k in range(len(targets)):
        target = np.uint32(targets[k])
        out[at[target]] = values[k]
        at[target] += 1


@njit(**_KERNEL)
def place(sources, indptr, local, weights, at, into_targets, into_weights, into_order, first):
    """Append the synapses of a chunk to the rows of their sources; ``at`` is where each row goes on."""
    for k in range(len(local)):
        target = local[k]
        for i in range(indptr[k], indptr[k + 1]):
            source = np.uint32(sources[i])
            to = np.uint64(at[source])
            at[source] += 1
            into_targets[to] = target
            if into_weights is not None:
                into_weights[to] = weights[i]
            if into_order is not None:
                into_order[to] = first + i


@njit(**_KERNEL)
def place_records(sources, indptr, local, weights, steps, at, records, ordered, first):
    """The same into records, which cost one access to memory instead of one for each array."""
    for k in range(len(local)):
        target = local[k]
        for i in range(indptr[k], indptr[k + 1]):
            source = np.uint32(sources[i])
            record = records[np.uint64(at[source])]
            at[source] += 1
            record.target = target
            record.step = steps[i]
            if weights is not None:
                record.weight = weights[i]
            if ordered is not None:
                record.order = first + i


@njit(**_KERNEL)
def mark_delays(steps, seen):
    """Note which delays occur."""
    for step in steps:
        seen[step] = True


@njit(**_KERNEL)
def sort_rows(starts, bucket, n_buckets, records, targets, weights, order, steps, offsets):
    """Sort the records of each row by delay, keeping the order inside a delay, into arrays of their own.

    ``bucket`` is the number of each delay; ``offsets`` says where in the row each delay begins.
    """
    heads = np.empty(n_buckets + 1, np.int64)
    for s in range(len(starts) - 1):
        row = records[starts[s] : starts[s + 1]]
        heads[:] = 0
        for a in range(len(row)):
            heads[bucket[row[a].step] + 1] += 1
        for b in range(n_buckets):
            heads[b + 1] += heads[b]
        if offsets is not None:
            for b in range(n_buckets + 1):
                offsets[s * (n_buckets + 1) + b] = heads[b]
        for a in range(len(row)):
            b = bucket[row[a].step]
            to = starts[s] + heads[b]
            heads[b] += 1
            targets[to] = row[a].target
            if weights is not None:
                weights[to] = row[a].weight
            if order is not None:
                order[to] = row[a].order
            if steps is not None:
                steps[to] = row[a].step
