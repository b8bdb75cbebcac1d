"""Numbers of a propagator: the matrix exponential of a linear flow, for many parameter sets at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def propagate(matrix: Sequence[Sequence[Any]], dt: float, lanes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ``P = exp(A dt)`` and ``Q = int_0^dt exp(A s) ds``.

    Parameters
    ----------
    matrix : n x n, each entry a float or (lanes,), 1/ms
    dt : float, ms

    Returns
    -------
    P, Q : (lanes, n, n)

    Notes
    -----
    Both stand in the exponential of one block matrix: ``exp([[A, 1], [0, 0]] dt) = [[P, Q], [0, 1]]`` (Van Loan 1978,
    doi:10.1109/TAC.1978.1101743). Equal parameter sets are computed once.

    Examples
    --------
    >>> P, Q = propagate([[-0.1]], dt=1.0, lanes=1)
    >>> bool(abs(P[0, 0, 0] - np.exp(-0.1)) < 1e-15)
    True
    """
    from scipy.linalg import expm

    n = len(matrix)
    block = np.zeros((lanes, 2 * n, 2 * n))
    for i, row in enumerate(matrix):
        block[:, i, n + i] = 1.0
        for j, entry in enumerate(row):
            block[:, i, j] = entry
    different, back = np.unique(block.reshape(lanes, -1), axis=0, return_inverse=True)
    solved = expm(different.reshape(-1, 2 * n, 2 * n) * dt)[back.reshape(-1)]
    return solved[:, :n, :n], solved[:, :n, n:]
