"""How far the model's membrane potential is from the recorded one, outside spikes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.objectives.objective import Block, Combining, Scorer
from lapicque.fit.searchable import EXPLODED
from lapicque.fit.trial import Trial
from lapicque.units import magnitude

LARGEST = 0.99 * EXPLODED  # of a voltage that is a number still, so that exploding never wins


@dataclass(frozen=True)
class VoltageError(Combining):
    """Root mean square difference from the mean recorded voltage outside spikes, in its standard deviations.

    It is in mV where the recorded voltage is a constant. The model's voltage is that at the beginning of each step; a
    fitted delay, which is the spikes', does not shift it.

    Parameters
    ----------
    state : str
        The model's membrane potential.
    before, after : ms
        Around each recorded spike this time is left out.

    Raises
    ------
    FitError
        For a negative time; and if a trial has no voltage, or no time outside spikes in its window.

    Examples
    --------
    >>> VoltageError(before="1 ms", after="5 ms")
    VoltageError(state='v', before=1.0, after=5.0)
    """

    state: str = "v"
    before: Any = 2.0
    after: Any = 8.0

    needs_spikes = False

    def __post_init__(self) -> None:
        for name in ("before", "after"):
            value = float(magnitude(getattr(self, name), "ms", name))
            if not 0 <= value < np.inf:
                raise FitError(f"{name} of VoltageError is {value:g} ms: it cannot be negative")
            object.__setattr__(self, name, value)

    @property
    def records(self) -> str:
        """The membrane potential."""
        return self.state

    def prepare(self, trial: Trial) -> Scorer:
        """Return the scorer of a trial."""
        return _VoltageScorer(self, trial)


class _VoltageScorer:
    sums = 1

    def __init__(self, objective: VoltageError, trial: Trial):
        name = trial.label or "the trial"
        if trial.voltage is None:
            raise FitError(f"{name} has no voltage to compare: give Trial(..., voltage=...)")
        times = np.arange(trial.samples) * trial.dt
        start, stop = trial.window
        mask = (times >= start) & (times < stop) & ~_near(times, trial.spikes.times, objective)
        if not mask.any():
            raise FitError(f"{name} has no time outside spikes in its window: fit the spikes instead")
        self.mask, self.target = mask, np.ascontiguousarray(trial.voltage.mean(axis=0))
        spread = float(self.target[mask].std())
        self.count, self.spread = int(mask.sum()), spread if spread > 1e-6 else 1.0

    def gather(self, samples: np.ndarray, first: int, sums: np.ndarray) -> None:
        """Add squared differences."""
        from lapicque.fit.scoring import add_squares

        add_squares(samples, first, self.target, self.mask, sums[0])

    def score(self, block: Block, sums: np.ndarray) -> np.ndarray:
        """Return the error of every candidate, infinite where the voltage is no longer a number."""
        error = np.sqrt(sums[0] / self.count) / self.spread
        return np.where(np.isfinite(error), np.minimum(error, LARGEST), np.inf)


def _near(times: np.ndarray, spikes: np.ndarray, objective: VoltageError) -> np.ndarray:
    """Whether each time, of which there are many, is near one of the spikes."""
    begin = np.searchsorted(times, spikes - objective.before, side="left")
    end = np.searchsorted(times, spikes + objective.after, side="right")
    changes = np.zeros(len(times) + 1, np.int64)
    np.add.at(changes, begin, 1)
    np.add.at(changes, end, -1)
    return np.cumsum(changes[:-1]) > 0
