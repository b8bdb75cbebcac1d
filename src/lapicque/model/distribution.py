"""Distributions as values: what a parameter, an initial value, a weight or a delay is drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from lapicque.errors import ModelError, UnitError
from lapicque.units import ONE, Unit, describe, internal, magnitude, split

#: What the two numbers of each kind are called.
KINDS = {
    "uniform": ("low", "high"),
    "normal": ("mean", "sd"),
    "lognormal": ("mean", "sd"),
    "exponential": ("mean",),
}


@dataclass(frozen=True, repr=False)
class Distribution:
    """A distribution with a unit; `lapicque.uniform` and its siblings make one.

    Attributes
    ----------
    kind : str
        ``"uniform"``, ``"normal"``, ``"lognormal"`` or ``"exponential"``.
    numbers : tuple of float
        Its parameters in ``unit``, as `KINDS` names them.
    unit : Unit or None
        None where bare numbers were given: they are read in the unit of what is drawn.
    low, high : float
        Values beyond are set to these ends.
    """

    kind: str
    numbers: tuple[float, ...]
    unit: Unit | None = None
    low: float = -math.inf
    high: float = math.inf

    def clipped(self, low: Any = None, high: Any = None) -> Distribution:
        """Return the distribution whose values beyond ``low`` and ``high`` are set to these.

        Examples
        --------
        >>> from lapicque.units import ms
        >>> normal(1.5 * ms, 0.75 * ms).clipped(low=0.1 * ms)
        normal(1.5 ms, 0.75 ms).clipped(low=0.1 ms)
        """
        given = [(name, end) for name, end in (("low", low), ("high", high)) if end is not None]
        found, unit = _in_one_unit(f"{self.kind}().clipped", given, self.unit)
        ends = {"low": self.low, "high": self.high, **found}
        if unit != self.unit and self.unit is None and not (unit is None or unit.dimensionless):
            raise UnitError(f"{self.kind}().clipped: the ends have the unit {unit}, but the numbers have none")
        if not ends["low"] < ends["high"]:
            raise ModelError(
                f"{self.kind}().clipped: low is {ends['low']:g}, which is not below high, {ends['high']:g}"
            )
        return replace(self, low=ends["low"], high=ends["high"])

    def internal(self, unit: Unit, what: str) -> tuple[tuple[float, ...], float, float]:
        """Return the numbers, the low and the high end in internal units; bare numbers are in ``unit``.

        Raises
        ------
        UnitError
            If the dimension differs; ``what`` names the value.
        """
        own = unit if self.unit is None else self.unit
        if own.dimension != unit.dimension:
            raise UnitError(f"{what} is declared as {describe(unit)}, but {self!r} is {describe(own)}")
        return tuple(internal(n, own) for n in self.numbers), internal(self.low, own), internal(self.high, own)

    def __repr__(self) -> str:
        unit = "" if self.unit is None or self.unit is ONE else f" {self.unit}"
        text = f"{self.kind}({', '.join(f'{n:g}{unit}' for n in self.numbers)})"
        ends = [f"{name}={end:g}{unit}" for name, end in (("low", self.low), ("high", self.high)) if math.isfinite(end)]
        return f"{text}.clipped({', '.join(ends)})" if ends else text


def _in_one_unit(what: str, given: list[tuple[str, Any]], unit: Unit | None) -> tuple[dict[str, float], Unit | None]:
    """Read numbers in the first unit that is found; numbers without one are in it as well."""
    for name, value in given:
        try:
            found = split(value)[1]
        except UnitError as error:
            raise UnitError(f"{what}: {name} is {error.summary}") from None
        unit = unit or found
    numbers = {}
    for name, value in given:
        number = magnitude(value, unit or ONE, f"{what}: {name}")
        if getattr(number, "ndim", 0) or not math.isfinite(number):
            raise ModelError(f"{what}: {name} is {value!r}, but one finite number is expected")
        numbers[name] = float(number)
    return numbers, unit


def _made(kind: str, *values: Any) -> Distribution:
    numbers, unit = _in_one_unit(f"{kind}()", list(zip(KINDS[kind], values, strict=True)), None)
    return Distribution(kind, tuple(numbers.values()), unit)


def uniform(low: Any, high: Any) -> Distribution:
    """Values spread evenly between two ends.

    Parameters
    ----------
    low, high : quantity
        The ends; a bare number is in the unit of the other end, or of what is drawn.

    Raises
    ------
    ModelError, UnitError
        If the lower end is not below the upper one, or one is no number.

    Examples
    --------
    >>> from lapicque.units import mV
    >>> uniform(-60 * mV, -50 * mV)
    uniform(-60 mV, -50 mV)
    """
    made = _made("uniform", low, high)
    if not made.numbers[0] < made.numbers[1]:
        raise ModelError(f"uniform(): the lower end, {low}, is not below the upper end, {high}")
    return made


def normal(mean: Any, sd: Any) -> Distribution:
    """Normal (Gaussian) values.

    Parameters
    ----------
    mean, sd : quantity
        Mean and standard deviation; a bare number is in the unit of the other, or of what is drawn.

    Raises
    ------
    ModelError, UnitError
        If ``sd`` is negative, or one is no number.

    Examples
    --------
    >>> normal("87.8 pA", "8.78 pA").clipped(low=0)
    normal(87.8 pA, 8.78 pA).clipped(low=0 pA)
    """
    return _with_spread(_made("normal", mean, sd))


def lognormal(mean: Any, sd: Any) -> Distribution:
    """Values whose logarithm is normal, given by the mean and standard deviation of the values themselves.

    The logarithm's variance is log(1 + (sd/mean)^2), its mean that of log(mean) minus half this variance.

    Parameters
    ----------
    mean, sd : quantity
        Of the values, not of their logarithm.

    Raises
    ------
    ModelError, UnitError
        If ``mean`` is not positive, ``sd`` is negative, or one is no number.

    Examples
    --------
    >>> lognormal("0.5 nS", "0.3 nS")
    lognormal(0.5 nS, 0.3 nS)
    """
    made = _with_spread(_made("lognormal", mean, sd))
    if not made.numbers[0] > 0:
        raise ModelError(f"lognormal(): the mean is {mean}, but the values are positive, so their mean is as well")
    return made


def exponential(mean: Any) -> Distribution:
    """Exponentially distributed values, from 0 upward.

    Parameters
    ----------
    mean : quantity

    Raises
    ------
    ModelError, UnitError
        If the mean is not positive, or no number.

    Examples
    --------
    >>> exponential("2 ms")
    exponential(2 ms)
    """
    made = _made("exponential", mean)
    if not made.numbers[0] > 0:
        raise ModelError(f"exponential(): the mean is {mean}, but a positive one is expected")
    return made


def _with_spread(made: Distribution) -> Distribution:
    if made.numbers[1] < 0:
        raise ModelError(f"{made.kind}(): the standard deviation is {made.numbers[1]:g}, but it cannot be negative")
    return made
