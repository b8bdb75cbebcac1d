"""Current pulses."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import ModelError
from lapicque.model.stimulus import Drive, checked
from lapicque.units import magnitude


def pulse(amplitude: Any, start: Any, duration: Any, period: Any = None, n: int = 1) -> Drive:
    """One pulse, or a train of them.

    Parameters
    ----------
    amplitude : unit of the input, or an array with one value a neuron
    start, duration : ms
        Of the first pulse, and of each.
    period : ms, optional
        From the beginning of one pulse to that of the next; needed for several.
    n : int
        How many.

    Returns
    -------
    Drive

    Raises
    ------
    ModelError
        If several pulses have no period, or one that is not longer than they are.

    Examples
    --------
    >>> pulse("1 nA", start="10 ms", duration="2 ms", period="25 ms", n=4)
    pulse(amplitude=1 nA, start=10 ms, duration=2 ms, period=25 ms, n=4)
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ModelError(f"n, the number of pulses, is {n!r}, but a whole number from 1 upward is expected")
    if period is None and n > 1:
        raise ModelError(f"{n} pulses need a period: from the beginning of one to that of the next")
    length = magnitude(duration, "ms", "duration of pulse()")
    period = length if period is None else period
    if n > 1 and np.any(magnitude(period, "ms", "period of pulse()") <= length):
        raise ModelError(f"the period of the pulses, {period}, is not longer than they are, {duration}")
    return checked(
        Drive(
            "pulse",
            "where(since >= 0*ms and since < n*period and since - period*floor(since/period) < duration, amplitude, 0)",
            """
            since = t + 1e-3*dt - start : ms (post)  # a thousandth of a step against rounding
            amplitude : UNIT (post)
            start : ms (post)
            duration : ms (post)
            period : ms (post)
            n : 1 (post)
            """,
            dict(amplitude=amplitude, start=start, duration=duration, period=period, n=n),
        )
    )
