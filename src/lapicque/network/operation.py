"""Operations: Python code that runs now and then, where equations end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lapicque.errors import SimulationError
from lapicque.network.interval import interval, steps_of


@dataclass(frozen=True, eq=False, repr=False)
class Operation:
    """A function that is called at multiples of an interval; `Network.operation` makes one.

    Attributes
    ----------
    name : str
    function : callable
        Of one argument, a `lapicque.simulation.View`.
    every : float
        ms between calls.
    """

    name: str
    function: Callable[[Any], Any]
    every: float

    def steps(self, dt: float) -> int:
        """Return the interval in steps.

        Raises
        ------
        SimulationError
            If it is no whole number of them.
        """
        return steps_of(self.every, dt, f"the operation {self.name!r} is called every")

    def __repr__(self) -> str:
        return f"Operation({self.name} every {self.every:g} ms)"


def called_every(function: Any, every: Any) -> float:
    """Return the interval of an operation, ms, checked.

    Raises
    ------
    SimulationError, UnitError
        If there is no function, or no positive time.
    """
    if not callable(function):
        shown = type(function).__name__
        raise SimulationError(f"an operation is a function of one argument, not {shown}: net.operation(f, every=...)")
    found = interval(every)
    if found is None:
        raise SimulationError("say how often: net.operation(function, every='10 ms')")
    return found
