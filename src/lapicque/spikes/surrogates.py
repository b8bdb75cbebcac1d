"""Surrogates: trains that keep some of what a recording has, and lose the rest.

What a statistic of the recording shows beyond that of its surrogates is due to what they lost.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.moving import moved
from lapicque.spikes.ragged import ranges
from lapicque.spikes.statistics import bin_places
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

__all__ = ["dither", "jitter_in_bins", "redistribute", "shift_trains", "shuffle_intervals", "shuffle_trials"]


def dither(trains: SpikeTrains, width: Any, *, seed: int | np.random.Generator) -> SpikeTrains:
    """Trains with every spike moved by a uniform amount: they lose timing that is finer than the width.

    A spike that would leave the window is reflected at its edge, so that counts are kept.

    Parameters
    ----------
    trains : SpikeTrains
    width : ms
        Spikes move up to this to either side.
    seed : int or numpy.random.Generator

    References
    ----------
    .. [1] Grün 2009, J. Neurophysiol. 101, 1126, https://doi.org/10.1152/jn.00093.2008

    Examples
    --------
    >>> dither(SpikeTrains.from_lists([[10, 20, 30]], t_stop=50), "5 ms", seed=1).times.round(1)
    array([10.1, 24.5, 26.4])
    """
    reach = _positive(width, "the width")
    random = np.random.default_rng(seed)
    return moved(trains, trains.times + random.uniform(-reach, reach, len(trains.times)))


def jitter_in_bins(trains: SpikeTrains, bin: Any, *, seed: int | np.random.Generator) -> SpikeTrains:
    """Trains with every spike at a random time of its bin: they keep the counts in bins and lose the rest.

    Parameters
    ----------
    trains : SpikeTrains
    bin : ms
        Bins begin at the start of the window; the last may be shorter.
    seed : int or numpy.random.Generator

    References
    ----------
    .. [1] Amarasingham, Harrison, Hatsopoulos & Geman 2012, J. Neurophysiol. 107, 517,
       https://doi.org/10.1152/jn.00633.2011

    Examples
    --------
    >>> from lapicque.spikes import bin_counts
    >>> trains = SpikeTrains.from_lists([[10, 20, 30]], t_stop=50)
    >>> bin_counts(jitter_in_bins(trains, 25, seed=1), 25).values
    array([[2, 1]])
    """
    width = _positive(bin, "the bin")
    # a spike at the very end of the window is in the bin that ends there
    last = max(int(np.ceil(trains.duration / width * (1 - 1e-12))) - 1, 0)
    place = np.minimum(bin_places(trains, width), last)
    lower = trains.t_start + place * width
    upper = np.minimum(lower + width, trains.t_stop)
    return moved(trains, np.random.default_rng(seed).uniform(lower, np.maximum(upper, lower)))


def redistribute(trains: SpikeTrains, *, seed: int | np.random.Generator) -> SpikeTrains:
    """Trains with every spike at a random time of the window: they keep the number of spikes only.

    Parameters
    ----------
    trains : SpikeTrains
    seed : int or numpy.random.Generator

    Examples
    --------
    >>> redistribute(SpikeTrains.from_lists([[1, 2, 3]], t_stop=50), seed=1).times.round(1)
    array([ 7.2, 25.6, 47.5])
    """
    random = np.random.default_rng(seed)
    return moved(trains, random.uniform(trains.t_start, trains.t_stop, len(trains.times)))


def shuffle_intervals(trains: SpikeTrains, *, seed: int | np.random.Generator) -> SpikeTrains:
    """Trains with their intervals in random order: they lose slow changes, correlations of intervals and partners.

    The first and the last spike stay where they are.

    Parameters
    ----------
    trains : SpikeTrains
    seed : int or numpy.random.Generator

    Examples
    --------
    >>> shuffle_intervals(SpikeTrains.from_lists([[10, 11, 13, 17, 25]], t_stop=50), seed=2).times
    array([10., 18., 22., 23., 25.])
    """
    random = np.random.default_rng(seed)
    made = []
    for times in trains.to_lists():
        shuffled = np.cumsum(random.permutation(np.diff(times)))
        made.append(np.concatenate([times[:1], np.minimum(times[:1] + shuffled, times[-1:])]))
    return moved(trains, np.concatenate([np.empty(0), *made]))


def shift_trains(trains: SpikeTrains, by: Any = None, *, seed: int | np.random.Generator) -> SpikeTrains:
    """Trains that are each shifted as a whole, around the window: they lose how they go together.

    Parameters
    ----------
    trains : SpikeTrains
    by : ms, optional
        Trains shift up to this to either side, by default by any part of the window.
    seed : int or numpy.random.Generator

    References
    ----------
    .. [1] Louis, Borgelt & Grün 2010, Generation and selection of surrogate methods for correlation analysis, in:
       Analysis of Parallel Spike Trains, https://doi.org/10.1007/978-1-4419-5675-0_17

    Examples
    --------
    >>> shift_trains(SpikeTrains.from_lists([[10, 20, 45]], t_stop=50), "10 ms", seed=1).times.round(1)
    array([10.2, 20.2, 45.2])
    """
    reach = trains.duration / 2 if by is None else _positive(by, "the shift")
    shift = np.random.default_rng(seed).uniform(-reach, reach, len(trains))
    late = trains.times - trains.t_start + np.repeat(shift, trains.counts)
    around = np.mod(late, trains.duration) if trains.duration > 0 else late
    return moved(trains, trains.t_start + around)


def shuffle_trials(trains: SpikeTrains, *, seed: int | np.random.Generator) -> SpikeTrains:
    """Trains with the trials of each neuron in random order: they lose what neurons share within a trial.

    Parameters
    ----------
    trains : SpikeTrains
        (trial, neuron), of at least two trials.
    seed : int or numpy.random.Generator

    Raises
    ------
    RecordingError
        For a single trial.

    References
    ----------
    .. [1] Perkel, Gerstein & Moore 1967, Biophys. J. 7, 419, https://doi.org/10.1016/S0006-3495(67)86597-4

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1], [2], [3], [4]], t_stop=5, shape=(2, 2))
    >>> shuffle_trials(trains, seed=3).to_lists()
    [array([3.]), array([2.]), array([1.]), array([4.])]
    """
    trials, neurons = trains.shape
    if trials < 2:
        raise RecordingError(f"there is no other order of {trials} trial: give trains of shape (trial, neuron)")
    random = np.random.default_rng(seed)
    order = np.array([random.permutation(trials) for _ in range(neurons)], int).reshape(neurons, trials).T
    source = (order * neurons + np.arange(neurons)).ravel()
    counts = trains.counts[source]
    return SpikeTrains(
        trains.times[ranges(trains.offsets[:-1][source], counts)], np.concatenate([[0], np.cumsum(counts)]),
        trains.t_start, trains.t_stop, trains.shape, trials=trains.trials, neurons=trains.neurons,
    )  # fmt: skip


def _positive(value: Any, name: str) -> float:
    number = float(magnitude(value, "ms", name))
    if not 0 < number < np.inf:
        raise RecordingError(f"{name} must be positive and finite, not {number:g} ms")
    return number
