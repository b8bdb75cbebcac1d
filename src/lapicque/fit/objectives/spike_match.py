"""How well the model's spikes match the data's: any distance, at several time scales, and the number of spikes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import DistanceError, FitError
from lapicque.fit.objectives.objective import Block, Combining, Scorer
from lapicque.fit.trial import Trial

#: A time scale is left out where more than this share of the coincidences comes by chance.
CHANCE = 0.75


@dataclass(frozen=True)
class SpikeMatch(Combining):
    """Distance of the model's spikes from the data's, with a term for the number of spikes.

    Per repeat and trial the loss is ``saturate(d) + rate_weight * R``, where d is the distance divided by that of a
    silent model. Distances with a time scale are averaged over several scales around the one that is asked for: near
    the solution the coincidence factor alone is flat. A scale is left out for data that fire so fast that more than
    three quarters of its coincidences would be chance (2 nu delta > 0.75).

    ``R = s*(sqrt(1 + (r/s)^2) - 1)`` with s = 0.3 and r the logarithm of the ratio of spike counts is 0 for a model
    that fires at the data's rate and grows with the ratio, so that silent and bursting candidates are ordered.
    ``saturate(d)`` is d up to 1 and below 1.5 beyond: since R of silence is above 0.8 where the data have spikes, a
    silent model never beats one that fires at their rate. For a repeat without spikes d is 0 for silence, else 1.

    Parameters
    ----------
    distance : Distance
    scales : sequence of float
        Multiples of the distance's time scale.
    rate_weight : float
        At least 1.

    Raises
    ------
    FitError
        For scales or a weight that make no sense.
    DistanceError
        If the distance does not exist for the data.

    Examples
    --------
    >>> import lapicque as lq
    >>> SpikeMatch(lq.distances.coincidence("4 ms")).scales
    (0.5, 1.0, 2.0)
    """

    distance: Distance
    scales: tuple[float, ...] = (0.5, 1.0, 2.0)
    rate_weight: float = 1.0

    records = None
    needs_spikes = True

    def __post_init__(self) -> None:
        if not isinstance(self.distance, Distance):
            raise FitError(f"{self.distance!r} is no distance: write lq.distances.coincidence('4 ms'), say")
        object.__setattr__(self, "scales", tuple(self.scales))
        if not 1 <= self.rate_weight < np.inf:
            raise FitError(f"rate_weight is {self.rate_weight}: below 1 a silent model could win")
        if not self.scales or not all(0 < scale < np.inf for scale in self.scales):
            raise FitError(f"scales are {self.scales}: positive numbers are expected")

    def prepare(self, trial: Trial) -> Scorer:
        """Return the scorer of a trial."""
        return _SpikeMatchScorer(self, trial)


class _SpikeMatchScorer:
    sums = 0

    def __init__(self, objective: SpikeMatch, trial: Trial):
        self.weight = objective.rate_weight
        self.window: tuple[float, float] = trial.window
        scored = trial.scored
        self.mean_count = float(scored.counts.mean())
        firing = scored.counts > 0
        self.silent_share = float(1 - firing.mean())
        self.times = np.ascontiguousarray(scored.times)
        self.offsets = np.concatenate([[0], np.cumsum(scored.counts[firing])])
        distance = trial.distance or objective.distance
        try:
            self.distances = (
                scaled(distance, objective.scales, self.times, self.offsets, self.window) if firing.any() else []
            )
        except DistanceError as error:
            raise DistanceError(f"{trial.label or 'the trial'}: {error}") from None
        # a spike at the very edge may be no further from silence than silence itself
        silence = [self._evaluate(d, *_NOTHING)[0] for d in self.distances]
        self.silence = [np.where(d > 1e-9, d, 1.0) for d in silence]

    def _evaluate(self, distance: Distance, times: np.ndarray, starts: np.ndarray, kept: np.ndarray) -> np.ndarray:
        out = np.empty((len(starts), len(self.offsets) - 1))
        return distance.evaluate(times, starts, kept, self.times, self.offsets, *self.window, out)

    def gather(self, samples: np.ndarray, first: int, sums: np.ndarray) -> None:
        """Nothing is gathered."""

    def score(self, block: Block, sums: np.ndarray) -> np.ndarray:
        """Return the loss of every candidate."""
        from lapicque.fit.scoring import count_inside

        inside = np.empty(len(block.kept))
        count_inside(block.times, block.capacity, block.counts, block.kept, *self.window, inside)
        loss = self.weight * rate_term(inside, self.mean_count) + self.silent_share * (inside > 0)
        if self.distances:
            starts = np.arange(len(block.kept)) * block.capacity
            relative = [
                self._evaluate(d, block.times, starts, block.kept) / silence
                for d, silence in zip(self.distances, self.silence, strict=True)
            ]
            loss += (1 - self.silent_share) * saturate(np.mean(relative, axis=0)).mean(axis=1)
        return loss


#: A candidate without spikes, for `Distance.evaluate`.
_NOTHING = np.zeros(0), np.zeros(1, np.int64), np.zeros(1, np.int64)


def scaled(
    distance: Distance, scales: Sequence[float], times: np.ndarray, offsets: np.ndarray, window: tuple[float, float]
) -> list[Distance]:
    """Return the distance at several time scales, without those at which the data coincide mostly by chance.

    Parameters
    ----------
    times : (spike,), ms
    offsets : (train + 1,)
        The data, one train behind the other.
    window : ms

    Raises
    ------
    DistanceError
        If the distance itself does not exist for the data.

    Examples
    --------
    >>> from lapicque.distances import coincidence
    >>> times = np.arange(10.0, 1000.0, 20.0)  # 50 Hz: 2*nu*delta is 0.4 at 4 ms, 0.8 at 8 ms
    >>> [d.precision for d in scaled(coincidence("4 ms"), (0.5, 1.0, 2.0), times, np.array([0, 50]), (0.0, 1000.0))]
    [2.0, 4.0]
    """
    rate = 1e3 * len(times) / (len(offsets) - 1) / (window[1] - window[0])

    def check(candidate: Distance) -> None:
        candidate.evaluate(*_NOTHING, times, offsets, *window, np.empty((1, len(offsets) - 1)))

    check(distance)
    found: list[Distance] = []
    for candidate in map(distance.rescaled, scales):
        try:
            check(candidate)
        except DistanceError:
            continue
        if candidate not in found and rate <= CHANCE * candidate.kernels().reference_below:
            found.append(candidate)
    return found or [distance]


def saturate(d: np.ndarray) -> np.ndarray:
    """Return d up to 1; beyond, a curve that rises with slope 1 at first and stays below 1.5.

    Examples
    --------
    >>> saturate(np.array([0.5, 1.0, 2.0, 1e9])).round(3)
    array([0.5  , 1.   , 1.432, 1.5  ])
    """
    return np.where(d < 1, d, 1.5 - 0.5 * np.exp(-2 * (np.maximum(d, 1) - 1)))


def rate_term(counts: np.ndarray, reference: Any, softness: float = 0.3) -> np.ndarray:
    """Return 0 where the counts are the reference's; quadratic in the logarithm of the ratio nearby, linear far away.

    Examples
    --------
    >>> rate_term(np.array([0.0, 10.0, 20.0, 40.0]), 20.0).round(3)
    array([3.426, 0.433, 0.   , 0.444])
    """
    ratio = np.log((counts + 0.5) / (reference + 0.5))
    return softness * (np.sqrt(1 + (ratio / softness) ** 2) - 1)
