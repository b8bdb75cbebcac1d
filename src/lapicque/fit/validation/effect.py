"""How large a difference is, in units of the spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.validation.two_sample import TwoSampleTest


@dataclass(frozen=True, repr=False)
class EffectSize(TwoSampleTest):
    """Whether the difference of the means is small, whatever its p."""

    equivalence: float = 0.5
    name = "effect size"
    mean_only = True

    def __post_init__(self) -> None:
        if not 0 < self.equivalence < np.inf:
            raise FitError(f"the largest effect that passes is {self.equivalence!r}: a positive number is expected")

    def statistic(self, data: np.ndarray, model: np.ndarray) -> float:
        """Return Hedges' g."""
        return hedges(data, model)[0]

    def p_value(self, data: np.ndarray, model: np.ndarray, rng: np.random.Generator) -> float:
        """Return NaN: the interval decides."""
        return float("nan")


def hedges(data: np.ndarray, model: np.ndarray) -> tuple[float, float]:
    """Return Hedges' g of independent samples, positive where the model's mean is higher, and its standard error.

    NaN where neither side has any spread.
    """
    n, m = len(data), len(model)
    g = float(_scale(data, model) * (model.mean() - data.mean()))
    return g, float(np.sqrt((n + m) / (n * m) + g**2 / max(1, 2 * (n + m - 2))))


def _scale(data: np.ndarray, model: np.ndarray) -> float:
    """Return what turns a difference of means into g: the correction for few values over the pooled sd."""
    n, m = len(data), len(model)
    if n + m < 4:
        return float("nan")
    pooled = np.sqrt(((n - 1) * _variance(data) + (m - 1) * _variance(model)) / (n + m - 2))
    return float((1 - 3 / (4 * (n + m) - 9)) / pooled) if pooled > 0 else float("nan")


def _variance(values: np.ndarray) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def interval(
    data: Sequence[np.ndarray], model: Sequence[np.ndarray], over_runs: bool, alpha: float
) -> tuple[float, tuple[float, float]]:
    """Return Hedges' g of the pooled values, and its interval of confidence 1 - ``alpha``.

    Parameters
    ----------
    data, model : sequence of (value,)
        Of each run.
    over_runs : bool
        Whether the interval comes from how the means of runs vary; else values are taken as independent.
    """
    from scipy.stats import norm, t

    g, error = hedges(np.concatenate(data), np.concatenate(model))
    if not np.isfinite(g):
        return g, (float("nan"), float("nan"))
    if not over_runs:
        half = float(norm.isf(alpha / 2)) * error
        return g, (g - half, g + half)
    a, b = (np.array([run.mean() for run in runs]) for runs in (data, model))
    freedom = len(a) + len(b) - 2
    sd = np.sqrt((((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / freedom)
    error = sd * np.sqrt(1 / len(a) + 1 / len(b))
    half = _scale(np.concatenate(data), np.concatenate(model)) * error * t.isf(alpha / 2, freedom)
    return g, (g - float(half), g + float(half))


def effect_size(below: float = 0.5) -> EffectSize:
    """Ask for a difference of the means that is small: Hedges' g and its whole interval within ``below``.

    It passes with the interval within, fails with the interval outside, and is undecided in between. It has no p.

    Parameters
    ----------
    below : float
        In units of the standard deviation over neurons; 0.2 is called small, 0.5 medium, 0.8 large.

    References
    ----------
    .. [1] Hedges 1981, J. Educ. Stat. 6, 107, https://doi.org/10.3102/10769986006002107

    Examples
    --------
    >>> round(effect_size().statistic(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])), 3)
    0.8
    """
    return EffectSize(below)
