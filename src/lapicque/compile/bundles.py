"""Which pathways are delivered together, and where their targets lie in the ring of a thread.

Pathways from one population share rows of synapses where nothing could tell: their targets are different variables, so
that each variable still receives its sums in the order of the projections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lapicque.compile.circuit import Additive, Circuit
from lapicque.compile.lanes import LANES
from lapicque.compile.network_shapes import Kind
from lapicque.compile.wiring import Member, Rows, pack

#: A variable of a population; that immediate pathways add to it is marked.
Channel = tuple[int, str]


def channel_of(pathway: Additive) -> Channel:
    """Return the channel of a pathway."""
    return pathway.target, f"!{pathway.variable}" if pathway.immediate else pathway.variable


@dataclass(frozen=True, eq=False)
class Bundle:
    """Pathways that are delivered together, the channels they write to, and their rows in each partition."""

    source: int
    pathways: tuple[Additive, ...]
    base: tuple[int, ...]  # per partition: where the bundle's part of the ring begins
    rows: tuple[Rows, ...]


def bundled(circuit: Circuit) -> list[list[Additive]]:
    """Return the pathways in groups, in an order that keeps the order of each channel's pathways.

    A pathway joins the first bundle of its source that comes after every bundle that writes to its channel.
    """
    bundles: list[list[Additive]] = []
    last: dict[Channel, int] = {}
    for pathway in circuit.additive:
        channel = channel_of(pathway)
        earliest = last.get(channel, -1) + 1
        for place in range(earliest, len(bundles)):
            if _fits(bundles[place], pathway):
                bundles[place].append(pathway)
                break
        else:
            place = len(bundles)
            bundles.append([pathway])
        last[channel] = place
    return bundles


def _fits(bundle: Sequence[Additive], pathway: Additive) -> bool:
    """Say whether a pathway can be stored with others: same source and use, weights all single or all equal."""
    first = bundle[0]
    one = first.increments.constant
    alike = pathway.increments.constant == one if one is not None else pathway.increments.constant is None
    same = (first.source, first.graded, first.immediate) == (pathway.source, pathway.graded, pathway.immediate)
    return same and alike


def bounds_of(size: int, partitions: int, rank: int) -> np.ndarray:
    """Return the neurons of a population that each partition owns, (partition + 1,): whole blocks of 64.

    ``rank`` is the number of the population; small ones begin with different partitions.

    Examples
    --------
    >>> bounds_of(200, 2, 0).tolist(), bounds_of(40, 2, 0).tolist(), bounds_of(40, 2, 1).tolist()
    ([0, 128, 200], [0, 40, 40], [0, 0, 40])
    """
    blocks = -(-size // LANES)
    parts = np.arange(partitions + 1)
    ends = (blocks * parts + (partitions - 1) * (1 - rank % 2)) // partitions
    ends[0] = 0
    return np.minimum(np.minimum(ends, blocks) * LANES, size)


def all_bounds(circuit: Circuit, partitions: int) -> list[np.ndarray]:
    """Return the neurons of each population that each partition owns, as `bounds_of` does.

    Traces of a target lie where their neurons do; of those of a source every partition has a copy, and none owns them.
    """
    found: list[np.ndarray] = []
    for n, cells in enumerate(circuit.cells):
        if cells.everywhere:
            found.append(np.array([0] * partitions + [cells.size]))
        else:
            found.append(bounds_of(cells.size, partitions, n) if cells.beside < 0 else found[cells.beside])
    return found


def places_of(
    circuit: Circuit, groups: Sequence[Sequence[Additive]], bounds: Sequence[np.ndarray]
) -> list[dict[Channel, int]]:
    """Return where each channel begins in the ring of each partition; the last entry, (-1, ""), is the width.

    Channels that the same bundles write to lie side by side, so that local indices stay small.
    """
    writers: dict[Channel, tuple[int, ...]] = {}
    for n, group in enumerate(groups):
        for pathway in group:
            channel = channel_of(pathway)
            writers[channel] = (*writers.get(channel, ()), n)
    order = sorted(writers, key=lambda channel: writers[channel])
    found = []
    for p in range(len(bounds[0]) - 1):
        places, at = {}, 0
        for channel in order:
            owned = int(bounds[channel[0]][p + 1] - bounds[channel[0]][p])
            places[channel] = at
            at += -(-owned // LANES) * LANES
        places[-1, ""] = max(at, LANES)
        found.append(places)
    return found


def packed(
    circuit: Circuit,
    bounds: Sequence[np.ndarray],
    precision: str,
    threads: int | None,
    known: tuple[Sequence[Bundle], list[dict[Channel, int]]] = ((), []),
) -> tuple[list[Bundle], list[dict[Channel, int]]]:
    """Return the bundles with their rows, and the places of the channels.

    What is ``known`` of a circuit with the same populations is not packed again where its pathways are the same.
    """
    groups = bundled(circuit)
    places = places_of(circuit, groups, bounds)
    partitions = len(bounds[0]) - 1
    there = {tuple(map(id, bundle.pathways)): bundle for bundle in known[0]} if known[1] == places else {}
    bundles = []
    for group in groups:
        if (found := there.get(tuple(map(id, group)))) is not None:
            bundles.append(found)
            continue
        base = tuple(min(places[p][channel_of(w)] for w in group) for p in range(partitions))
        members = [
            Member(w.wiring, w.increments, w.delays, bounds[w.target],
                   [places[p][channel_of(w)] - base[p] for p in range(partitions)], w.sources, w.targets)
            for w in group
        ]  # fmt: skip
        rows = pack(members, circuit.cells[group[0].source].size, np.dtype(precision).type, threads)
        bundles.append(Bundle(group[0].source, tuple(group), base, tuple(rows)))
    return bundles, places


def kind_of(rows: Rows, graded: bool = False) -> Kind:
    """Return how a bundle's synapses are stored in one partition."""
    form = "delayed" if rows.delay is not None else "buckets" if rows.offsets is not None else "single"
    numbers = rows.delay if rows.delay is not None else rows.offsets
    offsets = "" if numbers is None else str(numbers.dtype)
    return Kind(form, rows.weights is not None, str(rows.targets.dtype), offsets, graded)
