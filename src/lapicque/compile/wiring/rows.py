"""Delivery rows: for each source, in one partition of the targets, its synapses by delay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from types import MappingProxyType
from typing import Any

import numpy as np

from lapicque.compile.wiring.values import Constant, DelaySteps, SynapseValues
from lapicque.compile.wiring.wiring import Chunk, Wiring
from lapicque.threads import StoppedError, run_all


@dataclass(frozen=True, eq=False)
class Member:
    """One projection of a bundle: projections from one source population that are delivered together.

    Parameters
    ----------
    wiring : Wiring
    weights : SynapseValues
    delays : DelaySteps
    bounds : (partition + 1,) int
        The targets of each partition, as ranges of neurons of the target population.
    bases : (partition,) int
        The local index that the first neuron of each range has in its partition.
    sources, targets : slice or (neuron,) int, optional
        Which neurons of the populations the wiring's sources and targets are; None for all.
    extras : mapping of str to SynapseValues
        Further values of each synapse that are packed in the same order.
    """

    wiring: Wiring
    weights: SynapseValues
    delays: DelaySteps
    bounds: Sequence[int] | np.ndarray
    bases: Sequence[int] | np.ndarray
    sources: slice | np.ndarray | None = None
    targets: slice | np.ndarray | None = None
    extras: Mapping[str, SynapseValues] = field(default_factory=lambda: MappingProxyType({}))

    def targets_in(self, partition: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the wiring's targets that lie in a partition, and their local indices there."""
        first, last = int(self.bounds[partition]), int(self.bounds[partition + 1])
        shift = int(self.bases[partition]) - first
        if self.targets is None:
            numbers = np.arange(first, min(last, self.wiring.n_target))
            return numbers, numbers + shift
        chosen = _indices(self.targets, self.wiring.n_target)
        numbers = np.flatnonzero((chosen >= first) & (chosen < last))
        return numbers, chosen[numbers] + shift

    def chunks(self, targets: np.ndarray) -> Iterator[tuple[Chunk, np.ndarray]]:
        """Draw the synapses of some targets: each chunk, and its sources as numbers of the source population."""
        chosen = None if self.sources is None else _indices(self.sources, self.wiring.n_source).astype(np.int32)
        for chunk in self.wiring.chunks(targets):
            yield chunk, chunk[2] if chosen is None else chosen[chunk[2]]


def _indices(selection: slice | np.ndarray, n: int) -> np.ndarray:
    if isinstance(selection, slice):
        step = selection.step or 1
        return (selection.start or 0) + step * np.arange(n)
    return np.asarray(selection)


@dataclass(frozen=True, eq=False)
class Rows:
    """The synapses of a bundle onto one partition; made by `pack`.

    The row of source s lies in ``starts[s]:starts[s + 1]`` of the arrays below. It is sorted by delay, and for each
    delay by projection, target and synapse number. Where in the row delay number b begins is
    ``offsets[s*(n + 1) + b]``, n the number of delays; where rows are shorter than that, each synapse has its
    ``delay``.

    Parameters
    ----------
    starts : (source + 1,) int64
    delays : (n,) int64, steps
        Those that occur, ascending.
    offsets : (source*(n + 1),) uint16 or uint32, optional
        None where there is one delay, and where each synapse has its own.
    delay : (synapse,) uint16 or uint32, steps, optional
    targets : (synapse,) uint16 or uint32
        Local indices in the partition.
    weights : (synapse,) float, optional
        None where all are equal, and are ``weight``.
    weight : float, optional
    order : (synapse,) int64, optional
        The place of each synapse among those of the partition, counted by projection, target and synapse number;
        kept where there are extras, or where it is asked for.
    extras : mapping of str to (synapse,) float
    """

    starts: np.ndarray
    delays: np.ndarray
    offsets: np.ndarray | None
    delay: np.ndarray | None
    targets: np.ndarray
    weights: np.ndarray | None
    weight: float | None
    order: np.ndarray | None = None
    extras: Mapping[str, np.ndarray] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def count(self) -> int:
        """Number of synapses."""
        return len(self.targets)

    @property
    def nbytes(self) -> int:
        """Memory of all arrays."""
        arrays = [self.starts, self.delays, self.offsets, self.delay, self.targets, self.weights, self.order]
        return sum(a.nbytes for a in [*arrays, *self.extras.values()] if a is not None)


