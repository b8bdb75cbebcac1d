"""What a fit minimises: spike distances, voltage errors, features of a step response, and weighted sums of them.

An objective is a value; `prepare` makes it ready for one trial, and the result scores a block of candidates at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import DistanceError, FitError
from lapicque.fit.trial import Trial


@dataclass(frozen=True)
class Block:
    """The spikes of a block of candidates in one trial.

    Attributes
    ----------
    times : (candidate * capacity,), ms, each candidate's from ``candidate * capacity``, delay included
    capacity : int
    counts : (candidate,), all spikes
    kept : (candidate,), those in ``times``
    traces : name -> the sums that a `Scorer` gathered while the block ran
    """

    times: np.ndarray
    capacity: int
    counts: np.ndarray
    kept: np.ndarray


class Scorer(Protocol):
    """An objective, ready for one trial."""

    def gather(self, samples: np.ndarray, rows: int, first: int, sums: np.ndarray) -> None:
        """Take (sample, candidate) values of the recorded variable while the block runs; add to ``sums`` (candidate,)."""

    def score(self, block: Block, sums: np.ndarray) -> np.ndarray:
        """Return the loss of every candidate, finite."""


class Objective(Protocol):
    """What a fit minimises."""

    @property
    def records(self) -> str | None:
        """The state that must be recorded, if any."""

    def prepare(self, trial: Trial) -> Scorer:
        """Return the scorer of a trial.

        Raises
        ------
        FitError
            If the trial lacks what the objective compares.
        """


class _Combining:
    def __add__(self, other: Objective) -> WeightedSum:
        return WeightedSum((*_terms(self), *_terms(other)))

    def __mul__(self, weight: float) -> WeightedSum:
        return WeightedSum(tuple((weight * w, o) for w, o in _terms(self)))

    __rmul__ = __mul__


def _terms(objective: Any) -> tuple[tuple[float, Objective], ...]:
    return objective.terms if isinstance(objective, WeightedSum) else ((1.0, objective),)


@dataclass(frozen=True)
class SpikeMatch(_Combining):
    """Distance of the model's spikes from the data's, with a term for the number of spikes.

    Per repeat and trial the loss is ``saturate(d) + rate_weight * R``, where d is the distance divided by that of a
    silent model. Distances with a time scale are averaged over several scales around the one that is asked for: near
    the solution the coincidence factor alone is flat. ``R = s*(sqrt(1 + (r/s)^2) - 1)`` with s = 0.3 and r the logarithm
    of the ratio of spike counts is 0 for a model that fires at the data's rate and grows with the ratio, so that silent
    and bursting candidates are ordered. ``saturate(d)`` is d up to 1 and below 1.5 beyond: since R of silence is above
    0.5, a silent model never beats one that fires at the data's rate.

    Parameters
    ----------
    distance : Distance
    scales : sequence of float
        Multiples of the distance's time scale.
    rate_weight : float
        At least 1.

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

    def __post_init__(self) -> None:
        if not self.rate_weight >= 1:
            raise FitError(f"rate_weight is {self.rate_weight}: below 1 a silent model could win")
        if not self.scales or min(self.scales) <= 0:
            raise FitError(f"scales are {self.scales}: positive numbers are expected")

    def prepare(self, trial: Trial) -> Scorer:
        """Return the scorer of a trial."""
        return _SpikeMatchScorer(self, trial)


