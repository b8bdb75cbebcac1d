"""When a rule changes the synapses of a projection, and what new ones begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lapicque.errors import SimulationError, suggest
from lapicque.model.distribution import Distribution
from lapicque.network.interval import interval, steps_of
from lapicque.network.projection import MS, Projection, check_delay, check_pair_value


@dataclass(frozen=True, eq=False, repr=False)
class Restructuring:
    """A rule that is applied at multiples of an interval; `Network.restructure` makes one.

    Attributes
    ----------
    name, projection : str
    rule : Rule
    every : float
        ms.
    delay : value or None
        Of new synapses; None: as connected.
    values : mapping of str to value
        What new synapses have where that is not as connected.
    in_flight : str
        What becomes of spikes on their way through synapses that go: ``"drop"`` or ``"refuse"``.
    """

    name: str
    projection: str
    rule: Any
    every: float
    delay: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    in_flight: str = "drop"

    def steps(self, dt: float) -> int:
        """Return the interval in steps.

        Raises
        ------
        SimulationError
            If it is no whole number of them.
        """
        return steps_of(self.every, dt, f"{self.name!r} is to happen every")

    def __repr__(self) -> str:
        return f"Restructuring({self.projection} by {self.name} every {self.every:g} ms)"


def restructuring(
    name: str, projection: Projection, rule: Any, every: Any, delay: Any, values: Mapping[str, Any], in_flight: Any
) -> Restructuring:
    """Return a restructuring, checked.

    Raises
    ------
    SimulationError, UnitError
        Whatever does not fit, by name.
    """
    if not callable(getattr(rule, "change", None)) or isinstance(rule, type):
        shown = getattr(rule, "__name__", type(rule).__name__)
        raise SimulationError(f"a rule is expected, such as lq.structure.pruning(below=0.01), not {shown}")
    if callable(getattr(rule, "check", None)):
        rule.check(projection)
    time = interval(every)
    if time is None:
        raise SimulationError("say how often: net.restructure(projection, rule, every='100 ms')")
    if in_flight not in ("refuse", "drop"):
        raise SimulationError(f"in_flight is {in_flight!r}: write 'refuse' or 'drop'")
    ends = projection.source, projection.target
    for x, value in values.items():
        if x not in projection.values:
            hint = suggest(x, projection.values) or f"; they have {', '.join(map(repr, projection.values)) or 'none'}"
            raise SimulationError(f"{x!r} is no value of single synapses of {projection.name!r}{hint}")
        check_pair_value(value, projection.units[x], ends, x)
        _check_single(value, x)
    if delay is not None:
        check_pair_value(delay, MS, ends, "the delay")
        check_delay(delay, projection.immediate, projection.synapse)
        _check_single(delay, "the delay")
    return Restructuring(name, projection.name, rule, time, delay, dict(values), in_flight)


def _check_single(value: Any, what: str) -> None:
    if not isinstance(value, (str, Distribution)) and np.ndim(getattr(value, "magnitude", value)) == 1:
        raise SimulationError(
            f"{what} is a list, but how many synapses there will be is not known: give one value, a distribution, an "
            "expression, or a matrix (source, target)"
        )
