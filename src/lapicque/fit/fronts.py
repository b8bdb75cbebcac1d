"""Fronts of problems with several objectives: candidates of which none is better in all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.checkpoint import Optimizer
from lapicque.fit.generations import Generation
from lapicque.fit.search import Candidate
from lapicque.fit.searchable import Searchable
from lapicque.fit.searching import searched


@dataclass(frozen=True, eq=False)
class Compromise(Candidate):
    """One candidate of a front.

    Attributes
    ----------
    problem, point : as of `Candidate`
    losses : objective -> float
    """

    losses: dict[str, float]

    def __repr__(self) -> str:
        losses = ", ".join(f"{name} {loss:.4f}" for name, loss in self.losses.items())
        return "\n".join([f"Compromise of {self.problem.name!r}: {losses}", *self.lines()])


@dataclass(frozen=True, eq=False)
class ParetoFront:
    """What a search of several objectives found; ``front[n]`` is a `Compromise`, with its parameters and its model.

    Attributes
    ----------
    problem : Searchable
    points : (candidate, dimension)
        On the unit cube, in the order of the first objective.
    losses : (candidate, objective)
    reference : (objective,)
        Losses beyond which a candidate does not count in the hypervolume.
    evaluations, seconds : how much was spent
    history : (generation, 3)
        Evaluations, hypervolume and length of the front after each generation.
    seed : int
    optimizer : the description of the optimiser
    stopped : str
        Why the search ended: ``"budget"``, ``"patience"``, ``"interrupted"`` or ``"done"``.
    budget : int
    generations : tuple of Generation
        At most 128 of the search's generations with at most 64 of their candidates.
    """

    problem: Searchable
    points: np.ndarray
    losses: np.ndarray
    reference: np.ndarray
    evaluations: int
    seconds: float
    history: np.ndarray
    seed: int
    optimizer: Any
    stopped: str
    budget: int
    generations: tuple[Generation, ...] = ()

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of the losses."""
        return self.problem.objectives

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """The free parameters along the front: name -> (candidate,), in their units."""
        return self.problem.values(self.points)

    @property
    def hypervolume(self) -> float:
        """The volume between the front and the reference."""
        return float(self.history[-1, 1])

    def knee(self) -> Compromise:
        """Return the candidate with the smallest sum of losses, each on the scale of the front's extent.

        Of two objectives it is the one that is furthest from the line between the front's ends.

        References
        ----------
        .. [1] Das 1999, "On characterizing the 'knee' of the Pareto curve based on normal-boundary intersection",
           Structural Optimization 18, 107, doi:10.1007/BF01195985
        """
        best, extent = self.losses.min(axis=0), np.ptp(self.losses, axis=0)
        scaled = (self.losses - best) / np.where(extent > 0, extent, 1.0)
        return self[int(np.argmin(scaled.sum(axis=1)))]

    def best(self, objective: str | int) -> Compromise:
        """Return the end of the front that is best in one objective, by its name or number."""
        if isinstance(objective, str) and objective not in self.objectives:
            raise FitError(f"there is no objective {objective!r}: write one of {', '.join(self.objectives)}")
        number = self.objectives.index(objective) if isinstance(objective, str) else objective
        return self[int(np.argmin(self.losses[:, number]))]

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, number: int) -> Compromise:
        losses = dict(zip(self.objectives, self.losses[number].tolist(), strict=True))
        return Compromise(self.problem, self.points[number], losses)

    def __iter__(self) -> Iterator[Compromise]:
        return (self[number] for number in range(len(self)))

    def __repr__(self) -> str:
        lines = [
            f"ParetoFront of {self.problem.name!r}: {len(self)} candidates after {self.evaluations} evaluations in "
            f"{self.seconds:.1f} s ({self.stopped}, seed {self.seed})"
        ]
        knee = self.knee().losses
        for number, name in enumerate(self.objectives):
            column = self.losses[:, number]
            lines.append(f"  {name}: {column.min():.4f} to {column.max():.4f}, {knee[name]:.4f} at the knee")
        return "\n".join(lines)


def pareto(
    problem: Searchable,
    optimizer: Optimizer | None = None,
    budget: int = 30_000,
    seed: int = 0,
    *,
    x0: Mapping[str, Any] | None = None,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    threads: int | None = None,
    executor: Executor | Callable[[], Executor] | None = None,
    batch: int | None = None,
    progress: bool = True,
    on_generation: Callable[[int, float], Any] | None = None,
) -> ParetoFront:
    """Minimise several objectives together: find what cannot be better in one without being worse in another.

    Parameters
    ----------
    problem : Searchable
        With two objectives or more: ``lq.fit.Problem(..., objective=[VoltageError(), SpikeMatch(...)])``.
    optimizer : optional
        ``lq.optimizers.nsga2()`` if absent.
    patience : int, optional
        Stop early after so many evaluations in which the hypervolume did not grow.
    on_generation : callable, optional
        Called with evaluations and hypervolume after each generation.
    budget, seed, x0, checkpoint, threads, executor, batch, progress
        As of `lapicque.fit.minimize`.

    Returns
    -------
    ParetoFront
        Also after an interrupt (Ctrl-C), with what was found until then.

    Raises
    ------
    FitError
        If the problem has one objective, the optimiser is for one, or for what `lapicque.fit.minimize` refuses.

    Examples
    --------
    >>> import lapicque as lq
    >>> answer = lq.simulate(lq.neurons.lif, "300 ms", inputs={"i_ext": "300 pA"}, record="v")
    >>> trial = lq.fit.Trial(np.full(3000, 300.0), answer.spikes, voltage=answer.traces["v"].values.T + 1)
    >>> objectives = [lq.fit.VoltageError(), lq.fit.SpikeMatch(lq.distances.coincidence("4 ms"))]
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif, [trial], free=dict(e_l=("-75 mV", "-65 mV"), g_l=("5 nS", "20 nS")), objective=objectives
    ... )
    >>> front = pareto(problem, lq.optimizers.nsga2(population=32), budget=640, seed=1)
    >>> front.objectives, sorted(front.knee().parameters)
    (('VoltageError', 'SpikeMatch'), ['e_l', 'g_l'])
    """
    if len(problem.objectives) < 2:
        raise FitError(f"{problem.name!r} has one objective, {problem.objectives[0]}: use lq.fit.minimize")
    if optimizer is None:
        from lapicque.optimizers.nsga2 import nsga2  # the default strategy; any other is passed in

        optimizer = nsga2()
    if not (isinstance(optimizer, type) or getattr(optimizer, "several_objectives", False)):
        raise FitError(f"{type(optimizer).__name__} minimises one objective: use lq.optimizers.nsga2()")
    search, reached, stopped = searched(
        problem, optimizer, budget, seed, x0=x0, patience=patience, checkpoint=checkpoint, threads=threads,
        executor=executor, batch=batch, progress=progress, on_generation=on_generation,
    )  # fmt: skip
    return ParetoFront(
        problem, search.front_points, search.front_losses, search.reference, reached.evaluations, reached.seconds,
        np.array(reached.rows).reshape(-1, 3), seed, optimizer, stopped, budget, reached.generations,
    )  # fmt: skip
