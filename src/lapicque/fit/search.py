"""Minimise a problem's loss with an ask/tell optimiser, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.checkpoint import Optimizer
from lapicque.fit.generations import Generation
from lapicque.fit.problem import Problem
from lapicque.fit.searchable import Searchable
from lapicque.fit.searching import searched
from lapicque.model.neuron import Neuron
from lapicque.units import Unit


@dataclass(frozen=True)
class FittedValue:
    """A fitted parameter with its unit and the bounds that it was searched between."""

    value: float
    unit: Unit
    low: float
    high: float

    def __repr__(self) -> str:
        unit = "" if self.unit.name == "1" else f" {self.unit}"
        return f"{self.value:.6g}{unit}"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A point of a problem, and the model there.

    Attributes
    ----------
    problem : Searchable
    point : (dimension,)
        On the unit cube.
    """

    problem: Searchable
    point: np.ndarray

    @property
    def parameters(self) -> dict[str, FittedValue]:
        """The free parameters, `lapicque.fit.free.NUISANCES` included."""
        values = self.problem.values(self.point)
        return {f.name: FittedValue(float(values[f.name][0]), f.unit, f.low, f.high) for f in self.problem.free}

    @property
    def cell(self) -> Problem:
        """The problem, if it is that of a single cell: for what needs its trials.

        Raises
        ------
        FitError
            If something else was fitted.
        """
        if not isinstance(self.problem, Problem):
            raise FitError(
                f"{self.problem.name!r} is no problem of a single cell ({type(self.problem).__name__}), so it has no "
                "trials to score or report"
            )
        return self.problem

    @property
    def fitted(self) -> Any:
        """The neuron or network with the values that were found."""
        return self.problem.fitted(self.point)

    @property
    def neuron(self) -> Neuron:
        """The neuron with the values that were found.

        Raises
        ------
        FitError
            If a network was fitted: `fitted` is what was found then.
        """
        found = self.fitted
        if not isinstance(found, Neuron):
            raise FitError(f"{self.problem.name!r} is a {type(found).__name__}, no neuron: use fit.fitted")
        return found

    @property
    def at_bounds(self) -> dict[str, str]:
        """Parameters at an end of their bounds, name -> ``"low"`` or ``"high"``: wider bounds may fit better."""
        ends = {  # a whole number is at its bound in all of its share
            f.name: (f.from_cube(x) - f.low) / (f.high - f.low) if f.scale == "integer" else x
            for f, x in zip(self.problem.free, self.point, strict=True)
        }
        return {name: "low" if x < 0.5 else "high" for name, x in ends.items() if x < 0.005 or x > 0.995}

    def lines(self) -> list[str]:
        """Return a line for each parameter, with its value, its unit, and the bound that it has reached."""
        parameters, ends = self.parameters, self.at_bounds
        width = max(map(len, parameters))
        notes = {"low": "  at its lower bound", "high": "  at its upper bound"}
        return [f"  {n:<{width}} = {found!r}{notes.get(ends.get(n, ''), '')}" for n, found in parameters.items()]


@dataclass(frozen=True, eq=False)
class Fit(Candidate):
    """What a search found.

    Attributes
    ----------
    problem : Searchable
    point : (dimension,)
        The best candidate on the unit cube.
    loss : float
    evaluations, seconds : how much was spent
    history : (generation, 3)
        Evaluations, best loss so far and median loss of each generation.
    seed : int
    optimizer : the description of the optimiser
    stopped : str
        Why the search ended: ``"budget"``, ``"patience"``, ``"interrupted"`` or ``"done"``.
    budget : int
        How many evaluations were asked for.
    generations : tuple of Generation
        At most 128 of the search's generations with at most 64 of their candidates, the last one among them.
    """

    loss: float
    evaluations: int
    seconds: float
    history: np.ndarray
    seed: int
    optimizer: Any
    stopped: str
    budget: int
    generations: tuple[Generation, ...] = ()

    def __repr__(self) -> str:
        head = (
            f"Fit of {self.problem.name!r}: loss {self.loss:.4f} after {self.evaluations} evaluations in "
            f"{self.seconds:.1f} s ({self.stopped}, seed {self.seed})"
        )
        return "\n".join([head, *self.lines()])


