"""Refine what a search found, from several starts: by derivatives, or without."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.generations import FRAMES, Generation
from lapicque.fit.refine.gauss_newton import gauss_newton
from lapicque.fit.refine.method import Method, Refining
from lapicque.fit.refine.starts import distinct
from lapicque.fit.search import Fit, minimize
from lapicque.fit.searchable import Searchable, checked_losses
from lapicque.optimizers.asktell import generator, latin_hypercube

CANDIDATES = 32  # drawn for each start where nothing was searched before


@dataclass(frozen=True)
class Refinement:
    """A method with its problem and its starts: an optimiser for `lapicque.fit.minimize`.

    Parameters
    ----------
    method : Method
    starts : (start, dimension)
    losses : (start,)
    problem : Searchable
    """

    method: Method
    starts: np.ndarray = field(repr=False)
    losses: np.ndarray = field(repr=False)
    problem: Searchable = field(repr=False)
    begun: str = ""

    def __post_init__(self) -> None:
        digest = hashlib.blake2b(np.ascontiguousarray(self.starts).tobytes(), digest_size=8)
        digest.update(np.ascontiguousarray(self.losses).tobytes())
        object.__setattr__(self, "begun", digest.hexdigest())

    def start(self, dimension: int, seed: int, x0: np.ndarray | None = None) -> Refining:
        """Begin at the starts; there is no randomness."""
        return self.method.begin(self.problem, self.starts, self.losses)

    def resume(self, saved: dict[str, Any]) -> Refining:
        """Continue identically."""
        return self.method.resume(self.problem, saved)


def refine(
    fit: Fit | Searchable,
    method: Method | None = None,
    starts: int = 8,
    budget: int = 10_000,
    *,
    x0: Mapping[str, Any] | None = None,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    threads: int | None = None,
    executor: Executor | Callable[[], Executor] | None = None,
    batch: int | None = None,
    progress: bool = True,
    on_generation: Callable[[int, float], Any] | None = None,
) -> Fit:
    """Refine what a search found.

    The best of the search's candidates that are not near one another are refined together. A start moves only where
    the problem's own objective becomes smaller, so that the result is never worse than the fit.

    Parameters
    ----------
    fit : Fit or Searchable
        Of a problem of which nothing was searched, 32 candidates are drawn for each start.
    method : optional
        `lapicque.fit.gauss_newton` if absent; ``l_bfgs()``, ``adam()``, or ``pattern()``, which needs no derivatives.
    starts : int
        At most so many.
    budget : int
        Evaluations, in which derivatives count as the method says.
    x0 : name -> quantity, optional
        Of a problem: begin there, and nowhere else.
    seed : int
        Of candidates that are drawn.
    checkpoint, threads, executor, batch, progress, on_generation :
        As of `lapicque.fit.minimize`.

    Returns
    -------
    Fit
        Evaluations, history and generations continue those of the fit.

    Raises
    ------
    FitError
        If there is no start, or the problem has not what the method needs.

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
    >>> rough = lq.fit.minimize(problem, budget=200, seed=1)
    >>> fine = lq.fit.refine(rough)
    >>> bool(fine.loss < 0.1 * rough.loss), fine.evaluations > rough.evaluations
    (True, True)
    """
    if isinstance(method, type):
        raise FitError(f"the method is a class: call it, {method.__name__}()")
    if starts < 1:
        raise FitError(f"starts is {starts}: at least one is needed")
    chosen: Method = gauss_newton() if method is None else method
    if isinstance(fit, Fit):
        if x0 is not None:
            raise FitError("x0 is for problems: a fit has its own starts")
        problem, spent = fit.problem, 0
        points, losses = _candidates(fit)
    else:
        problem = fit
        _check_one_objective(problem)
        if x0 is not None:
            points = problem.point(x0)[None]
        else:
            points = latin_hypercube(generator(seed), CANDIDATES * starts, problem.dimension)
        losses = checked_losses(problem, points, problem.losses(points, threads))
        spent = len(points)
    refinement = Refinement(chosen, *distinct(points, losses, starts), problem)
    found = minimize(
        problem, refinement, max(1, budget - spent), seed, checkpoint=checkpoint, threads=threads, executor=executor,
        batch=batch, progress=progress, on_generation=on_generation,
    )  # fmt: skip
    if isinstance(fit, Fit):
        return _continued(fit, found)
    return replace(found, evaluations=found.evaluations + spent, budget=budget, history=_later(found.history, spent))


def _check_one_objective(problem: Searchable) -> None:
    if len(problem.objectives) > 1:
        raise FitError(
            f"{problem.name!r} has {len(problem.objectives)} objectives: add them up with weights to refine it"
        )


def _candidates(fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """Return the fit's best point and what its generations keep, with their losses."""
    points = [fit.point[None], *(generation.points for generation in fit.generations)]
    losses = [np.array([fit.loss]), *(generation.losses for generation in fit.generations)]
    return np.concatenate(points), np.concatenate(losses)


def _continued(fit: Fit, found: Fit) -> Fit:
    """Return what was found as the continuation of a fit."""
    last = fit.generations[-1].number + 1 if fit.generations else 0
    later = tuple(
        replace(g, number=g.number + last, evaluations=g.evaluations + fit.evaluations) for g in found.generations
    )
    return replace(
        found,
        evaluations=fit.evaluations + found.evaluations,
        seconds=fit.seconds + found.seconds,
        history=np.concatenate([fit.history, _later(found.history, fit.evaluations)]),
        budget=fit.budget + found.budget,
        generations=_fewer((*fit.generations, *later)),
    )


def _later(history: np.ndarray, evaluations: int) -> np.ndarray:
    """Return a history (generation, 3) that begins after so many evaluations."""
    return history + np.array([evaluations, 0.0, 0.0])


def _fewer(generations: tuple[Generation, ...]) -> tuple[Generation, ...]:
    """Return every second one, and the last, as long as there are too many."""
    while len(generations) > FRAMES:
        generations = (*generations[:-1:2], generations[-1])
    return generations
