"""Descents along gradients from several starts at once: L-BFGS and Adam."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.refine.slopes import Gradients, Slopes, sensitivities
from lapicque.fit.refine.starts import Walkers, Walking
from lapicque.fit.searchable import Searchable

LENGTHS = np.array([2.0, 1.0, 0.3, 0.1, 0.01])  # of a step, tried together


@dataclass(frozen=True)
class l_bfgs:  # noqa: N801  (a value that reads as it is written)
    """L-BFGS along gradients of a smooth loss; a step is made where the problem's own objective becomes smaller.

    Parameters
    ----------
    slopes : Slopes
        ``lapicque.fit.sensitivities()`` or ``lapicque.fit.surrogate()``.
    memory : int
        Steps from which the curvature is known.
    step : float
        Length of the first step, in edges of the cube.

    References
    ----------
    .. [1] Liu & Nocedal 1989, doi:10.1007/BF01589116

    Examples
    --------
    >>> l_bfgs(memory=5).memory
    5
    """

    slopes: Slopes = field(default_factory=sensitivities)
    memory: int = 8
    step: float = 0.05

    def __post_init__(self) -> None:
        if self.memory < 1 or not 0 < self.step < np.inf:
            raise FitError(f"l_bfgs: memory is {self.memory} and step {self.step}: positive numbers are expected")

    def begin(self, problem: Searchable, points: np.ndarray, losses: np.ndarray) -> LBFGS:
        """Begin from points (start, dimension) with known losses (start,)."""
        return LBFGS(self, self.slopes.of(problem), Walkers(points, losses))

    def resume(self, problem: Searchable, saved: dict[str, Any]) -> LBFGS:
        """Continue identically from what `LBFGS.save` returned."""
        found = LBFGS(self, self.slopes.of(problem), Walkers.read(saved))
        found.pairs = [[(np.array(s), np.array(y)) for s, y in own] for own in saved["pairs"]]
        found.before = [None if b is None else (np.array(b[0]), np.array(b[1])) for b in saved["before"]]
        found.gradients = [None if g is None else np.array(g) for g in saved["gradients"]]
        return found


class LBFGS(Walking):
    """Starts that are being refined by `l_bfgs`."""

    def __init__(self, method: l_bfgs, slopes: Gradients, walkers: Walkers):
        self.method, self.slopes, self.walkers, self.further = method, slopes, walkers, 0
        count = len(walkers.points)
        self.pairs: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in range(count)]
        #: where a start was before its last step, with the gradient there
        self.before: list[tuple[np.ndarray, np.ndarray] | None] = [None] * count
        self.gradients: list[np.ndarray | None] = [None] * count

    def ask(self) -> np.ndarray:
        """Return five points for each start that still moves."""
        moving = [int(n) for n in np.flatnonzero(self.walkers.alive)]
        new = [n for n in moving if self.gradients[n] is None]
        self.further = len(new) * self.slopes.cost
        if new:
            for n, gradient in zip(new, self.slopes.at(self.walkers.points[new]), strict=True):
                self._learn(n, _tame(gradient))
        return np.concatenate([
            np.clip(self.walkers.points[n] + LENGTHS[:, None] * self._direction(n), 0, 1) for n in moving
        ])  # fmt: skip

    def _learn(self, n: int, gradient: np.ndarray) -> None:
        self.gradients[n], before = gradient, self.before[n]
        if before is not None:
            s, y = self.walkers.points[n] - before[0], gradient - before[1]
            if s @ y > 1e-10 * np.sqrt((s @ s) * (y @ y)):  # the curvature has to be positive
                self.pairs[n] = [*self.pairs[n], (s, y)][-self.method.memory :]

    def _direction(self, n: int) -> np.ndarray:
        gradient, pairs = self.gradients[n], self.pairs[n]
        assert gradient is not None
        size = float(np.sqrt(gradient @ gradient))
        if not pairs:
            return -self.method.step * gradient / size if size > 0 else np.zeros(len(gradient))
        q, shares = gradient.copy(), []
        for s, y in reversed(pairs):
            shares.append((s @ q) / (s @ y))
            q -= shares[-1] * y
        q *= (pairs[-1][0] @ pairs[-1][1]) / (pairs[-1][1] @ pairs[-1][1])
        for (s, y), share in zip(pairs, reversed(shares), strict=True):
            q += s * (share - (y @ q) / (s @ y))
        return -q

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Move each start to the best of its points; one without a better point forgets, and stops the second time."""
        walkers = self.walkers
        rows, count = np.flatnonzero(walkers.alive), len(LENGTHS)
        for n, own, losses in zip(
            rows, points.reshape(len(rows), count, -1), np.reshape(values, (-1, count)), strict=True
        ):
            k, gradient = int(np.argmin(np.where(np.isfinite(losses), losses, np.inf))), self.gradients[n]
            assert gradient is not None
            if losses[k] < walkers.values[n]:
                self.before[n], self.gradients[n] = (walkers.points[n].copy(), gradient), None
                walkers.points[n], walkers.values[n] = own[k], losses[k]
                walkers.alive[n] = walkers.values[n] > 0
            elif self.pairs[n]:
                self.pairs[n] = []
            else:
                walkers.alive[n] = False

    def save(self) -> dict[str, Any]:
        """Everything that the continuation depends on, ready for JSON."""
        return {
            **self.walkers.save(),
            "pairs": [[[s.tolist(), y.tolist()] for s, y in own] for own in self.pairs],
            "before": [None if b is None else [b[0].tolist(), b[1].tolist()] for b in self.before],
            "gradients": [None if g is None else g.tolist() for g in self.gradients],
        }


