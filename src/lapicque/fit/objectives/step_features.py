"""Rate, latency and adaptation of the answer to a current step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.objectives.objective import Block, Combining, Scorer
from lapicque.fit.trial import Trial
from lapicque.units import magnitude

_UNITS = {"onset": "ms", "offset": "ms", "rate": "Hz", "latency": "ms", "adaptation": "1"}


@dataclass(frozen=True)
class StepFeatures(Combining):
    """Differences in rate, latency to the first spike and adaptation index in the answer to a current step.

    Each difference from the mean over repeats is divided by its scale; the loss is their mean. The adaptation index is
    (last - first)/(last + first) interval, 0 with fewer than three spikes; the latency of a train without spikes is the
    whole step.

    Parameters
    ----------
    onset, offset : ms, optional
        The step; found in the stimulus (from its first to its last sample that differs from the first by a tenth of its
        range) if absent. What is outside the trial's window does not count.
    rate, latency, adaptation : Hz, ms, 1
        Scales.

    Raises
    ------
    FitError
        If a scale is not positive, or nothing of the step is inside the window.

    Examples
    --------
    >>> StepFeatures(onset="0.1 second", offset="0.6 second").onset
    100.0
    """

    onset: Any = None
    offset: Any = None
    rate: Any = 5.0
    latency: Any = 10.0
    adaptation: Any = 0.2

    records = None
    needs_spikes = False

    def __post_init__(self) -> None:
        for name, unit in _UNITS.items():
            value = getattr(self, name)
            if value is None and name in ("onset", "offset"):
                continue
            value = float(magnitude(value, unit, f"{name} of StepFeatures"))
            if name not in ("onset", "offset") and not 0 < value < np.inf:
                raise FitError(f"the scale {name} of StepFeatures is {value:g}: a positive number is expected")
            object.__setattr__(self, name, value)

    def prepare(self, trial: Trial) -> Scorer:
        """Return the scorer of a trial."""
        return _FeatureScorer(self, trial)


class _FeatureScorer:
    sums = 0

    def __init__(self, objective: StepFeatures, trial: Trial):
        from lapicque.fit.scoring import features_of

        self.onset, self.offset = step_edges(objective, trial)
        self.scales = np.array([objective.rate, objective.latency, objective.adaptation])
        found = [features_of(train.times, self.onset, self.offset) for train in trial.spikes]
        self.target = np.mean(found, axis=0)

    def gather(self, samples: np.ndarray, first: int, sums: np.ndarray) -> None:
        """Nothing is gathered."""

    def score(self, block: Block, sums: np.ndarray) -> np.ndarray:
        """Return the mean scaled difference of every candidate."""
        from lapicque.fit.scoring import step_features

        features = np.empty((len(block.kept), 3))
        step_features(block.times, block.capacity, block.counts, block.kept, self.onset, self.offset, features)
        return np.abs((features - self.target) / self.scales).mean(axis=1)


def step_edges(objective: StepFeatures, trial: Trial) -> tuple[float, float]:
    """Return where the step begins and ends within the trial's window, ms."""
    values = next(iter(trial.inputs.values()))
    moved = np.flatnonzero(np.abs(values - values[0]) > 0.1 * np.ptp(values))
    onset, offset = trial.window
    if moved.size:
        onset, offset = moved[0] * trial.dt, (moved[-1] + 1) * trial.dt
    onset = max(onset if objective.onset is None else objective.onset, trial.window[0])
    offset = min(offset if objective.offset is None else objective.offset, trial.window[1])
    if not offset > onset:
        name = trial.label or "the trial"
        raise FitError(
            f"nothing of the step of {name} is inside its window, {trial.window[0]:g} to {trial.window[1]:g} ms: give "
            "StepFeatures(onset=..., offset=...), or another window"
        )
    return float(onset), float(offset)
