"""Tests of the mean and of the spread."""

from __future__ import annotations

import numpy as np

from lapicque.fit.validation.power import power_of_t
from lapicque.fit.validation.two_sample import Change, TwoSampleTest


class Welch(TwoSampleTest):
    """Whether two means are the same, with variances that may differ."""

    name = "Welch t"
    mean_only = True

    def statistic(self, data: np.ndarray, model: np.ndarray) -> float:
        """Return t; positive where the model's mean is higher."""
        error = np.sqrt(data.var(ddof=1) / len(data) + model.var(ddof=1) / len(model))
        difference = model.mean() - data.mean()
        return float(difference / error) if error > 0 else (0.0 if difference == 0 else np.copysign(np.inf, difference))

    def p_value(self, data: np.ndarray, model: np.ndarray, rng: np.random.Generator) -> float:
        """Return the two-sided p."""
        from scipy.stats import t

        value = self.statistic(data, model)
        return float(2 * t.sf(abs(value), self._freedom(data.var(ddof=1) / len(data), model.var(ddof=1) / len(model),
                                                        len(data), len(model))))  # fmt: skip

    def of_run(self, values: np.ndarray) -> float:
        """Return the mean."""
        return float(values.mean())

    def power(self, data: np.ndarray, n: int, change: Change, level: float, rng: np.random.Generator) -> float:
        """Return the power from the noncentral t distribution, for a model like the data, changed."""
        changed = change.of(data)
        shift = changed.mean() - data.mean()
        errors = data.var(ddof=1) / len(data), changed.var(ddof=1) / n
        if sum(errors) == 0:
            return float(shift != 0)
        return power_of_t(float(shift / np.sqrt(sum(errors))), self._freedom(*errors, len(data), n), level)

    @staticmethod
    def _freedom(a: float, b: float, n: int, m: int) -> float:
        """Return Welch and Satterthwaite's degrees of freedom."""
        if a + b == 0:
            return n + m - 2.0
        return float((a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1)))


class Levene(TwoSampleTest):
    """Whether two spreads are the same, by deviations from the median."""

    name = "Levene"
    spread = True

    def statistic(self, data: np.ndarray, model: np.ndarray) -> float:
        """Return W."""
        a, b = _deviations(data), _deviations(model)
        n, m = len(a), len(b)
        within = ((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()
        between = n * m / (n + m) * (a.mean() - b.mean()) ** 2
        if within == 0:
            return 0.0 if between == 0 else np.inf
        return float((n + m - 2) * between / within)

    def p_value(self, data: np.ndarray, model: np.ndarray, rng: np.random.Generator) -> float:
        """Return p from the F distribution."""
        from scipy.stats import f

        return float(f.sf(self.statistic(data, model), 1, len(data) + len(model) - 2))

    def of_run(self, values: np.ndarray) -> float:
        """Return the mean deviation from the median."""
        return float(_deviations(values).mean())


def _deviations(values: np.ndarray) -> np.ndarray:
    return np.abs(values - np.median(values))


def welch() -> Welch:
    """Compare means: Welch's t over neurons, or Student's over runs.

    References
    ----------
    .. [1] Welch 1947, Biometrika 34, 28, https://doi.org/10.1093/biomet/34.1-2.28

    Examples
    --------
    >>> round(welch().statistic(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])), 4)
    1.2247
    """
    return Welch()


def levene() -> Levene:
    """Compare spreads: Levene's test in the form of Brown and Forsythe, which does not need normal samples.

    References
    ----------
    .. [1] Brown & Forsythe 1974, J. Am. Stat. Assoc. 69, 364, https://doi.org/10.1080/01621459.1974.10482955

    Examples
    --------
    >>> levene().statistic(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0]))
    0.0
    """
    return Levene()
