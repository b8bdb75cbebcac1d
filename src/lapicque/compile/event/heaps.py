"""Two binary heaps: neurons by the time at which they will spike, and spikes under way by the time of arrival."""

from numba import njit

from lapicque.compile.event.memory import ARRIVAL, DUE, EMITTED, NEXT, ROW
from lapicque.compile.event.options import OPTIONS


@njit(**OPTIONS)
def reschedule(cells, neuron, due):
    """Move a neuron to where it belongs when it will spike at ``due``."""
    when, heap = cells.when, cells.heap
    before = when[neuron, DUE]
    if due == before:
        return
    when[neuron, DUE] = due
    n = heap[1, neuron]
    if due < before:
        while n > 0:
            parent = (n - 1) >> 1
            other = heap[0, parent]
            if when[other, DUE] < due or (when[other, DUE] == due and other < neuron):
                break
            heap[0, n] = other
            heap[1, other] = n
            n = parent
    else:
        size = heap.shape[1]
        while True:
            child = 2 * n + 1
            if child >= size:
                break
            other = heap[0, child]
            first = when[other, DUE]
            if child + 1 < size:
                right = heap[0, child + 1]
                if when[right, DUE] < first or (when[right, DUE] == first and right < other):
                    child, other, first = child + 1, right, when[right, DUE]
            if due < first or (due == first and neuron < other):
                break
            heap[0, n] = other
            heap[1, other] = n
            n = child
    heap[0, n] = neuron
    heap[1, neuron] = n


@njit(**OPTIONS)
def _before(time, row, emitted, flights, n):
    if time != flights.time[n, ARRIVAL]:
        return time < flights.time[n, ARRIVAL]
    if row != flights.what[n, ROW]:
        return row < flights.what[n, ROW]
    return emitted < flights.time[n, EMITTED]


@njit(**OPTIONS)
def _write(flights, n, time, row, emitted, synapse):
    flights.time[n, ARRIVAL] = time
    flights.time[n, EMITTED] = emitted
    flights.what[n, ROW] = row
    flights.what[n, NEXT] = synapse


@njit(**OPTIONS)
def _move(flights, source, target):
    for column in range(2):
        flights.time[target, column] = flights.time[source, column]
        flights.what[target, column] = flights.what[source, column]


@njit(**OPTIONS)
def take_off(flights, size, time, row, emitted, synapse):
    """Add a spike to a heap of ``size``."""
    n = size
    while n > 0:
        parent = (n - 1) >> 1
        if not _before(time, row, emitted, flights, parent):
            break
        _move(flights, parent, n)
        n = parent
    _write(flights, n, time, row, emitted, synapse)


@njit(**OPTIONS)
def replace_first(flights, size, time, row, emitted, synapse):
    """Put a spike in the place of the first of a heap, which it leaves with ``size`` elements."""
    n = 0
    while True:
        child = 2 * n + 1
        if child >= size:
            break
        right = child + 1
        if right < size:
            there, row_there, emitted_there = flights.time[right, 0], flights.what[right, 0], flights.time[right, 1]
            if _before(there, row_there, emitted_there, flights, child):
                child = right
        if _before(time, row, emitted, flights, child):
            break
        _move(flights, child, n)
        n = child
    _write(flights, n, time, row, emitted, synapse)


@njit(**OPTIONS)
def land(flights, size):
    """Remove the first of a heap of ``size``; return the size that is left."""
    n = size - 1
    if n > 0:
        time, emitted = flights.time[n, ARRIVAL], flights.time[n, EMITTED]
        replace_first(flights, n, time, flights.what[n, ROW], emitted, flights.what[n, NEXT])
    return n
