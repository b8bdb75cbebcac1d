"""What an action or an observation can be: one of a few choices, or numbers between bounds."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import SimulationError
from lapicque.units import parse_unit


@dataclass(frozen=True)
class Discrete:
    """One of ``n`` choices, the whole numbers 0 to n - 1.

    Parameters
    ----------
    n : int
        How many.
    names : tuple of str
        What they mean, one name each; or none.

    Raises
    ------
    SimulationError
        If there is no choice, or another number of names.

    Examples
    --------
    >>> push = Discrete(2, ("left", "right"))
    >>> push
    Discrete(2: left, right)
    >>> push.sample(np.random.default_rng(1)), push.shape
    (0, ())
    """

    n: int
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.n, bool) or not isinstance(self.n, (int, np.integer)) or self.n < 1:
            raise SimulationError(f"Discrete: n is {self.n!r}, but a whole number from 1 upward is expected")
        if self.names and len(self.names) != self.n:
            raise SimulationError(f"Discrete: {len(self.names)} names for {self.n} choices; give each one, or none")

    def __repr__(self) -> str:
        return f"Discrete({self.n}{': ' if self.names else ''}{', '.join(self.names)})"

    @property
    def shape(self) -> tuple[int, ...]:
        """The empty tuple: a choice is one number."""
        return ()

    def sample(self, random: np.random.Generator) -> int:
        """One choice, each equally likely."""
        return int(random.integers(self.n))

    def checked(self, value: Any, what: str) -> int:
        """The choice as an int.

        Parameters
        ----------
        value : int
        what : str
            Whose value this is, for the message.

        Raises
        ------
        SimulationError
            If it is not a whole number, or not among the choices.

        Examples
        --------
        >>> Discrete(4).checked(4, "grid_world: the action")
        Traceback (most recent call last):
        lapicque.errors.SimulationError: grid_world: the action is 4, but a whole number from 0 to 3 is expected
        """
        expected = f"a whole number from 0 to {self.n - 1}{f' ({self._listed()})' if self.names else ''} is expected"
        try:
            if isinstance(value, (bool, np.bool_)):
                raise TypeError
            number = operator.index(value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value)
        except TypeError:
            raise SimulationError(f"{what} is {value!r}, but {expected}") from None
        if not 0 <= number < self.n:
            raise SimulationError(f"{what} is {number}, but {expected}")
        return number

    def _listed(self) -> str:
        return ", ".join(self.names)


@dataclass(frozen=True, eq=False, repr=False)
class Box:
    """Numbers between bounds.

    Parameters
    ----------
    low, high : array
        Bounds, both included; they may be infinite. Their common shape is that of a value.
    names : tuple of str
        Names of the numbers, where there is one dimension.
    units : tuple of str
        Their units; none: pure numbers, or not known.

    Raises
    ------
    SimulationError
        If the bounds do not fit each other, or names or units have another number.
    UnitError
        If a unit is unknown.

    Examples
    --------
    >>> position = Box([-1, -1], [1, 1], ("x", "y"), ("m", "m"))
    >>> position
    Box(x (m) -1 to 1, y (m) -1 to 1)
    >>> position.shape, position.contains([0.5, 2.0])
    ((2,), False)
    """

    low: np.ndarray
    high: np.ndarray
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        low, high = (np.array(bound, dtype=np.float64) for bound in (self.low, self.high))
        if low.shape != high.shape:
            raise SimulationError(f"Box: low has shape {low.shape} and high {high.shape}; both bound the same numbers")
        if not (low <= high).all():
            raise SimulationError("Box: every low bound must be a number that is not above its high bound")
        for given, what in ((self.names, "names"), (self.units, "units")):
            if given and low.shape != (len(given),):
                raise SimulationError(f"Box: {len(given)} {what} for numbers of shape {low.shape}; give one each")
        for unit in self.units:
            parse_unit(unit)
        for bound, name in ((low, "low"), (high, "high")):
            bound.flags.writeable = False
            object.__setattr__(self, name, bound)

    def __repr__(self) -> str:
        if not self.names:
            return f"Box(shape {self.shape}, {self.low.min(initial=np.inf):g} to {self.high.max(initial=-np.inf):g})"
        units = self.units or ("1",) * len(self.names)
        shown = (
            f"{name}{'' if unit == '1' else f' ({unit})'} {low:.4g} to {high:.4g}"
            for name, unit, low, high in zip(self.names, units, self.low, self.high, strict=True)
        )
        return f"Box({', '.join(shown)})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a value."""
        return self.low.shape

    def contains(self, value: Any) -> bool:
        """Whether the numbers lie within the bounds."""
        array = np.asarray(value, dtype=np.float64)
        return array.shape == self.shape and bool(((self.low <= array) & (array <= self.high)).all())

    def sample(self, random: np.random.Generator) -> np.ndarray:
        """Numbers drawn uniformly.

        Raises
        ------
        SimulationError
            If a bound is infinite.
        """
        if not (np.isfinite(self.low).all() and np.isfinite(self.high).all()):
            raise SimulationError(f"{self!r} has an infinite bound: nothing can be drawn from it uniformly")
        return random.uniform(self.low, self.high)

    def checked(self, value: Any, what: str) -> np.ndarray:
        """The numbers as float64.

        Parameters
        ----------
        value : array
        what : str
            Whose value this is, for the message.

        Raises
        ------
        SimulationError
            If the shape differs, a number is NaN, or one lies beyond its bounds.

        Examples
        --------
        >>> Box(0.0, 1.0).checked(np.nan, "the action")
        Traceback (most recent call last):
        lapicque.errors.SimulationError: the action is nan, but numbers from 0 to 1 are expected
        """
        try:
            array = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise SimulationError(f"{what} is {value!r}, but numbers of shape {self.shape} are expected") from None
        if array.shape != self.shape:
            raise SimulationError(f"{what} has shape {array.shape}, but {self.shape} is expected")
        outside = ~((self.low <= array) & (array <= self.high))
        if outside.any():
            where = tuple(np.argwhere(outside)[0])
            whose = f" of {self.names[where[0]]!r}" if self.names else f" at {tuple(map(int, where))}" if where else ""
            raise SimulationError(
                f"{what}{whose} is {array[where]:g}, but numbers from {self.low[where]:g} to {self.high[where]:g} are "
                "expected"
            )
        return array
