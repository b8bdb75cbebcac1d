"""How often something happens: a time, and the same as a number of steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import SimulationError, UnitError
from lapicque.units import magnitude


def interval(every: Any) -> float | None:
    """Return the time between two occurrences in ms; None stays None.

    Raises
    ------
    SimulationError, UnitError
        If it is no positive time.
    """
    if every is None:
        return None
    try:
        time = np.asarray(magnitude(every, "ms", "every"))
    except UnitError as error:
        raise UnitError(error.summary) from None
    if time.ndim or not (np.isfinite(time) and time > 0):
        raise SimulationError(f"every is {every!r}, but one positive time is expected")
    return float(time)


def steps_of(length: float, dt: float, what: str) -> int:
    """Return a time as a number of steps; it may miss a whole number by a millionth of a step.

    Parameters
    ----------
    length, dt : ms
    what : str
        How a message begins: ``"the duration is"``.

    Raises
    ------
    SimulationError
        If it is no whole number of steps, or of too many; the message names the times next to it.

    Examples
    --------
    >>> steps_of(0.3, 0.1, "the duration is")
    3
    >>> steps_of(0.25, 0.1, "the duration is")
    Traceback (most recent call last):
        ...
    lapicque.errors.SimulationError: the duration is 0.25 ms, no whole number of steps of 0.1 ms: write 0.2 ms or 0.3 ms
    """
    steps = round(length / dt)
    if steps == 0 or abs(length / dt - steps) > 1e-6 + 1e-12 * steps:
        near = " or ".join(f"{k * dt:.12g} ms" for k in (int(length / dt), int(length / dt) + 1) if k)
        raise SimulationError(f"{what} {length:.12g} ms, no whole number of steps of {dt:g} ms: write {near}")
    if steps >= 2**31:
        raise SimulationError(f"{what} {steps} steps of {dt:g} ms: fewer than 2**31 can be counted")
    return steps
