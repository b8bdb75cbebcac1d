"""The loops over trains, compiled once for all distances: a distance's kernels are passed as function values.

`PREPARE` and `PAIR` are the signatures of a distance's two kernels (`lapicque.distances.distance.Kernels`):

``prepare(times, first, last, t_start, t_stop, parameters, out, at) -> end``
    Writes columns ``at`` to ``end`` (exclusive, at most `PAD` more than there are spikes) of ``out``, a row for each
    float per spike, from the sorted spikes ``times[first:last]``, all inside the window.
``pair(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch) -> value``
    The value of two trains prepared in columns ``a_from:a_to`` of ``a`` and ``b_from:b_to`` of ``b``.

Both are plain functions; `compiled` compiles them. They may not raise or allocate, and work without the interpreter's
lock.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import cfunc, njit, types
from numba import float64 as f8
from numba import int64 as i8

#: Columns that a prepared train may have beyond one per spike.
PAD = 6

_TIMES = types.Array(f8, 1, "C", readonly=True)
_INDICES = types.Array(i8, 1, "C", readonly=True)
_MATRIX = f8[:, ::1]

PREPARE = types.FunctionType(i8(_TIMES, i8, i8, f8, f8, f8[::1], _MATRIX, i8))
PAIR = types.FunctionType(f8(_MATRIX, i8, i8, _MATRIX, i8, i8, f8, f8, f8[::1], _MATRIX))


@cache
def compiled(kernel: Callable[..., Any], signature: types.FunctionType) -> Any:
    """Compile a kernel to `PREPARE` or `PAIR`, or load it from Numba's cache.

    A C function has an address of its own: passing it costs 10 us a call of a loop, a Numba function costs 35.
    """
    return cfunc(signature.signature, cache=True, error_model="numpy")(kernel)


@njit(i8(PREPARE, f8[::1], _TIMES, i8, i8, f8, f8, _MATRIX, i8), nogil=True, cache=True)
def _prepare_inside(prepare, parameters, times, first, last, t_start, t_stop, out, at):
    while first < last and times[first] < t_start:
        first += 1
    while first < last and times[last - 1] > t_stop:
        last -= 1
    return prepare(times, first, last, t_start, t_stop, parameters, out, at)


@njit(types.void(PREPARE, f8[::1], _TIMES, _INDICES, _INDICES, f8, f8, _MATRIX, i8[::1]), nogil=True, cache=True)
def prepare_trains(prepare, parameters, times, starts, counts, t_start, t_stop, prepared, bounds):
    """Prepare all trains, one behind the other; train k lies in columns ``bounds[k]:bounds[k + 1]``."""
    at = 0
    for k in range(len(starts)):
        bounds[k] = at
        first = starts[k]
        at = _prepare_inside(prepare, parameters, times, first, first + counts[k], t_start, t_stop, prepared, at)
    bounds[len(starts)] = at


@njit(types.void(PAIR, f8[::1], i8, _MATRIX, i8[::1], f8, f8, types.boolean, i8, i8, _MATRIX), nogil=True, cache=True)
def fill_matrix(pair, parameters, scratch_rows, prepared, bounds, t_start, t_stop, symmetric, part, parts, out):
    """Values of all pairs in every ``parts``-th row, from row ``part``; the diagonal is left as it is."""
    n = len(bounds) - 1
    widest = 0
    for k in range(n):
        widest = max(widest, bounds[k + 1] - bounds[k])
    scratch = np.empty((scratch_rows, widest))
    for i in range(part, n, parts):
        for j in range(i + 1, n):
            out[i, j] = pair(
                prepared, bounds[i], bounds[i + 1], prepared, bounds[j], bounds[j + 1],
                t_start, t_stop, parameters, scratch,
            )  # fmt: skip
            if symmetric:
                out[j, i] = out[i, j]
            else:
                out[j, i] = pair(
                    prepared, bounds[j], bounds[j + 1], prepared, bounds[i], bounds[i + 1],
                    t_start, t_stop, parameters, scratch,
                )  # fmt: skip


@njit(
    types.void(
        PREPARE, PAIR, f8[::1], i8, i8, _TIMES, _INDICES, _INDICES, _TIMES, _INDICES, f8, f8, _MATRIX
    ),
    nogil=True,
    cache=True,
)  # fmt: skip
def fill_batch(
    prepare, pair, parameters, columns, scratch_rows, times, starts, counts, reference_times, reference_offsets,
    t_start, t_stop, out,
):  # fmt: skip
    """Values of each candidate with each reference; the arguments are those of `Distance.evaluate`."""
    n = len(reference_offsets) - 1
    references = np.empty((columns, len(reference_times) + PAD * n))
    bounds = np.empty(n + 1, np.int64)
    at = 0
    for r in range(n):
        bounds[r] = at
        at = _prepare_inside(
            prepare, parameters, reference_times, reference_offsets[r], reference_offsets[r + 1], t_start, t_stop,
            references, at,
        )  # fmt: skip
    bounds[n] = at
    widest = 0
    for r in range(n):
        widest = max(widest, bounds[r + 1] - bounds[r])
    most = PAD
    for c in range(len(counts)):
        most = max(most, counts[c] + PAD)
    candidate = np.empty((columns, most))
    scratch = np.empty((scratch_rows, max(widest, most)))
    for c in range(len(starts)):
        end = _prepare_inside(
            prepare, parameters, times, starts[c], starts[c] + counts[c], t_start, t_stop, candidate, 0
        )
        for r in range(n):
            out[c, r] = pair(
                candidate, 0, end, references, bounds[r], bounds[r + 1], t_start, t_stop, parameters, scratch
            )


@njit(
    types.void(PREPARE, PAIR, f8[::1], i8, i8, _TIMES, _INDICES, _TIMES, _INDICES, f8, f8, f8[::1]),
    nogil=True,
    cache=True,
)
def fill_pairs(
    prepare, pair, parameters, columns, scratch_rows, times, offsets, other_times, other_offsets, t_start, t_stop, out
):  # fmt: skip
    """Values of each train with the one of the same number."""
    widest, widest_other = 0, 0
    for k in range(len(out)):
        widest = max(widest, offsets[k + 1] - offsets[k])
        widest_other = max(widest_other, other_offsets[k + 1] - other_offsets[k])
    a = np.empty((columns, widest + PAD))
    b = np.empty((columns, widest_other + PAD))
    scratch = np.empty((scratch_rows, max(widest, widest_other) + PAD))
    for k in range(len(out)):
        a_end = _prepare_inside(prepare, parameters, times, offsets[k], offsets[k + 1], t_start, t_stop, a, 0)
        b_end = _prepare_inside(
            prepare, parameters, other_times, other_offsets[k], other_offsets[k + 1], t_start, t_stop, b, 0
        )
        out[k] = pair(a, 0, a_end, b, 0, b_end, t_start, t_stop, parameters, scratch)
