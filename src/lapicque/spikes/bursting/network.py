"""Network bursts: bursts of many neurons that overlap in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.bursting.table import Bursts
from lapicque.spikes.rounding import rounding
from lapicque.units import magnitude


@dataclass(frozen=True, eq=False)
class NetworkBursts:
    """Network bursts, sorted by trial and time.

    Parameters
    ----------
    trial : (burst,)
    start, stop : (burst,), ms
        Beginning of the first and end of the last burst of a neuron in it.
    neurons : (burst,)
        How many neurons take part.
    spikes : (burst,)
        How many spikes their bursts have.
    trials : int
    t_start, t_stop : ms
        The observed window.
    """

    trial: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    neurons: np.ndarray
    spikes: np.ndarray
    trials: int
    t_start: float
    t_stop: float

    def __len__(self) -> int:
        return len(self.trial)

    @property
    def durations(self) -> np.ndarray:
        """From start to stop of each, (burst,), ms."""
        return self.stop - self.start

    @property
    def counts(self) -> np.ndarray:
        """Number of network bursts in each trial, (trial,)."""
        return np.bincount(self.trial, minlength=self.trials)

    def rate(self) -> np.ndarray:
        """Network bursts per second in each trial, (trial,), Hz; not a number for a window of no length."""
        return self.counts / (self.t_stop - self.t_start or np.nan) * 1e3

    def __repr__(self) -> str:
        return f"NetworkBursts({len(self)} in {self.trials} trials, {self.t_start:g} to {self.t_stop:g} ms)"


def network_bursts(bursts: Bursts, share: float = 0.2, *, gap: Any = 0.0) -> NetworkBursts:
    """Network bursts: groups of neurons' bursts that overlap in time, if enough neurons take part.

    Parameters
    ----------
    bursts : Bursts
        Of the neurons, from `lapicque.spikes.bursts` or `lapicque.spikes.log_isi_bursts`.
    share : float
        The smallest part of all neurons, from 0 to 1, those that never burst included.
    gap : ms
        Bursts whose distance is not longer than this are in one group as well.

    Returns
    -------
    NetworkBursts

    Raises
    ------
    RecordingError
        For a share outside 0 to 1, or a negative gap.

    References
    ----------
    .. [1] Pasquale, Martinoia & Chiappalone 2010, J. Comput. Neurosci. 29, 213,
       https://doi.org/10.1007/s10827-009-0175-1

    Examples
    --------
    >>> from lapicque.spikes import SpikeTrains, bursts
    >>> trains = SpikeTrains.from_lists([[10, 12, 14, 70, 71, 72], [13, 15, 17], [90]], t_stop=100)
    >>> found = network_bursts(bursts(trains, max_isi=5), share=0.5)
    >>> found.start, found.durations, found.neurons, found.spikes
    (array([10.]), array([7.]), array([2]), array([6]))
    """
    apart = float(magnitude(gap, "ms", "gap"))
    if not (0 <= share <= 1 and 0 <= apart < np.inf):
        raise RecordingError(
            f"the share, {share:g}, must lie between 0 and 1, and the gap, {apart:g} ms, not below 0 and finite"
        )
    trials, neurons = bursts.shape
    trial, neuron = np.divmod(bursts.train, max(neurons, 1))
    order = np.lexsort((bursts.start, trial))
    trial, neuron, start, stop, spikes = (x[order] for x in (trial, neuron, bursts.start, bursts.stop, bursts.spikes))
    # trials one behind the other in time, so that one running maximum serves them all
    away = (trial - (trial[:1] if len(trial) else 0)) * 2.0 * (bursts.t_stop - bursts.t_start + apart + 1)
    reached = np.maximum.accumulate(stop + away) if len(stop) else stop
    begins = np.ones(len(start), bool)
    slack = 1e-9 * apart + rounding(bursts) + 4 * np.finfo(float).eps * away.max(initial=0.0)
    begins[1:] = (start + away)[1:] > reached[:-1] + (apart + slack)
    group = np.cumsum(begins) - 1
    number = int(begins.sum())
    first = np.flatnonzero(begins)
    taking_part = np.bincount(np.unique(group * neurons + neuron) // max(neurons, 1), minlength=number)
    total = np.bincount(group, spikes, number).astype(np.int64)
    ends = np.maximum.reduceat(stop, first) if number else stop
    kept = taking_part >= share * neurons * (1 - 1e-12)
    return NetworkBursts(
        trial[first][kept], start[first][kept], ends[kept], taking_part[kept], total[kept],
        trials, bursts.t_start, bursts.t_stop,
    )  # fmt: skip
