"""Poisson spikes onto single neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import ModelError
from lapicque.model.stimulus import PoissonInput, rate_of
from lapicque.model.values import plain_value, unit_of
from lapicque.units import ONE


def poisson(rate: Any, w: Any, n: int = 1, dt: Any = None, start: Any = 0.0, after: str = "error") -> PoissonInput:
    """Independent Poisson spikes for each target neuron: every one adds ``w`` to a variable.

    In each step the number of spikes of all ``n`` sources together is drawn for every neuron.

    Parameters
    ----------
    rate : Hz
        Of one source: a number, an array with one a neuron, an expression of ``t`` (``"20*Hz*(1 + sin(t/(50*ms)))"``);
        or with ``dt`` samples over time, (time,) or (time, neuron).
    w : unit of the variable
        What a spike adds; an array has one value a neuron.
    n : int
        Number of sources of each neuron.
    dt, start, after : as for `array`

    Returns
    -------
    PoissonInput

    Raises
    ------
    ModelError, UnitError
        For rates that are negative or not finite.

    References
    ----------
    .. [1] Gerstner, Kistler, Naud & Paninski 2014, Neuronal Dynamics, ch. 7, https://doi.org/10.1017/CBO9781107447615

    Examples
    --------
    >>> poisson("8 Hz", w="0.1 mV", n=1000)
    poisson(8 Hz, w=0.1 mV, n=1000)
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ModelError(f"n, the number of sources, is {n!r}, but a whole number from 1 upward is expected")
    unit = unit_of(w)
    weight = plain_value(w, unit, "w of poisson()")
    if not np.isfinite(weight).all():
        raise ModelError("w of poisson() is not finite")
    return PoissonInput(rate_of(rate, dt, start, after), weight, None if unit is ONE else unit, int(n))
