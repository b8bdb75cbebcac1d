"""A current ramp."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import ModelError
from lapicque.model.stimulus import Drive, checked
from lapicque.units import magnitude


def ramp(first: Any, last: Any, start: Any, stop: Any) -> Drive:
    """A value that goes evenly from one to another between two times, and stays there.

    Parameters
    ----------
    first, last : unit of the input, or arrays with one value a neuron
        Before ``start``, and after ``stop``.
    start, stop : ms

    Returns
    -------
    Drive

    Raises
    ------
    ModelError
        If it does not stop after its start.

    Examples
    --------
    >>> ramp("0 pA", "500 pA", start="100 ms", stop="1.1 s")
    ramp(first=0 pA, last=500 pA, start=100 ms, stop=1.1 s)
    """
    if np.any(magnitude(stop, "ms", "stop of ramp()") <= magnitude(start, "ms", "start of ramp()")):
        raise ModelError(f"the ramp stops at {stop}, which is not after its start, {start}")
    return checked(
        Drive(
            "ramp",
            "first + (last - first)*clip((t - start)/(stop - start), 0, 1)",
            """
            first : UNIT (post)
            last : UNIT (post)
            start : ms (post)
            stop : ms (post)
            """,
            dict(first=first, last=last, start=start, stop=stop),
        )
    )
