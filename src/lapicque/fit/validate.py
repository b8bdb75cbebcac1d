"""How good a fit is on data: coincidence factor, reliability of the recording, and their ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import FitError
from lapicque.fit.search import Fit
from lapicque.fit.trial import Trial
from lapicque.spikes.trains import SpikeTrains


@dataclass(frozen=True)
class Score:
    """A model against the data of one part of the trials.

    Attributes
    ----------
    gamma : float
        Mean coincidence factor of model and data over repeats and stimuli.
    reliability : float or None
        Mean coincidence factor between repeats of the data: what the cell itself reaches. None with single trials.
    per_trial : tuple of (label, gamma, reliability or None)
    """

    gamma: float
    reliability: float | None
    per_trial: tuple[tuple[str, float, float | None], ...]

    @property
    def gamma_over_reliability(self) -> float:
        """Gamma relative to the reliability; Gamma itself where there is one trial only."""
        return self.gamma if self.reliability is None else self.gamma / self.reliability

    def as_dict(self) -> dict[str, float | None]:
        """Return the three numbers by name."""
        return {
            "gamma": self.gamma,
            "reliability": self.reliability,
            "gamma_over_reliability": self.gamma_over_reliability,
        }


def reliability(trains: SpikeTrains, distance: Distance) -> float | None:
    """Return the mean value of a similarity over pairs of different repeats; None for fewer than two trains.

    Examples
    --------
    >>> import lapicque as lq
    >>> trains = SpikeTrains.from_lists([[10.0, 50.0], [11.0, 50.0]], t_stop=100, shape=(2, 1))
    >>> reliability(trains, lq.distances.coincidence("2 ms"))
    1.0
    """
    n = len(trains)
    if n < 2:
        return None
    values = distance.matrix(trains)
    return float(values[~np.eye(n, dtype=bool)].mean())


def score(fit: Fit, trials: Sequence[Trial], distance: Distance | None = None) -> Score:
    """Score a fit on trials, seen or unseen, within their windows.

    Parameters
    ----------
    fit : Fit
    trials : sequence of Trial
    distance : Distance, optional
        A coincidence factor; the fit's own distance if absent. A trial's own distance goes first.

    Raises
    ------
    FitError
        If no distance is known.
    """
    problem = fit.problem.with_trials(trials)
    rows = []
    for n, trial in enumerate(problem.trials):
        measure = trial.distance or distance or getattr(problem.objective, "distance", None)
        if measure is None:
            raise FitError("the fit's objective has no distance: give one, such as distance=lq.distances.coincidence('4 ms')")
        data = trial.scored
        values = [measure.batch(_windowed(problem.respond(fit.point, n, r), trial), data) for r in range(problem.repeats)]
        rows.append((trial.label or f"stimulus {n}", float(np.mean(values)), reliability(data, measure)))
    known = [r for _, _, r in rows if r is not None]
    return Score(
        gamma=float(np.mean([g for _, g, _ in rows])),
        reliability=float(np.mean(known)) if len(known) == len(rows) else None,
        per_trial=tuple(rows),
    )


def _windowed(trains: SpikeTrains, trial: Trial) -> SpikeTrains:
    return trains.window(*trial.window)


def profile(fit: Fit, points: int = 41) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the loss along each free parameter through the optimum, the others fixed.

    Returns
    -------
    dict
        name -> (values in the parameter's unit, losses), each (points,).
    """
    grid = np.linspace(0.0, 1.0, points)
    candidates = np.repeat(fit.point[None, :], len(grid) * fit.problem.dimension, axis=0)
    for n in range(fit.problem.dimension):
        candidates[n * points : (n + 1) * points, n] = grid
    losses = fit.problem.losses(candidates)
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for n, f in enumerate(fit.problem.free):
        found[f.name] = f.from_cube(grid), losses[n * points : (n + 1) * points]
    return found


def predicted(fit: Fit, trials: Sequence[Trial]) -> list[Any]:
    """Return the model's spikes in each trial: SpikeTrains (1, run of the model)."""
    problem = fit.problem.with_trials(trials)
    runs = []
    for n, trial in enumerate(problem.trials):
        trains = [problem.respond(fit.point, n, r).times for r in range(problem.repeats)]
        runs.append(SpikeTrains.from_lists(trains, t_stop=trial.duration, shape=(len(trains), 1)))
    return runs
