"""What every code has: a checked rate in Hz."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.environments.environment import quantity
from lapicque.errors import SimulationError


def rate_range(rate: Any, base: Any, what: str) -> tuple[float, float]:
    """The largest and the smallest rate of a code, Hz.

    Raises
    ------
    SimulationError
        If one is negative, or the smallest above the largest.
    UnitError
        If it is no rate.

    Examples
    --------
    >>> rate_range("50 Hz", 1, "place_cells")
    (50.0, 1.0)
    """
    highest = quantity(rate, "Hz", f"{what}: rate")
    lowest = quantity(base, "Hz", f"{what}: base", zero=True)
    if lowest > highest:
        raise SimulationError(f"{what}: base is {lowest:g} Hz, above the largest rate, {highest:g} Hz")
    return highest, lowest


def whole(value: Any, what: str) -> int:
    """A number of cells.

    Raises
    ------
    SimulationError
        If it is not a whole number from 1 upward.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise SimulationError(f"{what} is {value!r}, but a whole number from 1 upward is expected")
    return int(value)
