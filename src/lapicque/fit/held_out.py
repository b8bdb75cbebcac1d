"""How good a fit is on data: coincidence factor, reliability of the recording, and their ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import FitError
from lapicque.fit.agreement import is_coincidence, scoring_distance
from lapicque.fit.search import Candidate, Fit
from lapicque.fit.trial import Trial
from lapicque.spikes.trains import SpikeTrains


@dataclass(frozen=True)
class Score:
    """A model against the data of one part of the trials.

    Attributes
    ----------
    gamma : float
        Mean coincidence factor of model and data over repeats and stimuli; not a number where no data have spikes.
    reliability : float or None
        Mean coincidence factor between repeats of the data: what the cell itself reaches. None with single trials.
    per_trial : tuple of (label, gamma, reliability or None)
    """

    gamma: float
    reliability: float | None
    per_trial: tuple[tuple[str, float, float | None], ...]

    @property
    def gamma_over_reliability(self) -> float | None:
        """Gamma relative to the reliability; Gamma itself where there is one trial only.

        None for data that do not repeat themselves (a reliability of 0 or below): nothing can be said of a model there.
        """
        if self.reliability is None:
            return self.gamma
        return self.gamma / self.reliability if self.reliability > 0 else None

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

    Trials whose data have no spikes there do not count: the coincidence factor is no number (NaN) for them.

    Parameters
    ----------
    fit : Fit
    trials : sequence of Trial
    distance : Distance, optional
        A coincidence factor; that of the fit's objective if absent, else that with 4 ms, or with 2 ms, 1 ms ... for
        data too fast for it, which a notice says. A trial's own goes first.

    Raises
    ------
    FitError
        If the distance is no coincidence factor.
    DistanceError
        If the coincidence factor does not exist for the data's rate.

    Examples
    --------
    >>> import lapicque as lq
    >>> current = np.full(4000, 600.0)
    >>> spikes = lq.simulate(lq.neurons.lif, "400 ms", inputs={"i_ext": current}).spikes
    >>> train, test = lq.fit.split_by_time([lq.fit.Trial(current, spikes)], 0.6)
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif, train, free=dict(c_m=("50 pF", "900 pF")), distance=lq.distances.coincidence("4 ms")
    ... )
    >>> score(lq.fit.minimize(problem, budget=300, seed=1), test).gamma > 0.9
    True
    """
    if distance is not None and not is_coincidence(distance):
        raise FitError(f"a score is a coincidence factor, such as lq.distances.coincidence('4 ms'), not {distance!r}")
    general = distance or scoring_distance(fit, trials)
    problem = fit.cell.with_trials(trials)
    rows: list[tuple[str, float, float | None]] = []
    for n, trial in enumerate(problem.trials):
        data, label = trial.scored, trial.label or f"stimulus {n}"
        if not data.times.size:
            rows.append((label, float("nan"), None))
            continue
        own = trial.distance
        measure = own if own is not None and is_coincidence(own) else general
        runs = [problem.respond(fit.point, n, r).window(*trial.window) for r in range(problem.repeats)]
        gamma = float(np.mean([measure.batch(run, data) for run in runs]))
        rows.append((label, gamma, reliability(data, measure)))
    counted = [row for row in rows if np.isfinite(row[1])]
    known = [r for _, _, r in counted if r is not None]
    return Score(
        gamma=float(np.mean([g for _, g, _ in counted])) if counted else float("nan"),
        reliability=float(np.mean(known)) if known and len(known) == len(counted) else None,
        per_trial=tuple(rows),
    )


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


def predicted(fit: Candidate, trials: Sequence[Trial]) -> list[Any]:
    """Return the model's spikes in each trial: SpikeTrains (1, run of the model)."""
    problem = fit.cell.with_trials(trials)
    runs = []
    for n, trial in enumerate(problem.trials):
        trains = [problem.respond(fit.point, n, r).times for r in range(problem.repeats)]
        runs.append(SpikeTrains.from_lists(trains, t_stop=trial.duration, shape=(len(trains), 1)))
    return runs
