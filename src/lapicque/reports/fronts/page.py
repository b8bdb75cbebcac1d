"""What a search of several objectives found, written as one HTML file: the front, and what to choose from it."""

from __future__ import annotations

import base64
import hashlib
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.fronts import ParetoFront
from lapicque.fit.networks import NetworkProblem
from lapicque.fit.problem import Problem
from lapicque.fit.record import versions
from lapicque.fit.validation.result import Validation
from lapicque.fit.validation.validate import validate
from lapicque.reports import reproduce, searched, tables
from lapicque.reports.drawing import Drawn, settings
from lapicque.reports.fronts import figures
from lapicque.reports.fronts.choice import choice
from lapicque.reports.networks.figures import rasters
from lapicque.reports.networks.page import FRESH
from lapicque.reports.tables import significant
from lapicque.reports.validity import check_validation, shown_tests
from lapicque.reports.writing import file_of, write
from lapicque.simulation.variants import ExplodedError


def front_report(
    front: ParetoFront,
    path: str | os.PathLike[str],
    *,
    validation: Validation | None = None,
    seeds: int = 20,
    animation: str | None = None,
    title: str = "",
    command: str = "",
) -> Path:
    """Write a Pareto front as one HTML page, which needs nothing else, with a slider to choose a candidate by.

    Parameters
    ----------
    front : ParetoFront
        Of two candidates at least.
    path : path
        Of the page; the figures of ``report.html`` are put into ``report-figures`` beside it.
    validation : Validation, optional
        What ``lapicque.fit.validate(front.knee(), unseen)`` said; if absent it is made with the data of the fit, where
        cells or networks were fitted.
    seeds : int
        Fresh runs of a network for a validation that is absent.
    animation : ``"html"``, ``"gif"`` or None
        Of which kind a film of the search beside the page is.
    title, command : str

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    FitError
        If the front has one candidate, or a loss that is no number; if the validation is of another model, the path is
        a folder, or a film is asked of a search that kept no generations.

    Examples
    --------
    >>> import lapicque as lq, tempfile
    >>> problem = lq.fit.FunctionProblem(
    ...     lambda values: np.stack([values["x"] ** 2, (1 - values["x"]) ** 2], axis=1), dict(x=(0.0, 1.0)),
    ...     name="parabolas", objectives=("near 0", "near 1"),
    ... )  # fmt: skip
    >>> front = lq.fit.pareto(problem, lq.optimizers.nsga2(population=16), budget=64, seed=1)
    >>> front_report(front, Path(tempfile.mkdtemp()) / "front.html").name
    'front.html'
    """
    _check(front)
    searched.check_animation(animation, front)
    problem = front.problem
    if validation is not None:
        names = problem.data.keys() if isinstance(problem, NetworkProblem) else {""}
        check_validation(validation, names, problem.name)
    path = file_of(path, FitError)
    path.parent.mkdir(parents=True, exist_ok=True)
    no_validity = "Nothing was validated: the model is a function's, which has no spikes to test."
    if validation is None and isinstance(problem, Problem | NetworkProblem):
        try:
            validation = validate(front.knee(), seeds=seeds, progress=False)
        except (FitError, ExplodedError) as error:
            no_validity = f"It could not be tested: {error}."
    with settings():
        drawn = {
            "front": [figures.front_figure(front)],
            "along": [figures.along(front)],
            "rasters": _rasters(front),
            "spread": searched.spread(front),
        }
    name = searched.film(front, path, animation)
    context = _context(front, title, command) | {
        "validity": None if validation is None else shown_tests(validation),
        "no_validity": no_validity,
        "film": name,
    }
    return write("front.html.j2", path, drawn, context)


def _check(front: ParetoFront) -> None:
    broken = ~np.isfinite(front.losses).all(axis=1)
    if broken.any():
        raise FitError(
            f"{int(broken.sum())} of the front's {len(front)} candidates have losses that are no numbers: let the "
            "problem give a large number there, such as 1e6"
        )
    if len(front) < 2:
        raise FitError(
            f"the front of {front.problem.name!r} has {len(front)} candidate{'s' * (len(front) != 1)}, so there is "
            "nothing to choose: its objectives do not disagree, or the search was too short. Fit one of them by "
            "lq.fit.minimize, or give a larger budget="
        )


def _rasters(front: ParetoFront) -> list[Drawn]:
    problem = front.problem
    if isinstance(problem, Problem):
        return [figures.cell_spikes(front)]
    if not isinstance(problem, NetworkProblem):
        return []
    try:
        fresh = problem.respond(front.knee().point, trials=1, seed=FRESH + (problem.seed == FRESH))
    except ExplodedError:
        return []
    return [rasters(problem.data, fresh, "knee of the front")]


def _context(front: ParetoFront, title: str, command: str) -> dict[str, Any]:
    problem, knee = front.problem, front.knee()
    script = "\n" + files("lapicque.reports").joinpath("templates/choice.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    of_cell = isinstance(problem, Problem)
    model = _model(front)
    return {
        "title": title or f"{problem.name}: {' against '.join(front.objectives)}",
        "subtitle": [
            f"{len(front)} candidates", f"{len(front.objectives)} objectives", f"{problem.dimension} free parameters",
        ],
        "knee": [(name, significant(loss)) for name, loss in knee.losses.items()],
        "ends": [
            (name, significant(float(front.losses[:, n].min())), significant(float(front.losses[:, n].max())))
            for n, name in enumerate(front.objectives)
        ],
        "notices": _notices(front),
        "choice": choice(front),
        "hypervolume": significant(front.hypervolume),
        "search": {
            "evaluations": front.evaluations, "seconds": front.seconds,
            "stopped": reproduce.STOPPED.get(front.stopped, front.stopped),
        },
        "equations": tables.equations(knee.neuron) if of_cell else None,
        "model_text": repr(problem) if model is None else repr(model),
        "command": command,
        "front_code": reproduce.fit_code(front, problem.trials, None) if isinstance(problem, Problem)
        else reproduce.search_code(front),
        "use_code": "import lapicque as lq\n\n" + reproduce.neuron_code(knee.neuron) + "\n\n" + reproduce.use_code(knee)
        if of_cell else "",
        "facts": [
            ("Objectives", repr(getattr(problem, "objective", front.objectives))),
            ("Hypervolume", "up to " + ", ".join(
                f"{name} {significant(float(v))}" for name, v in zip(front.objectives, front.reference, strict=True)
            )),
            ("Search", f"{front.optimizer!r}, seed {front.seed}, {front.evaluations} of {front.budget} evaluations"),
            ("Problem", problem.fingerprint),
            ("Versions", ", ".join(f"{name} {value}" for name, value in versions().items())),
        ],
        "script": script,
        "script_hash": digest,
    }  # fmt: skip


def _model(front: ParetoFront) -> Any:
    """Return the model at the knee; None of a function that makes none."""
    try:
        return front.knee().fitted
    except FitError:
        return None


def _notices(front: ParetoFront) -> list[str]:
    found = []
    if front.stopped == "interrupted":
        found.append(f"The search was interrupted after {front.evaluations} of {front.budget} evaluations.")
    for name, end in front.knee().at_bounds.items():
        found.append(f"At the knee {name} is at its {'lower' if end == 'low' else 'upper'} bound.")
    return found
