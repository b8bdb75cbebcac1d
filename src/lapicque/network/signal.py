"""Signals that the whole network shares: a reward, the end of a trial, dopamine. A population of one neuron."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.model.neuron import MS, Neuron
from lapicque.model.values import plain_value
from lapicque.network.population import Population
from lapicque.units import Unit, magnitude, parse_unit


@dataclass(frozen=True, eq=False)
class Signal:
    """A population of one neuron whose ``value`` is set from outside; `Network.signal` makes one.

    Attributes
    ----------
    population : Population
    at : (change,) ms
        When the value changes by itself, in order.
    values : (change,) in the signal's unit
        What it is then.
    """

    population: Population
    at: np.ndarray = field(default_factory=lambda: np.empty(0))
    values: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def name(self) -> str:
        """The name of the population."""
        return self.population.name

    @property
    def unit(self) -> Unit:
        """The unit of the value."""
        assert isinstance(self.population.neuron, Neuron)
        return self.population.neuron.states["value"].unit

    def steps(self, dt: float) -> np.ndarray:
        """Return the steps at whose beginning the value changes, (change,); a time t belongs to floor(t/dt + 0.5).

        Raises
        ------
        SimulationError
            If two changes fall into one step.
        """
        steps = np.floor(self.at / dt + 0.5).astype(np.int64)
        twice = np.flatnonzero(np.diff(steps) == 0)
        if len(twice):
            times = " and ".join(f"{t:g}" for t in self.at[twice[0] : twice[0] + 2])
            message = f"two values of the signal {self.name!r}, at {times} ms, fall into one step of {dt:g} ms"
            raise SimulationError(message)
        return steps


def signal_neuron(unit: Any, value: Any, tau: Any) -> Neuron:
    """Return the neuron of a signal: its value, and an event in the step after it was set.

    Raises
    ------
    SimulationError, UnitError
        If the value or the time constant is no number of its dimension.

    Examples
    --------
    >>> print(signal_neuron("1", 0, "200 ms").equations)
    dvalue/dt = (baseline - value)/tau : 1  # the signal
    pending : 1  # whether it was set
    """
    try:
        unit = unit if isinstance(unit, Unit) else parse_unit(unit)
    except (UnitError, TypeError, AttributeError):
        raise UnitError(f"unit={unit!r}: the unit of a signal is a text, such as 'mV', or '1' for a number") from None
    begin = one_number(value, unit, "value")
    first = f"dvalue/dt = {'0' if tau is None else '(baseline - value)/tau'} : {unit}  # the signal"
    parameters: dict[str, Any] = {}
    if tau is not None:
        constant = one_number(tau, MS, "tau")
        if constant <= 0:
            raise SimulationError(f"tau is {tau!r}: the signal decays with a positive time constant")
        parameters = {"baseline": _quantity(begin, unit), "tau": f"{constant!r} ms"}
    return Neuron(
        f"{first}\npending : 1  # whether it was set",
        threshold="pending > 0",
        reset="pending = 0",
        parameters=parameters,
        initial={"value": "baseline" if tau is not None else _quantity(begin, unit)},
        name="signal",
    )


def _quantity(number: float, unit: Unit) -> Any:
    return number if str(unit) == "1" else f"{number!r} {unit}"


def one_number(given: Any, unit: Unit, what: str) -> float:
    """Return one finite number in a unit.

    Raises
    ------
    SimulationError, UnitError
        If it is something else; ``what`` names it.

    Examples
    --------
    >>> one_number("2 s", MS, "tau")
    2000.0
    """
    try:
        number = plain_value(given, unit, what)
    except ModelError as error:
        raise (UnitError if isinstance(error, UnitError) else SimulationError)(error.summary) from None
    if np.ndim(number) or not np.isfinite(number):
        shown = f"{np.size(number)} values" if np.ndim(number) else f"{number:g}"
        raise SimulationError(f"{what} is {shown}, but one finite number is expected")
    return float(number)


def known_beforehand(at: Any, values: Any, unit: Unit) -> tuple[np.ndarray, np.ndarray]:
    """Return the times, ms, and the values of a signal that is known before the run, in order of time.

    Raises
    ------
    SimulationError, UnitError
        If there are not as many values as times, or one of them is impossible.
    """
    if at is None and values is None:
        return np.empty(0), np.empty(0)
    if at is None or values is None:
        missing = "values" if values is None else "at"
        raise SimulationError(f"give both, at= the times and values=: {missing}= is missing")
    try:
        times = np.atleast_1d(np.asarray(magnitude(at, "ms", "at"), np.float64))
        found = np.atleast_1d(np.asarray(magnitude(values, unit, "values"), np.float64))
    except UnitError as error:
        raise UnitError(error.summary) from None
    except (TypeError, ValueError):
        raise SimulationError("at= is a list of times, and values= one of numbers") from None
    if times.ndim != 1 or found.ndim != 1 or len(found) not in (1, len(times)):
        message = f"at= has {times.size} times, but values= has {found.size}: give one value, or one a time"
        raise SimulationError(message)
    if not np.isfinite(times).all() or (times < 0).any():
        wrong = times[~np.isfinite(times) | (times < 0)][0]
        raise SimulationError(f"at= has the time {wrong:g} ms: a simulation begins at 0")
    if not np.isfinite(found).all():
        raise SimulationError(f"values= has {found[~np.isfinite(found)][0]:g}, but finite numbers are expected")
    order = np.argsort(times, kind="stable")
    return times[order], np.broadcast_to(found, times.shape)[order]
