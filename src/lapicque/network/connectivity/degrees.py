"""Random wiring by numbers: a probability, a fixed in-degree, a fixed out-degree, a fixed total."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.network.connectivity.pairwise import Pairwise
from lapicque.network.connectivity.rule import Chance, Connectivity, Ends, InDegrees, Pairs, Plan, chance, whole


def fixed_probability(p: float, autapses: bool = True, nested: bool = False) -> FixedProbability:
    """Each pair of neurons is connected with probability ``p``, independently of the others.

    Parameters
    ----------
    p : float
        From 0 to 1.
    autapses : bool
        Whether a neuron may have a synapse onto itself.
    nested : bool
        Whether every pair keeps its random number when ``p`` changes, so that a larger ``p`` only adds synapses: what
        a search for ``p`` wants. It takes a random number a pair, and not one a synapse.

    Raises
    ------
    SimulationError
        If ``p`` is no probability.

    References
    ----------
    .. [1] Erdős & Rényi 1959, On random graphs I, Publ. Math. Debrecen 6, 290, https://doi.org/10.5486/PMD.1959.6.3-4.12
    .. [2] Batagelj & Brandes 2005, Efficient generation of large random networks (drawing the gaps between synapses),
       Phys. Rev. E 71, 036113, https://doi.org/10.1103/PhysRevE.71.036113

    Examples
    --------
    >>> fixed_probability(0.02)
    fixed_probability(p=0.02)
    >>> fixed_probability(2)
    Traceback (most recent call last):
    lapicque.errors.SimulationError: fixed_probability: p is 2, but a probability from 0 to 1 is expected; for 2 %
    write 0.02
    """
    return FixedProbability(chance(p, "p", "fixed_probability"), autapses, bool(nested))


@dataclass(frozen=True, eq=False, repr=False)
class FixedProbability(Connectivity):
    """Every pair with one probability; made by `fixed_probability`."""

    p: float
    autapses: bool = True
    nested: bool = False

    def check(self, n_source: int, n_target: int, same: bool) -> None:
        """Any sizes will do."""

    def plan(self, ends: Ends, random: np.random.Generator) -> Plan:
        """The gaps between synapses are geometrically distributed; where wirings are nested, every pair is tried."""
        if self.nested:
            return Pairwise(self.p, self.autapses).plan(ends, random)
        return Chance(self.p, self.autapses)

    def numbers(self, ends: Ends, random: np.random.Generator) -> np.ndarray:
        """Return the random number of each pair where wirings are nested, (target, source): below p it is connected."""
        found = random.random((ends.n_target, ends.n_source))
        if ends.own is not None and not self.autapses:
            itself = np.flatnonzero(ends.own >= 0)
            found[itself, ends.own[itself]] = 1.0
        return found


def fixed_in_degree(k: int, autapses: bool = True, multapses: bool = True) -> FixedInDegree:
    """Each target neuron receives ``k`` synapses from randomly drawn sources.

    Parameters
    ----------
    k : int
        Synapses a target neuron.
    autapses : bool
        Whether a neuron may have a synapse onto itself.
    multapses : bool
        Whether two neurons may have several synapses.

    Raises
    ------
    SimulationError
        If ``k`` is no whole number; when connected, if there are not as many sources to draw from.

    References
    ----------
    .. [1] Senk, Kriener, Djurfeldt et al. 2022, Connectivity concepts in neuronal network modeling (the names of the
       rules), PLoS Comput. Biol. 18, e1010086, https://doi.org/10.1371/journal.pcbi.1010086

    Examples
    --------
    >>> fixed_in_degree(20, multapses=False).check(10, 100, same=False)
    Traceback (most recent call last):
    lapicque.errors.SimulationError: fixed_in_degree(k=20, multapses=False): 20 different sources are wanted for each
    target, but there are 10; lower k, or allow several synapses of one pair, multapses=True
    """
    return FixedInDegree(whole(k, "k", "fixed_in_degree"), autapses, multapses)


@dataclass(frozen=True, eq=False, repr=False)
class FixedInDegree(Connectivity):
    """As many synapses onto each target; made by `fixed_in_degree`."""

    k: int
    autapses: bool = True
    multapses: bool = True

    def check(self, n_source: int, n_target: int, same: bool) -> None:
        """There must be sources to draw from."""
        _check_degree(self, self.k, n_source, same, _SOURCES)

    def plan(self, ends: Ends, random: np.random.Generator) -> Plan:
        """The same number for all."""
        _check_degree(self, self.k, int(ends.available(self.autapses).min(initial=ends.n_source)), False, _SOURCES)
        return InDegrees(np.full(ends.n_target, self.k), self.multapses, self.autapses)


def fixed_out_degree(k: int, autapses: bool = True, multapses: bool = True) -> FixedOutDegree:
    """Each source neuron makes ``k`` synapses onto randomly drawn targets.

    Parameters
    ----------
    k : int
        Synapses a source neuron.
    autapses, multapses : bool
        As for `fixed_in_degree`.

    Raises
    ------
    SimulationError
        If ``k`` is no whole number; when connected, if there are not as many targets to draw from.

    Examples
    --------
    >>> fixed_out_degree(20, autapses=False)
    fixed_out_degree(k=20, autapses=False)
    """
    return FixedOutDegree(whole(k, "k", "fixed_out_degree"), autapses, multapses)


@dataclass(frozen=True, eq=False, repr=False)
class FixedOutDegree(Connectivity):
    """As many synapses from each source; made by `fixed_out_degree`."""

    k: int
    autapses: bool = True
    multapses: bool = True

    def check(self, n_source: int, n_target: int, same: bool) -> None:
        """There must be targets to draw from."""
        _check_degree(self, self.k, n_target, same, _TARGETS)

    def plan(self, ends: Ends, random: np.random.Generator) -> Plan:
        """Targets are drawn source by source, and kept."""
        own = np.full(ends.n_source, -1, np.int32)
        if ends.own is not None and not self.autapses:
            targets = np.flatnonzero(ends.own >= 0)
            own[ends.own[targets]] = targets
        most = ends.n_target - (own >= 0)
        _check_degree(self, self.k, int(most.min(initial=ends.n_target)), False, _TARGETS)
        targets = np.empty((ends.n_source, self.k), np.int32)
        if self.multapses and (most == ends.n_target).all():
            targets = random.integers(0, ends.n_target, targets.shape, np.int32)
        elif self.multapses:
            targets = random.integers(0, most[:, None], targets.shape, np.int32)
            targets += (targets >= own[:, None]) & (own[:, None] >= 0)
        else:
            for source, itself in enumerate(own):
                drawn = random.choice(ends.n_target - (itself >= 0), self.k, replace=False, shuffle=False)
                targets[source] = drawn + ((drawn >= itself) & (itself >= 0))
        return Pairs(np.repeat(np.arange(ends.n_source, dtype=np.int32), self.k), targets.reshape(-1))


def fixed_total_number(n: int, autapses: bool = True, multapses: bool = True) -> FixedTotalNumber:
    """``n`` synapses between randomly drawn neurons of both sides.

    Parameters
    ----------
    n : int
        Synapses in all.
    autapses, multapses : bool
        As for `fixed_in_degree`.

    Raises
    ------
    SimulationError
        If ``n`` is no whole number; when connected, if there are not as many pairs.

    Notes
    -----
    The in-degrees are drawn first, from the multinomial distribution (with multapses) or the multivariate
    hypergeometric one (without).

    Examples
    --------
    >>> fixed_total_number(1000, multapses=False).check(10, 20, same=False)
    Traceback (most recent call last):
    lapicque.errors.SimulationError: fixed_total_number(n=1000, multapses=False): 1000 different pairs are wanted, but
    there are 200; lower n, or allow several synapses of one pair, multapses=True
    """
    return FixedTotalNumber(whole(n, "n", "fixed_total_number"), autapses, multapses)


@dataclass(frozen=True, eq=False, repr=False)
class FixedTotalNumber(Connectivity):
    """As many synapses in all; made by `fixed_total_number`."""

    n: int
    autapses: bool = True
    multapses: bool = True

    def check(self, n_source: int, n_target: int, same: bool) -> None:
        """There must be pairs to draw from."""
        self._check_pairs(n_source * n_target - (n_target if same and not self.autapses else 0))

    def _check_pairs(self, pairs: int) -> None:
        if self.n > pairs and (not self.multapses or not pairs):
            different = "pairs" if self.multapses else "different pairs"
            raise self.refuse(f"{self.n} {different} are wanted, but there are {pairs}; {_instead(self, 'n')}")

    def plan(self, ends: Ends, random: np.random.Generator) -> Plan:
        """In-degrees as they come about when pairs are drawn."""
        most = ends.available(self.autapses)
        self._check_pairs(int(most.sum()))
        if not self.n:
            counts = np.zeros(ends.n_target, np.int64)
        elif self.multapses:
            counts = random.multinomial(self.n, most / most.sum())
        elif most.sum() < _MANY_PAIRS:
            counts = random.multivariate_hypergeometric(most, self.n, method="marginals")
        else:
            counts = _of_different_pairs(most, self.n, random)
        return InDegrees(counts, self.multapses, self.autapses)


#: What NumPy's hypergeometric numbers are limited to.
_MANY_PAIRS = 10**9


def _of_different_pairs(most: np.ndarray, n: int, random: np.random.Generator) -> np.ndarray:
    """In-degrees where pairs are drawn until ``n`` are different."""
    ends = np.cumsum(most)
    pairs = np.empty(0, np.int64)
    while len(pairs) < n:
        pairs = np.unique(np.concatenate([pairs, random.integers(0, ends[-1], n - len(pairs))]))
    return np.bincount(np.searchsorted(ends, pairs, "right"), minlength=len(most))


_SOURCES, _TARGETS = "sources are wanted for each target", "targets are wanted for each source"


def _check_degree(rule: Any, k: int, n: int, same: bool, wanted: str) -> None:
    itself = same and not rule.autapses
    available = n - itself
    if k > available and (not rule.multapses or available < 1):
        but = f"{available} without the neuron itself" if itself else str(available)
        different = "" if rule.multapses else "different "
        raise rule.refuse(f"{k} {different}{wanted}, but there are {but}; {_instead(rule, 'k')}")


def _instead(rule: Any, number: str) -> str:
    if rule.multapses:
        return (
            "allow synapses onto itself, autapses=True" if not rule.autapses else f"connect neurons, or set {number}=0"
        )
    return f"lower {number}, or allow several synapses of one pair, multapses=True"
