"""A search that refines its best candidates every now and then: evolution finds valleys, derivatives their floors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.checkpoint import Optimizer
from lapicque.fit.refine.cma_newton import cma_newton
from lapicque.fit.refine.method import Method, Refining
from lapicque.fit.refine.starts import APART, distinct
from lapicque.fit.search import Fit, default_optimizer, minimize
from lapicque.fit.searchable import Searchable


def hybrid(
    problem: Searchable,
    search: Optimizer | None = None,
    method: Method | None = None,
    budget: int = 30_000,
    seed: int = 0,
    *,
    first: int = 1000,
    growth: float = 1.5,
    starts: int = 2,
    x0: Mapping[str, Any] | None = None,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    threads: int | None = None,
    executor: Executor | Callable[[], Executor] | None = None,
    batch: int | None = None,
    progress: bool = True,
    on_generation: Callable[[int, float], Any] | None = None,
) -> Fit:
    """Search, and refine what is best by derivatives in between, within one budget.

    After ``first`` evaluations of the search its best candidates that are not near one another are refined, those left
    out that are near a place that was refined already and is better. Then the search goes on from where it was, until
    its evaluations are ``growth`` times as many, and so on.

    Parameters
    ----------
    problem : Searchable
    search : optimiser, optional
        As of `lapicque.fit.minimize`.
    method : optional
        `lapicque.fit.cma_newton` if absent; otherwise as of `lapicque.fit.refine`.
    budget : int
        Evaluations, those of the search and of the refinement, in which derivatives count as the method says.
    first, growth, starts : when it is refined, and how many candidates
    seed, x0, patience, checkpoint, threads, executor, batch, progress, on_generation :
        As of `lapicque.fit.minimize`: a search that was interrupted is resumed as if it had not stopped.

    Returns
    -------
    Fit

    Raises
    ------
    FitError
        As `lapicque.fit.minimize`, and if the problem has not what the method needs.

    Examples
    --------
    >>> import lapicque as lq
    >>> data = lq.simulate(lq.neurons.lif, "300 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(np.full(3000, 600.0), data)],
    ...     free=dict(c_m="50 .. 900 pF", t_ref="0.5 .. 9 ms"),
    ...     distance=lq.distances.spike(),
    ... )
    >>> found = hybrid(problem, budget=600, first=128, seed=2)
    >>> found.loss < 0.01
    True
    """
    for what, given in (("search", search), ("method", method)):
        if isinstance(given, type):
            raise FitError(f"the {what} is a class: call it, {given.__name__}()")
    if first < 1 or starts < 1 or not growth > 1:
        raise FitError(
            f"first is {first}, growth {growth} and starts {starts}: first and starts are 1 or more, growth is above 1"
        )
    description = _Hybrid(
        default_optimizer() if search is None else search, cma_newton() if method is None else method, first,
        float(growth), starts, problem,
    )  # fmt: skip
    return minimize(
        problem, description, budget, seed, x0=x0, patience=patience, checkpoint=checkpoint, threads=threads,
        executor=executor, batch=batch, progress=progress, on_generation=on_generation,
    )  # fmt: skip


@dataclass(frozen=True)
class _Hybrid:
    search: Optimizer
    method: Method
    first: int
    growth: float
    starts: int
    problem: Searchable = field(repr=False)

    def start(self, dimension: int, seed: int, x0: np.ndarray | None = None) -> HybridSearch:
        """Begin with the search."""
        # what the method needs is asked for before anything is spent
        self.method.begin(self.problem, np.full((1, dimension), 0.5), np.ones(1))
        return HybridSearch(self, self.search.start(dimension, seed, x0))

    def resume(self, saved: dict[str, Any]) -> HybridSearch:
        """Continue identically, in the middle of a refinement too."""
        found = HybridSearch(self, self.search.resume(saved["search"]))
        found.searched, found.next = saved["searched"], saved["next"]
        found.best_value = saved["best_value"]
        for name in ("points", "losses", "refined", "begun", "best_point"):
            setattr(found, name, None if saved[name] is None else np.array(saved[name], float))
        found.refined = found.refined.reshape(-1, found.dimension + 1)
        found.points = found.points.reshape(-1, found.dimension)
        if saved["refining"] is not None:
            found.refining = self.method.resume(self.problem, saved["refining"])
        return found


class HybridSearch:
    """A search and, at times, the refinement of its best candidates."""

    def __init__(self, description: _Hybrid, search: Any):
        self.description, self.search, self.dimension = description, search, search.dimension
        self.refining: Refining | None = None
        self.searched, self.next, self.further = 0, description.first, 0
        self.best_value = float("inf")
        self.best_point: np.ndarray | None = None
        #: the best candidates so far that are not near one another
        self.points, self.losses = np.zeros((0, self.dimension)), np.zeros(0)
        #: (place, dimension + 1): where refinements began and ended, and the loss that they reached
        self.refined = np.zeros((0, self.dimension + 1))
        self.begun = np.zeros((0, self.dimension))

    @property
    def done(self) -> bool:
        """Whether the search has nothing left to try, and neither has the refinement."""
        return self.refining is None and bool(self.search.done)

    def ask(self) -> np.ndarray:
        """Return points of the search, or of the refinement."""
        self.further = 0
        if self.refining is None:
            return self.search.ask()
        points = self.refining.ask()
        self.further = self.refining.further
        return points

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Learn the losses of points that `ask` gave."""
        if self.refining is not None:
            self.refining.tell(points, values)
            self._better(self.refining.best_value, self.refining.best_point)
            if self.refining.done:
                self._refined()
            return
        self.search.tell(points, values)
        self.searched += len(points)
        self._better(self.search.best_value, self.search.best_point)
        finite = np.isfinite(values)
        everything = np.concatenate([self.points, points[finite]]), np.concatenate([self.losses, values[finite]])
        self.points, self.losses = distinct(*everything, count=4 * self.description.starts)
        if self.searched >= self.next or self.search.done:
            self._refine()

    def _better(self, value: float, point: np.ndarray | None) -> None:
        if point is not None and value < self.best_value:
            self.best_value, self.best_point = float(value), np.array(point)

    def _refine(self) -> None:
        while self.next <= self.searched:
            self.next = int(np.ceil(self.next * self.description.growth))
        # a valley that was refined before is not gone down again, unless from below
        new = [
            n
            for n, (point, loss) in enumerate(zip(self.points, self.losses, strict=True))
            if not any(
                np.sqrt(np.mean((point - place[:-1]) ** 2)) <= APART and place[-1] <= loss for place in self.refined
            )
        ][: self.description.starts]
        if new:
            self.begun = self.points[new]
            self.refining = self.description.method.begin(self.description.problem, self.begun, self.losses[new])

    def _refined(self) -> None:
        assert self.refining is not None
        ends, values = self.refining.walkers.points, self.refining.walkers.values
        places = [np.column_stack([at, values]) for at in (self.begun, ends)]
        self.refined = np.concatenate([self.refined, *places])
        if hasattr(self.search, "adopt"):
            self.search.adopt(ends, values)
        self.refining = None

    def save(self) -> dict[str, Any]:
        """Everything that the continuation depends on, ready for JSON."""
        return {
            "search": self.search.save(),
            "refining": None if self.refining is None else self.refining.save(),
            "searched": self.searched,
            "next": self.next,
            "best_value": self.best_value,
            "best_point": None if self.best_point is None else self.best_point.tolist(),
            "points": self.points.tolist(),
            "losses": self.losses.tolist(),
            "refined": self.refined.tolist(),
            "begun": self.begun.tolist(),
        }
