"""What every objective promises, and the weighted sum of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lapicque.errors import FitError
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
    """

    times: np.ndarray
    capacity: int
    counts: np.ndarray
    kept: np.ndarray


class Scorer(Protocol):
    """An objective, ready for one trial."""

    sums: int
    """How many numbers per candidate are added up while a block runs."""

    def gather(self, samples: np.ndarray, first: int, sums: np.ndarray) -> None:
        """Add to ``sums`` (sum, candidate) what a piece of the recorded voltage contributes.

        Parameters
        ----------
        samples : (sample, candidate), mV
            From sample ``first`` of the trial on.
        """

    def score(self, block: Block, sums: np.ndarray) -> np.ndarray:
        """Return the loss of every candidate, (candidate,); infinite or NaN where it explodes."""


class Objective(Protocol):
    """What a fit minimises."""

    @property
    def records(self) -> str | None:
        """The state, a voltage, that must be recorded, if any."""

    @property
    def needs_spikes(self) -> bool:
        """Whether there is nothing to fit in trials without spikes."""

    def prepare(self, trial: Trial) -> Scorer:
        """Return the scorer of a trial.

        Raises
        ------
        FitError
            If the trial lacks what the objective compares.
        """


class Combining:
    """Objectives that can be added to others, and multiplied by a weight."""

    def __add__(self, other: Objective) -> WeightedSum:
        return WeightedSum((*_terms(self), *_terms(other)))

    def __mul__(self, weight: float) -> WeightedSum:
        return WeightedSum(tuple((weight * w, o) for w, o in _terms(self)))

    __rmul__ = __mul__


def _terms(objective: Any) -> tuple[tuple[float, Objective], ...]:
    if not hasattr(objective, "prepare"):
        raise FitError(f"an objective can be added to another one only, not to {objective!r}")
    return objective.terms if isinstance(objective, WeightedSum) else ((1.0, objective),)


@dataclass(frozen=True)
class WeightedSum(Combining):
    """A weighted sum of objectives, as ``SpikeMatch(d) + 0.5*VoltageError()`` writes it.

    Parameters
    ----------
    terms : sequence of (weight, objective)

    Raises
    ------
    FitError
        If a weight is negative or all are 0, or the terms need the traces of different states.

    Examples
    --------
    >>> from lapicque.fit import StepFeatures, VoltageError
    >>> both = StepFeatures(latency=5.0) + 0.5 * VoltageError()
    >>> [weight for weight, _ in both.terms]
    [1.0, 0.5]
    """

    terms: tuple[tuple[float, Objective], ...]

    def __post_init__(self) -> None:
        weights = [weight for weight, _ in self.terms]
        if not all(0 <= weight < np.inf for weight in weights) or not any(weights):
            raise FitError(
                f"the weights of a sum of objectives are {weights}: none may be negative, one must be above 0"
            )
        names = {o.records for _, o in self.terms if o.records}
        if len(names) > 1:
            raise FitError(f"objectives that need different states ({', '.join(sorted(names))}) cannot be summed")

    @property
    def records(self) -> str | None:
        """The one state that the terms need, if any."""
        return next((o.records for _, o in self.terms if o.records), None)

    @property
    def needs_spikes(self) -> bool:
        """Whether every term needs spikes."""
        return all(o.needs_spikes for _, o in self.terms)

    def prepare(self, trial: Trial) -> Scorer:
        """Return the scorer of a trial."""
        return _SumScorer([(weight, objective.prepare(trial)) for weight, objective in self.terms])


class _SumScorer:
    def __init__(self, terms: Sequence[tuple[float, Scorer]]):
        ends = np.cumsum([scorer.sums for _, scorer in terms])
        self.terms = [
            (weight, scorer, slice(end - scorer.sums, end)) for (weight, scorer), end in zip(terms, ends, strict=True)
        ]
        self.sums = int(ends[-1])

    def gather(self, samples: np.ndarray, first: int, sums: np.ndarray) -> None:
        """Let every term gather its own sums."""
        for _, scorer, own in self.terms:
            scorer.gather(samples, first, sums[own])

    def score(self, block: Block, sums: np.ndarray) -> np.ndarray:
        """Return the weighted sum."""
        return np.sum([weight * scorer.score(block, sums[own]) for weight, scorer, own in self.terms if weight], axis=0)
