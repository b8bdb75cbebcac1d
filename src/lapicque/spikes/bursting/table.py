"""A table of bursts: which train, from when to when, with how many spikes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Bursts:
    """Bursts of spike trains, sorted by train and time.

    Parameters
    ----------
    train : (burst,)
        Number of the train, ``trial * neurons + neuron``.
    start, stop : (burst,), ms
        First and last spike.
    spikes : (burst,)
        How many spikes the burst has.
    totals : (train,)
        How many spikes each train has, in bursts or not.
    shape : (trial, neuron)
    t_start, t_stop : ms
        The observed window.

    Examples
    --------
    >>> from lapicque.spikes import SpikeTrains, bursts
    >>> trains = SpikeTrains.from_lists([[10, 12, 15, 60, 100, 103, 105, 109], [50]], t_stop=200)
    >>> found = bursts(trains, max_isi="5 ms")
    >>> print(found)
    train     start      stop  spikes
        0      10.0      15.0       3
        0     100.0     109.0       4
    >>> found.counts, found.share, found.mean(found.durations)
    (array([2, 0]), array([0.875, 0.   ]), array([ 7., nan]))
    """

    train: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    spikes: np.ndarray
    totals: np.ndarray
    shape: tuple[int, int]
    t_start: float
    t_stop: float

    def __len__(self) -> int:
        return len(self.train)

    @property
    def durations(self) -> np.ndarray:
        """From the first to the last spike of each burst, (burst,), ms."""
        return self.stop - self.start

    @property
    def counts(self) -> np.ndarray:
        """Number of bursts of each train, (train,)."""
        return np.bincount(self.train, minlength=len(self.totals))

    @property
    def share(self) -> np.ndarray:
        """Part of the spikes of each train that are in bursts, (train,); not a number for a train without spikes."""
        inside = np.bincount(self.train, self.spikes, len(self.totals))
        return np.divide(inside, self.totals, out=np.full(len(inside), np.nan), where=self.totals > 0)

    @property
    def intervals(self) -> np.ndarray:
        """From the end of a burst to the beginning of the train's next, (burst,), ms; not a number behind the last."""
        gaps = np.full(len(self), np.nan)
        follows = self.train[1:] == self.train[:-1]
        gaps[:-1][follows] = (self.start[1:] - self.stop[:-1])[follows]
        return gaps

    def rate(self) -> np.ndarray:
        """Bursts of each train per second, (train,), Hz; not a number for a window of no length."""
        return self.counts / (self.t_stop - self.t_start or np.nan) * 1e3

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean of a column over the bursts of each train, (train,).

        Values that are not a number are left out; a train without any is not a number.
        """
        known = np.isfinite(values)
        number = np.bincount(self.train[known], minlength=len(self.totals))
        total = np.bincount(self.train[known], np.asarray(values)[known], len(self.totals))
        return np.divide(total, number, out=np.full(len(number), np.nan), where=number > 0)

    def __str__(self) -> str:
        rows = zip(self.train, self.start, self.stop, self.spikes, strict=True)
        return "\n".join(
            ["train     start      stop  spikes", *(f"{k:5d}{a:10.1f}{b:10.1f}{n:8d}" for k, a, b, n in rows)]
        )

    def __repr__(self) -> str:
        return f"Bursts({len(self)} in {len(self.totals)} trains, {self.t_start:g} to {self.t_stop:g} ms)"
