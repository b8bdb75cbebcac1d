"""Compiled: the cumulative distributions of sorted samples, merged."""

from typing import Any

import numpy as np
from numba import njit

_KERNEL: Any = {"nogil": True, "cache": True, "error_model": "numpy"}


@njit(**_KERNEL)
def strips(samples, counts, reference):
    """Return the area between the cumulatives of each sample and of one, from value to value, (sample, strip)."""
    m = len(reference)
    pieces = np.zeros((len(samples), samples.shape[1] + m))
    for row in range(len(samples)):
        n, i, j, before = counts[row], 0, 0, 0.0
        for k in range(n + m):
            mine = j == m or (i < n and samples[row, i] <= reference[j])
            value = samples[row, i] if mine else reference[j]
            if k:
                pieces[row, k - 1] = abs(i / n - j / m) * (value - before)
            before = value
            if mine:
                i += 1
            else:
                j += 1
    return pieces
