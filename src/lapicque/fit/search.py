"""Minimise a problem's loss with an ask/tell optimiser: budget, early stopping, interrupt, resume."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.problem import Problem
from lapicque.model.neuron import Neuron
from lapicque.simulation.progress import bar
from lapicque.units import Unit

CHECKPOINT_EVERY = 5.0  # seconds


class Optimizer(Protocol):
    """An optimiser's description: a value that starts and resumes searches on the unit cube."""

    def start(self, dimension: int, seed: int, x0: np.ndarray | None = None) -> Any:
        """Begin a search with ``ask``, ``tell``, ``done`` and ``save``."""

    def resume(self, saved: dict[str, Any]) -> Any:
        """Continue a saved search identically."""


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
class Fit:
    """What a search found.

    Attributes
    ----------
    problem : Problem
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
    """

    problem: Problem
    point: np.ndarray
    loss: float
    evaluations: int
    seconds: float
    history: np.ndarray
    seed: int
    optimizer: Any
    stopped: str
    budget: int

    @property
    def parameters(self) -> dict[str, FittedValue]:
        """The free parameters, `lapicque.fit.free.NUISANCES` included."""
        values = self.problem.values(self.point)
        return {f.name: FittedValue(float(values[f.name][0]), f.unit, f.low, f.high) for f in self.problem.free}

    @property
    def neuron(self) -> Neuron:
        """The model with the values that were found."""
        return self.problem.fitted(self.point)

    @property
    def at_bounds(self) -> dict[str, str]:
        """Parameters that ended at an end of their bounds: name -> ``"low"`` or ``"high"``; wider bounds may fit better."""
        ends = {f.name: x for f, x in zip(self.problem.free, self.point, strict=True)}
        return {name: "low" if x < 0.5 else "high" for name, x in ends.items() if x < 0.005 or x > 0.995}

    def __repr__(self) -> str:
        lines = [
            f"Fit of {self.problem.neuron.name!r}: loss {self.loss:.4f} after {self.evaluations} evaluations in "
            f"{self.seconds:.1f} s ({self.stopped}, seed {self.seed})"
        ]
        ends = self.at_bounds
        width = max(len(name) for name in self.parameters)
        for name, found in self.parameters.items():
            note = f"  at its {ends[name]}er bound" if ends.get(name) == "low" else "  at its upper bound" if name in ends else ""
            lines.append(f"  {name:<{width}} = {found!r}{note}")
        return "\n".join(lines)


@dataclass
class _Progress:
    evaluations: int = 0
    seconds: float = 0.0
    history: list[tuple[float, float, float]] = field(default_factory=list)


def minimize(
    problem: Problem,
    optimizer: Optimizer | None = None,
    budget: int = 30_000,
    seed: int = 0,
    *,
    x0: Any = None,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    threads: int | None = None,
    progress: bool = True,
    on_generation: Callable[[int, float], Any] | None = None,
) -> Fit:
    """Minimise a problem.

    Parameters
    ----------
    problem : Problem
    optimizer : optional
        ``lq.optimizers.cma_es()`` with restarts if absent.
    budget : int
        Number of candidates to evaluate; the last generation may go beyond it.
    seed : int
        Of the search; with the same seed the same result.
    x0 : mapping of str to float, optional
        Where to begin, in the parameters' units; the middle of the bounds if absent.
    patience : int, optional
        Stop early after so many evaluations without a new best.
    checkpoint : path, optional
        The search is written there every few seconds, when it is interrupted and when it ends; if the file exists, the
        search is resumed from it and continues exactly as if it had not stopped.
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
        If the budget is not positive or the checkpoint belongs to another problem.

    Examples
    --------
    >>> import lapicque as lq
    >>> data = lq.simulate(lq.neurons.lif, "300 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> problem = lq.fit.Problem(lq.neurons.lif, [lq.fit.Trial(np.full(3000, 600.0), data)],
    ...                          free=dict(c_m=("50 pF", "900 pF")), distance=lq.distances.coincidence("4 ms"))
    >>> found = lq.fit.minimize(problem, budget=500, seed=1)
    >>> bool(found.loss < 0.05)
    True
    """
    if budget < 1:
        raise FitError(f"the budget is {budget}: at least one evaluation is needed")
    if optimizer is None:
        from lapicque.optimizers import cma_es  # the default strategy; any other is passed in

        optimizer = cma_es(population=128)
    path = None if checkpoint is None else Path(checkpoint)
    spent = _Progress()
    if path is not None and path.exists():
        search, spent = _resume(path, problem, optimizer, seed)
    else:
        start = None if x0 is None else problem.point(x0)
        search = optimizer.start(problem.dimension, seed, start)
    begun = time.monotonic() - spent.seconds
    saved_at, stopped = time.monotonic(), "budget"
    best_at = next((row[0] for row in spent.history if row[1] <= search.best_value), 0)
    with bar("fit", budget, show=progress) as tick:
        tick(spent.evaluations)
        try:
            while spent.evaluations < budget:
                if search.done:
                    stopped = "done"
                    break
                points = search.ask()
                losses = problem.losses(points, threads)
                before = search.best_value
                search.tell(points, losses)
                spent.evaluations += len(points)
                if search.best_value < before:
                    best_at = spent.evaluations
                spent.history.append((spent.evaluations, search.best_value, float(np.median(losses))))
                tick(len(points), f"best {search.best_value:.4f}")
                if on_generation is not None:
                    on_generation(spent.evaluations, search.best_value)
                if path is not None and time.monotonic() - saved_at > CHECKPOINT_EVERY:
                    spent.seconds = time.monotonic() - begun
                    _save(path, problem, seed, search, spent)
                    saved_at = time.monotonic()
                if patience is not None and spent.evaluations - best_at >= patience:
                    stopped = "patience"
                    break
        except KeyboardInterrupt:
            if search.best_point is None:
                raise
            stopped = "interrupted"
    spent.seconds = time.monotonic() - begun
    if path is not None and stopped != "interrupted":
        _save(path, problem, seed, search, spent)
    if search.best_point is None:
        raise FitError("no candidate has a finite loss: check the bounds")
    return Fit(
        problem, search.best_point, search.best_value, spent.evaluations, spent.seconds,
        np.array(spent.history).reshape(-1, 3), seed, optimizer, stopped, budget,
    )  # fmt: skip


def _save(path: Path, problem: Problem, seed: int, search: Any, spent: _Progress) -> None:
    state = {
        "format": 1,
        "problem": problem.fingerprint,
        "seed": seed,
        "search": search.save(),
        "evaluations": spent.evaluations,
        "seconds": spent.seconds,
        "history": spent.history,
    }
    temporary = path.with_name(path.name + ".writing")
    temporary.write_text(json.dumps(state))
    os.replace(temporary, path)


def _resume(path: Path, problem: Problem, optimizer: Optimizer, seed: int) -> tuple[Any, _Progress]:
    try:
        state = json.loads(path.read_text())
        found = state["problem"], state["seed"]
    except (ValueError, KeyError, UnicodeDecodeError):
        raise FitError(f"{path} is no checkpoint of a fit, or it is damaged: remove it or give another name") from None
    if found[0] != problem.fingerprint:
        raise FitError(f"{path} belongs to another problem (model, data, bounds or objective differ): give another name")
    if found[1] != seed:
        raise FitError(f"{path} was begun with seed {found[1]}, not {seed}: give the same seed or another name")
    history = [tuple(row) for row in state["history"]]
    return optimizer.resume(state["search"]), _Progress(state["evaluations"], state["seconds"], history)
