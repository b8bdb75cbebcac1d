"""What a connectivity rule is, and the four ways in which its synapses can be told, target by target."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import SimulationError


@dataclass(frozen=True, eq=False)
class Ends:
    """The two sides of a projection, as a rule sees them.

    Parameters
    ----------
    n_source, n_target : int
    own : (n_target,) int32, optional
        Which source each target is itself, -1 for none; None where no target is a source.
    source_positions, target_positions : (neuron, dimension), um, optional
    periodic : tuple of float, um, optional
        The lengths after which space repeats itself, one for all dimensions or one for each.
    """

    n_source: int
    n_target: int
    own: np.ndarray | None = None
    source_positions: np.ndarray | None = None
    target_positions: np.ndarray | None = None
    periodic: tuple[float, ...] | None = None

    def available(self, autapses: bool) -> np.ndarray:
        """Return how many sources each target may have, (n_target,)."""
        most = np.full(self.n_target, self.n_source, np.int64)
        if self.own is not None and not autapses:
            most -= self.own >= 0
        return most


@dataclass(frozen=True)
class Everyone:
    """Every source, in order."""

    autapses: bool = True


@dataclass(frozen=True)
class Chance:
    """Every source with one probability, in order."""

    p: float
    autapses: bool = True


@dataclass(frozen=True, eq=False)
class InDegrees:
    """A given number of random sources for each target, with repetition (``multapses``) or all different."""

    counts: np.ndarray  # (n_target,) int64
    multapses: bool = True
    autapses: bool = True


@dataclass(frozen=True, eq=False)
class Pairs:
    """A list of synapses in any order: the k-th goes from ``sources[k]`` to ``targets[k]``.

    ``given`` says that a user gave the list, so that arrays of values are in its order.
    """

    sources: np.ndarray
    targets: np.ndarray
    given: bool = False


Plan = Everyone | Chance | InDegrees | Pairs


@dataclass(frozen=True, eq=False, repr=False)
class Connectivity(ABC):
    """A rule that says which neurons of a source have synapses onto which neurons of a target.

    Rules are values: frozen, compared by content. A rule of one's own is a frozen dataclass with `check` and `plan`.
    """

    @property
    def weights(self) -> Any:
        """The weights that come with the rule, as they were given, one a synapse; None where it has none."""
        return None

    @abstractmethod
    def check(self, n_source: int, n_target: int, same: bool) -> None:
        """Refuse sizes that the rule cannot connect.

        Parameters
        ----------
        n_source, n_target : int
        same : bool
            Whether source and target are the same neurons, so that autapses are possible.

        Raises
        ------
        SimulationError
            With the rule, the numbers and what to write instead.
        """

    @abstractmethod
    def plan(self, ends: Ends, random: np.random.Generator) -> Plan:
        """Return how the synapses of each target are drawn.

        Parameters
        ----------
        ends : Ends
        random : numpy.random.Generator
            Seeded with this projection's wiring; for what is drawn once for the whole projection.
        """

    def refuse(self, reason: str) -> SimulationError:
        """Return the error that names the rule."""
        return SimulationError(f"{self!r}: {reason}")

    def _content(self) -> tuple[Any, ...]:
        return tuple(_comparable(getattr(self, field.name)) for field in dataclasses.fields(self))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._content()))

    def __repr__(self) -> str:
        shown = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not None and not (isinstance(value, bool) and value is field.default):
                shown.append(f"{field.name}={_short(value)}")
        return f"{self.function}({', '.join(shown)})"

    @property
    def function(self) -> str:
        """Name of the function that makes such rules."""
        return _snake(type(self).__name__)


def _comparable(value: Any) -> Any:
    if hasattr(value, "magnitude") and hasattr(value, "units"):
        return str(value.units), _comparable(np.asarray(value.magnitude))
    return (value.shape, value.dtype.str, value.tobytes()) if isinstance(value, np.ndarray) else value


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"<{' x '.join(str(n) for n in value.shape)} values>"
    if callable(value):
        return getattr(value, "__name__", "<function>")
    return repr(value)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def whole(value: Any, what: str, rule: str, least: int = 0) -> int:
    """Return a count as an int.

    Raises
    ------
    SimulationError
        If it is no whole number, or below ``least``.
    """
    number = np.asarray(value)
    if number.ndim or number.dtype.kind not in "iuf" or not np.isfinite(number) or number != np.floor(number):
        raise SimulationError(f"{rule}: {what} is {value!r}, but a whole number is expected")
    if number < least:
        raise SimulationError(f"{rule}: {what} is {value!r}, but it cannot be below {least}")
    return int(number)


def chance(value: Any, what: str, rule: str) -> float:
    """Return a probability as a float.

    Raises
    ------
    SimulationError
        If it is no number from 0 to 1.
    """
    number = np.asarray(value)
    plain = number.ndim == 0 and number.dtype.kind in "iuf"
    if not plain or not 0 <= number <= 1:  # NaN is not
        hint = f"; for {value} % write {value / 100}" if plain and 1 < number <= 100 else ""
        raise SimulationError(f"{rule}: {what} is {value!r}, but a probability from 0 to 1 is expected{hint}")
    return float(number)
