"""Smooth residuals beside a problem's objective, with their derivatives: what a step of Gauss and Newton is made of.

Spike times are compared one by one with those of the data that they belong to, and the voltage sample by sample.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.objectives import SpikeMatch, VoltageError
from lapicque.fit.objectives.objective import WeightedSum
from lapicque.fit.refine.sensitivity import Sensitivity


@dataclass(frozen=True)
class Normal:
    """Normal equations of one candidate: ``curvature step = -gradient`` is the step of Gauss and Newton.

    Attributes
    ----------
    curvature : (dimension, dimension), sum of squared derivatives of the residuals by coordinates of the unit cube
    gradient : (dimension,), half of the derivative of the sum of squares
    squares : float, sum of squared residuals
    count : int, how many residuals there are
    """

    curvature: np.ndarray
    gradient: np.ndarray
    squares: float
    count: int

    def __add__(self, other: Normal) -> Normal:
        return Normal(
            self.curvature + other.curvature, self.gradient + other.gradient, self.squares + other.squares,
            self.count + other.count,
        )  # fmt: skip

    def times(self, weight: float) -> Normal:
        """Return the normal equations of weighted squares."""
        return Normal(weight * self.curvature, weight * self.gradient, weight * self.squares, self.count)


def nothing(dimension: int) -> Normal:
    """Return normal equations without residuals."""
    return Normal(np.zeros((dimension, dimension)), np.zeros(dimension), 0.0, 0)


@dataclass(frozen=True, eq=False)
class Residuals:
    """The residuals of a problem.

    Parameters
    ----------
    problem : Problem
        Whose objective is `SpikeMatch`, `VoltageError`, or a sum of them.
    forced : bool
        Whether recorded spikes reset the model (teacher forcing); then only the voltage is compared.
    radius : float
        Spikes of model and data that are further apart do not belong together; as a multiple of the mean interval
        between the data's spikes.
    even : bool
        Whether all spikes weigh alike; else those weigh less whose times depend steeply on the parameters.

    Raises
    ------
    FitError
        If the objective has no residuals.
    """

    problem: Any
    forced: bool = False
    radius: float = 0.5
    even: bool = False
    sensitivity: Sensitivity = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sensitivity", Sensitivity(self.problem, self.forced))
        terms = terms_of(self.problem)
        if self.forced and not any(isinstance(o, VoltageError) for _, o in terms):
            raise FitError("spikes that are forced on the model cannot be fitted: leave forced out, or fit the voltage")

    @property
    def cost(self) -> int:
        """Evaluations that one candidate's derivatives count as: 1 and one for each coordinate."""
        return 1 + self.problem.dimension

    def at(self, points: np.ndarray) -> list[Normal]:
        """Return the normal equations at points (candidate, dimension), one a candidate."""
        problem = self.problem
        points = np.atleast_2d(points)
        found = [nothing(problem.dimension) for _ in points]
        whole = sum(trial.weight for trial in problem.trials)
        for n, trial in enumerate(problem.trials):
            for weight, objective in terms_of(problem):
                if not weight * trial.weight:
                    continue
                if isinstance(objective, VoltageError):
                    new = self._voltage(points, n, objective)
                elif self.forced:
                    continue
                else:
                    new = self._spikes(points, n)
                found = [a + b.times(weight * trial.weight / whole) for a, b in zip(found, new, strict=True)]
        return found

    def _spikes(self, points: np.ndarray, n: int) -> list[Normal]:
        trial = self.problem.trials[n]
        trains = [np.asarray(t) for t in trial.scored.to_lists() if len(t)]
        if not trains:
            return [nothing(self.problem.dimension) for _ in points]
        start, stop = trial.window
        rate = sum(map(len, trains)) / len(trains) / (stop - start)
        found = []
        for spiked in self.sensitivity.spikes(points, n):
            known = np.isfinite(spiked.slopes).all(axis=1) & (spiked.times >= start) & (spiked.times <= stop)
            times, slopes = spiked.times[known], spiked.slopes[known]
            total = nothing(self.problem.dimension)
            for data in trains:
                ours, theirs = matched(times, data, self.radius / rate)
                apart = (times[ours] - data[theirs]) * rate  # in mean intervals
                rows = slopes[ours] * rate
                trust = np.ones(len(rows)) if self.even else _trust(rows)
                total += _normal(rows, apart, trust / len(trains))
            found.append(total)
        return found

    def _voltage(self, points: np.ndarray, n: int, objective: VoltageError) -> list[Normal]:
        scorer: Any = objective.prepare(self.problem.trials[n])
        found = [nothing(self.problem.dimension) for _ in points]
        for block, piece in self.sensitivity.voltages(points, n, objective.state):
            inside = scorer.mask[piece.first : piece.first + len(piece.voltage)]
            target = scorer.target[piece.first : piece.first + len(piece.voltage)][inside]
            for lane, c in enumerate(range(block.start, block.stop)):
                error = (piece.voltage[inside, lane] - target) / scorer.spread
                found[c] += _normal(piece.slopes[:, inside, lane].T / scorer.spread, error, np.ones(len(error)))
        return found


