"""The memory of one thread of a network run: its neurons' arena, its part of the ring, and the tables it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lapicque.compile.bundles import kind_of
from lapicque.compile.circuit import Circuit
from lapicque.compile.lanes import LANES
from lapicque.compile.learned import Learned
from lapicque.compile.memory import address
from lapicque.compile.network_plan import Compiled, Wired
from lapicque.compile.network_tables import BUNDLE, DRIVE, POPULATION, table
from lapicque.compile.partition_codes import CodeTables
from lapicque.compile.poisson import GROUP, thresholds
from lapicque.compile.recording import AFTER, FEED, PROBE
from lapicque.compile.reductions import ReductionTables
from lapicque.compile.subnormals import flushed


class Partition:
    """What one thread owns.

    Parameters
    ----------
    number : of the thread
    circuit : Circuit
    compiled : its kernel
    wired : its synapses
    constants : population -> what the kernel's ``coefficients`` gave
    bounds : population -> neurons of each partition
    slots : how many steps the ring holds, a power of 2
    keys : name of a random stream -> key
    watched : populations that are recorded
    learned : projection -> what its synapses in this partition remember
    """

    def __init__(
        self,
        number: int,
        circuit: Circuit,
        compiled: Compiled,
        wired: Wired,
        constants: Sequence[list[Any]],
        bounds: Sequence[np.ndarray],
        slots: int,
        keys: Mapping[str, np.uint64],
        watched: Sequence[int],
        learned: Mapping[str, Learned],
    ):
        self.number, self.circuit, self.bounds, self.learned = number, circuit, bounds, learned
        self.kernel, self.models = compiled.kernel, compiled.models
        self.places = wired.places[number]
        whole = [cells.everywhere for cells in circuit.cells]
        self.first = [0 if w else int(b[number]) for b, w in zip(bounds, whole, strict=True)]
        self.size = [int(b[-1] if w else b[number + 1] - b[number]) for b, w in zip(bounds, whole, strict=True)]
        self.blocks = [-(-n // LANES) for n in self.size]
        self._kept: list[Any] = []  # arrays that tables refer to by address
        self._probes: dict[tuple[int, str, int], dict[str, int]] = {}
        self._build_arena(constants)
        self.ring = np.zeros((slots, self.places[-1, ""]), self.kernel.REAL)
        self._build_drives(keys)
        self._build_populations(keys, watched)
        self._build_bundles(wired)
        self.coded = CodeTables(self, wired, compiled, keys)
        self.reductions = ReductionTables(self, self.coded.width)
        self.key_array = np.array(self.keys or [np.uint64(0)], np.uint64)
        self._build_feeds()
        self.probes = table(PROBE, [])
        self.words = np.zeros(LANES, np.uint32)

    # -- memory ------------------------------------------------------------------------------------------------------

    def _build_arena(self, constants: Sequence[list[Any]]) -> None:
        kernel, starts, total = self.kernel, [], 0
        for n, m in enumerate(self.models):
            starts.append(total)
            total += 0 if m < 0 else self.blocks[n] * len(kernel.SLOTS[m]) * LANES
        self.starts = starts
        self.arena = np.zeros(total, kernel.REAL)
        self.scratch = np.zeros(max(1, kernel.SCRATCH) * LANES, kernel.REAL)
        self.scalars: list[float] = []
        self.at_scalars = []
        for n, (cells, m) in enumerate(zip(self.circuit.cells, self.models, strict=True)):
            self.at_scalars.append(len(self.scalars))
            if m < 0:
                continue
            values = cells.values()
            lanes = kernel.CONSTANTS[m]
            for name, value in zip(lanes, constants[n][: len(lanes)], strict=True):
                self.fill(n, name, value)
            uniform = dict(zip(kernel.UNIFORM[m], constants[n][len(lanes) :], strict=False))
            self.scalars += [float(np.ravel(uniform[x] if x in uniform else values[x])[0]) for x in kernel.UNIFORM[m]]
            for name in kernel.SLOTS[m]:
                if name.startswith("_w_"):
                    self.fill(n, name, values[name])
                elif name.startswith("_age_"):
                    self.fill(n, name, np.inf)
            for name in kernel.STATES[m]:
                self.fill(n, name, cells.initial[name])
        self.c = flushed(np.array(self.scalars or [0.0], kernel.REAL))

    def lanes(self, population: int, name: str) -> np.ndarray:
        """Return a slot of a population's memory, (block, lane): a view."""
        slots = self.kernel.SLOTS[self.models[population]]
        start, blocks = self.starts[population], self.blocks[population]
        block = self.arena[start : start + blocks * len(slots) * LANES].reshape(blocks, len(slots), LANES)
        return block[:, slots[name]]

    def fill(self, population: int, name: str, value: Any) -> None:
        """Write a variable, given as one number or one a neuron of the whole population; lanes at the end repeat."""
        size, rows = self.size[population], self.lanes(population, name)
        if not size:
            return
        value = np.asarray(value)
        if value.ndim == 0 or value.size == 1:
            rows[:] = flushed(value.reshape(-1)[:1].astype(rows.dtype))[0]
            return
        own = value[self.first[population] : self.first[population] + size].astype(rows.dtype)
        padded = np.concatenate([own, np.full(rows.size - size, own[-1])])
        rows[:] = flushed(padded).reshape(rows.shape)

    def read(self, population: int, name: str) -> np.ndarray:
        """Return a variable of the neurons that this thread owns, (neuron,)."""
        return self.lanes(population, name).reshape(-1)[: self.size[population]].copy()

    # -- tables ------------------------------------------------------------------------------------------------------

    def _build_drives(self, keys: Mapping[str, np.uint64]) -> None:
        self.at_drives: list[int] = []
        self._drive_keys: list[np.uint64] = []
        for cells in self.circuit.cells:
            self.at_drives.append(len(self._drive_keys))
            self._drive_keys += [keys[f"{cells.name}/{drive.name}"] for drive in cells.drives]
        self.keys = list(self._drive_keys)
        self._fixed: dict[tuple[int, str], tuple[np.ndarray, int]] = {}
        self.varying = any(not drive.constant for cells in self.circuit.cells for drive in cells.drives)
        self.set_rates(0, 1)

    def set_rates(self, first: int, last: int) -> None:
        """Compute the thresholds of the drives between two steps."""
        rows: list[dict[str, int]] = []
        numbers, at = [np.zeros(GROUP, np.uint32)], GROUP
        for n, cells in enumerate(self.circuit.cells):
            for drive in cells.drives:
                steps = np.arange(first, first + 1 if drive.constant else last)
                values, count = self._fixed.get((n, drive.name)) or self._thresholds(n, drive.means(steps))
                if drive.constant:
                    self._fixed[n, drive.name] = values, count
                row = dict(AT_THRESHOLDS=at, THRESHOLDS=count, BEGIN=first, ROWS=len(steps))
                rows.append(row | dict(KEY=len(rows), STRIDE=values.size // len(steps)))
                numbers.append(values.reshape(-1))
                at += values.size
        self.drives, self.thresholds = table(DRIVE, rows), np.concatenate(numbers)

    def _thresholds(self, population: int, means: np.ndarray) -> tuple[np.ndarray, int]:
        """Return the thresholds of each row, (row, number) or (row, block, number, lane), and how many there are."""
        if means.shape[1] == 1:
            shared = thresholds(means[:, 0])
            return shared, shared.shape[1]
        own = np.zeros((len(means), self.blocks[population] * LANES))
        own[:, : self.size[population]] = means[:, self.first[population] :][:, : self.size[population]]
        found = thresholds(own.reshape(-1))
        count = found.shape[1]
        blocks = found.reshape(len(means), self.blocks[population], LANES, count)
        return np.ascontiguousarray(blocks.transpose(0, 1, 3, 2)), count

    def _build_populations(self, keys: Mapping[str, np.uint64], watched: Sequence[int]) -> None:
        rows: list[dict[str, int]] = []
        places: list[int] = []
        circuit, stream, levels = self.circuit, 0, self.circuit.levels()
        for n, (cells, m) in enumerate(zip(self.circuit.cells, self.models, strict=True)):
            row = dict(
                MODEL=m,
                FIRST=self.first[n],
                SIZE=self.size[n],
                STREAM=stream,
                WATCHED=int(n in watched),
                LEVEL=levels[n],
                COPIES=circuit.copies,
            )
            stream += len(cells.events)
            if m < 0:
                assert cells.spikes is not None
                steps, neurons = cells.spikes
                mine = (neurons >= self.first[n]) & (neurons < self.first[n] + self.size[n])
                when = self._keep(np.ascontiguousarray(steps[mine], np.int64))
                who = self._keep(np.ascontiguousarray(neurons[mine], np.int32))
                rows.append(row | dict(START=address(when), BLOCKS=address(who), SIZE=len(when)))
                continue
            row |= dict(START=self.starts[n], BLOCKS=self.blocks[n], AT_C=self.at_scalars[n], AT_KEYS=len(self.keys))
            self.keys += [keys[f"{cells.name}/{draw}"] for draw in self.kernel.DRAWS[m]]
            channels = [self.places[n, x] for x in self.kernel.CHANNELS[m]]
            now = [self.places[n, f"!{x}"] for x in self.kernel.NOW[m]]
            row |= dict(AT_PLACES=len(places), AT_NOW=len(places) + len(channels))
            rows.append(row | dict(AT_DRIVES=self.at_drives[n]))
            places += [*channels, *now]
        self.populations = table(POPULATION, rows)
        self.at_places = np.array(places or [0], np.int64)

    def _build_bundles(self, wired: Wired) -> None:
        rows, weights, kinds, levels = [], [], wired.kinds, self.circuit.levels()
        for bundle in wired.bundles:
            r = bundle.rows[self.number]
            if not r.count:
                continue
            delays = self._keep(np.ascontiguousarray(r.delays, np.int64))
            self._keep(r)
            first = bundle.pathways[0]
            rows.append(
                dict(KIND=kinds.index(kind_of(r, first.graded)), SOURCE=bundle.source, DELAYS=address(delays),
                     BUCKETS=len(delays), STARTS=address(r.starts), TARGETS=address(r.targets),
                     WEIGHTS=address(r.weights),
                     OFFSETS=address(r.offsets), LAGS=address(r.delay), SYNAPSES=r.count, SOURCES=len(r.starts) - 1,
                     BASE=bundle.base[self.number], IMMEDIATE=levels[first.source] + 1 if first.immediate else 0)
            )  # fmt: skip
            weights.append(0.0 if r.weight is None else r.weight)
        self.bundles = table(BUNDLE, rows)
        self.weights = flushed(np.array(weights or [0.0], self.kernel.REAL))

    def _build_feeds(self) -> None:
        rows = []
        self.feed_values: dict[tuple[int, int], np.ndarray] = {}
        for n, cells in enumerate(self.circuit.cells):
            for place, feed in enumerate(cells.feeds):
                values = flushed(np.array(feed.values, self.kernel.REAL, order="C"))
                self.feed_values[n, place] = values
                columns = np.full(self.blocks[n] * LANES, -1, np.int64)
                columns[: self.size[n]] = feed.columns[self.first[n] : self.first[n] + self.size[n]]
                slots = self.kernel.SLOTS[self.models[n]]
                rows.append(
                    dict(WHERE=n, SLOT=slots[feed.input] * LANES, BLOCK=len(slots) * LANES, VALUES=address(values),
                         WIDTH=values.shape[1], COLUMNS=address(self._keep(columns)), HOLD=feed.hold, BEGIN=feed.begin,
                         ROWS=len(values), AFTER=AFTER.index(feed.after))
                )  # fmt: skip
        self.feeds = table(FEED, rows)

    def probe(self, population: int, name: str, neurons: np.ndarray, every: int, out: np.ndarray) -> dict[str, int]:
        """Return the row of the table of probes that samples a variable into ``out``, (sample, neuron)."""
        key = population, name, id(neurons)
        if key not in self._probes:
            self._keep(neurons)
            local = neurons - self.first[population]
            mine = np.flatnonzero((local >= 0) & (local < self.size[population]))
            slots = self.kernel.SLOTS[self.models[population]]
            block, lane = local[mine] // LANES, local[mine] % LANES
            places = self.starts[population] + (block * len(slots) + slots[name]) * LANES + lane
            self._probes[key] = dict(
                ADDRESSES=address(self._keep(np.ascontiguousarray(places, np.int64))),
                COLUMNS=address(self._keep(np.ascontiguousarray(mine, np.int64))),
                NUMBER=len(mine),
            )
        return self._probes[key] | dict(EVERY=every, OUT=address(out), TOTAL=out.shape[1], SAMPLES=out.shape[0])

    def _keep(self, array: Any) -> Any:
        self._kept.append(array)
        return array
