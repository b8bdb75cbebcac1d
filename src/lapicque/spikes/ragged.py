"""Index arithmetic on rows of different lengths, without a loop over the rows."""

from __future__ import annotations

import numpy as np


def ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Numbers ``starts[k] ... starts[k] + lengths[k] - 1`` of all k, one range behind the other.

    Examples
    --------
    >>> ranges(np.array([5, 0, 7]), np.array([2, 0, 3]))
    array([5, 6, 7, 8, 9])
    """
    before = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
