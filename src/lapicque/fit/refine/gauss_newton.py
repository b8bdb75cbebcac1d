"""Steps of Gauss and Newton, damped as Levenberg and Marquardt do, from several starts at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.refine.residuals import Residuals
from lapicque.fit.refine.starts import Walkers, Walking
from lapicque.fit.searchable import Searchable

DAMPINGS = 10.0 ** np.arange(-2, 3)  # tried together, times the damping of the start
LARGEST, SMALLEST = 1e6, 1e-12


@dataclass(frozen=True)
class gauss_newton:  # noqa: N801  (a value that reads as it is written)
    """Levenberg-Marquardt on the times of spikes, and on the voltage, with sensitivity equations.

    Each spike of the model is compared with the spike of the data that belongs to it, and the voltage sample by
    sample. How they move with the parameters follows from the model's equations (`Sensitivity`). Every step tries five
    dampings and is made only where the problem's own objective becomes smaller. The derivatives of a candidate count
    as 1 + dimension evaluations, what finite differences would need.

    Parameters
    ----------
    forced : bool
        Whether the recorded spikes reset the model where derivatives are taken (teacher forcing), for objectives with
        a voltage. What is accepted is decided by the model on its own in any case.
    radius : float
        How far apart spikes of model and data may be and still belong together, in mean intervals of the data.
    damping : float
        Of the first step, relative to the diagonal of the curvature.
    rounds : int
        After so many steps the worse half of the starts is left behind, and again after as many.

    References
    ----------
    .. [1] Levenberg 1944, doi:10.1090/qam/10666
    .. [2] Marquardt 1963, doi:10.1137/0111030

    Examples
    --------
    >>> import lapicque as lq
    >>> data = lq.simulate(lq.neurons.lif, "300 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(np.full(3000, 600.0), data)],
    ...     free=dict(c_m="150 .. 300 pF"),
    ...     distance=lq.distances.spike(),
    ... )
    >>> found = lq.fit.refine(problem, gauss_newton(), starts=4, seed=0)
    >>> found.loss < 1e-3, round(found.parameters["c_m"].value, -1)
    (True, 200.0)
    """

    forced: bool = False
    radius: float = 0.5
    damping: float = 0.01
    rounds: int = 4

    def __post_init__(self) -> None:
        for name in ("radius", "damping"):
            value = getattr(self, name)
            if not 0 < value < np.inf:
                raise FitError(f"gauss_newton: {name} is {value}, a positive number is expected")
        if self.rounds < 1:
            raise FitError(f"gauss_newton: rounds is {self.rounds}, at least one step is needed")

    def begin(self, problem: Searchable, points: np.ndarray, losses: np.ndarray) -> GaussNewton:
        """Begin from points (start, dimension) with known losses (start,)."""
        residuals = Residuals(problem, self.forced, self.radius)
        return GaussNewton(self, residuals, Walkers(points, losses), np.full(len(points), self.damping))

    def resume(self, problem: Searchable, saved: dict[str, Any]) -> GaussNewton:
        """Continue identically from what `GaussNewton.save` returned."""
        residuals = Residuals(problem, self.forced, self.radius)
        found = GaussNewton(self, residuals, Walkers.read(saved), np.array(saved["damping"], float))
        found.steps = saved["steps"]
        found.normal = {
            int(n): (np.array(a, float), np.array(g, float)) for n, (a, g) in saved["normal"].items()
        }  # fmt: skip
        return found


class GaussNewton(Walking):
    """Starts that are being refined by `gauss_newton`."""

    def __init__(self, method: gauss_newton, residuals: Residuals, walkers: Walkers, damping: np.ndarray):
        self.method, self.residuals, self.walkers, self.damping = method, residuals, walkers, damping
        self.steps, self.further = 0, 0
        #: curvature and gradient where a start stands, until it moves
        self.normal: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def ask(self) -> np.ndarray:
        """Return five points for each start that still moves."""
        moving = np.flatnonzero(self.walkers.alive)
        new = [int(n) for n in moving if int(n) not in self.normal]
        self.further = len(new) * self.residuals.cost
        if new:
            for n, found in zip(new, self.residuals.at(self.walkers.points[new]), strict=True):
                self.normal[n] = found.curvature, found.gradient
        return np.concatenate([
            [step(self.walkers.points[n], *self.normal[int(n)], self.damping[n] * d) for d in DAMPINGS] for n in moving
        ])  # fmt: skip

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Move each start to the best of its points if that is better than where it stands."""
        walkers = self.walkers
        for n, own, losses in zip(
            np.flatnonzero(walkers.alive), np.split(points, len(points) // len(DAMPINGS)),
            np.split(np.asarray(values, float), len(points) // len(DAMPINGS)), strict=True,
        ):  # fmt: skip
            k = int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))
            if losses[k] < walkers.values[n]:
                walkers.points[n], walkers.values[n] = own[k], losses[k]
                self.damping[n] = max(self.damping[n] * DAMPINGS[k], SMALLEST)
                del self.normal[int(n)]
            else:
                self.damping[n] *= DAMPINGS[-1] / DAMPINGS[0]
            still = np.abs(own - walkers.points[n]).max() < 1e-9
            walkers.alive[n] = self.damping[n] < LARGEST and not still and walkers.values[n] > 0
        self.steps += 1
        if self.steps % self.method.rounds == 0 and walkers.alive.sum() > 1:
            walkers.halve()
        self.normal = {n: found for n, found in self.normal.items() if walkers.alive[n]}

    def save(self) -> dict[str, Any]:
        """Everything that the continuation depends on, ready for JSON."""
        return {
            **self.walkers.save(),
            "damping": self.damping.tolist(),
            "steps": self.steps,
            "normal": {str(n): [a.tolist(), g.tolist()] for n, (a, g) in self.normal.items()},
        }


def step(point: np.ndarray, curvature: np.ndarray, gradient: np.ndarray, damping: float) -> np.ndarray:
    """Return the point that a damped step leads to, inside the cube; coordinates that would leave a face stay on it.

    Parameters
    ----------
    point : (dimension,)
    curvature : (dimension, dimension)
    gradient : (dimension,)
    damping : float
        Times the diagonal of the curvature, which it is added to.

    Examples
    --------
    >>> step(np.array([0.5, 1.0]), np.diag([2.0, 1.0]), np.array([0.5, -1.0]), damping=0.0).round(3)
    array([0.25, 1.  ])
    """
    scale = np.diag(curvature) + 1e-9 * max(np.trace(curvature), 1e-300)
    inside = np.ones(len(point), bool)
    for _ in point:
        change = np.zeros(len(point))
        matrix = (curvature + np.diag((damping + 1e-12) * scale))[np.ix_(inside, inside)]
        change[inside] = np.linalg.lstsq(matrix, -gradient[inside], rcond=None)[0]
        leaving = inside & (((point >= 1) & (change > 0)) | ((point <= 0) & (change < 0)))
        if not leaving.any():
            break
        inside &= ~leaving
    return np.clip(point + change, 0, 1)
