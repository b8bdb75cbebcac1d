"""Circuits that differ in numbers only, side by side in one: neuron n of every circuit, then neuron n + 1 of every one.

The circuits run in the lanes of vectors: 64 circuits, or a multiple of that, fill whole blocks with copies of one
neuron. All copies have the random numbers of the neuron that they stand for, drawn once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from lapicque.compile.circuit import Additive, Cells, Circuit, Feed, PoissonDrive
from lapicque.compile.lanes import LANES
from lapicque.compile.wiring.nested import Chances, Nested
from lapicque.compile.wiring.values import Constant, DelaySteps, Listed, SynapseValues
from lapicque.compile.wiring.wiring import Kept, Wiring
from lapicque.network.connectivity.rule import Ends

#: What a parameter that differs is: number of the population and name.
Varying = Collection[tuple[int, str]]


def can_be_copied(circuit: Circuit) -> bool:
    """Say whether circuits like this one can lie side by side.

    Neurons must not read others but through synapses that add what is known before the run, and nothing may call back.
    """
    alone = not any(cells.reductions or cells.beside >= 0 for cells in circuit.cells)
    calls = any(feed.call is not None for cells in circuit.cells for feed in cells.feeds)
    return alone and not calls and all(isinstance(pathway, Additive) for pathway in circuit.pathways)


def alike(circuits: Sequence[Circuit]) -> bool:
    """Say whether circuits differ in numbers only, so that they can lie side by side."""
    return all(_form(circuit) == _form(circuits[0]) for circuit in circuits[1:])


def _form(circuit: Circuit) -> Any:
    """Return what circuits have in common that can lie side by side."""
    cells = [
        (c.size, c.parameters.keys(), c.initial.keys(), c.steady, [(d.name, d.variable) for d in c.drives],
         [(f.input, f.hold, f.begin, f.after, len(f.values)) for f in c.feeds])
        for c in circuit.cells
    ]  # fmt: skip
    return cells, [(type(p), p.projection, p.source, p.target, p.variable) for p in circuit.additive]


def side_by_side(circuits: Sequence[Circuit], varying: Varying = ()) -> Circuit:
    """Return one circuit in which neuron n of circuit c is neuron ``n * copies + c``.

    Parameters
    ----------
    circuits : sequence of Circuit
        That are `alike`: the same populations, models and pathways.
    varying : (population, parameter)
        What has a number of its own in each circuit even if they should be equal, so that kernels stay the same.

    Returns
    -------
    Circuit
        ``copies`` is the number of circuits, rounded up to whole blocks: the last one is repeated.
    """
    first = circuits[0]
    copies = -(-len(circuits) // LANES) * LANES
    whole = [*circuits, *[circuits[-1]] * (copies - len(circuits))]
    own = {n: {name for m, name in varying if m == n} for n in range(len(first.cells))}
    cells = [_cells([circuit.cells[n] for circuit in whole], own[n]) for n in range(len(first.cells))]
    pathways = [
        _pathway([circuit.pathways[n] for circuit in circuits], copies)  # type: ignore[misc]
        for n in range(len(first.pathways))
    ]
    return replace(first, cells=tuple(cells), pathways=tuple(pathways), copies=copies)


def _cells(cells: Sequence[Cells], varying: Collection[str]) -> Cells:
    first, copies = cells[0], len(cells)
    if first.spikes is not None:
        steps, neurons = first.spikes
        every = (neurons[:, None] * copies + np.arange(copies)).astype(neurons.dtype)
        return replace(first, size=first.size * copies, spikes=(np.repeat(steps, copies), every.reshape(-1)))
    parameters = {
        name: _beside([one.parameters[name] for one in cells], first.size, name in varying) for name in first.parameters
    }
    return replace(
        first,
        size=first.size * copies,
        parameters=parameters,
        initial={x: _beside([one.initial[x] for one in cells], first.size) for x in first.initial},
        feeds=tuple(_feed([one.feeds[n] for one in cells]) for n in range(len(first.feeds))),
        drives=tuple(_drive([one.drives[n] for one in cells], first.size) for n in range(len(first.drives))),
    )


def _beside(values: Sequence[Any], size: int, apart: bool = False) -> Any:
    """Return one number where all are the same, else one a neuron."""
    if not apart and all(value is values[0] for value in values):
        return values[0] if np.ndim(values[0]) == 0 else np.repeat(np.asarray(values[0], np.float64), len(values))
    if all(np.ndim(value) == 0 for value in values) and not apart and all(value == values[0] for value in values):
        return values[0]
    return np.stack([np.broadcast_to(np.asarray(value, np.float64), size) for value in values], axis=1).reshape(-1)


def _feed(feeds: Sequence[Feed]) -> Feed:
    """Return one array where all are the same, else the columns of all beside each other."""
    first, copies = feeds[0], len(feeds)
    if all(feed.values is first.values or np.array_equal(feed.values, first.values) for feed in feeds):
        return replace(first, columns=np.repeat(first.columns, copies))
    before = np.cumsum([0, *(feed.values.shape[1] for feed in feeds[:-1])])
    columns = [np.where(f.columns >= 0, f.columns + n, -1) for f, n in zip(feeds, before, strict=True)]
    values = np.concatenate([feed.values for feed in feeds], axis=1)
    return replace(first, values=values, columns=np.stack(columns, axis=1).reshape(-1))


def _drive(drives: Sequence[PoissonDrive], size: int) -> PoissonDrive:
    first, copies = drives[0], len(drives)

    def means(steps: np.ndarray) -> np.ndarray:
        if all(drive.means is first.means for drive in drives):
            found = first.means(steps)
            return found if found.shape[1] == 1 else np.repeat(found, copies, axis=1)
        every = [np.broadcast_to(drive.means(steps), (len(steps), size)) for drive in drives]
        return np.stack(every, axis=2).reshape(len(steps), -1)

    weight = _beside([drive.weight for drive in drives], size)
    return replace(first, weight=weight, means=means, constant=all(drive.constant for drive in drives))


def _pathway(pathways: Sequence[Additive], copies: int) -> Additive:
    first, together = pathways[0], _Synapses([pathway.wiring for pathway in pathways], copies)
    delays = together.values([pathway.delays.values for pathway in pathways])
    return replace(
        first,
        wiring=together.wiring,
        increments=together.values([pathway.increments for pathway in pathways]),
        delays=DelaySteps(delays, first.delays.dt, first.delays.what),
        sources=_selected(first.sources, copies),
        targets=_selected(first.targets, copies),
    )


class _Synapses:
    """The synapses of several wirings, sorted by target, then by copy."""

    def __init__(self, wirings: Sequence[Wiring], copies: int):
        first, self.wirings, self.copies = wirings[0], wirings, copies
        self.degrees = np.zeros((first.n_target, copies), np.int64)
        if all(wiring is first for wiring in wirings):
            sources = self._repeated()
        elif isinstance(first, Nested) and all(isinstance(w, Nested) and w.chances is first.chances for w in wirings):
            sources = self._nested(first.chances)
        else:
            sources = self._different()
        ends = Ends(first.n_source * copies, first.n_target * copies)
        self.wiring = Kept.sorted(ends, sources, self.degrees.reshape(-1))

    def _repeated(self) -> np.ndarray:
        from lapicque.compile.beside import put_repeated  # compiled

        indptr, sources = self.wirings[0].draw()
        self.degrees[:, : len(self.wirings)] = np.diff(indptr)[:, None]
        out = np.empty(len(sources) * len(self.wirings), np.int32)
        put_repeated(indptr, sources, len(self.wirings), self.copies, out)
        return out

    def _nested(self, chances: Chances) -> np.ndarray:
        from lapicque.compile.beside import count_below, put_below  # compiled

        limits = np.zeros(self.copies)
        limits[: len(self.wirings)] = [wiring.p for wiring in self.wirings]  # type: ignore[attr-defined]
        count_below(chances.numbers, limits, self.degrees)
        out = np.empty(self.degrees.sum() + 1, np.int32)
        put_below(chances.numbers, limits, out)
        return out[:-1]

    def _different(self) -> np.ndarray:
        drawn: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for wiring in self.wirings:
            if id(wiring) not in drawn:
                drawn[id(wiring)] = wiring.draw()
        rows = [drawn[id(wiring)] for wiring in self.wirings]
        for c, (indptr, _) in enumerate(rows):
            self.degrees[:, c] = np.diff(indptr)
        sources = [row[1] * self.copies + c for c, row in enumerate(rows)]
        return self._sorted(np.concatenate(sources).astype(np.int32))

    @cached_property
    def _targets(self) -> np.ndarray:
        """The target of each synapse, those of one copy behind those of another."""
        targets = np.arange(len(self.degrees)) * self.copies
        return np.concatenate([np.repeat(targets + c, self.degrees[:, c]) for c in range(len(self.wirings))])

    def _sorted(self, values: np.ndarray) -> np.ndarray:
        """Sort what belongs to the synapses of one copy behind those of another."""
        from lapicque.compile.wiring.packing import sort_by_target  # compiled

        degrees, out = self.degrees.reshape(-1), np.empty_like(values)
        sort_by_target(self._targets, values, np.cumsum(degrees) - degrees, out)
        return out

    def values(self, each: Sequence[SynapseValues]) -> SynapseValues:
        """Return the values of all synapses, given those of each wiring's."""
        constants = [values.constant for values in each]
        if constants[0] is not None and all(constant == constants[0] for constant in constants):
            return Constant(constants[0])
        if all(constant is not None for constant in constants):
            of_copies = np.zeros(self.copies)
            of_copies[: len(constants)] = constants
            numbers = np.broadcast_to(of_copies, self.degrees.shape).reshape(-1)
            return Listed(self.wiring, np.repeat(numbers, self.degrees.reshape(-1)))
        every = [values.all(wiring) for values, wiring in zip(each, self.wirings, strict=True)]
        return Listed(self.wiring, self._sorted(np.concatenate(every)))


def _selected(chosen: slice | np.ndarray | None, copies: int) -> np.ndarray | slice | None:
    if chosen is None:
        return None
    if isinstance(chosen, slice):
        if (chosen.step or 1) == 1:
            return slice(chosen.start * copies, chosen.stop * copies, 1)
        chosen = np.arange(chosen.start, chosen.stop, chosen.step)
    return (np.asarray(chosen)[:, None] * copies + np.arange(copies)).reshape(-1)
