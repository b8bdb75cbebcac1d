"""Wiring by distance: a probability for each pair of neurons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lapicque.errors import SimulationError
from lapicque.network.connectivity.rule import Connectivity, Ends, Pairs, Plan, chance
from lapicque.units import magnitude

_PAIRS_AT_A_TIME = 1 << 20


def pairwise(p: str | Callable[[np.ndarray], Any], autapses: bool = True, periodic: Any = None) -> Pairwise:
    """Each pair of neurons is connected with a probability of its own, by an expression or a function of distance.

    Parameters
    ----------
    p : str or callable
        An expression of the distance ``d``, the positions ``x_pre``, ``y_post`` ..., the numbers of the neurons ``i``
        (source) and ``j`` (target), and their counts ``N_pre`` and ``N_post``; or a function of an array of distances
        in um. It must lie between 0 and 1.
    autapses : bool
        Whether a neuron may have a synapse onto itself.
    periodic : quantity or sequence of quantities, optional
        The length after which space repeats itself, um, one for all dimensions or one for each: neurons on a ring or
        a torus.

    Raises
    ------
    ModelError, UnitError
        If the expression is none, reads unknown names, or is no pure number.
    SimulationError
        If a length is not positive; when wired, if positions are missing or a probability is not between 0 and 1.

    Examples
    --------
    >>> pairwise("0.3*exp(-(d/(200*um))**2)")
    pairwise(p='0.3*exp(-(d/(200*um))**2)')
    >>> pairwise("abs(i - j) <= 1")  # neighbours
    pairwise(p='abs(i - j) <= 1')
    """
    if isinstance(p, str):
        _parsed(p)
    elif not callable(p):
        raise SimulationError(
            f"pairwise: p is {p!r}, but an expression or a function of distance is expected; for one probability write "
            "lq.fixed_probability(p)"
        )
    return Pairwise(p, autapses, _periods(periodic))


def pairwise_gaussian(p: float, sigma: Any, autapses: bool = True, periodic: Any = None) -> Pairwise:
    """Each pair is connected with probability ``p exp(-d^2/(2 sigma^2))``, d the distance.

    Parameters
    ----------
    p : float
        The probability at distance 0.
    sigma : quantity
        um.
    autapses, periodic
        As for `pairwise`.

    Examples
    --------
    >>> pairwise_gaussian(0.3, "200 um")
    pairwise(p='0.3*exp(-d**2/(2*(200.0*um)**2))')
    """
    scale = _length(sigma, "pairwise_gaussian: sigma")
    return pairwise(f"{chance(p, 'p', 'pairwise_gaussian')!r}*exp(-d**2/(2*({scale!r}*um)**2))", autapses, periodic)


def pairwise_exponential(p: float, length: Any, autapses: bool = True, periodic: Any = None) -> Pairwise:
    """Each pair is connected with probability ``p exp(-d/length)``, d the distance.

    Parameters
    ----------
    p : float
        The probability at distance 0.
    length : quantity
        um.
    autapses, periodic
        As for `pairwise`.

    Examples
    --------
    >>> pairwise_exponential(0.3, "200 um")
    pairwise(p='0.3*exp(-d/(200.0*um))')
    """
    scale = _length(length, "pairwise_exponential: length")
    return pairwise(f"{chance(p, 'p', 'pairwise_exponential')!r}*exp(-d/({scale!r}*um))", autapses, periodic)


@dataclass(frozen=True, eq=False, repr=False)
class Pairwise(Connectivity):
    """A probability a pair; made by `pairwise`."""

    p: str | float | Callable[[np.ndarray], Any]
    autapses: bool = True
    periodic: tuple[float, ...] | None = None

    def check(self, n_source: int, n_target: int, same: bool) -> None:
        """Any sizes will do."""

    def plan(self, ends: Ends, random: np.random.Generator) -> Plan:
        """Every pair is tried once, target by target; the synapses are kept."""
        from lapicque.network.pair_values import Pairs as Some

        ends = replace(ends, periodic=self.periodic)
        few = max(1, _PAIRS_AT_A_TIME // max(ends.n_source, 1))
        every = np.arange(ends.n_source)
        sources, targets = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
        expression = _parsed(self.p) if isinstance(self.p, str) else None
        for first in range(0, ends.n_target, few):
            some = np.arange(first, min(first + few, ends.n_target))
            pairs = Some(ends, every[None, :], some[:, None])
            if isinstance(self.p, float):
                p = np.broadcast_to(self.p, (len(some), ends.n_source))
            elif expression is not None:
                p = pairs.evaluate(expression)
            else:
                p = np.broadcast_to(np.asarray(self.p(pairs.distance), np.float64), (len(some), ends.n_source))  # type: ignore[operator]
            self._check_chances(p, first)
            chosen = random.random(p.shape) < p
            if ends.own is not None and not self.autapses:
                itself = ends.own[some]
                chosen[np.flatnonzero(itself >= 0), itself[itself >= 0]] = False
            found = np.nonzero(chosen)
            targets.append((found[0] + first).astype(np.int32))
            sources.append(found[1].astype(np.int32))
        return Pairs(np.concatenate(sources), np.concatenate(targets))

    def _check_chances(self, p: np.ndarray, first: int) -> None:
        if p.size and not (p.min() >= 0 and p.max() <= 1):  # NaN is neither
            target, source = np.argwhere(~((p >= 0) & (p <= 1)))[0]
            raise self.refuse(
                f"the probability is {p[target, source]:g} for source {source} and target {target + first}, but one "
                "from 0 to 1 is expected; limit it by clip(p, 0, 1)"
            )


def _parsed(text: str) -> Any:
    from lapicque.model import checks
    from lapicque.model.equations import parse_expression
    from lapicque.network.distributions import check_text
    from lapicque.network.projection import PAIR_NAMES
    from lapicque.units import ONE

    expression = parse_expression(text, "probability of a pair")
    check_text(expression, PAIR_NAMES)
    if checks.dimension_of(expression, PAIR_NAMES) is not checks.BOOLEAN:
        checks.check_dimension(expression, PAIR_NAMES, ONE.dimension, "the probability")
    return expression


def _length(value: Any, what: str) -> float:
    length = magnitude(value, "um", what)
    if np.ndim(length) or not length > 0:
        raise SimulationError(f"{what} is {value!r}, but a positive length is expected, such as '200 um'")
    return float(length)


def _periods(periodic: Any) -> tuple[float, ...] | None:
    if periodic is None:
        return None
    lengths = np.atleast_1d(np.asarray(magnitude(periodic, "um", "pairwise: periodic"), np.float64))
    return tuple(_length(length, "pairwise: periodic") for length in lengths.tolist())
