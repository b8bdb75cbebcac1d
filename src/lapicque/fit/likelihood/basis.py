"""Functions of the time since an event, of which a kernel is a weighted sum.

An event of step s is seen by step k > s at the lag (k - s) dt, as a jump at the end of step s is in a simulation. A
signal that is constant from one sample to the next is seen from its own sample on: sample k counts at lags 0 to dt.
With exponentials both are exactly what the states of a neuron do.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.units import magnitude


@dataclass(frozen=True, repr=False)
class Basis(ABC):
    """Functions f_j of the time s since an event, 0 for s <= 0; made by `exponentials`, `raised_cosines`, `rectangles`.

    A kernel is the sum of ``coefficients[j] * f_j(s)``.
    """

    @abstractmethod
    def values(self, times: Any) -> np.ndarray:
        """Return the functions at times after an event: (time, function); times in ms."""

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """What tells each function from the others, as a text."""

    @property
    @abstractmethod
    def length(self) -> float:
        """Time after which the functions are 0, or as good as (below 1e-6), ms."""

    def __len__(self) -> int:
        return len(self.labels)

    def kernel(self, coefficients: Any, times: Any) -> np.ndarray:
        """Return the kernel with these coefficients at times after an event: (time,).

        Examples
        --------
        >>> exponentials("10 ms", "100 ms").kernel([2.0, 1.0], [10.0, 100.0]).round(3)
        array([1.641, 0.368])
        """
        return self.values(times) @ np.asarray(coefficients, dtype=float)

    def of_events(self, steps: np.ndarray, samples: int, dt: float) -> np.ndarray:
        """Return the sum of each function over the events before each step: (sample, function).

        Parameters
        ----------
        steps : (event,) int
            At which steps events happened; those of one step count all.
        samples : int
        dt : ms
        """
        lags = min(samples, round(self.length / dt) + 1)
        table = self.values(np.arange(1, lags) * dt)
        found = np.zeros((samples, len(self)))
        for step in np.asarray(steps):
            part = found[step + 1 : step + lags]
            part += table[: len(part)]
        return found

    def of_signal(self, signal: np.ndarray, dt: float) -> np.ndarray:
        """Return the signal's convolution with each function: (sample, function), in the signal's unit times ms.

        Parameters
        ----------
        signal : (sample,), each held for dt
            It is taken as 0 before its first sample.
        dt : ms
        """
        from scipy.signal import oaconvolve

        table = self.values((np.arange(min(signal.size, round(self.length / dt) + 1)) + 0.5) * dt) * dt
        return oaconvolve(np.asarray(signal, dtype=float)[:, None], table, axes=0)[: signal.size]


@dataclass(frozen=True, repr=False)
class Exponentials(Basis):
    """``exp(-s/tau)`` for each time constant; made by `exponentials`."""

    taus: tuple[float, ...]

    def values(self, times: Any) -> np.ndarray:
        """Return the functions at times after an event: (time, function)."""
        s = np.asarray(times, dtype=float)[:, None]
        with np.errstate(over="ignore"):
            return np.where(s > 0, np.exp(-np.maximum(s, 0.0) / np.array(self.taus)), 0.0)

    @property
    def labels(self) -> tuple[str, ...]:
        """The time constants."""
        return tuple(f"{tau:g} ms" for tau in self.taus)

    @property
    def length(self) -> float:
        """Time after which the slowest is below 1e-6, ms."""
        return float(np.log(1e6) * max(self.taus))

    def of_events(self, steps: np.ndarray, samples: int, dt: float) -> np.ndarray:
        """Return the traces of events: (sample, function)."""
        pulses = np.bincount(np.asarray(steps, dtype=int), minlength=samples).astype(float)[:samples]
        shifted = np.concatenate([[0.0], pulses[:-1]])
        return self._recursion(shifted, [np.exp(-dt / tau) for tau in self.taus], dt)

    def of_signal(self, signal: np.ndarray, dt: float) -> np.ndarray:
        """Return the low-passed signal: (sample, function), exact for a signal held from sample to sample."""
        return self._recursion(signal, [-tau * np.expm1(-dt / tau) for tau in self.taus], dt)

    def _recursion(self, signal: np.ndarray, gains: list[float], dt: float) -> np.ndarray:
        from scipy.signal import lfilter

        rows = [lfilter([gain], [1.0, -np.exp(-dt / tau)], signal) for gain, tau in zip(gains, self.taus, strict=True)]
        return np.stack(rows, axis=1)

    def __repr__(self) -> str:
        return f"exponentials({', '.join(map(repr, self.labels))})"


@dataclass(frozen=True, repr=False)
class RaisedCosines(Basis):
    """Bumps whose peaks are evenly spaced in log(s + offset); made by `raised_cosines`."""

    count: int
    first: float
    last: float
    offset: float

    def _scale(self) -> tuple[np.ndarray, float]:
        low, high = np.log(self.first + self.offset), np.log(self.last + self.offset)
        return np.linspace(low, high, self.count), (high - low) / (self.count - 1)

    def values(self, times: Any) -> np.ndarray:
        """Return the functions at times after an event: (time, function)."""
        s = np.asarray(times, dtype=float)[:, None]
        peaks, spacing = self._scale()
        place = (np.log(np.maximum(s, 0.0) + self.offset) - peaks) * (np.pi / 2 / spacing)
        return np.where(s > 0, 0.5 * (1 + np.cos(np.clip(place, -np.pi, np.pi))), 0.0)

    @property
    def labels(self) -> tuple[str, ...]:
        """Times of the peaks."""
        return tuple(f"{np.exp(peak) - self.offset:.3g} ms" for peak in self._scale()[0])

    @property
    def length(self) -> float:
        """Where the last bump ends, ms."""
        peaks, spacing = self._scale()
        return float(np.exp(peaks[-1] + 2 * spacing) - self.offset)

    def __repr__(self) -> str:
        return f"raised_cosines({self.count}, '{self.first:g} ms', '{self.last:g} ms', offset='{self.offset:g} ms')"


@dataclass(frozen=True, repr=False)
class Rectangles(Basis):
    """1 between two edges, the later one included; made by `rectangles`."""

    edges: tuple[float, ...]

    def values(self, times: Any) -> np.ndarray:
        """Return the functions at times after an event: (time, function)."""
        s, edges = np.asarray(times, dtype=float)[:, None], np.array(self.edges)
        slack = 1e-9 * edges[-1]  # lags are multiples of dt, which are rounded
        return ((s > edges[:-1] + slack) & (s <= edges[1:] + slack)).astype(float)

    @property
    def labels(self) -> tuple[str, ...]:
        """The intervals."""
        return tuple(f"{a:g} to {b:g} ms" for a, b in zip(self.edges[:-1], self.edges[1:], strict=True))

    @property
    def length(self) -> float:
        """The last edge, ms."""
        return self.edges[-1]

    def __repr__(self) -> str:
        return f"rectangles({[float(edge) for edge in self.edges]})"


def exponentials(*taus: Any) -> Exponentials:
    """Exponentials ``exp(-s/tau)``: the basis of kernels that a neuron's states have exactly.

    Parameters
    ----------
    *taus : ms
        Time constants, different from one another.

    Raises
    ------
    FitError
        For none, one that is not positive, or two that are the same: their coefficients could not be told apart.

    Examples
    --------
    >>> exponentials("10 ms", 100)
    exponentials('10 ms', '100 ms')
    >>> exponentials(10).of_events(np.array([1]), 4, dt=10.0)[:, 0].round(3)
    array([0.   , 0.   , 0.368, 0.135])
    """
    return Exponentials(_rising("time constants", tuple(taus), least=0.0, lengths=1))


def raised_cosines(count: int, first: Any, last: Any, offset: Any = "1 ms") -> RaisedCosines:
    """Raised cosine bumps, narrow soon after an event and wide later.

    Bump j is ``(1 + cos(a log((s + offset)/(p_j + offset))))/2`` where the argument is within ±pi, else 0; a is such
    that each bump ends at the peak of the one after the next, so that those in between add up to a constant.

    Parameters
    ----------
    count : int
        At least 2.
    first, last : ms
        Times of the first and the last peak.
    offset : ms
        The larger, the more even the spacing.

    Raises
    ------
    FitError
        For a number below 2, and times that do not rise from 0.

    References
    ----------
    .. [1] Pillow et al. 2008, Nature 454, 995, https://doi.org/10.1038/nature07140

    Examples
    --------
    >>> basis = raised_cosines(4, "2 ms", "50 ms")
    >>> basis.labels
    ('2 ms', '6.71 ms', '18.8 ms', '50 ms')
    >>> basis.values([2.0, 10.0]).sum(axis=1).round(9)
    array([1.5, 2. ])
    """
    if int(count) != count or count < 2:
        raise FitError(f"{count} raised cosines: a whole number of at least 2 is expected")
    low, high = _rising("times of the first and last peak", (first, last), least=-1.0, lengths=2)
    if low < 0:
        raise FitError(f"the first peak is at {low:g} ms: a time after the event is expected")
    shift = float(magnitude(offset, "ms", "offset"))
    if not 0 < shift < np.inf:
        raise FitError(f"the offset of raised cosines is {shift:g} ms: a positive time is expected")
    return RaisedCosines(int(count), low, high, shift)


def rectangles(*edges: Any) -> Rectangles:
    """Steps: a kernel that is constant between edges.

    Parameters
    ----------
    *edges : ms
        Rising from 0 or later; best multiples of the sampling interval.

    Raises
    ------
    FitError
        For fewer than two edges, or edges that do not rise.

    Examples
    --------
    >>> rectangles(0, 2, 5).of_events(np.array([0]), 7, dt=1.0).T
    array([[0., 1., 1., 0., 0., 0., 0.],
           [0., 0., 0., 1., 1., 1., 0.]])
    """
    return Rectangles(_rising("edges of rectangles", tuple(edges), least=-1e-300, lengths=2))


def _rising(what: str, given: tuple[Any, ...], least: float, lengths: int) -> tuple[float, ...]:
    found = tuple(float(magnitude(value, "ms", what)) for value in given)
    if len(found) < lengths:
        raise FitError(f"{len(found)} {what}: at least {lengths} expected")
    if not (np.isfinite(found).all() and min(found) > least and np.all(np.diff(found) > 0)):
        raise FitError(f"the {what} are {', '.join(f'{f:g}' for f in found)} ms: positive times that rise are expected")
    return found
