"""What a user may ask of a run, read and checked: times, inputs, numbers of neurons, what is recorded."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import SimulationError, UnitError, suggest
from lapicque.model.neuron import Neuron
from lapicque.network.interval import steps_of
from lapicque.units import internal, magnitude


def neuron_of(given: Any) -> Neuron:
    """Return the neuron; say what to write where it is something else."""
    if isinstance(given, Neuron):
        return given
    hint = f": write lapicque.neurons.{given}" if isinstance(given, str) and given.isidentifier() else ""
    shown = repr(given) if isinstance(given, str) else type(given).__name__
    raise SimulationError(f"a Neuron is simulated, not {shown}{hint}")


def time_of(name: str, given: Any) -> float:
    """Return a positive time in ms."""
    value = np.asarray(_magnitude(given, "ms", name))
    if value.ndim:
        raise SimulationError(f"{name} is an array: one time is expected")
    if not (np.isfinite(value) and value > 0):
        raise SimulationError(f"{name} is {value:g} ms: a positive time is expected")
    return float(value)


def whole_steps(name: str, given: Any, dt: float) -> int:
    """Return a time as a number of steps."""
    return steps_of(time_of(name, given), dt, f"{name} is")


def whole_number(name: str, given: Any, expected: str, low: float = -np.inf, high: float = np.inf) -> int:
    """Return an integer between two limits, both included; ``expected`` says in words what is wanted."""
    try:
        number = operator.index(given)
    except TypeError:
        raise SimulationError(f"{name} is {given!r}: {expected} is expected") from None
    if isinstance(given, bool) or not low <= number <= high:
        raise SimulationError(f"{name} is {given!r}: {expected} is expected")
    return number


def mapping_of(name: str, given: Any, example: str) -> Mapping[str, Any]:
    """Return a mapping of names to values, empty for None."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise SimulationError(f"{name} maps names to values, {example}: {type(given).__name__} does not")
    return given


@dataclass(frozen=True)
class Inputs:
    """The inputs of a run in internal units.

    Attributes
    ----------
    steady : constant ones, float or (neuron,); 0 where nothing was given
    varying : those that change, (step, 1) or (step, neuron)
    fields : names of those that change and differ from neuron to neuron
    """

    steady: Mapping[str, Any]
    varying: Mapping[str, np.ndarray]
    fields: tuple[str, ...]

    def sizes(self) -> dict[str, np.ndarray]:
        """Return one row of each array over neurons, by which the number of neurons is found."""
        return {**self.steady, **{name: self.varying[name][0] for name in self.fields}}


def read_inputs(neuron: Neuron, given: Mapping[str, Any], steps: int) -> Inputs:
    """Read ``inputs=``: numbers, (step,), (1, neuron) or (step, neuron)."""
    varying: dict[str, np.ndarray] = {}
    steady: dict[str, Any] = {name: 0.0 for name in neuron.inputs if name not in given}
    for name, value in given.items():
        if name not in neuron.inputs:
            raise SimulationError(f"{neuron.name!r} has no input {name!r}{suggest(str(name), neuron.inputs)}")
        unit, what = neuron.inputs[name].unit, f"the input {name!r}"
        array = np.asarray(internal(_magnitude(value, unit, what), unit))
        if not np.isfinite(array).all():
            raise SimulationError(f"{what} has values that are not numbers (NaN or infinite)")
        if array.ndim == 0:
            steady[name] = float(array)
        elif array.ndim == 2 and array.shape[0] == 1 and steps != 1:
            steady[name] = array[0]
        elif array.ndim in (1, 2) and array.shape[0] == steps and array.size:
            varying[name] = array.reshape(steps, -1)
        else:
            raise SimulationError(
                f"{what} has shape {array.shape}, but the run has {steps} steps: ({steps},) for one value a step, "
                f"({steps}, neuron), or (1, neuron) for constant inputs is expected"
            )
    return Inputs(steady, varying, tuple(name for name, a in varying.items() if a.shape[1] > 1))


def size_of(n: int | None, arrays: Mapping[str, Any]) -> int:
    """Return the number of neurons: ``n``, or what the arrays say, or 1."""
    sizes = {name: len(a) for name, a in arrays.items() if np.ndim(a) == 1 and len(a) != 1}
    if n is not None:
        wanted, why = whole_number("n", n, "a positive integer", 1), f"n is {n}"
    else:
        first = next(iter(sizes), None)
        wanted, why = (1, "") if first is None else (sizes[first], f"{first!r} has {sizes[first]}")
    for name, size in sizes.items():
        if size != wanted:
            raise SimulationError(f"{name!r} has {size} values, one a neuron, but {why}")
    return wanted


def read_record(neuron: Neuron, given: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names to be recorded, each once."""
    try:
        names = (given,) if isinstance(given, str) else tuple(given)
    except TypeError:
        names = (given,)  # type: ignore[assignment]  # refused below
    known = {**neuron.states, **neuron.algebraic, **neuron.inputs}
    for name in names:
        if not isinstance(name, str):
            raise SimulationError(f"record: {name!r} is no name: write record='v' or record=['v', 'w']")
        if name in neuron.constants:
            raise SimulationError(f"record: {name!r} is a parameter, which does not change")
        if name not in known and name.removesuffix("s") in {event.name for event in neuron.parsed_events}:
            raise SimulationError(f"record: {name!r} need not be asked for: events are always kept, in .events")
        if name not in known:
            raise SimulationError(f"record: {neuron.name!r} has no variable {name!r}{suggest(name, known)}")
    return tuple(dict.fromkeys(names))


def _magnitude(given: Any, unit: Any, what: str) -> Any:
    try:
        return np.asarray(magnitude(given, unit, what), dtype=float)
    except UnitError as error:
        if error.summary.startswith(what):
            raise
        raise UnitError(f"{what}: {error.summary}") from None