def default_optimizer() -> Optimizer:
    """Return what `minimize` uses if nothing else is asked for: CMA-ES with short runs and many restarts."""
    from lapicque.optimizers.cma_es import cma_es  # the default strategy; any other is passed in

    return cma_es(population=128, tolerance=1e-3, patience=30, least_gain=1e-3)


def minimize(
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
) -> Fit:
    """Minimise a problem.

    Parameters
    ----------
    problem : Searchable
        `lapicque.fit.Problem`, `lapicque.fit.NetworkProblem`, or an object of your own with the same few names.
    optimizer : optional
        `default_optimizer` if absent: CMA-ES with many restarts.
    budget : int
        Number of candidates to evaluate; the last generation may go beyond it.
    seed : int
        Of the search; with the same seed the same result.
    x0 : name -> quantity, optional
        Where to begin; numbers are in the parameters' units, and those that are absent begin at the model's own value.
        The middle of the bounds if ``x0`` is absent.
    patience : int, optional
        Stop early after so many evaluations without a new best.
    checkpoint : path, optional
        The search is written there every few seconds, when it is interrupted and when it ends; if the file exists, the
        search is resumed from it and continues exactly as if it had not stopped.
    threads : int, optional
        All processors if absent; with an executor those of each worker, 1 if absent. Results do not depend on it.
    executor : Executor, or function that returns one, optional
        Where candidates are evaluated: ``ProcessPoolExecutor(8)``, dask's ``client.get_executor()``,
        ``MPIPoolExecutor()``. What a worker that dies was to evaluate is sent again. A pool of processes is lost with
        the first one of them: give a function, ``lambda: ProcessPoolExecutor(8)``, and another pool is made. Results
        do not depend on it.
    batch : int, optional
        Candidates that are sent to a worker together; by default a generation makes four batches for each worker.
    progress : bool
        Show a bar with the best loss after two seconds.
    on_generation : callable, optional
        Called with evaluations and best loss after each generation.

    Returns
    -------
    Fit
        Also after an interrupt (Ctrl-C), with what was found until then.

    Raises
    ------
    FitError
        If the budget is no positive whole number, the problem has several objectives, the checkpoint is damaged, was
        edited or belongs to another search, a problem cannot be sent to other processes, or workers die again and
        again.

    Examples
    --------
    >>> import lapicque as lq
    >>> data = lq.simulate(lq.neurons.lif, "300 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(np.full(3000, 600.0), data)],
    ...     free=dict(c_m=("50 pF", "900 pF")),
    ...     distance=lq.distances.coincidence("4 ms"),
    ... )
    >>> found = lq.fit.minimize(problem, budget=500, seed=1)
    >>> bool(found.loss < 0.05)
    True
    """
    optimizer = default_optimizer() if optimizer is None else optimizer
    if len(problem.objectives) > 1:
        raise FitError(
            f"{problem.name!r} has {len(problem.objectives)} objectives ({', '.join(problem.objectives)}): add them up "
            "with weights, or use lq.fit.pareto"
        )
    if getattr(optimizer, "several_objectives", False):
        raise FitError(f"{type(optimizer).__name__} is for several objectives, by lq.fit.pareto: use cma_es(), say")
    search, reached, stopped = searched(
        problem, optimizer, budget, seed, x0=x0, patience=patience, checkpoint=checkpoint, threads=threads,
        executor=executor, batch=batch, progress=progress, on_generation=on_generation,
    )  # fmt: skip
    if search.best_point is None:
        raise FitError("no candidate has a finite loss: check the bounds")
    return Fit(
        problem, search.best_point, search.best_value, reached.evaluations, reached.seconds,
        np.array(reached.rows).reshape(-1, 3), seed, optimizer, stopped, budget, reached.generations,
    )  # fmt: skip
