"""Stimuli as values: equations, samples, Poisson spikes, a function of the user's. `lapicque.stimuli` makes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.model import checks, rules
from lapicque.model.equations import Expression, parse_expression
from lapicque.model.evaluate import evaluate
from lapicque.model.synapse import Synapse
from lapicque.model.values import is_quantity, plain_value, unit_of
from lapicque.units import ONE, Unit, internal, magnitude, parse_unit, split

HZ = parse_unit("Hz")


@dataclass(frozen=True, repr=False)
class Drive:
    """A current written as equations: attached to each target neuron like a receptor that nothing connects to.

    Attributes
    ----------
    name : str
    output : str
        What is added to the input.
    equations : str
        Variables (post) that the output reads, parameters among them; ``UNIT`` stands for the unit of the input.
    parameters, initial : as of a `lapicque.Synapse`
    """

    name: str
    output: str
    equations: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    reference: str = ""

    def synapse(self, unit: Unit) -> Synapse:
        """Return the drive of an input with this unit, in the form in which receptors are attached to neurons.

        Its parameters are plain numbers in the units that its equations declare.

        Raises
        ------
        ModelError, UnitError
            If a parameter does not fit.
        """
        made = Synapse(
            self.equations.replace("UNIT", str(unit)),
            output=self.output,
            parameters=self.parameters,
            initial=self.initial,
            reference=self.reference,
            name=self.name,
        )
        return dataclasses.replace(made, parameters={name: made.variables[name].value for name in self.parameters})

    def __repr__(self) -> str:
        shown = [f"{name}={show_quantity(value)}" for name, value in self.parameters.items()]
        return f"{self.name}({', '.join([repr(self.output), *shown] if self.name == 'function' else shown)})"


@dataclass(frozen=True, eq=False, repr=False)
class Samples:
    """Values over time, each held until the next.

    Attributes
    ----------
    values : (time,) or (time, neuron) float64
    unit : Unit or None
        None: that of the input.
    dt : float or None
        ms between samples; None: the time step of the run.
    start : float
        ms; the input is 0 before.
    after : str
        What comes behind the last sample: ``"error"``, ``"zero"``, ``"hold"`` or ``"repeat"``.
    """

    values: np.ndarray
    unit: Unit | None = None
    dt: float | None = None
    start: float = 0.0
    after: str = "error"

    name = "array"

    def steps(self, dt: float) -> tuple[int, int]:
        """Return the steps of a run in which one sample holds, and the step of the first sample.

        Raises
        ------
        SimulationError
            If the samples' times are no multiples of the run's ``dt``.
        """
        return _whole("the dt of the array", self.dt or dt, dt), _whole("the start of the array", self.start, dt)

    def check_length(self, steps: int, dt: float) -> None:
        """Refuse a run of more steps than there are samples for, unless it is said what comes then.

        Raises
        ------
        SimulationError
        """
        hold, first = self.steps(dt)
        last = first + hold * len(self.values)
        if self.after == "error" and steps > last:
            raise SimulationError(
                f"the array of {len(self.values)} samples ends at {last * dt:g} ms, but the run lasts {steps * dt:g} "
                'ms: give more samples, or say what comes then, after="zero", "hold" or "repeat"'
            )

    def rows(self, step: np.ndarray, dt: float, unit: Unit) -> np.ndarray:
        """Return the values in steps of a run, in internal units.

        Parameters
        ----------
        step : (n,) int
        unit : Unit
            Of the input, in which bare numbers are.

        Returns
        -------
        numpy.ndarray
            (n, 1) or (n, neuron).

        Examples
        --------
        >>> from lapicque.units import pA
        >>> Samples(np.array([1.0, 2.0]), dt=0.2, after="zero").rows(np.arange(6), 0.1, pA)[:, 0].tolist()
        [1.0, 1.0, 2.0, 2.0, 0.0, 0.0]
        """
        hold, first = self.steps(dt)
        values = internal(self.values, self.unit or unit).reshape(len(self.values), -1)
        number = (np.asarray(step) - first) // hold
        beyond = number >= len(values)
        inside = number % len(values) if self.after == "repeat" else np.clip(number, 0, len(values) - 1)
        found = values[inside].astype(np.float64)
        found[number < 0] = 0.0
        if self.after in ("zero", "error"):
            found[beyond] = 0.0
        return found

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.values.shape))
        every = "" if self.dt is None else f", dt={self.dt:g} ms"
        start = f", start={self.start:g} ms" if self.start else ""
        after = "" if self.after == "error" else f", after={self.after!r}"
        return f"array(<{shape} values>{f' in {self.unit}' if self.unit else ''}{every}{start}{after})"


@dataclass(frozen=True, eq=False, repr=False)
class PoissonInput:
    """Independent Poisson spikes for each target neuron, each of which adds ``w`` to a variable.

    Attributes
    ----------
    rate : float, (neuron,), Samples or Expression
        In 1/ms, of one source; an expression of ``t``.
    w : float or (neuron,)
        In ``w_unit``.
    w_unit : Unit or None
        None: that of the variable.
    n : int
        Sources, whose spikes are added.
    """

    rate: float | np.ndarray | Samples | Expression
    w: float | np.ndarray
    w_unit: Unit | None = None
    n: int = 1

    name = "poisson"

    def rates(self, step: np.ndarray, dt: float) -> np.ndarray:
        """Return the rate of all sources together in steps of a run, in 1/ms.

        Parameters
        ----------
        step : (k,) int

        Returns
        -------
        numpy.ndarray
            (k, 1) or (k, neuron).

        Raises
        ------
        SimulationError
            If the rate is negative or not finite at a time.
        """
        step = np.asarray(step)
        if isinstance(self.rate, Samples):
            found = self.rate.rows(step, dt, HZ)
        elif isinstance(self.rate, Expression):
            found = np.asarray(evaluate(self.rate, {"t": step * dt, "dt": dt}), np.float64)
            found = np.broadcast_to(found, step.shape)[:, None]
        else:
            found = np.broadcast_to(np.atleast_1d(self.rate), (len(step), np.size(self.rate)))
        wrong = ~(np.isfinite(found) & (found >= 0)).all(axis=1)
        if wrong.any():
            k = int(np.argmax(wrong))
            message = f"the rate of the Poisson input is {found[k].min() * 1e3:g} Hz at {step[k] * dt:g} ms"
            raise SimulationError(f"{message}: a rate is finite and not negative")
        return found * self.n

    @property
    def constant(self) -> bool:
        """Whether the rate stays the same."""
        return not isinstance(self.rate, (Samples, Expression))

    def __repr__(self) -> str:
        if isinstance(self.rate, Expression):
            rate = repr(self.rate.text)
        elif isinstance(self.rate, Samples):
            rate = repr(self.rate)
        else:
            rate = f"{_short(np.asarray(self.rate) * 1e3)} Hz"
        unit = f" {self.w_unit}" if self.w_unit is not None and self.w_unit is not ONE else ""
        return f"poisson({rate}, w={_short(self.w)}{unit}{f', n={self.n}' if self.n != 1 else ''})"


@dataclass(frozen=True, eq=False, repr=False)
class Callback:
    """A Python function that is called in every step with the time (ms): slow, for closed loops.

    Attributes
    ----------
    function : callable
        ``function(t)`` returns a number, or one a neuron, in the unit of the input.
    """

    function: Callable[[float], Any]

    name = "callable"

    def __repr__(self) -> str:
        return f"callable({getattr(self.function, '__name__', repr(self.function))})"


Stimulus = Drive | Samples | PoissonInput | Callback


def checked(drive: Drive) -> Drive:
    """Return the drive; refuse texts and values that no input can have.

    Raises
    ------
    ModelError, UnitError
    """
    if not isinstance(drive.output, str):
        raise ModelError(f"an expression of t is a text, not {type(drive.output).__name__}")
    parse_expression(drive.output, drive.name)
    for name, value in drive.parameters.items():
        what = f"{name} of {drive.name}()"
        array = plain_value(value, unit_of(value), what)
        if not np.isfinite(array).all():
            raise ModelError(f"{what} is not finite")
    return drive


def show_quantity(value: Any) -> str:
    """Write a number with its unit, or how many there are."""
    number, unit = split(value)
    array = np.asarray(number)
    behind = "" if unit is None or unit is ONE else f" {unit}"
    return f"<{array.size} values>{behind}" if array.ndim else f"{float(array):g}{behind}"


def samples(values: Any, dt: Any, start: Any, after: str, unit: Unit | None, what: str) -> Samples:
    """Return samples, checked.

    Parameters
    ----------
    unit : Unit or None
        Which dimension the values must have; None: any, that of the values.

    Raises
    ------
    ModelError, UnitError
    """
    try:
        number, found = split(values)
    except UnitError as error:
        raise UnitError(f"{what}: {error.summary}") from None
    if found is None and isinstance(number, (list, tuple)) and len(number):
        first = number[0]
        found = split(first)[1] if not isinstance(first, (list, tuple, np.ndarray)) else None
    own = unit or found
    array = np.array(magnitude(values, own or ONE, what), np.float64)
    if array.ndim not in (1, 2) or not array.size:
        message = f"{what} has shape {array.shape}: one value a time, (time,), or a matrix (time, neuron) is expected"
        raise ModelError(message)
    if not np.isfinite(array).all():
        place = np.argwhere(~np.isfinite(array))[0].tolist()
        raise ModelError(f"{what} is {array[tuple(place)]} at {place}: finite numbers are expected")
    if after not in ("error", "zero", "hold", "repeat"):
        raise ModelError(f"after is {after!r}, but 'error', 'zero', 'hold' or 'repeat' is expected")
    every = None if dt is None else _time(dt, "dt")
    if every is not None and not every > 0:
        raise ModelError(f"dt is {every:g} ms: a positive time is expected")
    array.flags.writeable = False
    return Samples(array, own, every, _time(start, "start"), after)


def rate_of(value: Any, dt: Any, start: Any, after: str) -> float | np.ndarray | Samples | Expression:
    """Return a rate, checked: in 1/ms, or samples in Hz, or an expression of ``t``.

    Raises
    ------
    ModelError, UnitError
    """
    if isinstance(value, str) and not is_quantity(value):
        expression = parse_expression(value, "rate")
        rules.refuse_noise(expression, {}, "has no meaning in a rate")
        rules.refuse_hazard(expression)
        rules.refuse_draws(expression, "has no meaning in a rate")
        for node in expression.names():
            if node.id in ("i", "N", "not_refractory"):
                raise expression.error(
                    f"{node.id!r} has no meaning in a rate: give an array with one value a neuron", node
                )
        checks.check_dimension(expression, {}, checks.RATE, "the rate")
        return expression
    if dt is not None:
        found = samples(value, dt, start, after, HZ, "the rate")
        if (found.values < 0).any():
            raise ModelError(f"the rate is {found.values.min():g} Hz, but it cannot be negative")
        return found
    array = np.asarray(internal(magnitude(value, HZ, "the rate"), HZ), np.float64)
    if array.ndim > 1 or not array.size:
        message = f"the rate has shape {array.shape}: give one value, one a neuron, or samples over time with their dt"
        raise ModelError(message)
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise ModelError(f"the rate is {array.min() * 1e3:g} Hz, but it must be finite and not negative")
    return float(array) if array.ndim == 0 else array


def _time(value: Any, what: str) -> float:
    time = np.asarray(magnitude(value, "ms", what))
    if time.ndim or not np.isfinite(time):
        raise ModelError(f"{what} is {value!r}, but one time is expected")
    return float(time)


def _whole(what: str, time: float, dt: float) -> int:
    steps = round(time / dt)
    if abs(time / dt - steps) > 1e-6 + 1e-12 * abs(steps) or (steps == 0 and time > 0):
        raise SimulationError(f"{what} is {time:g} ms, no multiple of the run's dt of {dt:g} ms")
    return steps


def _short(value: Any) -> str:
    array = np.asarray(value) if not isinstance(value, str) else None
    if array is not None and array.ndim:
        return f"<{array.size} values>"
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, (int, float)) else str(value)
