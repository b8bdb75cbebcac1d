"""Several tests at once: the chance that any of them is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np


def holm(p: Any) -> np.ndarray:
    """Holm's adjusted p values: those below alpha are wrong together with a probability of at most alpha.

    The smallest of k values is multiplied by k, the next by k - 1 and so on, each at least the one before.

    Parameters
    ----------
    p : (test,)
        NaN where a test gives none; such tests do not count, and stay NaN.

    References
    ----------
    .. [1] Holm 1979, Scand. J. Stat. 6, 65, https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> holm([0.01, 0.04, np.nan, 0.03])
    array([0.03, 0.06,  nan, 0.06])
    """
    p = np.asarray(p, float)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted
