"""What a rule for structure is, and what rules have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import SimulationError, suggest
from lapicque.model.values import plain_value
from lapicque.units import internal, parse_unit

if TYPE_CHECKING:
    from lapicque.network.population import Selection
    from lapicque.network.projection import Projection
    from lapicque.simulation.restructuring import StructureView

KHZ, UM = parse_unit("kHz"), parse_unit("um")
NOBODY = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Change:
    """What a rule wants.

    Attributes
    ----------
    remove : (synapse,) bool, or (removed,) int
    sources, targets : (new,) int, neurons within the two sides
    values : mapping of str to (new,) array or number
        What new synapses have, in the units of each, in place of what `Network.restructure` says.
    """

    remove: np.ndarray = field(default_factory=lambda: NOBODY)
    sources: np.ndarray = field(default_factory=lambda: NOBODY)
    targets: np.ndarray = field(default_factory=lambda: NOBODY)
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule(ABC):
    """Says which synapses go and which come. A rule of one's own is a frozen dataclass with `change`."""

    def check(self, projection: Projection) -> None:  # noqa: B027
        """Refuse a projection that the rule cannot change, with the reason."""

    @abstractmethod
    def change(self, view: StructureView) -> Change:
        """Return what is to change; see `lapicque.simulation.StructureView`."""

    def __repr__(self) -> str:
        shown = [f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if getattr(self, f.name) != f.default]
        return f"{type(self).__name__.lower()}({', '.join(shown)})"


def positive(value: Any, unit: Any, what: str) -> float:
    """Return a positive quantity in a unit."""
    number = np.asarray(internal(plain_value(value, unit, what), unit))
    if number.ndim or not (np.isfinite(number) and number > 0):
        raise SimulationError(f"{what} is {value!r}, but one positive number is expected")
    return float(number)


def threshold(value: Any, projection: Projection, variable: str) -> float:
    """Return a threshold in the unit of a value of synapses."""
    number = np.asarray(plain_value(value, projection.units[variable], "below"))
    if number.ndim or not np.isfinite(number) or number < 0:
        raise SimulationError(f"below is {value!r}, but one number from 0 up is expected")
    return float(number)


def check_value(projection: Projection, name: str) -> None:
    """Refuse a name that is no state or parameter of single synapses."""
    if name not in projection.values:
        hint = suggest(str(name), projection.values)
        known = ", ".join(map(repr, projection.values)) or "none"
        raise SimulationError(f"synapses of {projection.name!r} have no value {name!r}{hint or f'; they have {known}'}")


def check_sides(projection: Projection, pre: Any, post: Any, reach: Any) -> None:
    """Refuse neurons without what a rule reads of both sides."""
    for name, side in ((pre, projection.source), (post, projection.target)):
        if name is not None:
            _check_state(side, name)
        if reach is not None and side.positions is None:
            raise SimulationError(f"reach= needs positions, which {side.population.name!r} has none of: "
                                  "population(..., positions=...)")  # fmt: skip
    if reach is not None:
        positive(reach, UM, "reach")


def _check_state(side: Selection, name: str) -> None:
    model = side.population.model
    states = model.states if model is not None else {}
    if name not in states:
        hint = suggest(str(name), states) or f"; it has {', '.join(map(repr, states)) or 'none'}"
        raise SimulationError(f"{side.population.name!r} has no state {name!r}{hint}")
    if not states[name].unit.dimensionless:
        raise SimulationError(
            f"{name!r} of {side.population.name!r} is in {states[name].unit}, but a dimensionless state is expected: "
            "divide it by what is typical"
        )
