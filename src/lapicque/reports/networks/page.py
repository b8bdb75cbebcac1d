"""What a fit of a network found, written as one HTML file: rasters, distributions, tests, and what the data fix."""

from __future__ import annotations

import os
from pathlib import Path

from lapicque.errors import FitError
from lapicque.fit import features
from lapicque.fit.identifiability import Identifiability, identifiability
from lapicque.fit.networks import NetworkProblem, PopulationStatistics
from lapicque.fit.record import versions
from lapicque.fit.search import Fit
from lapicque.fit.validation.result import Validation
from lapicque.fit.validation.validate import validate
from lapicque.reports.drawing import settings
from lapicque.reports.networks import figures
from lapicque.reports.searched import check_animation, film
from lapicque.reports.tables import number
from lapicque.reports.validity import check_curvature, check_validation, shown_curvature, shown_tests
from lapicque.reports.writing import file_of, write

#: The noise that the page's runs have, unless the problem has the same.
FRESH = 1_000_003


def network_report(
    fit: Fit,
    path: str | os.PathLike[str],
    *,
    validation: Validation | None = None,
    curvature: Identifiability | None = None,
    seeds: int = 20,
    animation: str | None = "html",
    title: str = "",
    command: str = "",
) -> Path:
    """Write what a fit of a network found as one HTML page, and a film of the search beside it.

    Parameters
    ----------
    fit : Fit
        Of a `lapicque.fit.NetworkProblem` with one objective.
    path : path
        Of the page; the figures of ``report.html`` are put into ``report-figures`` beside it.
    validation : Validation, optional
        What `lapicque.fit.validate` said, on unseen data if possible; on those of the fit if absent.
    curvature : Identifiability, optional
        What `lapicque.fit.identifiability` said; found if absent.
    seeds : int
        Fresh runs of a validation that is absent.
    animation : ``"html"``, ``"gif"`` or None
        Of which kind the film is.
    title, command : str

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    FitError
        If it is no fit of a network, the path is a folder, the validation or the curvature is of another fit, or a film
        is asked of a search that kept no generations.
    """
    problem = fit.problem
    if not isinstance(problem, NetworkProblem) or len(problem.objectives) > 1:
        raise FitError("this page is of a fit of a network with one objective")
    check_animation(animation, fit)
    if validation is not None:
        check_validation(validation, problem.data.keys(), problem.name)
    if curvature is not None:
        check_curvature(curvature, fit)
    path = file_of(path, FitError)
    path.parent.mkdir(parents=True, exist_ok=True)
    validation = validate(fit, seeds=seeds, progress=False) if validation is None else validation
    curvature = identifiability(fit) if curvature is None else curvature
    noise = FRESH + (problem.seed == FRESH)
    fresh = problem.respond(fit.point, trials=1, seed=noise)
    objective = problem.objective
    compared = objective.features if isinstance(objective, PopulationStatistics) else (features.rate(), features.lv())
    with settings():
        drawn = {
            "rasters": [figures.rasters(problem.data, fresh)],
            "distributions": [figures.distributions(problem.data, fresh, tuple(compared))],
            "search": [figures.search(fit)],
        }
    context = {
        "title": title or f"{problem.name}, fitted",
        "loss": number(fit.loss),
        "search": f"{fit.evaluations} candidates in {fit.seconds:.0f} s, seed {fit.seed}, ended by {fit.stopped}",
        "parameters": _parameters(fit),
        "validity": shown_tests(validation),
        "curvature": shown_curvature(curvature),
        "network": repr(problem.fitted(fit.point)),
        "film": film(fit, path, animation),
        "command": command,
        "facts": {"objective": repr(objective), "noise of the rasters": f"seed {noise}", **versions()},
    }
    return write("network.html.j2", path, drawn, context)


def _parameters(fit: Fit) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, found in fit.parameters.items():
        unit = "" if found.unit.name == "1" else f" {found.unit}"
        edge = fit.at_bounds.get(name)
        note = f"at its {'lower' if edge == 'low' else 'upper'} bound" if edge else ""
        rows.append((name, f"{number(found.value)}{unit}", f"{number(found.low)} to {number(found.high)}{unit}", note))
    return rows