@dataclass(frozen=True)
class adam:  # noqa: N801  (a value that reads as it is written)
    """Adam along gradients of a smooth loss.

    Walkers follow the gradients; what counts is the best place that each has passed by the problem's own objective. A
    walker that has not found a better one for some steps returns to it and goes on in smaller steps.

    Parameters
    ----------
    slopes : Slopes
        ``lapicque.fit.sensitivities()`` or ``lapicque.fit.surrogate()``.
    rate : float
        Length of a step along each coordinate, in edges of the cube.
    patience : int
        Steps without a better place.
    smallest : float
        A walker with a smaller rate stops.
    betas : (float, float)

    References
    ----------
    .. [1] Kingma & Ba 2014, doi:10.48550/arXiv.1412.6980

    Examples
    --------
    >>> adam(rate=0.01).patience
    4
    """

    slopes: Slopes = field(default_factory=sensitivities)
    rate: float = 0.02
    patience: int = 4
    smallest: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.99)

    def __post_init__(self) -> None:
        object.__setattr__(self, "betas", tuple(self.betas))
        if not 0 < self.smallest <= self.rate < np.inf or self.patience < 1:
            raise FitError(
                f"adam: rate is {self.rate}, smallest {self.smallest} and patience {self.patience}: 0 < smallest <= "
                "rate and a patience of 1 or more are expected"
            )
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise FitError(f"adam: betas are {self.betas}, two numbers from 0 to below 1 are expected")

    def begin(self, problem: Searchable, points: np.ndarray, losses: np.ndarray) -> Adam:
        """Begin from points (start, dimension) with known losses (start,)."""
        return Adam(self, self.slopes.of(problem), Walkers(points, losses))

    def resume(self, problem: Searchable, saved: dict[str, Any]) -> Adam:
        """Continue identically from what `Adam.save` returned."""
        found = Adam(self, self.slopes.of(problem), Walkers.read(saved))
        for name in Adam.KEPT:
            setattr(found, name, np.array(saved[name], float))
        return found


class Adam(Walking):
    """Starts that are being refined by `adam`."""

    KEPT = ("now", "mean", "square", "taken", "stale", "rates")

    def __init__(self, method: adam, slopes: Gradients, walkers: Walkers):
        self.method, self.slopes, self.walkers, self.further = method, slopes, walkers, 0
        count = len(walkers.points)
        self.now = walkers.points.copy()
        self.mean, self.square = np.zeros(self.now.shape), np.zeros(self.now.shape)
        self.taken, self.stale = np.zeros(count), np.zeros(count)
        self.rates = np.full(count, method.rate)

    def ask(self) -> np.ndarray:
        """Return where each start that still moves goes next."""
        on = self.walkers.alive
        gradients = _tame(self.slopes.at(self.now[on]))
        self.further = int(on.sum()) * self.slopes.cost
        first, second = self.method.betas
        self.taken[on] += 1
        self.mean[on] = first * self.mean[on] + (1 - first) * gradients
        self.square[on] = second * self.square[on] + (1 - second) * gradients**2
        taken = self.taken[on][:, None]
        mean, square = self.mean[on] / (1 - first**taken), self.square[on] / (1 - second**taken)
        change = self.rates[on][:, None] * mean / (np.sqrt(square) + 1e-12)
        self.now[on] = np.clip(self.now[on] - change, 0, 1)
        return self.now[on].copy()

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Keep better places; return to the best one after steps that found none."""
        walkers = self.walkers
        for n, value in zip(np.flatnonzero(walkers.alive), values, strict=True):
            self.stale[n] += 1
            if value < walkers.values[n]:
                walkers.points[n], walkers.values[n], self.stale[n] = self.now[n], value, 0
            elif self.stale[n] >= self.method.patience:
                self.now[n], self.stale[n], self.taken[n] = walkers.points[n], 0, 0
                self.mean[n], self.square[n] = 0, 0
                self.rates[n] /= 3
            walkers.alive[n] = self.rates[n] >= self.method.smallest and walkers.values[n] > 0

    def save(self) -> dict[str, Any]:
        """Everything that the continuation depends on, ready for JSON."""
        return {**self.walkers.save(), **{name: getattr(self, name).tolist() for name in self.KEPT}}


def _tame(gradient: np.ndarray) -> np.ndarray:
    """Return a gradient without NaN, whose squares are numbers: where a candidate explodes, so do its derivatives."""
    return np.clip(np.nan_to_num(gradient, nan=0.0), -1e100, 1e100)
