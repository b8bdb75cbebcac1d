"""Spike trains with the same numbers of spikes at other times."""

from __future__ import annotations

import numpy as np

from lapicque.spikes.trains import SpikeTrains


def moved(trains: SpikeTrains, times: np.ndarray) -> SpikeTrains:
    """Trains whose spikes come at other times, (spike,) in ms: reflected at the edges of the window, and sorted.

    Examples
    --------
    >>> moved(SpikeTrains.from_lists([[1, 2, 9]], t_stop=10), np.array([-1.0, 4.0, 12.0])).times
    array([1., 4., 8.])
    """
    if trains.duration > 0:
        phase = np.mod(times - trains.t_start, 2 * trains.duration)
        times = trains.t_start + np.minimum(phase, 2 * trains.duration - phase)
        times = np.minimum(times, trains.t_stop)  # against rounding
    else:
        times = trains.times
    train = np.repeat(np.arange(len(trains)), trains.counts)
    return SpikeTrains(
        times[np.lexsort((times, train))], trains.offsets, trains.t_start, trains.t_stop, trains.shape,
        trials=trains.trials, neurons=trains.neurons,
    )  # fmt: skip