def pack(
    members: Sequence[Member],
    n_source: int,
    precision: Any = np.float64,
    threads: int | None = None,
    order: bool = False,
) -> list[Rows]:
    """Draw the synapses of a bundle and pack them into rows, each partition in a thread of its own.

    Parameters
    ----------
    members : sequence of Member
        In the order in which their input is summed.
    n_source : int
        Size of the source population.
    precision : numpy.float32 or numpy.float64
        Of weights and extras.
    threads : int, optional
    order : bool
        Whether to keep `Rows.order`.

    Returns
    -------
    list of Rows
        One a partition.
    """

    def work(partition: int, stop: Event) -> Rows:
        return _pack_partition(members, n_source, partition, np.dtype(precision), order, stop)

    return run_all(work, range(len(members[0].bases)), threads)


def in_synapse_order(members: Sequence[Member], rows: Sequence[Rows], values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Bring what belongs to packed synapses back into the synapse order of each projection.

    Parameters
    ----------
    members : sequence of Member
        The bundle.
    rows : sequence of Rows
        Packed with ``order=True``.
    values : sequence of (synapse,) arrays
        One a partition, in the order of its rows.

    Returns
    -------
    list of numpy.ndarray
        One a member, (synapse,); 0 for synapses of targets that are in no partition.
    """
    found = [np.zeros(member.wiring.count, np.asarray(values[0]).dtype) for member in members]
    for p, (packed, given) in enumerate(zip(rows, values, strict=True)):
        assert packed.order is not None
        ordered = np.empty_like(given)
        ordered[packed.order] = given
        first = 0
        for member, result in zip(members, found, strict=True):
            targets, _ = member.targets_in(p)
            indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(member.wiring.in_degrees[targets])])
            result[member.wiring.numbers(targets, indptr)] = ordered[first : first + indptr[-1]]
            first += indptr[-1]
    return found


class _Partition:
    """The synapses of a bundle onto one partition, on their way into rows."""

    def __init__(self, members: Sequence[Member], p: int, stop: Event):
        self.located = [(member, *member.targets_in(p)) for member in members]
        self.present = [member for member, numbers, _ in self.located if len(numbers)]
        self.extras = sorted({name for member in members for name in member.extras})
        self.stop = stop

    def chunks(self) -> Iterator[tuple[Member, Chunk, np.ndarray, np.ndarray]]:
        """Draw all synapses: member, chunk, numbers of the sources in their population, local indices of targets."""
        for member, numbers, local in self.located:
            begun = 0
            for chunk, sources in member.chunks(numbers):
                if self.stop.is_set():
                    raise StoppedError
                yield member, chunk, sources, local[begun : begun + len(chunk[0])]
                begun += len(chunk[0])

    def starts(self, n_source: int) -> np.ndarray:
        """Count the synapses of each source."""
        from lapicque.compile.wiring.packing import count_rows

        ends = np.zeros(n_source + 1, np.int64)
        for _, _, sources, _ in self.chunks():
            count_rows(sources, ends)
        return np.cumsum(ends)

    def fields(self, real: np.dtype, weight: Any, order: bool) -> dict[str, np.dtype]:
        """What is kept of each synapse besides its delay, and how."""
        width = max(int(local.max(initial=0)) for _, _, local in self.located)
        fields = {"target": np.dtype(np.uint16 if width < 2**16 else np.uint32)}
        if weight is None:
            fields["weight"] = real
        if order or self.extras:
            fields["order"] = np.dtype(np.int64)
        return fields

    def place(self, starts: np.ndarray, fields: dict[str, np.dtype]) -> dict[str, np.ndarray]:
        """Fill the rows of a bundle that has one delay."""
        from lapicque.compile.wiring.packing import place

        packed = {name: np.empty(starts[-1], kind) for name, kind in fields.items()}
        into = packed["target"], packed.get("weight"), packed.get("order")
        at, first = starts[:-1].copy(), 0
        for member, chunk, sources, local in self.chunks():
            weights = member.weights.of(chunk, fields["weight"]) if "weight" in fields else None
            place(sources, chunk[1], local.astype(fields["target"]), weights, at, *into, first)
            first += len(sources)
        return packed

    def place_records(self, starts: np.ndarray, fields: dict[str, np.dtype]) -> tuple[np.ndarray, np.ndarray]:
        """Fill the rows of a bundle that has several delays: unsorted records, and the delays that occur."""
        from lapicque.compile.wiring.packing import mark_delays, place_records

        step = np.result_type(*[member.delays.dtype for member in self.present])
        kinds = sorted([*fields.items(), ("step", step)], key=lambda field: -field[1].itemsize)
        records = np.empty(starts[-1], np.dtype(kinds, align=True))
        ordered = True if "order" in fields else None
        at, first, seen = starts[:-1].copy(), 0, np.zeros(0, np.bool_)
        for member, chunk, sources, local in self.chunks():
            weights = member.weights.of(chunk, fields["weight"]) if "weight" in fields else None
            steps = member.delays.of(chunk, step)
            if (highest := int(steps.max(initial=0))) >= len(seen):
                seen = np.concatenate([seen, np.zeros(highest + 1 - len(seen), np.bool_)])
            mark_delays(steps, seen)
            places = local.astype(fields["target"])
            place_records(sources, chunk[1], places, weights, steps, at, records, ordered, first)
            first += len(sources)
        return records, np.flatnonzero(seen)

    def in_order(self, name: str, real: np.dtype) -> np.ndarray:
        """The values of an extra in the order in which the synapses come."""
        parts = [member.extras.get(name, Constant(0.0)).of(chunk, real).copy() for member, chunk, _, _ in self.chunks()]
        return np.concatenate([np.empty(0, real), *parts])


def _pack_partition(members: Sequence[Member], n_source: int, p: int, real: np.dtype, order: bool, stop: Event) -> Rows:
    partition = _Partition(members, p, stop)
    starts = partition.starts(n_source)
    weight = _one([m.weights.constant for m in partition.present])
    delay = _one([m.delays.constant for m in partition.present])
    fields = partition.fields(real, weight, order)
    offsets = None
    if delay is not None:
        delays, packed = np.full(1, delay), partition.place(starts, fields)
    else:
        records, delays = partition.place_records(starts, fields)
        packed, offsets = _sorted(starts, delays, records)
        del records
    extras = {name: partition.in_order(name, real)[packed["order"]] for name in partition.extras}
    return Rows(
        starts, delays, offsets, packed.get("step"), packed["target"], packed.get("weight"), weight,
        packed.get("order"), MappingProxyType(extras),
    )  # fmt: skip


def _one(values: Sequence[Any]) -> Any:
    """Return the value that all have; None where they differ, and 0 where there are none."""
    return next(iter(values), 0) if len(set(values)) <= 1 else None


def _sorted(
    starts: np.ndarray, delays: np.ndarray, records: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """Sort rows by delay: their arrays, and what tells the delays, offsets or (where those are larger) the steps."""
    from lapicque.compile.wiring.packing import sort_rows

    count, n = len(records), len(delays)
    packed = {name: np.empty(count, records.dtype[name]) for name in records.dtype.fields or () if name != "step"}
    offsets = None
    if n > 1:
        kind = np.dtype(np.uint16 if int(np.diff(starts).max()) < 2**16 else np.uint32)
        step = np.dtype(np.uint16 if delays[-1] < 2**16 else np.uint32)
        size = (len(starts) - 1) * (n + 1)
        if size * kind.itemsize <= count * step.itemsize:
            offsets = np.empty(size, kind)
        else:
            packed["step"] = np.empty(count, step)
    bucket = np.zeros(int(delays.max(initial=0)) + 1, np.uint16 if n < 2**16 else np.uint32)
    bucket[delays] = np.arange(n)
    arrays = (packed.get(name) for name in ("target", "weight", "order", "step"))
    sort_rows(starts, bucket, max(n, 1), records, *arrays, offsets)
    return packed, offsets