def terms_of(problem: Any) -> list[tuple[float, Any]]:
    """Return the weighted terms of a problem's objective, if all of them have residuals.

    Raises
    ------
    FitError
        If one has none.
    """
    one = problem.objective
    terms = list(one.terms) if isinstance(one, WeightedSum) else [(1.0, one)]
    for _, objective in terms:
        if not isinstance(objective, (SpikeMatch, VoltageError)):
            raise FitError(
                f"{type(objective).__name__} has no residuals to differentiate: refine it without derivatives, "
                "lq.fit.pattern()"
            )
    return terms


def matched(ours: np.ndarray, theirs: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Return which spikes are each other's nearest ones, not further apart than a radius.

    Parameters
    ----------
    ours, theirs : (spike,), sorted, ms
    radius : ms

    Examples
    --------
    >>> matched(np.array([10.0, 19.0, 70.0]), np.array([12.0, 20.0, 40.0]), radius=5.0)
    (array([0, 1]), array([0, 1]))
    """
    if not len(ours) or not len(theirs):
        return np.zeros(0, int), np.zeros(0, int)
    forth, back = _nearest(ours, theirs), _nearest(theirs, ours)
    mutual = (back[forth] == np.arange(len(ours))) & (np.abs(theirs[forth] - ours) <= radius)
    return np.flatnonzero(mutual), forth[mutual]


def _trust(rows: np.ndarray) -> np.ndarray:
    """Return the weights of spikes by their derivatives (spike, dimension): 1/2 for one that moves as most do.

    A spike that grazes the threshold moves far with any parameter, and its derivative says little beyond a small part
    of that way; unweighted, such spikes outweigh all others.
    """
    size = (rows**2).sum(axis=1)
    usual = float(np.median(size)) if len(size) else 0.0
    return 1 / (1 + size / usual) if usual > 0 else np.ones(len(size))


def _nearest(times: np.ndarray, among: np.ndarray) -> np.ndarray:
    right = np.clip(np.searchsorted(among, times), 1, max(1, len(among) - 1))
    left = right - 1
    if len(among) == 1:
        return np.zeros(len(times), int)
    return np.where(times - among[left] <= among[right] - times, left, right)


def _normal(rows: np.ndarray, residuals: np.ndarray, weights: np.ndarray) -> Normal:
    """Return the normal equations of residuals with their derivatives (residual, dimension); NaN is left out."""
    good = np.isfinite(residuals) & np.isfinite(rows).all(axis=1)
    rows, residuals, weights = rows[good], residuals[good], weights[good]
    weighted = rows * weights[:, None]
    return Normal(weighted.T @ rows, weighted.T @ residuals, float(weights @ residuals**2), int(good.sum()))
