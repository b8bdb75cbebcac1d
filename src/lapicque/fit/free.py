"""Free parameters: bounds, scale, and the map from the unit cube on which optimisers search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError, suggest
from lapicque.model.neuron import Neuron
from lapicque.units import ONE, Unit, magnitude, parse_unit, split

#: Free quantities that belong to the comparison, not to the model: the model's spikes come ``delay`` later; its input
#: is ``input_scale`` times the stimulus plus ``input_offset``.
NUISANCES = ("delay", "input_scale", "input_offset")

SCALES = ("linear", "log", "integer")


@dataclass(frozen=True)
class Free:
    """A free parameter between two bounds.

    Parameters
    ----------
    low, high : float, in ``unit``
    scale : ``"linear"``, ``"log"`` or ``"integer"``
        By default logarithmic where both bounds are positive and a factor of 8 or more apart. Whole numbers, both
        bounds among them, have equal shares of the cube.
    """

    name: str
    low: float
    high: float
    unit: Unit
    scale: str

    def from_cube(self, x: Any) -> Any:
        """Return values in ``unit``, within the bounds, for positions in [0, 1].

        Examples
        --------
        >>> Free("tau", 1.0, 100.0, parse_unit("ms"), "log").from_cube(np.array([0.0, 0.5, 1.0]))
        array([  1.,  10., 100.])
        """
        x = np.asarray(x, dtype=float)
        if self.scale == "integer":
            return np.clip(np.floor(self.low + x * (self.high - self.low + 1)), self.low, self.high)
        value = self.low * (self.high / self.low) ** x if self.scale == "log" else self.low + (self.high - self.low) * x
        return np.clip(value, self.low, self.high)  # rounding at the ends

    def to_cube(self, value: Any) -> Any:
        """Return positions in [0, 1] for values in ``unit``; values beyond a bound stand at it."""
        value = np.clip(np.asarray(value, dtype=float), self.low, self.high)
        if self.scale == "integer":  # the middle of its share
            return (np.round(value) - self.low + 0.5) / (self.high - self.low + 1)
        if self.scale == "log":
            return np.log(value / self.low) / np.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def __repr__(self) -> str:
        unit = "" if self.unit.name == "1" else f" {self.unit}"
        return f"{self.name}: {_exact(self.low)} to {_exact(self.high)}{unit} ({self.scale})"


def _exact(value: float) -> str:
    """Write a number with as few digits as tell it apart: fingerprints of problems are made of this."""
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


def values_of(free: Sequence[Free], points: np.ndarray) -> dict[str, np.ndarray]:
    """Return the values of free parameters at points (candidate, dimension): name -> (candidate,), in their units.

    Raises
    ------
    FitError
        If the points have another dimension, or a coordinate is no number.

    Examples
    --------
    >>> values_of([Free("tau", 1.0, 100.0, parse_unit("ms"), "log")], np.array([[0.0], [0.5]]))
    {'tau': array([ 1., 10.])}
    """
    points = checked_points(points, len(free))
    return {f.name: f.from_cube(points[:, n]) for n, f in enumerate(free)}


def checked_points(points: Any, dimension: int) -> np.ndarray:
    """Return points as (candidate, dimension).

    Raises
    ------
    FitError
        If they have another dimension, or a coordinate is no number.

    Examples
    --------
    >>> checked_points([0.5, 1], 2)
    array([[0.5, 1. ]])
    """
    points = np.atleast_2d(np.asarray(points, dtype=float))
    if points.shape[1] != dimension:
        raise FitError(f"points have {points.shape[1]} coordinates, but {dimension} parameters are free")
    if bad := int(np.isnan(points).sum()):
        raise FitError(f"{bad} coordinates of the points are NaN: numbers in [0, 1] are expected")
    return points


def point_of(free: Sequence[Free], values: Mapping[str, Any], own: Mapping[str, Any]) -> np.ndarray:
    """Return the point (dimension,) in [0, 1] of values: quantities, or numbers in the parameters' units.

    Those that are absent stand at their ``own`` value, or at the bound that is next to it; in the middle of the bounds
    where there is none.

    Raises
    ------
    FitError
        For a name that is not free, and a value that is not within the bounds.

    Examples
    --------
    >>> free = [Free("tau", 1.0, 100.0, parse_unit("ms"), "log"), Free("x", 0.0, 4.0, ONE, "linear")]
    >>> point_of(free, {"x": 1}, own={"tau": 10.0})
    array([0.5 , 0.25])
    """
    names = [f.name for f in free]
    for name in values:
        if name not in names:
            raise FitError(f"{name!r} is not free{suggest(name, names)}")
    found = []
    for f in free:
        given = values.get(f.name, own.get(f.name))
        if given is None:
            found.append(0.5)
            continue
        value = float(magnitude(given, f.unit, f.name))
        if f.name in values and not f.low <= value <= f.high:
            raise FitError(f"{f.name!r} is {value:g} {f.unit}, outside its bounds, {f.low:g} to {f.high:g} {f.unit}")
        found.append(float(f.to_cube(value)))
    return np.array(found)


def read_free(neuron: Neuron, free: Mapping[str, Any] | None, driven: str) -> tuple[Free, ...]:
    """Return the free parameters that a user asks for; the model's own ranges if ``free`` is None.

    Parameters
    ----------
    free : name -> bounds
        ``(50, 400)*pF``, ``("50 pF", "400 pF")``, ``"50 .. 400 pF"``, or with a scale: ``(50*pF, 400*pF, "log")``,
        ``"50 .. 400 pF log"``. Bare numbers are in the parameter's unit.
    driven : the input that the stimulus drives, for the units of `NUISANCES`

    Raises
    ------
    FitError
        For unknown names, reversed bounds, bounds outside a parameter's domain, nothing free.
    UnitError
        If a bound is not in a unit of the parameter's kind.

    Examples
    --------
    >>> from lapicque.neurons import lif
    >>> read_free(lif, {"c_m": "0.05 .. 0.4 nF", "delay": (0, 5)}, "i_ext")
    (c_m: 50 to 400 pF (log), delay: 0 to 5 ms (linear))
    """
    asked = dict(neuron.ranges) if free is None else dict(free)
    if not asked:
        raise FitError(
            f"nothing is free: {neuron.name!r} has no ranges of its own, so give free=dict(name=(low, high))"
        )
    return tuple(_read(neuron, name, bounds, driven) for name, bounds in asked.items())


def free_between(
    name: str, bounds: Any, unit: Unit, *, whole: bool = False, fix: str = "leave it out, or widen them"
) -> Free:
    """Return a free parameter from its bounds, as `read_free` takes them.

    Parameters
    ----------
    unit : Unit
        Of bare numbers, and of what is found.
    whole : bool
        Whether it is a whole number in any case.
    fix : what to do where both bounds are equal

    Raises
    ------
    FitError, UnitError
        For bounds that are not finite, equal or reversed, and scales that do not fit them.

    Examples
    --------
    >>> free_between("k", (5, 50), ONE, whole=True)
    k: 5 to 50 (integer)
    """
    low, high, scale = _bounds(name, bounds, unit)
    scale = scale or ("integer" if whole else None)
    shown = f"{low:g} to {high:g} {unit}"
    if not (np.isfinite(low) and np.isfinite(high)):
        raise FitError(f"the bounds of {name!r}, {shown}, are not finite")
    if low == high:
        raise FitError(f"the bounds of {name!r} are equal, {shown}: {fix}")
    if low > high:
        raise FitError(f"the bounds of {name!r} are reversed: {shown}")
    if scale == "log" and low <= 0:
        raise FitError(f"the bounds of {name!r}, {shown}, are not positive: a logarithmic scale needs that")
    if (whole or scale == "integer") and (low % 1 or high % 1):
        raise FitError(f"the bounds of {name!r}, {shown}, are not whole, but it counts something: write whole numbers")
    if whole and scale != "integer":
        raise FitError(f"{name!r} is a whole number: leave its scale out")
    return Free(name, low, high, unit, scale or ("log" if low > 0 and high / low >= 8 else "linear"))


def unit_of_bounds(bounds: Any) -> Unit:
    """Return the unit that bounds are given in; 1 for bare numbers.

    Examples
    --------
    >>> [unit_of_bounds(bounds).name for bounds in (("5 ms", "50 ms"), "1 .. 9 mV log", (0, 1))]
    ['ms', 'mV', '1']
    """
    if isinstance(bounds, Free):
        return bounds.unit
    if isinstance(bounds, str):
        return split(bounds.replace("..", ":").split(":")[-1].removesuffix("log").strip())[1] or ONE
    if isinstance(bounds, (tuple, list)):
        return next((unit for unit in (split(bound)[1] for bound in bounds[:2]) if unit is not None), ONE)
    return split(bounds)[1] or ONE


def _read(neuron: Neuron, name: str, bounds: Any, driven: str) -> Free:
    unit = _unit_of(neuron, name, driven)
    fix = f"fix it by neuron.with_({name}=...)" if name in neuron.constants else "leave it out, or widen them"
    found = free_between(name, bounds, unit, fix=fix)
    if name == "delay":
        check_not_negative(found)
    check_domain(found, neuron, name)
    return found


def check_domain(free: Free, neuron: Neuron, name: str) -> None:
    """Refuse bounds outside the domain of a neuron's parameter.

    Parameters
    ----------
    name : str
        Of the parameter, which ``free`` may call otherwise.

    Raises
    ------
    FitError
        If a divisor would be 0 or change its sign, or a refractory period be negative.
    """
    shown, divisors = f"{free.low:g} to {free.high:g} {free.unit}", set(neuron.nonzero_parameters())
    if name in divisors and free.low <= 0 <= free.high:
        raise FitError(f"the bounds of {free.name!r}, {shown}, include 0, but the model divides by it: keep its sign")
    if name in divisors and neuron.constants[name].value is not None:
        default = float(np.mean(neuron.constants[name].value))
        if default * free.low < 0:
            sign = "positive" if default > 0 else "negative"
            raise FitError(f"the bounds of {free.name!r}, {shown}, are outside its domain: the model needs it {sign}")
    if _is_refractory(neuron, name):
        check_not_negative(free)


def check_value(neuron: Neuron, held: Neuron, name: str) -> None:
    """Refuse a value outside the domain of a neuron's parameter, at which it is to be held.

    Parameters
    ----------
    held : Neuron
        The neuron with that value.

    Raises
    ------
    FitError
        As `check_domain` does for bounds.
    """
    now, before = held.constants[name].value, neuron.constants[name].value
    if now is None:
        return
    shown = f"{name!r} cannot be held at {float(np.mean(now)):g} {neuron.constants[name].unit}"
    if name in neuron.nonzero_parameters():
        if not np.all(now):
            raise FitError(f"{shown}: the model divides by it")
        if before is not None and float(np.mean(now)) * float(np.mean(before)) < 0:
            raise FitError(f"{shown}: the model needs it {'positive' if np.mean(before) > 0 else 'negative'}")
    if _is_refractory(neuron, name) and np.any(np.asarray(now) < 0):
        raise FitError(f"{shown}: it cannot be negative")


def check_not_negative(free: Free) -> None:
    """Refuse bounds of a time that cannot be negative."""
    if free.low < 0:
        shown = f"{free.low:g} to {free.high:g} {free.unit}"
        raise FitError(f"the bounds of {free.name!r}, {shown}, are outside its domain: it cannot be negative")


def _is_refractory(neuron: Neuron, name: str) -> bool:
    return any(e.refractory is not None and e.refractory.text == name for e in neuron.parsed_events)


def _unit_of(neuron: Neuron, name: str, driven: str) -> Unit:
    if name in neuron.constants:
        return neuron.constants[name].unit
    if name == "delay":
        return parse_unit("ms")
    if name == "input_scale":
        return ONE
    if name == "input_offset":
        return neuron.inputs[driven].unit
    kind = (
        "a state" if name in neuron.states else "computed" if name in neuron.algebraic else "no parameter of the model"
    )
    raise FitError(f"free: {name!r} is {kind}{suggest(name, [*neuron.constants, *NUISANCES])}")


def _bounds(name: str, bounds: Any, unit: Unit) -> tuple[float, float, str | None]:
    """Return both bounds in ``unit`` and the scale, None where it was not given."""
    scale = None
    if isinstance(bounds, Free):
        bounds = (f"{float(bounds.low)!r} {bounds.unit}", f"{float(bounds.high)!r} {bounds.unit}", bounds.scale)
    if isinstance(bounds, str):
        bounds = _from_text(name, bounds)
    if isinstance(bounds, (tuple, list)) and len(bounds) == 3:
        *bounds, scale = bounds
        if scale not in SCALES and scale is not None:
            raise FitError(f"the scale of {name!r} is {scale!r}: write 'log', 'linear' or 'integer'")
    if not isinstance(bounds, (tuple, list)) and np.ndim(getattr(bounds, "magnitude", bounds)) == 1:
        bounds = list(bounds)  # a quantity, or an array
    if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
        raise FitError(f"the bounds of {name!r} are {bounds!r}: write (low, high), such as {_example(unit)}")
    low, high = (float(magnitude(bound, unit, f"a bound of {name!r}")) for bound in bounds)
    return low, high, scale


def _example(unit: Unit) -> str:
    return f"('50 {unit}', '400 {unit}')" if unit.name != "1" else "(50, 400)"


def _from_text(name: str, text: str) -> tuple[Any, Any, str | None]:
    """Read ``"50 .. 400 pF log"``; a unit that only the second bound has is the first one's as well."""
    words = text.split()
    scale = words.pop() if words and words[-1] in SCALES else None
    separator = ".." if ".." in text else ":"
    low, found, high = (part.strip() for part in " ".join(words).partition(separator))
    low_unit, high_unit = (part.lstrip("+-.0123456789eE").strip() for part in (low, high))
    if not (low and found and high) or separator in high:
        raise FitError(f"the bounds of {name!r} are {text!r}: write LOW:HIGH and the unit, such as 50:400pF")
    if low_unit and not high_unit:
        raise FitError(f"the bounds of {name!r} are {text!r}: write the unit at the end, such as 50:400{low_unit}")
    return (f"{low} {high_unit}" if high_unit and not low_unit else low), high, scale
