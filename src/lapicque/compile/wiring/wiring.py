"""The synapses of a projection, drawn target by target as often as they are needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from lapicque.network.connectivity.rule import Chance, Connectivity, Ends, Everyone, InDegrees, Pairs

#: Synapses that are drawn at a time: what is made of them stays in the cache of a processor.
CHUNK = 1 << 16

Chunk = tuple[np.ndarray, np.ndarray, np.ndarray]


def wire(
    rule: Connectivity,
    n_source: int,
    n_target: int,
    key: Any,
    same: bool | np.ndarray = False,
    source_positions: np.ndarray | None = None,
    target_positions: np.ndarray | None = None,
) -> Wiring:
    """The synapses that a rule makes between two sides.

    Parameters
    ----------
    rule : Connectivity
    n_source, n_target : int
    key : uint64
        From `lapicque.random.stream_key` of the wiring seed and ``"PROJECTION/sources"``.
    same : bool or (n_target,) int
        Whether both sides are the same neurons; or, for parts of one population, which source each target is, -1 for
        none.
    source_positions, target_positions : (neuron, dimension), um, optional

    Returns
    -------
    Wiring

    Raises
    ------
    SimulationError
        If the rule cannot connect these sides.

    Examples
    --------
    >>> from lapicque.network.connectivity import fixed_in_degree
    >>> from lapicque.random import stream_key
    >>> wiring = wire(fixed_in_degree(3, autapses=False), 10, 10, stream_key(1, "exc->exc/sources"), same=True)
    >>> wiring.count, wiring.in_degrees[:4]
    (30, array([3, 3, 3, 3]))
    >>> wiring.draw(2, 4)
    (array([0, 3, 6]), array([1, 3, 3, 6, 0, 9], dtype=int32))
    """
    own = None
    if same is not False and same is not None:
        own = np.arange(n_target, dtype=np.int32) if same is True else np.asarray(same, np.int32)
        own = None if (own < 0).all() else own
    rule.check(n_source, n_target, own is not None and bool((own >= 0).all()))
    periodic = getattr(rule, "periodic", None)
    ends = Ends(n_source, n_target, own, source_positions, target_positions, periodic)
    plan = rule.plan(ends, np.random.Generator(np.random.Philox(key=int(key))))
    if isinstance(plan, Pairs):
        return Kept(ends, plan)
    return Drawn(ends, plan, np.uint64(key))


class Wiring(ABC):
    """Synapses numbered by target, then in the order drawn for it; made by `wire`."""

    def __init__(self, ends: Ends):
        self.ends, self.n_source, self.n_target = ends, ends.n_source, ends.n_target

    @property
    def given_order(self) -> np.ndarray | None:
        """Where each synapse stood in the list that was given, (synapse,); None where there was no list."""
        return None

    @cached_property
    @abstractmethod
    def in_degrees(self) -> np.ndarray:
        """Synapses of each target, (n_target,) int64."""

    @abstractmethod
    def chunks(self, targets: np.ndarray) -> Iterator[Chunk]:
        """Draw the synapses of some targets, chunk by chunk.

        Yields
        ------
        targets : (target,) int64
            The next few of those asked for.
        indptr : (target + 1,) int64
            Where each target's synapses begin in ``sources``.
        sources : (synapse,) int32
            Valid until the next chunk is asked for; may be written to.
        """

    @cached_property
    def starts(self) -> np.ndarray:
        """The number of each target's first synapse, and the number of all, (n_target + 1,) int64."""
        starts = np.zeros(self.n_target + 1, np.int64)
        np.cumsum(self.in_degrees, out=starts[1:])
        return starts

    @property
    def count(self) -> int:
        """Number of synapses."""
        return int(self.starts[-1])

    def numbers(self, targets: np.ndarray, indptr: np.ndarray) -> slice | np.ndarray:
        """Return the numbers of the synapses of a chunk."""
        if not len(targets):
            return slice(0, 0)
        if (np.diff(targets) == 1).all():
            return slice(int(self.starts[targets[0]]), int(self.starts[targets[-1] + 1]))
        return np.repeat(self.starts[targets] - indptr[:-1], np.diff(indptr)) + np.arange(indptr[-1])

    def draw(self, first: int = 0, last: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Draw the synapses of a range of targets: the same at any time, and in whatever ranges they are drawn.

        Returns
        -------
        indptr : (last - first + 1,) int64
            Where each target's synapses begin in ``sources``.
        sources : (synapse,) int32
        """
        degrees, parts = [np.zeros(1, np.int64)], [np.empty(0, np.int32)]
        for _, indptr, sources in self.chunks(np.arange(first, self.n_target if last is None else last)):
            degrees.append(np.diff(indptr))
            parts.append(sources.copy())
        return np.cumsum(np.concatenate(degrees)), np.concatenate(parts)


class Drawn(Wiring):
    """Synapses that are drawn whenever they are needed, and take no memory."""

    def __init__(self, ends: Ends, plan: Everyone | Chance | InDegrees, key: np.uint64):
        super().__init__(ends)
        self.plan, self.key = plan, key
        itself = ends.own is not None and not plan.autapses
        self._own = ends.own if itself else np.full(ends.n_target, -1, np.int32)

    @cached_property
    def in_degrees(self) -> np.ndarray:
        """Synapses of each target; where each pair has its chance, they are drawn to be counted."""
        if isinstance(self.plan, InDegrees):
            return self.plan.counts
        if isinstance(self.plan, Everyone):
            return self.ends.available(self.plan.autapses)
        degrees = np.empty(self.n_target, np.int64)
        for targets, indptr, _ in self.chunks(np.arange(self.n_target)):
            degrees[targets] = np.diff(indptr)
        return degrees

    def chunks(self, targets: np.ndarray) -> Iterator[Chunk]:
        """Draw the synapses of some targets, chunk by chunk."""
        from lapicque.compile.wiring import draws

        plan, n, p, most = self.plan, self.n_source, 0.0, self.n_source
        counts = np.empty(0, np.int64)
        if isinstance(plan, InDegrees):
            counts, most = plan.counts, int(plan.counts.max(initial=0))
            kernel = draws.draw_repeating if plan.multapses else draws.draw_different
        elif isinstance(plan, Chance):
            kernel, p = draws.draw_by_chance, plan.p
        else:
            kernel = draws.draw_everyone
        scratch = np.empty(most + 4 if isinstance(plan, InDegrees) else 1024, np.uint32)
        out = np.empty(CHUNK + most + 1, np.int32)
        targets = np.ascontiguousarray(targets, np.int64)
        while len(targets):
            indptr = np.zeros(min(len(targets), CHUNK) + 1, np.int64)
            done = kernel(targets[: len(indptr) - 1], self._own, n, self.key, counts, p, scratch, CHUNK, indptr, out)
            yield targets[:done], indptr[: done + 1], out[: indptr[done]]
            targets = targets[done:]


class Kept(Wiring):
    """Synapses from a list, sorted by target and kept: four bytes each."""

    def __init__(self, ends: Ends, pairs: Pairs):
        super().__init__(ends)
        sources, targets = np.asarray(pairs.sources), np.asarray(pairs.targets)
        self._degrees = np.bincount(targets, minlength=ends.n_target).astype(np.int64)
        self._order = None
        if (targets[1:] < targets[:-1]).any():
            if pairs.given:
                self._order = self._by_target(targets, np.arange(len(targets)))
                sources = sources[self._order]
            else:
                sources = self._by_target(targets, sources)
        self._sources = np.ascontiguousarray(sources, np.int32)

    @classmethod
    def sorted(cls, ends: Ends, sources: np.ndarray, degrees: np.ndarray) -> Kept:
        """Return synapses whose sources are sorted by target, with the number of synapses of each target."""
        made = cls.__new__(cls)
        Wiring.__init__(made, ends)
        made._sources, made._degrees, made._order = np.ascontiguousarray(sources, np.int32), degrees, None
        return made

    def _by_target(self, targets: np.ndarray, values: np.ndarray) -> np.ndarray:
        if len(targets) < CHUNK:
            return values[np.argsort(targets, kind="stable")]
        from lapicque.compile.wiring.packing import sort_by_target

        out = np.empty_like(values)
        sort_by_target(targets, values, self.starts[:-1].copy(), out)
        return out

    @property
    def given_order(self) -> np.ndarray | None:
        """Where each synapse stood in the list that was given; None where that was sorted by target."""
        return self._order

    @cached_property
    def in_degrees(self) -> np.ndarray:
        """Synapses of each target."""
        return self._degrees

    def chunks(self, targets: np.ndarray) -> Iterator[Chunk]:
        """Copy the synapses of some targets, chunk by chunk."""
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.in_degrees[targets])])
        first = 0
        while first < len(targets):
            last = max(int(np.searchsorted(ends, ends[first] + CHUNK, "right")) - 1, first + 1)
            some = targets[first:last]
            indptr = ends[first : last + 1] - ends[first]
            chosen = self._sources[self.numbers(some, indptr)]
            yield some, indptr, chosen.copy()
            first = last
