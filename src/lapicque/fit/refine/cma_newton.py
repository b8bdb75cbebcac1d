"""CMA-ES that knows the curvature from the first generation on, with steps of Gauss and Newton among its candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.refine.gauss_newton import step
from lapicque.fit.refine.residuals import Normal, Residuals
from lapicque.fit.refine.starts import Walkers, Walking
from lapicque.fit.searchable import Searchable
from lapicque.optimizers.cma_es import CMASearch, cma_es

DAMPINGS = np.array([0.1, 1.0, 10.0])  # of the steps in a generation, times the damping of the start
FIRST, LARGEST, SMALLEST = 0.1, 1e6, 1e-12
INDEPENDENT = 64  # as many residuals at most are taken as independent: neighbouring samples of a voltage are not
FALL = 0.9  # of the loss, which counts as one
RESOLVED = 1e-8  # mean square of residuals, in mean intervals or deviations of the voltage, that is as good as none


@dataclass(frozen=True)
class cma_newton:  # noqa: N801  (a value that reads as it is written)
    """CMA-ES around every start, whose covariance begins as the inverse curvature of the residuals.

    Differences of spike times and of voltages say, with their derivatives, in what directions the parameters are known
    (`lapicque.fit.gauss_newton`). Candidates are drawn from a normal distribution of that shape, which CMA-ES then
    adapts to the problem's own objective. Three candidates of a generation are damped steps of Gauss and Newton from
    the best place so far; the distribution learns from them as if they were not further away than its own samples
    are. The derivatives of a candidate count as 1 + dimension evaluations.

    Where spikes of the model are missing or too many, a step by the derivatives alone ends soon, and samples go on.

    Parameters
    ----------
    population : int
        Candidates in a generation, of each start.
    spread : float
        Standard deviation of the candidates, in edges of the cube, along directions that the residuals do not see.
    forced, radius : as of `lapicque.fit.gauss_newton`
    rounds : int
        After so many generations the worse half of the starts is left behind, and again after as many.
    patience : int
        After so many generations in which a start's loss did not fall by a tenth its distribution begins anew around
        its best candidate, with the curvature there; the start stops where that, too, left more than ``enough``.
    enough : float
        Share of the loss at the beginning of a distribution.
    seed : int
        Of the samples.

    References
    ----------
    .. [1] Hansen 2011, "Injecting external solutions into CMA-ES", doi:10.48550/arXiv.1110.4181
    .. [2] Levenberg 1944, doi:10.1090/qam/10666

    Examples
    --------
    >>> import lapicque as lq
    >>> data = lq.simulate(lq.neurons.lif, "300 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(np.full(3000, 600.0), data)],
    ...     free=dict(c_m="150 .. 300 pF", t_ref="1 .. 5 ms"),
    ...     distance=lq.distances.spike(),
    ... )
    >>> found = lq.fit.refine(problem, lq.fit.cma_newton(), starts=2, seed=0)
    >>> found.loss < 1e-3, round(found.parameters["t_ref"].value, 1)
    (True, 2.0)
    """

    population: int = 24
    spread: float = 0.05
    forced: bool = False
    radius: float = 0.5
    rounds: int = 8
    patience: int = 5
    enough: float = 0.7
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("spread", "radius"):
            value = getattr(self, name)
            if not 0 < value < np.inf:
                raise FitError(f"cma_newton: {name} is {value}, a positive number is expected")
        for name, least in (("population", 8), ("rounds", 1), ("patience", 1)):
            if getattr(self, name) < least:
                raise FitError(f"cma_newton: {name} is {getattr(self, name)}, at least {least} is needed")
        if not 0 < self.enough < 1:
            raise FitError(f"cma_newton: enough is {self.enough}, a share between 0 and 1 is expected")

    @property
    def _search(self) -> cma_es:
        return cma_es(population=self.population, patience=10**9, tolerance=1e-6, max_restarts=0)

    def begin(self, problem: Searchable, points: np.ndarray, losses: np.ndarray) -> CMANewton:
        """Begin from points (start, dimension) with known losses (start,)."""
        return CMANewton(self, Residuals(problem, self.forced, self.radius), Walkers(points, losses))

    def resume(self, problem: Searchable, saved: dict[str, Any]) -> CMANewton:
        """Continue identically from what `CMANewton.save` returned."""
        found = CMANewton(self, Residuals(problem, self.forced, self.radius), Walkers.read(saved))
        for name in ("damping", "begun", "fell"):
            setattr(found, name, np.array(saved[name], float))
        found.stale, found.steps = np.array(saved["stale"], int), saved["steps"]
        found.searches = {int(n): self._search.resume(own) for n, own in saved["searches"].items()}
        found.normal = {int(n): (np.array(a, float), np.array(g, float)) for n, (a, g) in saved["normal"].items()}
        return found


class CMANewton(Walking):
    """Starts that are being refined by `cma_newton`."""

    def __init__(self, method: cma_newton, residuals: Residuals, walkers: Walkers):
        self.method, self.residuals, self.walkers = method, residuals, walkers
        self.damping = np.full(len(walkers.points), FIRST)
        #: loss where a start's distribution began, at its last fall by a tenth, and the generations since that
        self.begun, self.fell = walkers.values.copy(), walkers.values.copy()
        self.stale = np.zeros(len(walkers.points), int)
        self.steps, self.further = 0, 0
        self.searches: dict[int, CMASearch] = {}
        #: curvature and gradient where a start's best candidate is, until there is a better one
        self.normal: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def ask(self) -> np.ndarray:
        """Return a generation for each start that still moves: steps of Gauss and Newton first, then samples."""
        moving = [int(n) for n in np.flatnonzero(self.walkers.alive)]
        new = [n for n in moving if n not in self.normal]
        new += [n for n in moving if n not in self.searches and n in self.normal]
        self.further = len(new) * self.residuals.cost
        if new:
            for n, found in zip(new, self.residuals.at(self.walkers.points[new]), strict=True):
                self.normal[n] = found.curvature, found.gradient
                if n not in self.searches:
                    self.searches[n] = self._around(n, found)
        asked = []
        for n in moving:
            points = self.searches[n].ask()
            for k, damping in enumerate(self.damping[n] * DAMPINGS):
                points[k] = step(self.walkers.points[n], *self.normal[n], damping)
            asked.append(points)
        return np.concatenate(asked)

    def _around(self, n: int, found: Normal) -> CMASearch:
        point = self.walkers.points[n]
        # the same start draws the same samples, two starts never
        seed = [self.method.seed, n, self.steps, *np.ascontiguousarray(point).view(np.uint32).tolist()]
        return self.method._search.around(point, covariance(found, self.method.spread), seed)

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Let each start's distribution learn, and move the start to its best candidate if that is better."""
        walkers, count, steps = self.walkers, self.method.population, len(DAMPINGS)
        for n, own, losses in zip(
            np.flatnonzero(walkers.alive).tolist(), np.reshape(points, (-1, count, points.shape[1])),
            np.reshape(np.asarray(values, float), (-1, count)), strict=True,
        ):  # fmt: skip
            search, losses = self.searches[n], np.where(np.isfinite(losses), losses, np.inf)
            search.tell(search.within(own, slice(0, steps)), losses)
            k, stepped = int(np.argmin(losses)), int(np.argmin(losses[:steps]))
            if losses[stepped] < walkers.values[n]:
                self.damping[n] = max(self.damping[n] * DAMPINGS[stepped], SMALLEST)
            else:
                self.damping[n] = min(self.damping[n] * DAMPINGS[-1], LARGEST)
            if losses[k] < walkers.values[n]:
                walkers.points[n], walkers.values[n] = own[k], losses[k]
                del self.normal[n]
            walkers.alive[n] = walkers.values[n] > 0 and self._goes_on(n, search.done)
        self.steps += 1
        if self.steps % self.method.rounds == 0 and walkers.alive.sum() > 1:
            walkers.halve()
        self.normal = {n: found for n, found in self.normal.items() if walkers.alive[n]}
        self.searches = {n: search for n, search in self.searches.items() if walkers.alive[n]}

    def _goes_on(self, n: int, converged: bool) -> bool:
        """Count generations without a fall; begin the distribution anew after many, if it was worth while."""
        value = self.walkers.values[n]
        if value <= FALL * self.fell[n]:
            self.fell[n], self.stale[n] = value, 0
        else:
            self.stale[n] += 1
        if self.stale[n] < self.method.patience and not converged:
            return True
        worth = bool(value <= self.method.enough * self.begun[n])
        self.begun[n] = self.fell[n] = value
        self.damping[n], self.stale[n] = FIRST, 0
        self.searches.pop(n)
        return worth

    def save(self) -> dict[str, Any]:
        """Everything that the continuation depends on, ready for JSON."""
        return {
            **self.walkers.save(),
            "damping": self.damping.tolist(),
            "begun": self.begun.tolist(),
            "fell": self.fell.tolist(),
            "stale": self.stale.tolist(),
            "steps": self.steps,
            "searches": {str(n): search.save() for n, search in self.searches.items()},
            "normal": {str(n): [a.tolist(), g.tolist()] for n, (a, g) in self.normal.items()},
        }


def covariance(found: Normal, spread: float) -> np.ndarray:
    """Return how well residuals fix the parameters: (dimension, dimension), by coordinates of the unit cube.

    The inverse of their curvature over their variance, on top of an uncertainty of ``spread`` in every coordinate.

    Parameters
    ----------
    found : Normal
    spread : float

    Examples
    --------
    >>> found = Normal(np.diag([300.0, 0.0]), np.zeros(2), squares=1.0, count=100)
    >>> np.sqrt(np.diag(covariance(found, spread=0.1))).round(4).tolist()
    [0.0072, 0.1]
    """
    variance = max(found.squares / found.count, RESOLVED) if found.count else 1.0
    known = found.curvature * min(1.0, INDEPENDENT / max(found.count, 1)) / variance
    return np.linalg.inv(known + np.eye(len(found.gradient)) / spread**2)
