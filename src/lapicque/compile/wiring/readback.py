"""The synapses of a projection as arrays, for those who want to look at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.compile.wiring.values import DelaySteps, SynapseValues
from lapicque.compile.wiring.wiring import Wiring
from lapicque.units import Unit, internal


@dataclass(frozen=True, eq=False, repr=False)
class Connections:
    """The synapses of a projection in synapse order: by target, then as they were drawn.

    Attributes
    ----------
    sources, targets : (synapse,) int32
        Numbers of the neurons within the two sides.
    weights : (synapse,) float64, in ``unit``; None where the projection has no weight
    delays : (synapse,) float64, ms
        As they act: whole steps.
    shape : (n_source, n_target)
    unit : Unit or None

    Examples
    --------
    >>> from lapicque.compile.wiring import delay_steps, synapse_values, wire
    >>> from lapicque.network.connectivity import one_to_one
    >>> from lapicque.units import nS
    >>> wiring = wire(one_to_one(), 3, 3, key=0)
    >>> found = connections(
    ...     wiring, synapse_values([1, 2, 3], nS, wiring, key=1), nS, delay_steps(1.5, wiring, 2, dt=0.1)
    ... )
    >>> found
    <Connections: 3 synapses, 3 x 3, weights 1 to 3 nS, delays 1.5 ms>
    >>> found.to_sparse().toarray()
    array([[1., 0., 0.],
           [0., 2., 0.],
           [0., 0., 3.]])
    """

    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    delays: np.ndarray
    shape: tuple[int, int]
    unit: Unit | None = None

    def __len__(self) -> int:
        return len(self.sources)

    def __repr__(self) -> str:
        unit = "" if self.unit is None or self.unit.dimensionless else f" {self.unit}"
        parts = [f"{len(self)} synapses", f"{self.shape[0]} x {self.shape[1]}"]
        if len(self):
            parts += [] if self.weights is None else [f"weights {_range(self.weights)}{unit}"]
            parts += [f"delays {_range(self.delays)} ms"]
        return f"<{type(self).__name__}: {', '.join(parts)}>"

    def to_sparse(self, values: str = "weights") -> Any:
        """A matrix (source, target) of the weights, or of the ``"delays"`` or the ``"count"`` of synapses.

        The weights of several synapses of a pair are added, as their effects are; of their delays the mean is taken.

        Returns
        -------
        scipy.sparse.csr_array
        """
        from scipy.sparse import coo_array

        where = (self.sources, self.targets)
        count = np.ones(len(self))
        if values == "count" or (values == "weights" and self.weights is None):
            return coo_array((count, where), shape=self.shape).tocsr()
        if values == "weights":
            return coo_array((self.weights, where), shape=self.shape).tocsr()
        if values == "delays":
            total = coo_array((self.delays, where), shape=self.shape).tocsr()
            number = coo_array((count, where), shape=self.shape).tocsr()
            total.data /= number.data  # both have the same pairs in the same order
            return total
        raise ValueError(f"values is {values!r}, but 'weights', 'delays' or 'count' is expected")

    def to_networkx(self, same: bool = False) -> Any:
        """A directed multigraph with an edge a synapse, and its ``weight`` and ``delay``.

        Where both sides are the same population (``same``), neuron k is node k; else nodes are ``("pre", k)`` and
        ``("post", k)``.

        Returns
        -------
        networkx.MultiDiGraph
        """
        import networkx

        graph = networkx.MultiDiGraph()
        before = list(range(self.shape[0])) if same else [("pre", k) for k in range(self.shape[0])]
        behind = list(range(self.shape[1])) if same else [("post", k) for k in range(self.shape[1])]
        graph.add_nodes_from([*before, *behind])
        weights = np.ones(len(self)) if self.weights is None else self.weights
        every = zip(self.sources.tolist(), self.targets.tolist(), weights.tolist(), self.delays.tolist(), strict=True)
        graph.add_edges_from((before[s], behind[t], {"weight": w, "delay": d}) for s, t, w, d in every)
        return graph


def connections(wiring: Wiring, weights: SynapseValues | None, unit: Unit | None, delays: DelaySteps) -> Connections:
    """Draw all synapses of a projection, and their values.

    Parameters
    ----------
    wiring : Wiring
    weights : SynapseValues or None
    unit : Unit or None
        In which the weights are given back.
    delays : DelaySteps
    """
    indptr, sources = wiring.draw()
    targets = np.repeat(np.arange(wiring.n_target, dtype=np.int32), np.diff(indptr))
    w = None if weights is None else weights.all(wiring)
    if w is not None and unit is not None:
        w = internal(w, unit**-1)
    return Connections(sources, targets, w, delays.all(wiring) * delays.dt, (wiring.n_source, wiring.n_target), unit)


def _range(values: np.ndarray) -> str:
    low, high = values.min(), values.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
