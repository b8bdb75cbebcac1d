"""Synapses of axonal and dendritic elements, whose numbers are states of neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.network.structure.rule import UM, Change, Rule, check_sides, positive

if TYPE_CHECKING:
    from lapicque.network.projection import Projection
    from lapicque.simulation.restructuring import StructureView


@dataclass(frozen=True, repr=False)
class Elements(Rule):
    """Matches synaptic elements; see `elements`."""

    pre: str
    post: str
    reach: Any = None
    autapses: bool = False

    def check(self, projection: Projection) -> None:
        """Both sides have elements."""
        check_sides(projection, self.pre, self.post, self.reach)

    def change(self, view: StructureView) -> Change:
        """Return synapses that have lost an element, and those that vacant ones form."""
        offered = [np.floor(np.maximum(x, 0.0)).astype(np.int64) for x in (view.pre(self.pre), view.post(self.post))]
        lost = np.zeros(len(view.sources), bool)
        for ends, has in zip((view.sources, view.targets), offered, strict=True):
            kept = np.flatnonzero(~lost)
            order = kept[view.random.permutation(len(kept))]
            lost[order] = _rank(ends[order]) >= has[ends[order]]
        vacant = [has - np.bincount(ends[~lost], minlength=len(has))
                  for ends, has in zip((view.sources, view.targets), offered, strict=True)]  # fmt: skip
        axons = view.random.permutation(np.repeat(np.arange(view.shape[0]), vacant[0]))
        sources, targets = self._paired(view, axons, vacant[1])
        return Change(lost, sources, targets)

    def _paired(self, view: StructureView, axons: np.ndarray, vacant: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.reach is None:
            dendrites = view.random.permutation(np.repeat(np.arange(view.shape[1]), vacant))
            count = min(len(axons), len(dendrites))
            pairs = axons[:count], dendrites[:count]
            fine = np.ones(count, bool) if self.autapses else view.own[pairs[1]] != pairs[0]
            return pairs[0][fine], pairs[1][fine]
        reach, everyone = positive(self.reach, UM, "reach"), np.arange(view.shape[1])
        near: dict[int, np.ndarray] = {}
        vacant, found = vacant.copy(), []
        for source, drawn in zip(axons.tolist(), view.random.random(len(axons)), strict=True):
            if source not in near:
                near[source] = np.exp(-((view.distance(np.full(len(everyone), source), everyone) / reach) ** 2))
                near[source][(view.own == source) & (not self.autapses)] = 0.0
            chances = np.cumsum(near[source] * vacant)
            if chances[-1] > 0:
                target = int(np.searchsorted(chances, drawn * chances[-1], side="right"))
                vacant[target] -= 1
                found.append((source, target))
        sources, targets = np.array(found, np.int64).reshape(-1, 2).T
        return sources, targets


def elements(pre: str, post: str, reach: Any = None, autapses: bool = False) -> Elements:
    """Form synapses of vacant axonal and dendritic elements, and break those whose elements are gone.

    How many elements a neuron has is a state of it, with an equation of its own; at each time the whole ones are
    matched. Where there are fewer than synapses, random ones break, and their other elements are vacant. A vacant
    axonal element joins a vacant dendritic one with a chance that falls with their distance as ``exp(-(d/reach)**2)``.
    Homeostasis is in the equation: elements grow while calcium, a trace of spikes, is below its target.

    Parameters
    ----------
    pre, post : str
        Dimensionless states: axonal elements of the sources, dendritic elements of the targets.
    reach : quantity, optional
        Both sides then need positions; by default all pairs are alike.
    autapses : bool

    Raises
    ------
    SimulationError
        When restructured, if the neurons have no such state.

    References
    ----------
    Butz & van Ooyen 2013, A simple rule for dendritic spine and axonal bouton formation can account for cortical
    reorganization after focal retinal lesions, doi:10.1371/journal.pcbi.1003259

    Examples
    --------
    >>> elements("axons", "dendrites", reach="150 um")
    elements(pre='axons', post='dendrites', reach='150 um')
    """
    return Elements(pre, post, reach, bool(autapses))


def _rank(keys: np.ndarray) -> np.ndarray:
    """Return how often the value of each element came before it."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.searchsorted(ordered, ordered)
    found = np.empty(len(keys), np.int64)
    found[order] = np.arange(len(keys)) - starts
    return found
