"""Distributions as functions of standard random numbers, uniform in (0, 1) or normal of mean 0 and variance 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.compile import vector_math
from lapicque.network.distributions import log_moments
from lapicque.units import Unit

if TYPE_CHECKING:
    from lapicque.model.distribution import Distribution

#: Beyond what random numbers of each kind can be (see `lapicque.compile.random_kernels`).
EXTREMES = {"uniform": (2.0**-54, 1.0), "normal": (-8.7, 8.7)}


@dataclass(frozen=True)
class Law:
    """A distribution: which standard numbers it is made from, and how, in internal units."""

    standard: str
    of: Callable[[np.ndarray], np.ndarray]


def standard_numbers(standard: str, chunk: Any, key: np.uint64, trial: int, dtype: Any) -> np.ndarray:
    """Draw a standard number for each synapse of a chunk, (synapse,).

    That of synapse a of target t is the one of step a // 2, element 2 t + a % 2 and the trial.
    """
    from lapicque.compile.wiring import draws

    targets, indptr, sources = chunk
    out = np.empty(len(sources) + 1, dtype)
    fill = draws.fill_standard_normal if standard == "normal" else draws.fill_standard_uniform
    fill(targets, indptr, key, trial, out)
    return out[:-1]


def law_of(distribution: Distribution, unit: Unit, what: str) -> Law:
    """Return a distribution's law, clipped where the distribution is."""
    numbers, low, high = distribution.internal(unit, what)
    standard, make = _MADE[distribution.kind]

    def of(z: np.ndarray) -> np.ndarray:
        # Python numbers keep the precision of z
        values = make(z, *numbers)
        return values if low == -np.inf and high == np.inf else np.clip(values, low, high, out=values)

    return Law(standard, of)


def _uniform(u: np.ndarray, low: float, high: float) -> np.ndarray:
    u *= high - low
    u += low
    return u


def _normal(z: np.ndarray, mean: float, sd: float) -> np.ndarray:
    z *= sd
    z += mean
    return z


def _lognormal(z: np.ndarray, mean: float, sd: float) -> np.ndarray:
    return vector_math.exp(_normal(z, *log_moments(mean, sd)))


def _exponential(u: np.ndarray, mean: float) -> np.ndarray:
    values = vector_math.log(u)
    values *= -mean
    return values


_MADE: dict[str, tuple[str, Callable[..., np.ndarray]]] = {
    "uniform": ("uniform", _uniform),
    "normal": ("normal", _normal),
    "lognormal": ("normal", _lognormal),
    "exponential": ("uniform", _exponential),
}
