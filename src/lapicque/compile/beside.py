"""Compiled loops for circuits side by side: their synapses brought together, their spikes brought apart."""

from typing import Any

from numba import njit

_KERNEL: Any = {"nogil": True, "cache": True, "error_model": "numpy"}


@njit(**_KERNEL)
def count_below(numbers, limits, degrees):
    """Count the pairs of each target, (target, source), whose number is below each copy's limit: (target, copy)."""
    for n in range(numbers.shape[0]):
        for c in range(len(limits)):
            found = 0
            for s in range(numbers.shape[1]):
                found += numbers[n, s] < limits[c]
            degrees[n, c] = found


@njit(**_KERNEL)
def put_below(numbers, limits, out):
    """List the sources of these pairs, target by target and copy by copy; one entry too many is written over."""
    copies, at = len(limits), 0
    for n in range(numbers.shape[0]):
        for c in range(copies):
            for s in range(numbers.shape[1]):
                out[at] = s * copies + c
                at += numbers[n, s] < limits[c]


@njit(**_KERNEL)
def put_repeated(indptr, sources, count, copies, out):
    """List the sources of one wiring for each of the first ``count`` copies, target by target and copy by copy."""
    at = 0
    for n in range(len(indptr) - 1):
        for c in range(count):
            for k in range(indptr[n], indptr[n + 1]):
                out[at] = sources[k] * copies + c
                at += 1


@njit(**_KERNEL)
def count_spikes(log, stream, trains, offsets):
    """Count the spikes of a stream by train, in ``offsets[train + 1]``.

    ``log`` has a row of stream, neuron and step for each spike; ``trains`` says which train a neuron's is, -1 for none.
    """
    for row in range(len(log)):
        if log[row, 0] == stream:
            train = trains[log[row, 1]]
            if train >= 0:
                offsets[train + 1] += 1


@njit(**_KERNEL)
def put_spikes(log, stream, trains, at, steps):
    """Put the step of each of these spikes behind the last one of its train; ``at`` is where each goes on."""
    for row in range(len(log)):
        if log[row, 0] == stream:
            train = trains[log[row, 1]]
            if train >= 0:
                steps[at[train]] = log[row, 2]
                at[train] += 1
