"""A sinusoidal current."""

from __future__ import annotations

from typing import Any

from lapicque.model.stimulus import Drive, checked


def sine(amplitude: Any, frequency: Any, phase: Any = 0.0, offset: Any = 0.0) -> Drive:
    """A sine about an offset: offset + amplitude sin(2 pi frequency t + phase).

    Parameters
    ----------
    amplitude, offset : unit of the input, or arrays with one value a neuron
    frequency : Hz
    phase : radian
        At t = 0.

    Returns
    -------
    Drive

    Examples
    --------
    >>> sine("50 pA", "10 Hz", offset="100 pA")
    sine(amplitude=50 pA, frequency=10 Hz, phase=0, offset=100 pA)
    """
    return checked(
        Drive(
            "sine",
            "offset + amplitude*sin(2*pi*frequency*t + phase)",
            """
            amplitude : UNIT (post)
            frequency : Hz (post)
            phase : 1 (post)
            offset : UNIT (post)
            """,
            dict(amplitude=amplitude, frequency=frequency, phase=phase, offset=offset),
        )
    )
