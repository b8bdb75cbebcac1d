"""Bursts by the intervals in them: runs of intervals that are short."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.bursting.table import Bursts
from lapicque.spikes.rounding import rounding
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


def bursts(trains: SpikeTrains, max_isi: Any, min_spikes: int = 3, *, extend: Any = None) -> Bursts:
    """Bursts as runs of spikes whose intervals are all short.

    Parameters
    ----------
    trains : SpikeTrains
    max_isi : ms or (train,), ms
        The longest interval within a burst, itself included (and what is rounding beyond it). Not a number for a train
        that shall have no bursts, as from `log_isi_threshold`.
    min_spikes : int
        The fewest spikes of a burst.
    extend : ms or (train,), ms, optional
        The runs above are cores; each is extended to both sides, and cores are joined, over intervals up to this.

    Returns
    -------
    Bursts

    Raises
    ------
    RecordingError
        If intervals are negative or as many as neither one nor the trains, if a burst would have less than two spikes,
        or if ``extend`` is shorter than ``max_isi``.

    References
    ----------
    .. [1] Chiappalone et al. 2005, Neurocomputing 65-66, 653, https://doi.org/10.1016/j.neucom.2004.10.094

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1, 10, 12, 15, 22, 60, 90]], t_stop=100)
    >>> print(bursts(trains, max_isi="5 ms"))
    train     start      stop  spikes
        0      10.0      15.0       3
    >>> print(bursts(trains, max_isi="5 ms", extend="10 ms"))
    train     start      stop  spikes
        0       1.0      22.0       5
    """
    longest = _longest(trains, max_isi, "max_isi")
    if min_spikes < 2:
        raise RecordingError(f"a burst has at least 2 spikes, not {min_spikes}")
    first, last = _runs(trains, longest, min_spikes)
    if extend is not None:
        beyond = _longest(trains, extend, "extend")
        if np.any(beyond < longest):
            raise RecordingError("extend must not be shorter than max_isi: it joins what max_isi has found")
        cores, (first, last) = first, _runs(trains, np.where(np.isnan(longest), np.nan, beyond), min_spikes)
        held = np.searchsorted(cores, last, side="right") - np.searchsorted(cores, first)
        first, last = first[held > 0], last[held > 0]
    train = np.searchsorted(trains.offsets, first, side="right") - 1
    return Bursts(
        train, trains.times[first], trains.times[last], last - first + 1,
        trains.counts, trains.shape, trains.t_start, trains.t_stop,
    )  # fmt: skip


def _longest(trains: SpikeTrains, value: Any, name: str) -> np.ndarray:
    longest = np.asarray(magnitude(value, "ms", name), float)
    if longest.ndim > 1 or longest.size not in (1, len(trains)):
        raise RecordingError(
            f"{name} has shape {longest.shape}: give one number, or one for each of {len(trains)} trains"
        )
    if np.any(longest < 0):
        raise RecordingError(f"{name} must not be negative: {longest.min():g} ms")
    return np.broadcast_to(longest, len(trains))


def _runs(trains: SpikeTrains, longest: np.ndarray, min_spikes: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last spike of every run of short intervals, as numbers of spikes."""
    train = np.repeat(np.arange(len(trains)), trains.counts)
    linked = np.zeros(len(trains.times) + 1, bool)  # spike k with its predecessor
    # times of a simulation are multiples of dt only up to rounding
    limit = longest * (1 + 1e-9) + rounding(trains)
    linked[1:-1] = (train[1:] == train[:-1]) & (np.diff(trains.times) <= limit[train[1:]])
    change = np.diff(linked.astype(np.int8))
    first, last = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    enough = last - first + 1 >= min_spikes
    return first[enough], last[enough]
