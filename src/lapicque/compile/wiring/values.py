"""The values of single synapses: weights, delays and other parameters, one chunk of synapses at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.compile.wiring.laws import EXTREMES, Law, law_of, standard_numbers
from lapicque.compile.wiring.wiring import Chunk, Wiring
from lapicque.errors import SimulationError
from lapicque.model.checks import check_dimension
from lapicque.model.distribution import Distribution
from lapicque.model.equations import Expression, parse_expression
from lapicque.model.values import is_quantity
from lapicque.network.distributions import check_text
from lapicque.network.pair_values import Pairs
from lapicque.network.projection import PAIR_NAMES
from lapicque.units import Unit, internal, magnitude, parse_unit


class SynapseValues(ABC):
    """What each synapse of a wiring has, in internal units; made by `synapse_values`."""

    @property
    def constant(self) -> float | None:
        """The one value of all synapses; None where they differ."""
        return None

    @property
    def highest(self) -> float:
        """No value is larger; infinite where that is not known."""
        return np.inf

    @abstractmethod
    def of(self, chunk: Chunk, dtype: Any = np.float64) -> np.ndarray:
        """Return the values of a chunk's synapses, (synapse,)."""

    def all(self, wiring: Wiring, dtype: Any = np.float64) -> np.ndarray:
        """Return the values of all synapses of a wiring, (synapse,)."""
        if self.constant is not None:
            return np.full(wiring.count, self.constant, dtype)
        parts = [self.of(chunk, dtype).copy() for chunk in wiring.chunks(np.arange(wiring.n_target))]
        return np.concatenate(parts) if parts else np.empty(0, dtype)


@dataclass(frozen=True)
class Constant(SynapseValues):
    """One value for all."""

    value: float

    @property
    def constant(self) -> float:
        """The value."""
        return self.value

    @property
    def highest(self) -> float:
        """The value."""
        return self.value

    def of(self, chunk: Chunk, dtype: Any = np.float64) -> np.ndarray:
        """Return the value, repeated."""
        return np.full(len(chunk[2]), self.value, dtype)


@dataclass(frozen=True, eq=False)
class Listed(SynapseValues):
    """A value for each synapse, in synapse order."""

    wiring: Wiring
    values: np.ndarray

    @property
    def highest(self) -> float:
        """The largest."""
        return float(self.values.max(initial=-np.inf))

    def of(self, chunk: Chunk, dtype: Any = np.float64) -> np.ndarray:
        """Look the values up by synapse number."""
        targets, indptr, _ = chunk
        return self.values[self.wiring.numbers(targets, indptr)].astype(dtype)


@dataclass(frozen=True, eq=False)
class OfPairs(SynapseValues):
    """A value for each pair of neurons, (source, target)."""

    values: np.ndarray

    @property
    def highest(self) -> float:
        """The largest."""
        return float(self.values.max(initial=-np.inf))

    def of(self, chunk: Chunk, dtype: Any = np.float64) -> np.ndarray:
        """Look the values up by source and target."""
        targets, indptr, sources = chunk
        return self.values[sources, np.repeat(targets, np.diff(indptr))].astype(dtype)


@dataclass(frozen=True, eq=False)
class Random(SynapseValues):
    """A number from a distribution for each synapse, keyed by its target and its place among the target's synapses."""

    law: Law
    key: np.uint64

    @property
    def highest(self) -> float:
        """What the law makes of the extreme random numbers."""
        return float(self.law.of(np.array(EXTREMES[self.law.standard])).max())

    def of(self, chunk: Chunk, dtype: Any = np.float64) -> np.ndarray:
        """Draw standard numbers in compiled code and bring them to the law."""
        return self.law.of(standard_numbers(self.law.standard, chunk, self.key, 0, dtype))


@dataclass(frozen=True, eq=False)
class Computed(SynapseValues):
    """An expression of the two neurons of each synapse; the k-th rand() or randn() in it has the trial k."""

    expression: Expression
    wiring: Wiring
    key: np.uint64
    what: str

    def of(self, chunk: Chunk, dtype: Any = np.float64) -> np.ndarray:
        """Evaluate it in NumPy, in float64."""
        targets, indptr, sources = chunk

        def draw(function: str, k: int) -> np.ndarray:
            standard = "uniform" if function == "rand" else "normal"
            return standard_numbers(standard, chunk, self.key, k, np.float64)

        pairs = Pairs(self.wiring.ends, sources, np.repeat(targets, np.diff(indptr)))
        with np.errstate(all="ignore"):  # what comes out is checked
            values = pairs.evaluate(self.expression, draw)
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            ends = f"source {sources[wrong[0]]} and target {np.repeat(targets, np.diff(indptr))[wrong[0]]}"
            raise self.expression.error(f"{self.what} is {_called(values[wrong[0]])} for {ends}")
        return values.astype(dtype, copy=False)


