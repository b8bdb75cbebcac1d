"""The Victor-Purpura distance of population responses: spikes may also be relabelled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lapicque import distances
from lapicque.distances.populations.population import PopulationDistance, check_alike, pooled
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains
from lapicque.units import magnitude

#: Entries of the largest matrix of costs: 200 MB.
MOST = 25_000_000


def victor_purpura(cost: Any, relabel: float = 1.0) -> PopulationVictorPurpura:
    r"""Multi-neuron Victor-Purpura distance: the least cost of turning one response into the other.

    Deleting or inserting a spike costs 1, moving it by d costs ``cost * d``, and giving it to another neuron costs
    ``relabel``.

    Parameters
    ----------
    cost : 1/ms
        Of moving a spike; 0: only numbers of spikes count.
    relabel : float
        0: it does not matter which neuron spiked; from 2 on (never cheaper than deleting and inserting): labelled
        lines, each neuron is compared with itself only.

    Returns
    -------
    PopulationVictorPurpura

    Raises
    ------
    DistanceError
        For costs that are negative or not finite. When it is applied with a ``relabel`` between 0 and 2: if spikes that
        hang together, each closer than ``2 / cost`` to the next, are more than 5,000 on either side.

    Notes
    -----
    With ``relabel`` 0 it is the distance of the pooled spikes, from 2 on the sum over neurons: both in compiled loops.
    Between them it is an assignment of the spikes of one response to those of the other, solved exactly and for any
    number of neurons: in the worst case a time of n**3 and a memory of n**2 for n spikes that hang together (a tenth of
    a second for 1,000, on one thread). Aronov's dynamic programme, which takes ``n**(neurons + 1)``, gives the same.
    Equal times count as often as they are there.

    References
    ----------
    .. [1] Aronov 2003, Fast algorithm for the metric-space analysis of simultaneous responses of multiple single
       neurons, J. Neurosci. Methods 124, 175, https://doi.org/10.1016/S0165-0270(03)00006-2
    .. [2] Dubbs, Seiler & Magnasco 2010, A fast Lp spike alignment metric, Neural Comput. 22, 2785 (the assignment),
       https://doi.org/10.1162/NECO_a_00026

    Examples
    --------
    >>> a = SpikeTrains.from_lists([[10], []], t_stop=40)
    >>> b = SpikeTrains.from_lists([[], [12]], t_stop=40)
    >>> [victor_purpura("0.25/ms", k)(a, b) for k in (0, 1, 2)]  # move; move and relabel; delete and insert
    [0.5, 1.5, 2.0]
    """
    price = float(magnitude(relabel, "1", "the cost of relabelling a spike"))
    if not 0 <= price < np.inf:
        raise DistanceError(f"the cost of relabelling a spike must be finite and not negative, not {price:g}")
    return PopulationVictorPurpura(distances.victor_purpura(cost).cost, price)


@dataclass(frozen=True, repr=False)
class PopulationVictorPurpura(PopulationDistance):
    """Multi-neuron Victor-Purpura distance; made by `victor_purpura`."""

    cost: float = field(metadata={"unit": "/ms"})
    relabel: float = 1.0

    def batch(self, candidates: SpikeTrains, references: SpikeTrains, threads: int | None = None) -> np.ndarray:
        """Distance of each trial from each reference."""
        check_alike(candidates, references)
        one, neurons = distances.victor_purpura(self.cost), candidates.shape[1]
        if self.relabel == 0:
            return one.batch(pooled(candidates), pooled(references), threads)
        if self.relabel >= 2:
            each = (one.batch(candidates[:, [k]], references[:, [k]], threads) for k in range(neurons))
            return sum(each, start=np.zeros((candidates.shape[0], references.shape[0])))
        sides = [[_labelled(trains, trial) for trial in range(trains.shape[0])] for trains in (candidates, references)]
        return np.array([[self._assigned(*a, *b) for b in sides[1]] for a in sides[0]]).reshape(
            candidates.shape[0], references.shape[0]
        )

    def _assigned(self, times_a: np.ndarray, labels_a: np.ndarray, times_b: np.ndarray, labels_b: np.ndarray) -> float:
        """Cost of the best assignment, cluster by cluster of spikes too far from the others to be moved to them."""
        from scipy.optimize import linear_sum_assignment

        reach = 2 / self.cost if self.cost > 0 else np.inf
        everything = np.sort(np.concatenate([times_a, times_b]))
        edges = everything[1:][np.diff(everything) >= reach]
        saved = 0.0
        parts = [np.split(np.arange(len(times)), np.searchsorted(times, edges)) for times in (times_a, times_b)]
        for a, b in zip(*parts, strict=True):
            if len(a) * len(b) > MOST:
                raise DistanceError(
                    f"{len(a)} and {len(b)} spikes hang together, each within {reach:g} ms of the next: too many to be "
                    "assigned to one another. Compare shorter windows, take a larger cost, or relabel=0 or 2, which "
                    "have no such limit"
                )
            # moving and relabelling a spike, instead of deleting and inserting it, saves so much
            gain = 2 - self.cost * np.abs(times_a[a][:, None] - times_b[b])
            gain -= self.relabel * (labels_a[a][:, None] != labels_b[b])
            np.maximum(gain, 0, out=gain)
            saved += float(gain[linear_sum_assignment(gain, maximize=True)].sum())
        return len(times_a) + len(times_b) - saved


def _labelled(trains: SpikeTrains, trial: int) -> tuple[np.ndarray, np.ndarray]:
    """All spikes of a trial in order of time, and whose they are."""
    neurons = trains.shape[1]
    bounds = trains.offsets[trial * neurons : (trial + 1) * neurons + 1]
    times = trains.times[bounds[0] : bounds[-1]]
    labels = np.repeat(np.arange(neurons), np.diff(bounds))
    order = np.argsort(times, kind="stable")
    return times[order], labels[order]
