"""The chance that a test finds a change that is there."""

from __future__ import annotations

import numpy as np


def power_of_t(shift: float, freedom: float, level: float, two_sided: bool = True, wider: float = 1.0) -> float:
    """Return the power of a t test for a shift of so many standard errors, by the noncentral t distribution.

    Parameters
    ----------
    shift : float
        The change over its standard error, which is ``wider`` times that which the test assumes.
    freedom, level : float
        Degrees of freedom, and the p below which the test fails.

    References
    ----------
    .. [1] Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, https://doi.org/10.4324/9780203771587

    Examples
    --------
    >>> round(power_of_t(0.5 * np.sqrt(64 / 2), 126, 0.05), 2)  # two samples of 64 that differ by half their sd
    0.8
    """
    from scipy.stats import nct, norm, t

    limit = float(t.isf(level / 2 if two_sided else level, freedom)) / wider
    shift = abs(shift) if two_sided else shift
    beyond = float(nct.sf(limit, freedom, shift))
    if two_sided and shift < 5:  # beyond, the other side has no chance
        beyond += float(nct.cdf(-limit, freedom, shift))
    if not np.isfinite(beyond):  # scipy has no digits left, far out: the normal approximation of noncentral t has
        beyond = float(norm.sf((limit * (1 - 0.25 / freedom) - shift) / np.sqrt(1 + limit**2 / (2 * freedom))))
    return float(np.clip(beyond, 0.0, 1.0))
