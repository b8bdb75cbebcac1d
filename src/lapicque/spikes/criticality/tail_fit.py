"""The power law of one tail: likelihood, exponent, distance to the values, and values drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import zeta

#: Discrete values are drawn from the exact distribution up to so many above xmin, beyond as if continuous.
TABLE = 10_000
#: Beyond this exponent the second value is 1e-15 times as likely as the first.
STEEPEST = 50.0


class TailFit(NamedTuple):
    """Exponent with its standard error, where the law begins, how many values there are, and how far they are off."""

    exponent: float
    error: float
    xmin: float
    tail: int
    distance: float


class Sample:
    """Values, counted once for the fits from many beginnings."""

    def __init__(self, values: np.ndarray, discrete: bool):
        self.discrete = discrete
        self.distinct, self.counts = np.unique(values, return_counts=True)
        self.logs = np.log(self.distinct)

    def log_likelihood(self, values: np.ndarray, exponent: float, xmin: float) -> np.ndarray:
        """Logarithm of the probability, or of the density, of each value."""
        norm = zeta(exponent, xmin) if self.discrete else xmin ** (1 - exponent) / (exponent - 1)
        return -exponent * np.log(values) - np.log(norm)

    def fit(self, xmin: float) -> TailFit:
        """Fit the law that begins at xmin; not numbers where less than two different values are left."""
        first = int(np.searchsorted(self.distinct, xmin))
        values, counts, logs = self.distinct[first:], self.counts[first:], self.logs[first:]
        number = int(counts.sum())
        if len(values) < 2:
            return TailFit(np.nan, np.nan, xmin, number, np.nan)
        mean_log = float(counts @ logs) / number
        if not self.discrete:
            exponent = float(1 + 1 / (mean_log - np.log(xmin)))
            error = (exponent - 1) / np.sqrt(number)
        else:
            exponent = _discrete_exponent(mean_log, xmin)
            error = 1 / np.sqrt(number * _curvature(exponent, xmin))
        return TailFit(exponent, float(error), xmin, number, self._distance(values, counts, exponent, xmin))

    def _distance(self, values: np.ndarray, counts: np.ndarray, exponent: float, xmin: float) -> float:
        reached = np.cumsum(counts) / counts.sum()
        if self.discrete:  # of step functions: at each value, and just before the next
            total = zeta(exponent, xmin)
            here = 1 - zeta(exponent, values + 1) / total
            before_next = 1 - zeta(exponent, values[1:]) / total
            before_first = 1 - zeta(exponent, values[0]) / total
            gaps = np.abs(reached - here).max(), np.abs(reached[:-1] - before_next).max(), before_first
        else:
            here = 1 - (values / xmin) ** (1 - exponent)
            gaps = np.abs(reached - here).max(), np.abs(np.append(0.0, reached[:-1]) - here).max(), 0.0
        return float(max(gaps))


def _discrete_exponent(mean_log: float, xmin: float) -> float:
    def loss(exponent: float) -> float:
        return float(exponent * mean_log + np.log(zeta(exponent, xmin)))

    high = min(STEEPEST, 300 / np.log10(max(xmin, 2.0)))  # where the sum would vanish in floating point
    return float(minimize_scalar(loss, bounds=(1 + 1e-6, high), method="bounded", options=dict(xatol=1e-9)).x)


def _curvature(exponent: float, xmin: float) -> float:
    step = min(1e-3, (exponent - 1) / 4)
    a, b, c = (np.log(zeta(exponent + k * step, xmin)) for k in (-1, 0, 1))
    return float((a - 2 * b + c) / step**2)


def law(exponent: float, xmin: float, discrete: bool) -> Callable[[np.random.Generator, int], np.ndarray]:
    """A function that draws so many values of a power law from xmin on, (number,).

    Examples
    --------
    >>> law(2.5, 1, discrete=True)(np.random.default_rng(1), 8)
    array([1., 5., 1., 5., 1., 1., 2., 1.])
    """

    def draw_real(random: np.random.Generator, number: int) -> np.ndarray:
        return xmin * (1 - random.random(number)) ** (-1 / (exponent - 1))

    if not discrete:
        return draw_real
    beyond = zeta(exponent, xmin + np.arange(TABLE + 1)) / zeta(exponent, xmin)  # from each value on

    def draw_whole(random: np.random.Generator, number: int) -> np.ndarray:
        left = 1 - random.random(number)  # the part of the distribution beyond, above 0
        values = (xmin + np.searchsorted(-beyond, -left, side="right") - 1).astype(float)
        far = left < beyond[-1]
        with np.errstate(over="ignore"):
            tail = (xmin + TABLE) * (left[far] / beyond[-1]) ** (-1 / (exponent - 1))
        values[far] = np.floor(np.minimum(tail, 1e300))
        return values

    return draw_whole