class _SpikeMatchScorer:
    def __init__(self, objective: SpikeMatch, trial: Trial):
        self.weight, self.window = objective.rate_weight, trial.window
        scored = trial.scored
        self.times, self.offsets = np.ascontiguousarray(scored.times), np.ascontiguousarray(scored.offsets)
        counts = np.diff(self.offsets)
        if not counts.any():
            start, stop = trial.window
            raise FitError(
                f"{trial.label or 'the trial'} has no spikes from {start:g} to {stop:g} ms: a fit to spikes needs some"
            )
        self.mean_count = float(counts.mean())
        distance = trial.distance or objective.distance
        self.distances = scaled(distance, objective.scales, self.times, self.offsets, self.window)
        nothing = np.zeros(0), np.zeros(1, np.int64), np.zeros(1, np.int64)
        self.silence = [np.maximum(self._evaluate(d, *nothing)[0], 1e-12) for d in self.distances]

    def _evaluate(self, distance: Distance, times: np.ndarray, starts: np.ndarray, kept: np.ndarray) -> np.ndarray:
        out = np.empty((len(starts), len(self.offsets) - 1))
        return distance.evaluate(times, starts, kept, self.times, self.offsets, *self.window, out)

    def gather(self, samples: np.ndarray, rows: int, first: int, sums: np.ndarray) -> None:
        """Nothing is gathered."""

    def score(self, block: Block, sums: np.ndarray) -> np.ndarray:
        """Return the loss of every candidate."""
        from lapicque.fit.scoring import count_inside

        starts = np.arange(len(block.kept)) * block.capacity
        relative = [self._evaluate(d, block.times, starts, block.kept) / s for d, s in zip(self.distances, self.silence, strict=True)]
        match = saturate(np.mean(relative, axis=0)).mean(axis=1)
        inside = np.empty(len(block.kept))
        count_inside(block.times, block.capacity, block.counts, block.kept, *self.window, inside)
        return match + self.weight * rate_term(inside, self.mean_count)


def scaled(
    distance: Distance, scales: Sequence[float], times: np.ndarray, offsets: np.ndarray, window: tuple[float, float]
) -> list[Distance]:
    """Return the distance at several time scales; those that do not exist for these trains are left out.

    Raises
    ------
    DistanceError
        If the distance itself does not exist for them.
    """
    nothing = np.zeros(0), np.zeros(1, np.int64), np.zeros(1, np.int64)

    def check(candidate: Distance) -> None:
        candidate.evaluate(*nothing, times, offsets, *window, np.empty((1, len(offsets) - 1)))

    check(distance)
    found = []
    for scale in scales:
        candidate = distance.rescaled(scale)
        try:
            check(candidate)
        except DistanceError:
            continue
        if candidate not in found:
            found.append(candidate)
    return found or [distance]


def saturate(d: np.ndarray) -> np.ndarray:
    """Return d up to 1; beyond, a curve that rises with slope 1 at first and stays below 1.5."""
    return np.where(d < 1, d, 1.5 - 0.5 * np.exp(-2 * (np.maximum(d, 1) - 1)))


def rate_term(counts: np.ndarray, reference: float, softness: float = 0.3) -> np.ndarray:
    """Return 0 where the counts are the reference's; quadratic in the logarithm of the ratio nearby, linear far away."""
    ratio = np.log((counts + 0.5) / (reference + 0.5))
    return softness * (np.sqrt(1 + (ratio / softness) ** 2) - 1)


@dataclass(frozen=True)
class VoltageError(_Combining):
    """Root mean square difference from the mean recorded voltage outside spikes, in its standard deviations.

    Parameters
    ----------
    state : str
        The model's membrane potential.
    before, after : float, ms
        Around each recorded spike this time is left out.
    """

    state: str = "v"
    before: float = 2.0
    after: float = 8.0

    @property
    def records(self) -> str:
        """The membrane potential."""
        return self.state

    def prepare(self, trial: Trial) -> Scorer:
        """Return the scorer of a trial."""
        return _VoltageScorer(self, trial)


class _VoltageScorer:
    def __init__(self, objective: VoltageError, trial: Trial):
        if trial.voltage is None:
            raise FitError(f"{trial.label or 'the trial'} has no voltage to compare: give Trial(..., voltage=...)")
        times = np.arange(trial.samples) * trial.dt
        start, stop = trial.window
        mask = (times >= start) & (times < stop)
        for spike in trial.spikes.times:
            mask &= (times < spike - objective.before) | (times > spike + objective.after)
        if not mask.any():
            raise FitError(f"{trial.label or 'the trial'} has no time outside spikes in its window: fit the spikes instead")
        self.mask, self.target = mask, np.ascontiguousarray(trial.voltage.mean(axis=0))
        self.count, self.spread = int(mask.sum()), max(float(self.target[mask].std()), 1e-6)

    def gather(self, samples: np.ndarray, rows: int, first: int, sums: np.ndarray) -> None:
        """Add squared differences."""
        from lapicque.fit.scoring import add_squares

        add_squares(samples, rows, first, self.target, self.mask, sums)

    def score(self, block: Block, sums: np.ndarray) -> np.ndarray:
        """Return the error of every candidate; one whose voltage is no longer a number gets a large, finite one."""
        error = np.sqrt(sums / self.count) / self.spread
        return np.minimum(np.where(np.isfinite(error), error, 1e6), 1e6)


