"""Run a population on the CPU: blocks of 64 lanes over threads, in chunks of steps that can be interrupted."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from types import ModuleType
from typing import Any

import numpy as np

from lapicque.compile.lanes import LANES, arena, lane_blocks
from lapicque.compile.population import Outcome, Run, check_numbers
from lapicque.compile.subnormals import flushed
from lapicque.threads import StoppedError, run_all

CHUNK = 8192  # steps between looks at the outside: some milliseconds


def run(
    asked: Run, kernel: ModuleType, threads: int | None = None, tick: Callable[[int], Any] | None = None
) -> Outcome:
    """Run a population with its compiled kernel.

    Parameters
    ----------
    kernel : module made from `lapicque.compile.numba_cpu.generate`
    tick : called with the number of neuron steps done since the last call, from any thread

    Raises
    ------
    SimulationError
        If a state is no longer a number, with its name, the neuron and the step.
    """
    with np.errstate(all="ignore"):
        constants = kernel.coefficients(
            {"i": np.arange(asked.size, dtype=float), "N": float(asked.size), **asked.parameters}, asked.dt, asked.size
        )
    keys = np.array([asked.keys[d] for d in kernel.DRAWS], np.uint64)
    shared = [u for u in kernel.INPUTS if u not in kernel.FIELDS]
    inputs = {u: flushed(np.ascontiguousarray(asked.inputs[u], kernel.REAL)) for u in shared}

    def work(lanes: slice, stop: Event) -> _BlockOutcome:
        a = arena(kernel, constants, asked.initial, lanes)
        return _advance_block(asked, kernel, a, inputs, keys, lanes, stop, tick)

    blocks = lane_blocks(asked.size)
    done = run_all(work, blocks, threads)
    return _joined(asked, kernel, blocks, done)


class _BlockOutcome:
    def __init__(self, a: np.ndarray, events: list[list[tuple[np.ndarray, np.ndarray]]], samples: np.ndarray):
        self.a, self.events, self.samples = a, events, samples


def block_inputs(kernel: ModuleType, asked: Run, shared: dict[str, np.ndarray], lanes: slice) -> list[np.ndarray]:
    """Return the kernel's inputs for one block: (step, 1) arrays as they are, (step, neuron) arrays as (step, 64)."""
    found = []
    for name in kernel.INPUTS:
        if name in shared:
            found.append(shared[name])
            continue
        field = np.zeros((asked.steps, LANES), kernel.REAL)
        field[:, : lanes.stop - lanes.start] = asked.inputs[name][:, lanes]
        found.append(flushed(field))
    return found


def _advance_block(
    asked: Run,
    kernel: ModuleType,
    a: np.ndarray,
    shared: dict[str, np.ndarray],
    keys: np.ndarray,
    lanes: slice,
    stop: Event,
    tick: Callable[[int], Any] | None,
) -> _BlockOutcome:
    count = lanes.stop - lanes.start
    inputs = block_inputs(kernel, asked, shared, lanes)
    every = asked.every
    total = -(-asked.steps // every)
    recorded = [name for name in asked.record if name in kernel.SLOTS]
    slots = np.array([kernel.SLOTS[name] for name in recorded], np.int64)
    samples = np.zeros((len(recorded), total, count), kernel.REAL)
    scratch = np.empty((len(recorded), CHUNK // every + 1, LANES), kernel.REAL)
    spikes = np.empty((len(kernel.EVENTS), LANES, CHUNK), np.int32)
    counts = np.empty((len(kernel.EVENTS), LANES), np.int64)
    events: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in kernel.EVENTS]
    for first in range(0, asked.steps, CHUNK):
        if stop.is_set():
            raise StoppedError
        last = min(first + CHUNK, asked.steps)
        counts[:] = 0
        kernel.advance(
            a,
            *inputs,
            first,
            last,
            asked.dt,
            keys,
            asked.first_element + lanes.start,
            asked.trial,
            slots,
            every,
            scratch,
            spikes,
            counts,
        )
        before, now = -(-first // every), -(-last // every)  # samples
        samples[:, before:now] = scratch[:, : now - before, :count]
        for n in range(len(kernel.EVENTS)):
            if counts[n, :count].any():
                events[n].append(_collect(spikes[n, :count], counts[n, :count]))
        values = {x: a.reshape(-1, LANES)[kernel.SLOTS[x], :count] for x in kernel.STATES}
        check_numbers(values, kernel.MOVING, asked.first_element + lanes.start, last, kernel.SCHEME)
        if tick is not None:
            tick(count * (last - first))
    return _BlockOutcome(a, events, samples)


def _collect(spikes: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (steps, lanes) of the spikes in a buffer (lane, capacity), lane by lane."""
    lanes = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(lanes)) - np.repeat(np.cumsum(counts) - counts, counts)
    return spikes[lanes, within].astype(np.int64), lanes


def _by_lane(pieces: list[tuple[np.ndarray, np.ndarray]], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Join the chunks of a block: the steps of one lane behind those of the other, and how many each has."""
    if not pieces:
        return np.empty(0, np.int64), np.zeros(count, np.int64)
    steps, lanes = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    if len(pieces) > 1:
        steps = steps[np.argsort(lanes, kind="stable")]
    return steps, np.bincount(lanes, minlength=count)


def _joined(asked: Run, kernel: ModuleType, blocks: list[slice], done: list[_BlockOutcome]) -> Outcome:
    events = {}
    for n, name in enumerate(kernel.EVENTS):
        steps, counts = zip(
            *(_by_lane(d.events[n], b.stop - b.start) for b, d in zip(blocks, done, strict=True)), strict=True
        )
        events[name] = np.concatenate(steps), np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    recorded = [name for name in asked.record if name in kernel.SLOTS]
    traces = {name: np.concatenate([d.samples[n] for d in done], axis=1) for n, name in enumerate(recorded)}
    for name in asked.record:
        if name not in traces:  # an input that all neurons share
            column = flushed(asked.inputs[name][:: asked.every].astype(kernel.REAL))
            traces[name] = np.broadcast_to(column, (len(column), asked.size)).copy()
    states = {
        x: np.concatenate(
            [d.a.reshape(-1, LANES)[kernel.SLOTS[x], : b.stop - b.start] for b, d in zip(blocks, done, strict=True)]
        )
        for x in kernel.STATES
    }
    return Outcome(events, traces, states)
