"""Small-world wiring: a ring of neighbours with a few long-range synapses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapicque.network.connectivity.rule import Connectivity, Ends, Pairs, Plan, chance, whole


def small_world(k: int, p: float) -> SmallWorld:
    """Watts and Strogatz's small world: ``k`` neighbours on a ring, each replaced by a random source with chance ``p``.

    Neurons stand on a ring in the order of their numbers. Each receives synapses from its k/2 neighbours on either
    side; with probability ``p`` a synapse comes from a random neuron instead, not itself and not one that it has
    already. The graph is directed, so that in-degrees stay ``k``.

    Parameters
    ----------
    k : int
        Synapses a target neuron, an even number.
    p : float
        From 0 (a ring) to 1 (random).

    Raises
    ------
    SimulationError
        If ``k`` is odd or ``p`` no probability; when connected, if both sides differ in size, or there are no more
        than ``k`` neurons.

    References
    ----------
    .. [1] Watts & Strogatz 1998, Collective dynamics of "small-world" networks, Nature 393, 440,
       https://doi.org/10.1038/30918

    Examples
    --------
    >>> small_world(4, 0.1)
    small_world(k=4, p=0.1)
    """
    rule = SmallWorld(whole(k, "k", "small_world"), chance(p, "p", "small_world"))
    if rule.k % 2:
        raise rule.refuse(f"k is {k}, but half of the neighbours are on either side; write {k - 1} or {k + 1}")
    return rule


@dataclass(frozen=True, eq=False, repr=False)
class SmallWorld(Connectivity):
    """A ring with shortcuts; made by `small_world`."""

    k: int
    p: float

    def check(self, n_source: int, n_target: int, same: bool) -> None:
        """A ring has both sides in one place."""
        if n_source != n_target:
            raise self.refuse(f"the source has {n_source} neurons and the target {n_target}, but a ring has as many")
        if n_source <= self.k:
            raise self.refuse(f"{self.k} neighbours are wanted, but there are {n_source - 1} others; lower k")

    def plan(self, ends: Ends, random: np.random.Generator) -> Plan:
        """Neighbours first; then those that are replaced are drawn until they are new."""
        n, half = ends.n_target, self.k // 2
        steps = np.concatenate([np.arange(-half, 0), np.arange(1, half + 1)])
        sources = (np.arange(n)[:, None] + steps) % n
        for target, place in np.argwhere(random.random(sources.shape) < self.p):
            row = sources[target]
            if self.k == n - 1:
                break  # everyone already
            new = target
            while new == target or new in row:
                new = int(random.integers(n))
            row[place] = new
        return Pairs(sources.reshape(-1), np.repeat(np.arange(n), self.k))