@dataclass(frozen=True)
class StepFeatures(_Combining):
    """Differences in rate, latency to the first spike and adaptation index in the answer to a current step.

    Each difference from the mean over repeats is divided by its scale; the loss is their mean.

    Parameters
    ----------
    onset, offset : float, ms, optional
        The step; found in the stimulus (from its first to its last sample that differs from the first) if absent.
    rate, latency, adaptation : float
        Scales in Hz, ms and 1.
    """

    onset: float | None = None
    offset: float | None = None
    rate: float = 5.0
    latency: float = 10.0
    adaptation: float = 0.2

    records = None

    def prepare(self, trial: Trial) -> Scorer:
        """Return the scorer of a trial."""
        return _FeatureScorer(self, trial)


class _FeatureScorer:
    def __init__(self, objective: StepFeatures, trial: Trial):
        from lapicque.fit.scoring import features_of

        self.onset, self.offset = _step_edges(objective, trial)
        self.scales = np.array([objective.rate, objective.latency, objective.adaptation])
        found = [features_of(train.times, self.onset, self.offset) for train in trial.spikes]
        self.target = np.mean(found, axis=0)

    def gather(self, samples: np.ndarray, rows: int, first: int, sums: np.ndarray) -> None:
        """Nothing is gathered."""

    def score(self, block: Block, sums: np.ndarray) -> np.ndarray:
        """Return the mean scaled difference of every candidate."""
        from lapicque.fit.scoring import step_features

        features = np.empty((len(block.kept), 3))
        step_features(block.times, block.capacity, block.kept, self.onset, self.offset, features)
        return np.abs((features - self.target) / self.scales).mean(axis=1)


def _step_edges(objective: StepFeatures, trial: Trial) -> tuple[float, float]:
    values = next(iter(trial.inputs.values()))
    moved = np.flatnonzero(np.abs(values - values[0]) > 0.1 * np.ptp(values)) if np.ptp(values) > 0 else np.empty(0, int)
    onset = objective.onset if objective.onset is not None else (moved[0] * trial.dt if moved.size else trial.window[0])
    offset = objective.offset
    if offset is None:
        offset = (moved[-1] + 1) * trial.dt if moved.size else trial.window[1]
    if not offset > onset:
        raise FitError(f"the step from {onset:g} to {offset:g} ms is empty: give StepFeatures(onset=..., offset=...)")
    return float(onset), float(offset)


@dataclass(frozen=True)
class WeightedSum(_Combining):
    """A weighted sum of objectives, as ``SpikeMatch(d) + 0.5*VoltageError()`` writes it."""

    terms: tuple[tuple[float, Objective], ...]

    @property
    def records(self) -> str | None:
        """The one state that the terms need, if any."""
        names = {o.records for _, o in self.terms if o.records}
        if len(names) > 1:
            raise FitError(f"objectives that need different variables ({', '.join(sorted(names))}) cannot be summed")
        return next(iter(names), None)

    def prepare(self, trial: Trial) -> Scorer:
        """Return the scorer of a trial."""
        return _SumScorer([(weight, objective.prepare(trial), objective.records) for weight, objective in self.terms])


class _SumScorer:
    def __init__(self, terms: list[tuple[float, Scorer, str | None]]):
        self.terms = terms

    def gather(self, samples: np.ndarray, rows: int, first: int, sums: np.ndarray) -> None:
        """Let the first term that reads the trace gather it: terms of one variable share the sums."""
        for _, scorer, records in self.terms:
            if records:
                scorer.gather(samples, rows, first, sums)
                return

    def score(self, block: Block, sums: np.ndarray) -> np.ndarray:
        """Return the weighted sum."""
        return np.sum([weight * scorer.score(block, sums) for weight, scorer, _ in self.terms], axis=0)
