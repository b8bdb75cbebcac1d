"""Which points nothing beats in every objective: ranks, how crowded they are, the volume that they dominate."""

import numpy as np


def ranks(losses: np.ndarray) -> np.ndarray:
    """Return 0 for what nothing dominates, 1 for what only those dominate, and so on: (candidate,).

    A candidate dominates another one if it is nowhere worse and somewhere better.

    Parameters
    ----------
    losses : (candidate, objective)

    References
    ----------
    .. [1] Deb, Pratap, Agarwal & Meyarivan 2002, doi:10.1109/4235.996017

    Examples
    --------
    >>> ranks(np.array([[0, 2], [2, 0], [1, 1], [2, 2], [1, 2]]))
    array([0, 0, 0, 2, 1])
    """
    losses = np.asarray(losses, dtype=np.float64)
    dominates = np.ones((len(losses), len(losses)), dtype=bool)
    better = np.zeros_like(dominates)
    for column in losses.T:
        dominates &= column[:, None] <= column[None, :]
        better |= column[:, None] < column[None, :]
    dominates &= better
    found = np.full(len(losses), -1)
    above = dominates.sum(axis=0)
    rank = 0
    while (found < 0).any():
        front = (above == 0) & (found < 0)
        found[front] = rank
        above -= dominates[front].sum(axis=0)
        rank += 1
    return found


def crowding(losses: np.ndarray) -> np.ndarray:
    """Return how far the neighbours on a front are, inf at its ends: (candidate,).

    Parameters
    ----------
    losses : (candidate, objective)
        Of candidates of one rank.

    Examples
    --------
    >>> crowding(np.array([[0.0, 4.0], [1.0, 3.0], [2.0, 1.0], [4.0, 0.0]]))
    array([ inf, 1.25, 1.5 ,  inf])
    """
    distance = np.zeros(len(losses))
    for column in np.asarray(losses, dtype=np.float64).T:
        order = np.argsort(column, kind="stable")
        spread = column[order[-1]] - column[order[0]]
        distance[order[[0, -1]]] = np.inf
        if spread > 0:
            distance[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / spread
    return distance


def hypervolume(losses: np.ndarray, reference: np.ndarray) -> float:
    """Return the volume that is dominated by some candidates and dominates a reference.

    It is cut into slices along the last objective, and each slice's area is found in the same way: a few hundred
    candidates of two or three objectives take milliseconds.

    Parameters
    ----------
    losses : (candidate, objective)
    reference : (objective,)
        Candidates that are not better than it in every objective do not count.

    References
    ----------
    .. [1] Zitzler & Thiele 1999, doi:10.1109/4235.797969

    Examples
    --------
    >>> hypervolume(np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0], [5.0, -1.0]]), np.array([3.0, 3.0]))
    6.0
    """
    losses = np.asarray(losses, dtype=np.float64)
    losses = losses[(losses < reference).all(axis=1)]
    if not len(losses):
        return 0.0
    if losses.shape[1] == 1:
        return float(reference[0] - losses.min())
    losses = losses[np.argsort(losses[:, -1], kind="stable")]
    depths = np.append(losses[1:, -1], reference[-1]) - losses[:, -1]
    if losses.shape[1] == 2:
        return float(np.sum(depths * (reference[0] - np.minimum.accumulate(losses[:, 0]))))
    return sum(
        float(depth) * hypervolume(losses[: n + 1, :-1], reference[:-1]) for n, depth in enumerate(depths) if depth > 0
    )
