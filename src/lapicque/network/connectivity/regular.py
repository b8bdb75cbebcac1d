"""Wiring without chance: everyone with everyone, each with its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapicque.network.connectivity.rule import Connectivity, Ends, Everyone, Pairs, Plan


def all_to_all(autapses: bool = True) -> AllToAll:
    """Every source neuron with every target neuron.

    Parameters
    ----------
    autapses : bool
        Whether a neuron may have a synapse onto itself, where source and target share neurons.

    Examples
    --------
    >>> all_to_all(autapses=False)
    all_to_all(autapses=False)
    """
    return AllToAll(autapses)


@dataclass(frozen=True, eq=False, repr=False)
class AllToAll(Connectivity):
    """Every pair; made by `all_to_all`."""

    autapses: bool = True

    def check(self, n_source: int, n_target: int, same: bool) -> None:
        """Any sizes will do."""

    def plan(self, ends: Ends, random: np.random.Generator) -> Plan:
        """Every source for every target."""
        return Everyone(self.autapses)


def one_to_one() -> OneToOne:
    """The first source neuron with the first target neuron, the second with the second, and so on.

    Raises
    ------
    SimulationError
        When connected, if source and target differ in size.

    Examples
    --------
    >>> one_to_one().check(3, 4, same=False)
    Traceback (most recent call last):
    lapicque.errors.SimulationError: one_to_one(): the source has 3 neurons and the target 4; select as many of each,
    for example target[:3]
    """
    return OneToOne()


@dataclass(frozen=True, eq=False, repr=False)
class OneToOne(Connectivity):
    """Neuron k with neuron k; made by `one_to_one`."""

    def check(self, n_source: int, n_target: int, same: bool) -> None:
        """Both sides need the same size."""
        if n_source != n_target:
            larger = "target" if n_source < n_target else "source"
            raise self.refuse(
                f"the source has {n_source} neurons and the target {n_target}; select as many of each, "
                f"for example {larger}[:{min(n_source, n_target)}]"
            )

    def plan(self, ends: Ends, random: np.random.Generator) -> Plan:
        """One source a target."""
        each = np.arange(ends.n_target)
        return Pairs(each, each)
