"""How far rounding moves times: those of a simulation or a sampled recording are multiples of a step only up to it."""

from __future__ import annotations

from typing import Any

import numpy as np

#: The part of a time that a unit, a step and a difference may have moved it by.
ROUNDING = 4 * float(np.finfo(float).eps)


def rounding(*windows: Any) -> float:
    """How far two times may be apart, in ms, that are the same but for rounding: as products of a step, or scaled.

    Parameters
    ----------
    *windows : objects with ``t_start`` and ``t_stop`` in ms, such as SpikeTrains

    Examples
    --------
    >>> from lapicque.spikes import SpikeTrains
    >>> rounding(SpikeTrains.from_lists([[0.3]], t_stop=1000)) > 3 * 0.1 - 0.3 > 0
    True
    """
    latest = max(max(abs(each.t_start), abs(each.t_stop)) for each in windows)
    return ROUNDING * latest
