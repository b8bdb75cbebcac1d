"""Spikes on their way: increments of additive pathways are pushed into a ring of future steps.

A thread owns a range of every population's neurons and, for these targets, rows of synapses by source neuron
(`lapicque.compile.wiring`). It goes through the spikes of all threads in one order (step, projection, source, synapse),
so the sums do not depend on how many threads there are.
"""

from typing import Any

import numpy as np
from numba import njit

from lapicque.compile.memory import prefetch

_OPTIONS: Any = {"nogil": True, "inline": "always", "error_model": "numpy"}
#: Rows are fetched so many spikes ahead, so many targets at a time, and so many of these.
_AHEAD, _LINE, _LINES = 3, 32, 8


@njit(**_OPTIONS)
def fetch_row(ids, j, end, starts, targets):
    """Let the processor fetch the row of a spike that comes soon, and where the next one's row begins."""
    if j + _AHEAD < end:
        source = ids[j + _AHEAD]
        first, last = starts[source], starts[source + 1]
        for e in range(first, min(last, first + _LINE * _LINES), _LINE):
            prefetch(targets, e)  # type: ignore[call-arg]
        if j + 2 * _AHEAD < end:
            prefetch(starts, np.int64(ids[j + 2 * _AHEAD]))  # type: ignore[call-arg]


@njit(**_OPTIONS)
def fetch_offsets(ids, j, end, offsets, buckets):
    """Let the processor fetch where the delays of a spike that comes soon begin in its row."""
    if j + _AHEAD < end:
        at = np.int64(ids[j + _AHEAD]) * (buckets + 1)
        for b in range(0, buckets, _LINE):
            prefetch(offsets, at + b)  # type: ignore[call-arg]


@njit(**_OPTIONS)
def push_one(ids, begin, end, starts, targets, weight, row):
    """Add one weight along the rows of spikes that all have the same delay."""
    for j in range(begin, end):
        fetch_row(ids, j, end, starts, targets)
        source = ids[j]
        for e in range(starts[source], starts[source + 1]):
            row[targets[e]] += weight


@njit(**_OPTIONS)
def push_own(ids, begin, end, starts, targets, weights, row):
    """Add each synapse's weight along the rows of spikes that all have the same delay."""
    for j in range(begin, end):
        source = ids[j]
        for e in range(starts[source], starts[source + 1]):
            row[targets[e]] += weights[e]


@njit(**_OPTIONS)
def push_one_in_buckets(ids, begin, end, starts, targets, weight, offsets, delays, k, ring, base):
    """Add one weight along rows that are sorted by delay."""
    buckets, mask = delays.shape[0], ring.shape[0] - 1
    for j in range(begin, end):
        fetch_row(ids, j, end, starts, targets)
        fetch_offsets(ids, j, end, offsets, buckets)
        source = ids[j]
        start, at = starts[source], source * (buckets + 1)
        low = start + offsets[at]
        for b in range(buckets):
            high = start + offsets[at + b + 1]
            if high > low:
                row = ring[(k + delays[b]) & mask, base:]
                for e in range(low, high):
                    row[targets[e]] += weight
            low = high


@njit(**_OPTIONS)
def push_own_in_buckets(ids, begin, end, starts, targets, weights, offsets, delays, k, ring, base):
    """Add each synapse's weight along rows that are sorted by delay."""
    buckets, mask = delays.shape[0], ring.shape[0] - 1
    for j in range(begin, end):
        fetch_row(ids, j, end, starts, targets)
        fetch_offsets(ids, j, end, offsets, buckets)
        source = ids[j]
        start, at = starts[source], source * (buckets + 1)
        low = start + offsets[at]
        for b in range(buckets):
            high = start + offsets[at + b + 1]
            if high > low:
                row = ring[(k + delays[b]) & mask, base:]
                for e in range(low, high):
                    row[targets[e]] += weights[e]
            low = high


@njit(**_OPTIONS)
def push_one_delayed(ids, begin, end, starts, targets, weight, lags, k, ring, base):
    """Add one weight along rows in which each synapse has its delay."""
    mask = ring.shape[0] - 1
    for j in range(begin, end):
        source = ids[j]
        for e in range(starts[source], starts[source + 1]):
            ring[(k + lags[e]) & mask, base + targets[e]] += weight


@njit(**_OPTIONS)
def push_own_delayed(ids, begin, end, starts, targets, weights, lags, k, ring, base):
    """Add each synapse's weight along rows in which each synapse has its delay."""
    mask = ring.shape[0] - 1
    for j in range(begin, end):
        source = ids[j]
        for e in range(starts[source], starts[source + 1]):
            ring[(k + lags[e]) & mask, base + targets[e]] += weights[e]


@njit(**_OPTIONS)
def push_graded(j, ids, starts, targets, weights, factor, row):
    """Add each synapse's weight times the spike's output along one row that has one delay."""
    source = ids[j]
    for e in range(starts[source], starts[source + 1]):
        row[targets[e]] += weights[e] * factor


@njit(**_OPTIONS)
def push_graded_in_buckets(j, ids, starts, targets, weights, factor, offsets, delays, k, ring, base):
    """Add each synapse's weight times the spike's output along one row that is sorted by delay."""
    buckets, mask = delays.shape[0], ring.shape[0] - 1
    source = ids[j]
    start, at = starts[source], source * (buckets + 1)
    for b in range(buckets):
        row = ring[(k + delays[b]) & mask, base:]
        for e in range(start + offsets[at + b], start + offsets[at + b + 1]):
            row[targets[e]] += weights[e] * factor


@njit(**_OPTIONS)
def push_graded_delayed(j, ids, starts, targets, weights, factor, lags, k, ring, base):
    """Add each synapse's weight times the spike's output along one row in which each synapse has its delay."""
    mask, source = ring.shape[0] - 1, ids[j]
    for e in range(starts[source], starts[source + 1]):
        ring[(k + lags[e]) & mask, base + targets[e]] += weights[e] * factor
