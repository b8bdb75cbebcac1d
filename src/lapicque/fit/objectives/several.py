"""Several objectives at once, none of which is weighed against another: for Pareto fronts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.objectives.objective import Block, Objective, Scorer
from lapicque.fit.trial import Trial


@dataclass(frozen=True)
class Several:
    """Objectives side by side, all of one simulation; ``lq.fit.Problem(objective=[...])`` makes it.

    Parameters
    ----------
    objectives : sequence of Objective

    Raises
    ------
    FitError
        If there are none, one is no objective, or they need the traces of different states.

    Examples
    --------
    >>> import lapicque as lq
    >>> Several((lq.fit.VoltageError(), lq.fit.SpikeMatch(lq.distances.van_rossum("5 ms")))).names
    ('VoltageError', 'SpikeMatch')
    """

    objectives: tuple[Objective, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "objectives", tuple(self.objectives))
        if not self.objectives:
            raise FitError("there are no objectives: give at least one, objective=[lq.fit.SpikeMatch(...)]")
        for objective in self.objectives:
            if not hasattr(objective, "prepare"):
                raise FitError(f"{objective!r} is no objective: write lq.fit.SpikeMatch(distance), say")
        names = {o.records for o in self.objectives if o.records}
        if len(names) > 1:
            raise FitError(
                f"objectives of one problem cannot need different states ({', '.join(sorted(names))}): let all need one"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Short names, numbered where several objectives are of one kind."""
        names = [type(objective).__name__ for objective in self.objectives]
        return tuple(
            f"{name} {names[: n + 1].count(name)}" if names.count(name) > 1 else name for n, name in enumerate(names)
        )

    @property
    def records(self) -> str | None:
        """The one state that the objectives need, if any."""
        return next((o.records for o in self.objectives if o.records), None)

    @property
    def needs_spikes(self) -> bool:
        """Whether any objective has nothing to fit in trials without spikes."""
        return any(o.needs_spikes for o in self.objectives)

    def prepare(self, trial: Trial) -> Scorer:
        """Return the scorer of a trial, whose losses are (candidate, objective)."""
        return _SeveralScorer([objective.prepare(trial) for objective in self.objectives])


class _SeveralScorer:
    def __init__(self, scorers: list[Scorer]):
        ends = np.cumsum([scorer.sums for scorer in scorers])
        self.scorers = [(s, slice(end - s.sums, end)) for s, end in zip(scorers, ends, strict=True)]
        self.sums = int(ends[-1])

    def gather(self, samples: np.ndarray, first: int, sums: np.ndarray) -> None:
        """Let every objective gather its own sums."""
        for scorer, own in self.scorers:
            scorer.gather(samples, first, sums[own])

    def score(self, block: Block, sums: np.ndarray) -> np.ndarray:
        """Return (candidate, objective)."""
        return np.stack([scorer.score(block, sums[own]) for scorer, own in self.scorers], axis=1)