@dataclass(frozen=True, eq=False)
class DelaySteps:
    """Delays in whole steps, floor(delay/dt + 0.5)."""

    values: SynapseValues
    dt: float
    what: str = "delay"

    def __post_init__(self) -> None:
        if self.values.constant is not None:
            self._whole(np.full(1, self.values.constant))
        elif isinstance(self.values, Listed | OfPairs):
            self._whole(self.values.values)

    @property
    def constant(self) -> int | None:
        """The one delay of all synapses; None where they differ."""
        value = self.values.constant
        return None if value is None else int(np.floor(value / self.dt + 0.5))

    @property
    def dtype(self) -> Any:
        """The smallest unsigned integer type that holds every delay."""
        highest = self.values.highest / self.dt + 1.0
        return np.uint8 if highest < 2**8 else np.uint16 if highest < 2**16 else np.uint32

    def of(self, chunk: Chunk, dtype: Any = None) -> np.ndarray:
        """Return the delays of a chunk's synapses, (synapse,), unsigned."""
        return self._whole(self.values.of(chunk)).astype(dtype or self.dtype)

    def all(self, wiring: Wiring) -> np.ndarray:
        """Return the delays of all synapses of a wiring, (synapse,) float64, whole numbers."""
        return self._whole(self.values.all(wiring))

    def _whole(self, delays: np.ndarray) -> np.ndarray:
        steps = delays / self.dt
        steps += 0.5
        np.floor(steps, out=steps)
        if steps.size and not (delays.min() >= 0 and steps.max() < 2**32):  # NaN is neither
            wrong = float(delays[~((delays >= 0) & (steps < 2**32))][0])
            hint = "; a distribution can be limited: .clipped(0*ms, ...)" if wrong < 0 else ""
            raise SimulationError(
                f"{self.what} is {wrong:g} ms for a synapse, but delays are times from 0 up to 2^32 steps of "
                f"{self.dt:g} ms{hint}"
            )
        return steps


def synapse_values(given: Any, unit: Unit, wiring: Wiring, key: Any, what: str = "w") -> SynapseValues:
    """What each synapse of a wiring has.

    Parameters
    ----------
    given : number, quantity, array, distribution or text
        One value for all; an array with one a synapse, in synapse order (in the order of the list, where the synapses
        were listed); a matrix (source, target); a distribution; an expression such as
        ``"1*nS*rand()*exp(-d/(100*um))"`` of the names that `lapicque.pairwise` knows, `rand()` and `randn()`.
    unit : Unit
        In which bare numbers are taken.
    wiring : Wiring
    key : uint64
        From `lapicque.random.stream_key` of the wiring seed and ``"PROJECTION/NAME"``.
    what : str
        The name, for error messages.

    Raises
    ------
    SimulationError, UnitError, ModelError
        If the shape or the unit does not fit, a name is unknown, or a number is NaN.
    """
    if isinstance(given, Distribution):
        return Random(law_of(given, unit, what), np.uint64(key))
    if isinstance(given, str) and not is_quantity(given, PAIR_NAMES):
        expression = parse_expression(given, what)
        check_text(expression, PAIR_NAMES)
        check_dimension(expression, PAIR_NAMES, unit.dimension, what)
        return Computed(expression, wiring, np.uint64(key), what)
    return _given(given, unit, wiring, what)


def delay_steps(given: Any, wiring: Wiring, key: Any, dt: float, what: str = "delay") -> DelaySteps:
    """The delays of a wiring's synapses in whole steps; bare numbers are taken in ms.

    Parameters
    ----------
    given, wiring, key, what
        As for `synapse_values`.
    dt : float, ms

    Raises
    ------
    SimulationError, UnitError
        As for `synapse_values`, and if a delay is negative.
    """
    return DelaySteps(synapse_values(given, parse_unit("ms"), wiring, key, what), dt, what)


def _called(value: float) -> str:
    return "NaN (not a number)" if np.isnan(value) else "infinite"


def _given(given: Any, unit: Unit, wiring: Wiring, what: str) -> SynapseValues:
    """Numbers: one for all, one a synapse, or one a pair of neurons."""
    values = np.asarray(internal(magnitude(given, unit, what), unit), np.float64)
    wrong = ~np.isfinite(values)
    if wrong.any():
        place = f" at {np.argwhere(wrong)[0].tolist()}" if values.ndim else ""
        raise SimulationError(f"{what} is {_called(values[wrong][0])}{place}: every synapse needs a number")
    if values.ndim == 0:
        return Constant(float(values))
    if values.ndim == 1:
        if len(values) != wiring.count:
            raise SimulationError(
                f"{what} has {len(values)} values, but there are {wiring.count} synapses: give one value for all, "
                "one a synapse, or a matrix (source, target)"
            )
        return Listed(wiring, values if wiring.given_order is None else values[wiring.given_order])
    if values.shape != (wiring.n_source, wiring.n_target):
        raise SimulationError(
            f"{what} has shape {values.shape}, but a matrix (source, target) of {wiring.n_source} x {wiring.n_target} "
            "is expected"
        )
    return OfPairs(values)
