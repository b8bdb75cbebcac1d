"""Distributions of a tail that compete with a power law, each a value with a maximum-likelihood fit.

All are distributions of the values from ``xmin`` on, of real or of whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_ndtr

__all__ = ["Tail", "exponential", "lognormal"]


@dataclass(frozen=True)
class Tail:
    """A distribution of the values from ``xmin`` on; made by `exponential` and `lognormal`.

    Parameters
    ----------
    name : str
    log_likelihood : callable
        ``(values, xmin, discrete) -> (value,)``: the logarithm of the probability (density) of each value, under the
        parameters that make all of them likeliest.
    """

    name: str
    log_likelihood: Callable[[np.ndarray, float, bool], np.ndarray] = field(repr=False)


def exponential() -> Tail:
    """Exponential tail; of whole numbers, the geometric one.

    Examples
    --------
    >>> exponential().log_likelihood(np.array([2.0, 3.0]), 1.0, False).round(2)
    array([-1.07, -1.74])
    """
    return Tail("exponential", _exponential)


def lognormal() -> Tail:
    """Tail of a lognormal distribution; of whole numbers, that of values rounded to the nearest.

    Examples
    --------
    >>> lognormal()
    Tail(name='lognormal')
    """
    return Tail("lognormal", _lognormal)


def _exponential(values: np.ndarray, xmin: float, discrete: bool) -> np.ndarray:
    excess = values - xmin
    mean = excess.mean()
    if mean == 0:  # one value only: certain if discrete, a density without bound if not
        return np.full(len(values), 0.0 if discrete else np.inf)
    if discrete:
        return -np.log1p(mean) + excess * np.log(mean / (1 + mean))
    return -np.log(mean) - excess / mean


def _lognormal(values: np.ndarray, xmin: float, discrete: bool) -> np.ndarray:
    logs = np.log(values)
    start = logs.mean(), np.log(max(logs.std(), 0.1))

    def each(parameters: np.ndarray) -> np.ndarray:
        mean, sd = parameters[0], np.exp(parameters[1])

        def above(x: np.ndarray | float) -> np.ndarray:
            return log_ndtr(-(np.log(x) - mean) / sd)

        if not discrete:
            return -0.5 * ((logs - mean) / sd) ** 2 - np.log(values * sd * np.sqrt(2 * np.pi)) - above(xmin)
        from_here, beyond = above(values - 0.5), above(values + 0.5)
        return from_here + np.log(-np.expm1(beyond - from_here)) - above(xmin - 0.5)

    def loss(parameters: np.ndarray) -> float:
        if abs(parameters[1]) > 7:
            return 1e300
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            total = -each(parameters).sum()
        return float(total) if np.isfinite(total) else 1e300

    # the likelihood has a long ridge towards the power law: begin again where the simplex has shrunk
    found = np.asarray(start)
    for _ in range(3):
        found = minimize(loss, found, method="Nelder-Mead", options=dict(xatol=1e-7, fatol=1e-9, maxiter=2000)).x
    return each(found)
