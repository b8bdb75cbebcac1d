"""Weak synapses go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import SimulationError
from lapicque.network.structure.rule import Change, Rule, check_value, threshold

if TYPE_CHECKING:
    from lapicque.network.projection import Projection
    from lapicque.simulation.restructuring import StructureView


@dataclass(frozen=True, repr=False)
class Pruning(Rule):
    """Removes weak synapses; see `pruning`."""

    below: Any
    variable: str = "w"
    chance: float = 1.0

    def check(self, projection: Projection) -> None:
        """Synapses have the variable."""
        check_value(projection, self.variable)
        threshold(self.below, projection, self.variable)

    def change(self, view: StructureView) -> Change:
        """Return those that are weak."""
        weak = np.abs(view.value(self.variable)) < threshold(self.below, view.projection, self.variable)
        return Change(weak & (view.random.random(len(weak)) < self.chance) if self.chance < 1 else weak)


def pruning(below: Any, variable: str = "w", chance: float = 1.0) -> Pruning:
    """Remove synapses whose weight is small: abs(w) < below.

    Parameters
    ----------
    below : quantity
        In the unit of the weight.
    variable : str
        State or parameter of single synapses in its place.
    chance : float
        With which a small one goes at each time: silent synapses (w = 0) then live for interval/chance on average.

    Raises
    ------
    SimulationError
        If the chance is none; when restructured, if there is no such variable.

    Examples
    --------
    >>> pruning("0.01 nS")
    pruning(below='0.01 nS')
    """
    return Pruning(below, variable, _chance(chance))


def _chance(value: Any) -> float:
    number = np.asarray(value)
    if number.ndim or number.dtype.kind not in "iuf" or not 0 < number <= 1:
        raise SimulationError(f"pruning: chance is {value!r}, but a probability above 0, up to 1, is expected")
    return float(number)
