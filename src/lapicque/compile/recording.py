"""What goes into and comes out of a running network: arrays that are read into inputs, variables that are sampled."""

from typing import Any

import numpy as np
from numba import njit

from lapicque.compile.lanes import LANES
from lapicque.compile.memory import array_at

_OPTIONS: Any = {"nogil": True, "error_model": "numpy"}

#: Columns of the table of feeds.
FEED = ("WHERE", "SLOT", "BLOCK", "VALUES", "WIDTH", "COLUMNS", "HOLD", "BEGIN", "ROWS", "AFTER")
_SLOT, _BLOCK, _VALUES, _WIDTH, _COLUMNS, _HOLD, _BEGIN, _ROWS, _AFTER = range(1, 10)
#: What a feed gives when its array has ended.
AFTER = ("zero", "hold", "repeat")
#: Columns of the table of probes.
PROBE = ("ADDRESSES", "COLUMNS", "NUMBER", "EVERY", "OUT", "TOTAL", "SAMPLES")
_ADDRESSES, _PLACES, _NUMBER, _EVERY, _OUT, _TOTAL, _SAMPLES = range(7)


@njit(**_OPTIONS)
def feed(a, f, start, blocks, k, first, real):
    """Read step k of an array into the slot of an input.

    Parameters
    ----------
    a : memory of the thread
    f : a row of the table of feeds
    start, blocks : where the population's memory begins, and its number of blocks
    first : first step of this stretch, in which the slot is written whatever the array's own interval
    """
    since = k - f[_BEGIN]
    if k > first and since % f[_HOLD] != 0:
        return
    row = since // f[_HOLD]
    if row >= f[_ROWS] and f[_AFTER] == 1:
        row = f[_ROWS] - 1
    elif row >= f[_ROWS] and f[_AFTER] == 2:
        row = row % f[_ROWS]
    inside = 0 <= row < f[_ROWS]
    values = array_at(f[_VALUES], f[_ROWS] * f[_WIDTH], real)
    columns = array_at(f[_COLUMNS], blocks * LANES, np.int64)
    for b in range(blocks):
        o = start + b * f[_BLOCK] + f[_SLOT]
        for l in range(LANES):
            column = columns[b * LANES + l]
            a[o + l] = values[row * f[_WIDTH] + column] if inside and column >= 0 else real(0.0)


@njit(**_OPTIONS)
def probe(a, f, k, first, real):
    """Sample a variable at the neurons of this thread, if step k is one in which it is recorded."""
    every = f[_EVERY]
    if k % every != 0:
        return
    row = k // every - (first + every - 1) // every
    out = array_at(f[_OUT], f[_SAMPLES] * f[_TOTAL], real)
    addresses = array_at(f[_ADDRESSES], f[_NUMBER], np.int64)
    places = array_at(f[_PLACES], f[_NUMBER], np.int64)
    for j in range(f[_NUMBER]):
        out[row * f[_TOTAL] + places[j]] = a[addresses[j]]


@njit(**_OPTIONS)
def emit(steps_at, neurons_at, number, k, found, values, counts):
    """Note the spikes of step k of a list that is sorted by step."""
    steps, neurons = array_at(steps_at, number, np.int64), array_at(neurons_at, number, np.int32)
    low, high = 0, number
    while low < high:  # NumPy's searchsorted takes a third of a second to compile
        middle = (low + high) // 2
        if steps[middle] < k:
            low = middle + 1
        else:
            high = middle
    for j in range(low, number):
        if steps[j] != k:
            break
        found[0, counts[0]] = neurons[j]
        values[counts[0]] = 1.0
        counts[0] += 1


@njit(**_OPTIONS)
def publish(a, row, start, size, first, out):
    """Copy a variable of the neurons of this thread to where all threads can read it.

    Parameters
    ----------
    row : of the table of what is published: population, slot, length of a block, place in ``out``
    start, size, first : the population's memory, how many neurons there are, and the number of the first one
    """
    for n in range(size):
        out[row[3] + first + n] = a[start + (n // LANES) * row[2] + row[1] + n % LANES]


@njit(**_OPTIONS)
def take_back(a, row, start, size, first, out):
    """Take a variable of the neurons of this thread from where all threads have written it; see `publish`."""
    for n in range(size):
        a[start + (n // LANES) * row[2] + row[1] + n % LANES] = out[row[3] + first + n]
