"""Linear regression on recordings, whose residuals are correlated in time: errors from leaving blocks of time out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lapicque.errors import FitError

BLOCKS = 20


@dataclass(frozen=True, eq=False)
class Regression:
    """Least squares, and what they are without each of the blocks of time.

    Attributes
    ----------
    coefficients : (coefficient,)
    without : (block, coefficient)
        Not numbers for a block without which the rest says nothing of some coefficient.
    explained : float
        Share of the variance that is explained.
    """

    coefficients: np.ndarray
    without: np.ndarray
    explained: float

    def standard_error(self, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return the jackknife's standard error of a function of the coefficients, (value,) of (coefficient,).

        Not a number where one block of time alone has what is known.
        """
        values = np.array([function(row) for row in self.without])
        n = len(values)
        return np.sqrt((n - 1) / n * np.sum((values - values.mean(axis=0)) ** 2, axis=0))


def regress(parts: Iterable[tuple[np.ndarray, np.ndarray]], names: Sequence[str], what: str) -> Regression:
    """Regress y on X over several stretches of time.

    Parameters
    ----------
    parts : (X (sample, coefficient), y (sample,)) in the order of time
    names : sequence of str
        Of the coefficients, for messages.
    what : str
        What is estimated, for messages.

    Raises
    ------
    FitError
        For fewer samples than two for each coefficient and block, and columns that depend on one another.

    Examples
    --------
    >>> x = np.arange(200.0)
    >>> found = regress([(np.stack([np.ones(200), x], axis=1), 3 + 2 * x)], ["constant", "x"], "a line")
    >>> found.coefficients.round(6), round(found.explained, 6)
    (array([3., 2.]), 1.0)
    """
    pairs = list(parts)
    total = sum(len(y) for _, y in pairs)
    if total < 2 * BLOCKS * len(names):
        raise FitError(
            f"{what}: {total} samples are left, too few for {len(names)} coefficients. There is hardly any time "
            "far enough from spikes: record longer, or leave less out around spikes"
        )
    X, y = (np.concatenate([pair[k] for pair in pairs]) for k in (0, 1))
    scale = np.sqrt(np.mean(X**2, axis=0))
    if not scale.all():
        raise FitError(f"{what}: {names[int(np.argmin(scale))]!r} is 0 at all times, so nothing can be said of it")
    X = X / scale
    edges = np.linspace(0, total, BLOCKS + 1).astype(int)
    squares = np.array([X[a:b].T @ X[a:b] for a, b in pairwise(edges)])
    products = np.array([X[a:b].T @ y[a:b] for a, b in pairwise(edges)])
    all_squares, all_products = squares.sum(axis=0), products.sum(axis=0)
    values, vectors = np.linalg.eigh(all_squares)
    if not values[0] > 1e-12 * values[-1]:
        order = np.argsort(-np.abs(vectors[:, 0]))[:3]
        raise FitError(
            f"{what}: the data do not tell {', '.join(repr(names[j]) for j in order)} apart: leave one out, or give "
            "data in which they vary on their own"
        )
    best = np.linalg.solve(all_squares, all_products)
    without = np.full((BLOCKS, len(names)), np.nan)
    for row, rest, right in zip(without, all_squares - squares, all_products - products, strict=True):
        values = np.linalg.eigvalsh(rest)
        if values[0] > 1e-12 * values[-1]:
            row[:] = np.linalg.solve(rest, right)
    variance = float(np.var(y))
    explained = 1 - float(np.mean((y - X @ best) ** 2)) / variance if variance > 0 else float("nan")
    return Regression(best / scale, without / scale, explained)
