"""Wiring that is given: lists of synapses, graphs, matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import SimulationError
from lapicque.network.connectivity.rule import Connectivity, Ends, Pairs, Plan
from lapicque.units import Unit, magnitude, parse_unit, split


def edges(sources: Any, targets: Any, weights: Any = None) -> Edges:
    """One synapse for each pair of an explicit list.

    Parameters
    ----------
    sources, targets : (synapse,) int
        Numbers of the neurons in the source and in the target, from 0. A pair that stands twice is two synapses.
    weights : (synapse,) array or quantity, optional

    Raises
    ------
    SimulationError
        If the lists differ in length or hold anything but whole numbers from 0 up; when connected, if a number is
        beyond the last neuron.

    Notes
    -----
    Weights, delays and other values given as arrays are in the order of the list.

    Examples
    --------
    >>> edges([0, 0, 1], [1, 2, 2])
    edges(sources=<3 values>, targets=<3 values>)
    """
    return Edges(_numbers(sources, "sources"), _numbers(targets, "targets"), *_with_unit(weights, None, "edges"))


def graph(graph: Any, weight: str | None = None, unit: str | Unit | None = None) -> Edges:
    """The edges of a networkx graph: neuron k is the k-th node.

    An undirected edge is a synapse in both directions (a loop is one); parallel edges of a multigraph are several
    synapses.

    Parameters
    ----------
    graph : networkx.Graph or its subclasses
    weight : str, optional
        The attribute of edges that holds the weight.
    unit : str or Unit, optional
        Of the weights.

    Raises
    ------
    SimulationError
        If an edge lacks the attribute; when connected, if there are more nodes than neurons.

    Examples
    --------
    >>> import networkx
    >>> graph(networkx.path_graph(3))
    edges(sources=<4 values>, targets=<4 values>, size=3)
    """
    if not (hasattr(graph, "edges") and hasattr(graph, "is_directed")):
        raise SimulationError(f"graph: {type(graph).__name__} is no networkx graph; for a list write lq.edges(...)")
    number = {node: k for k, node in enumerate(graph.nodes)}
    found = []
    for source, target, attributes in graph.edges(data=True):
        if weight is not None and weight not in attributes:
            raise SimulationError(f"graph: the edge from {source!r} to {target!r} has no attribute {weight!r}")
        value = attributes[weight] if weight is not None else 0.0
        found.append((number[source], number[target], value))
        if not graph.is_directed() and source != target:
            found.append((number[target], number[source], value))
    sources, targets, values = zip(*found, strict=True) if found else ((), (), ())
    weights = np.array(values, np.float64) if weight is not None else None
    return Edges(
        _numbers(sources, "sources", "graph"),
        _numbers(targets, "targets", "graph"),
        *_with_unit(weights, unit, "graph"),
        len(number),
    )


def dense(matrix: Any, unit: str | Unit | None = None) -> Edges:
    """A synapse for each entry of a matrix (source, target) that is not 0; the entries are the weights.

    Parameters
    ----------
    matrix : (source, target) array or quantity
    unit : str or Unit, optional
        Of the weights, where the matrix has none itself.

    Raises
    ------
    SimulationError
        If it is no matrix or holds NaN; when connected, if its shape is not that of the two sides.

    Examples
    --------
    >>> dense([[0, 0.5], [0, 0], [2, 1]], "nS")
    edges(sources=<3 values>, targets=<3 values>, given=<3 values>, unit=<Unit nS>, shape=(3, 2))
    """
    number, found = split(matrix)
    array = np.asarray(number, np.float64)
    if array.ndim != 2:
        raise SimulationError(f"dense: the matrix has shape {array.shape}, but (source, target) is expected")
    targets, sources = np.nonzero(array.T)
    return _of_matrix("dense", sources, targets, array[sources, targets], unit or found, array.shape)


def sparse(matrix: Any, unit: str | Unit | None = None) -> Edges:
    """A synapse for each stored entry of a scipy sparse matrix (source, target); the entries are the weights.

    Entries that are stored are synapses even where they are 0; the same place stored twice (in COO format) is two.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array
    unit : str or Unit, optional
        Of the weights.

    Raises
    ------
    SimulationError
        As for `dense`.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> sparse(csr_array([[0, 0.5], [0, 0], [2, 1]]))
    edges(sources=<3 values>, targets=<3 values>, given=<3 values>, shape=(3, 2))
    """
    if not hasattr(matrix, "tocoo"):
        raise SimulationError(f"sparse: {type(matrix).__name__} is no scipy sparse matrix; for an array: lq.dense(...)")
    entries = matrix.tocoo()
    order = np.lexsort((entries.row, entries.col))
    values = np.asarray(entries.data, np.float64)[order]
    return _of_matrix("sparse", entries.row[order], entries.col[order], values, unit, entries.shape)


@dataclass(frozen=True, eq=False, repr=False)
class Edges(Connectivity):
    """An explicit list; made by `edges`, `graph`, `dense`, `sparse`."""

    sources: np.ndarray
    targets: np.ndarray
    given: np.ndarray | None = None
    unit: Unit | None = None
    size: int | None = None
    shape: tuple[int, int] | None = None
    periodic: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for what, values in (("targets", self.targets), ("weights", self.given)):
            if values is not None and len(values) != len(self.sources):
                raise SimulationError(f"edges: {len(self.sources)} sources, but {len(values)} {what}; give as many")

    @property
    def weights(self) -> Any:
        """The weights that were given, in the order of the list; None where none were."""
        return self.given if self.given is None or self.unit is None else self.given * self.unit

    def check(self, n_source: int, n_target: int, same: bool) -> None:
        """Every neuron must exist."""
        if self.shape is not None and self.shape != (n_source, n_target):
            turned = "; it is (target, source): transpose it, matrix.T" if self.shape == (n_target, n_source) else ""
            raise SimulationError(
                f"the matrix has shape {self.shape}, but the source has {n_source} neurons and the target {n_target}"
                f"{turned}"
            )
        if self.size is not None and self.size > min(n_source, n_target):
            raise SimulationError(
                f"the graph has {self.size} nodes, but the source has {n_source} neurons and the target {n_target}"
            )
        for side, numbers, n in (("source", self.sources, n_source), ("target", self.targets, n_target)):
            if len(numbers) and (most := int(numbers.max())) >= n:
                raise SimulationError(
                    f"edges: {side}s[{int(numbers.argmax())}] is {most}, but the {side} has {n} neurons, 0 to {n - 1}; "
                    f"number them within the {side}"
                )

    def plan(self, ends: Ends, random: np.random.Generator) -> Plan:
        """The list."""
        return Pairs(self.sources, self.targets, given=True)


def _of_matrix(rule: str, sources: Any, targets: Any, values: np.ndarray, unit: Any, shape: Any) -> Edges:
    if np.isnan(values).any():
        where = int(np.flatnonzero(np.isnan(values))[0])
        raise SimulationError(f"{rule}: the matrix is NaN at {[int(sources[where]), int(targets[where])]}; write 0")
    lists = _numbers(sources, "sources", rule), _numbers(targets, "targets", rule)
    return Edges(*lists, *_with_unit(values, unit, rule), None, (int(shape[0]), int(shape[1])))


def _with_unit(weights: Any, unit: Any, rule: str) -> tuple[np.ndarray | None, Unit | None]:
    if weights is None:
        return None, None
    found = parse_unit(unit) if unit is not None else split(weights)[1]
    values = magnitude(weights, found or "1", f"{rule}: weights") if found else split(weights)[0]
    array = np.array(values, np.float64)
    array.flags.writeable = False
    return array, found


def _numbers(given: Any, what: str, rule: str = "edges") -> np.ndarray:
    array = np.asarray(given)
    if array.ndim != 1:
        raise SimulationError(f"{rule}: {what} has shape {array.shape}, but one number a synapse (1-D) is expected")
    if array.size and (array.dtype.kind not in "iuf" or not (array == np.floor(array)).all()):
        raise SimulationError(f"{rule}: {what} holds {array.dtype} values, but whole numbers of neurons are expected")
    if array.size and array.min() < 0:
        where = int(array.argmin())
        raise SimulationError(f"{rule}: {what}[{where}] is {array[where]}, but neurons are numbered from 0")
    array = array.astype(np.int64)  # a copy of our own
    array.flags.writeable = False
    return array
