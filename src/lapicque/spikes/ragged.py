"""Index arithmetic on rows of different lengths, without a loop over the rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lapicque.spikes.trains import SpikeTrains


def ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Numbers ``starts[k] ... starts[k] + lengths[k] - 1`` of all k, one range behind the other.

    Examples
    --------
    >>> ranges(np.array([5, 0, 7]), np.array([2, 0, 3]))
    array([5, 6, 7, 8, 9])
    """
    before = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - before, lengths)


def parted(trains: SpikeTrains, parts: int) -> Iterator[SpikeTrains]:
    """Yield trains in parts of as many trials each, numbered from 0 in each part.

    Parameters
    ----------
    trains : SpikeTrains (trial, neuron)
    parts : int
        A divisor of the number of trials.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1, 2], [], [3], [4]], t_stop=5, shape=(4, 1))
    >>> [part.to_lists() for part in parted(trains, 2)]
    [[array([1., 2.]), array([], dtype=float64)], [array([3.]), array([4.])]]
    """
    trials, neurons = trains.shape[0] // parts, trains.shape[1]
    size = trials * neurons
    for part in range(parts):
        offsets = trains.offsets[part * size : (part + 1) * size + 1]
        own = slice(offsets[0], offsets[-1])
        yield SpikeTrains(
            trains.times[own], offsets - offsets[0], trains.t_start, trains.t_stop, (trials, neurons),
            None if trains.steps is None else trains.steps[own], trains.dt, neurons=trains.neurons,
        )  # fmt: skip
