"""Runs of candidates with several trials: those of each candidate one behind the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lapicque.simulation.variants import ExplodedError, Part
from lapicque.spikes.ragged import parted
from lapicque.spikes.trains import SpikeTrains


def trials_together(each: Sequence[Sequence[Part]]) -> list[Part]:
    """Return what all trials gave of the same candidates, given what each gave.

    A candidate of which a trial explodes has exploded; where one has, candidates are told apart.

    Returns
    -------
    list of Part
        Their spikes are (candidate and trial, neuron).

    Examples
    --------
    >>> def part(*times):
    ...     return Part(2, {"a": SpikeTrains.from_lists(times, t_stop=9, shape=(2, 1))})
    >>> (found,) = trials_together([[part([1], [2])], [part([3], [4])]])
    >>> found.count, found.spikes["a"].times
    (2, array([1., 3., 2., 4.]))
    """
    if len(each) == 1:
        return list(each[0])
    if len({tuple(part.count for part in parts) for parts in each}) > 1:
        each = [[one for part in parts for one in _apart(part)] for parts in each]
    return [_joined(parts) for parts in zip(*each, strict=True)]


def _apart(part: Part) -> list[Part]:
    if isinstance(part.spikes, ExplodedError):
        return [part]
    each = zip(*(parted(trains, part.count) for trains in part.spikes.values()), strict=True)
    return [Part(1, dict(zip(part.spikes, one, strict=True))) for one in each]


def _joined(parts: Sequence[Part]) -> Part:
    """Return the trials of the same candidates."""
    spikes: list[dict[str, SpikeTrains]] = []
    for part in parts:
        if isinstance(part.spikes, ExplodedError):
            return part
        spikes.append(part.spikes)
    return Part(parts[0].count, {name: _stacked([one[name] for one in spikes], parts[0].count) for name in spikes[0]})


def _stacked(trials: Sequence[SpikeTrains], count: int) -> SpikeTrains:
    """Return the trials of each candidate one behind the other, given the candidates of each trial."""
    first = trials[0]
    size = len(first) // count
    starts = np.arange(count) * size
    pieces = [trains.times[trains.offsets[k] : trains.offsets[k + size]] for k in starts for trains in trials]
    counts = np.stack([trains.counts.reshape(count, size) for trains in trials], axis=1)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    shape = count * len(trials), first.shape[1]
    return SpikeTrains(np.concatenate(pieces), offsets, first.t_start, first.t_stop, shape, neurons=first.neurons)
