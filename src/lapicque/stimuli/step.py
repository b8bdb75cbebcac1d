"""A current step."""

from __future__ import annotations

from typing import Any

from lapicque.model.stimulus import Drive, checked


def step(amplitude: Any, start: Any = 0.0, stop: Any = None) -> Drive:
    """A constant between two times, 0 before and after.

    Parameters
    ----------
    amplitude : unit of the input, or an array with one value a neuron
    start, stop : ms
        The steps k of a run with start <= t_k < stop have it; without a stop it stays.

    Returns
    -------
    Drive

    Examples
    --------
    >>> step("100 pA", start="50 ms", stop="250 ms")
    step(amplitude=100 pA, start=50 ms, stop=250 ms)
    """
    # t is k*dt, rounded: a thousandth of a step keeps a time that is a multiple of dt on its side
    now = "t + 1e-3*dt"
    equations, given = "amplitude : UNIT (post)\nstart : ms (post)", dict(amplitude=amplitude, start=start)
    if stop is None:
        return checked(Drive("step", f"where({now} >= start, amplitude, 0)", equations, given))
    when = f"{now} >= start and {now} < stop"
    equations += "\nstop : ms (post)"
    return checked(Drive("step", f"where({when}, amplitude, 0)", equations, {**given, "stop": stop}))
