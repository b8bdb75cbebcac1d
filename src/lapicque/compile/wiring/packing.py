"""Compiled packing: synapses that come target by target are put into the rows of their sources.

Rows are filled in the order in which synapses come, so that each row is written from its beginning to its end; a row is
then sorted by delay, where its delays differ, while it is in the cache.
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
def place(sources, indptr, local, weights, steps, at, into_targets, into_weights, into_steps, into_order, first):
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
            if into_steps is not None:
                into_steps[to] = steps[i]
            if into_order is not None:
                into_order[to] = first + i


@njit(**_KERNEL)
def mark_delays(steps, seen):
    """Note which delays occur."""
    for step in steps:
        seen[step] = True


@njit(**_KERNEL)
def sort_rows(starts, bucket, n_buckets, steps, targets, weights, order, offsets):
    """Sort each row by delay, keeping the order inside a delay; ``offsets`` says where in the row a delay begins."""
    widest = 0
    for s in range(len(starts) - 1):
        widest = max(widest, starts[s + 1] - starts[s])
    to = np.empty(widest, np.int32)
    old_targets = np.empty(widest, targets.dtype)
    old_steps = np.empty(widest, steps.dtype)
    if weights is not None:
        old_weights = np.empty(widest, weights.dtype)
    if order is not None:
        old_order = np.empty(widest, order.dtype)
    heads = np.empty(n_buckets + 1, np.int64)
    for s in range(len(starts) - 1):
        first, n = starts[s], starts[s + 1] - starts[s]
        heads[:] = 0
        for a in range(n):
            heads[bucket[steps[first + a]] + 1] += 1
        for b in range(n_buckets):
            heads[b + 1] += heads[b]
        if offsets is not None:
            for b in range(n_buckets + 1):
                offsets[s * (n_buckets + 1) + b] = heads[b]
        for a in range(n):
            b = bucket[steps[first + a]]
            to[a] = heads[b]
            heads[b] += 1
        old_targets[:n] = targets[first : first + n]
        for a in range(n):
            targets[first + to[a]] = old_targets[a]
        if weights is not None:
            old_weights[:n] = weights[first : first + n]
            for a in range(n):
                weights[first + to[a]] = old_weights[a]
        if order is not None:
            old_order[:n] = order[first : first + n]
            for a in range(n):
                order[first + to[a]] = old_order[a]
        if offsets is None:
            old_steps[:n] = steps[first : first + n]
            for a in range(n):
                steps[first + to[a]] = old_steps[a]
