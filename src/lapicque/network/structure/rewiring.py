"""Useless synapses are replaced: their number stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import SimulationError
from lapicque.network.structure.rule import NOBODY, Change, Rule, check_value, threshold

if TYPE_CHECKING:
    from lapicque.network.projection import Projection
    from lapicque.simulation.restructuring import StructureView


@dataclass(frozen=True, repr=False)
class Rewiring(Rule):
    """Replaces synapses; see `rewiring`."""

    below: Any = 0.0
    variable: str = "w"
    same: str | None = "target"
    autapses: bool = False

    def check(self, projection: Projection) -> None:
        """Synapses have the variable."""
        if self.same not in (None, "source", "target"):
            raise SimulationError(f"rewiring: same is {self.same!r}: write 'target', 'source' or None")
        check_value(projection, self.variable)
        threshold(self.below, projection, self.variable)

    def change(self, view: StructureView) -> Change:
        """Return those that go, and as many that come."""
        gone = np.abs(view.value(self.variable)) <= threshold(self.below, view.projection, self.variable)
        sources, targets = [NOBODY], [NOBODY]
        todo_s, todo_t = view.sources[gone].astype(np.int64), view.targets[gone].astype(np.int64)
        for _ in range(100):  # where nearly all pairs are taken, some are not found
            if not len(todo_s):
                break
            if self.same != "source":
                todo_s = view.random.integers(view.shape[0], size=len(todo_s))
            if self.same != "target":
                todo_t = view.random.integers(view.shape[1], size=len(todo_t))
            taken = view.taken(todo_s, todo_t, self.autapses, without=gone)
            pairs = todo_t * view.shape[0] + todo_s
            taken |= np.isin(pairs, np.concatenate(targets) * view.shape[0] + np.concatenate(sources)) | ~_first(pairs)
            sources.append(todo_s[~taken])
            targets.append(todo_t[~taken])
            todo_s, todo_t = todo_s[taken], todo_t[taken]
        return Change(gone, np.concatenate(sources), np.concatenate(targets))


def rewiring(below: Any = 0.0, variable: str = "w", same: str | None = "target", autapses: bool = False) -> Rewiring:
    """Replace synapses that have become useless, abs(w) <= below, by random ones: their number stays (Deep R).

    The noise and the decay of weights that Deep R samples with are terms of the synapse's equations.

    Parameters
    ----------
    below : quantity
        In the unit of the weight.
    variable : str
        State or parameter of single synapses in its place.
    same : ``"target"``, ``"source"`` or None
        Which of its neurons a new synapse shares with the one that it replaces: neurons keep their in-degrees, their
        out-degrees, or neither.
    autapses : bool

    Raises
    ------
    SimulationError
        When restructured, if there is no such variable.

    References
    ----------
    Bellec, Kappel, Maass & Legenstein 2018, Deep rewiring: training very sparse deep networks, arXiv:1711.05136

    Examples
    --------
    >>> rewiring(below="1 pS")
    rewiring(below='1 pS')
    """
    return Rewiring(below, variable, same, bool(autapses))


def _first(keys: np.ndarray) -> np.ndarray:
    """Say which elements are the first of their value."""
    found = np.zeros(len(keys), bool)
    found[np.unique(keys, return_index=True)[1]] = True
    return found
