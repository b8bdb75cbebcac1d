"""What a fit found: tables and texts beside the figures, written as one HTML file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lapicque.errors import FitError
from lapicque.fit.held_out import Score
from lapicque.fit.identifiability import Identifiability
from lapicque.fit.record import ratio, recording_to_dict, versions
from lapicque.fit.recording import Recording
from lapicque.fit.search import Fit
from lapicque.fit.trial import Trial
from lapicque.fit.validation.result import Validation
from lapicque.reports import reproduce, tables
from lapicque.reports.drawing import settings
from lapicque.reports.figures import draw
from lapicque.reports.holding import held_of
from lapicque.reports.material import Material, gather
from lapicque.reports.searched import check_animation, film, spread
from lapicque.reports.validity import check_curvature, check_validation
from lapicque.reports.writing import file_of, write


def fit_report(
    fit: Fit,
    path: str | os.PathLike[str],
    *,
    train: Sequence[Trial] | None = None,
    test: Sequence[Trial] | None = None,
    scores: Mapping[str, Score] | None = None,
    title: str = "",
    recording: Recording | None = None,
    command: str = "",
    validation: Validation | None = None,
    curvature: Identifiability | None = None,
    animation: str | None = None,
) -> Path:
    """Write what a fit found as one HTML page, which needs nothing else, and its figures as PNG and SVG files.

    Parameters
    ----------
    fit : Fit
    path : path
        Of the page; the figures of ``report.html`` are put into ``report-figures`` beside it.
    train, test : sequence of Trial, optional
        What was fitted (the fit's own trials if absent), and what was held out.
    scores : ``"train"`` and ``"test"`` -> Score, optional
        Computed if absent.
    title : str
        By default the model's name and the recording's.
    recording : Recording, optional
        Where the trials come from: for its name, notices and files.
    command : str
        What was typed to get the fit; without it the page shows code.
    validation : Validation, optional
        What ``lapicque.fit.validate(fit, test)`` said; made of what was held out if absent, and where nothing was, of
        what was fitted.
    curvature : Identifiability, optional
        What `lapicque.fit.identifiability` said; if absent, found where that takes less than two seconds.
    animation : ``"html"``, ``"gif"`` or None
        Of which kind a film of the search beside the page is.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    FitError
        If the path is a folder, the validation or the curvature is of another fit, or a film is asked of a search that
        kept no generations.

    Examples
    --------
    >>> import lapicque as lq, numpy as np, tempfile
    >>> data = lq.simulate(lq.neurons.lif, "400 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> trials = [lq.fit.Trial(np.full(4000, 600.0), data)]
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif, trials, free=dict(c_m=("50 pF", "900 pF")), distance=lq.distances.coincidence("4 ms")
    ... )
    >>> page = fit_report(lq.fit.minimize(problem, budget=100, seed=1), Path(tempfile.mkdtemp()) / "fit.html")
    >>> page.name, sorted(p.name for p in page.with_name("fit-figures").glob("*.svg"))[:2]
    ('fit.html', ['agreement.svg', 'convergence.svg'])
    """
    check_animation(animation, fit)
    if validation is not None:
        check_validation(validation, {""}, fit.cell.name)
    if curvature is not None:
        check_curvature(curvature, fit)
    path = file_of(path, FitError)
    material = gather(fit, train, test, scores, recording)
    drawn = draw(material)
    with settings():
        drawn["spread"] = spread(fit)
    held = held_of(material, validation, curvature) | {"film": film(fit, path, animation)}
    shown = sum(each.name.startswith("overview") for each in drawn["responses"])
    hidden = {"hidden_stimuli": max(len(material.stimuli) - shown, 0)}
    return write(
        "fit.html.j2",
        path,
        drawn,
        _context(material, title, command) | hidden | held | {"film": film(fit, path, animation)},
    )


def _context(material: Material, title: str, command: str) -> dict[str, Any]:
    fit, recording = material.fit, material.recording
    problem = fit.cell
    name = recording.name if recording is not None else ""
    train = next(part for part in material.parts if part.name == "train")
    title = title or f"{problem.neuron.name} fitted to {name or 'a recording'}"
    return {
        "title": title,
        "subtitle": tables.subtitle(material, title),
        "scores": [tables.headline(part) for part in reversed(material.parts)],
        "held_out": any(part.name == "test" for part in material.parts),
        "measure": repr(material.distance),
        "precision": material.precision,
        "notices": [*tables.warnings_of(material), *material.notices],
        "stimuli": [row for part in material.parts for row in tables.stimulus_rows(part, material.precision)],
        "several_stimuli": len(material.stimuli) > 1,
        "parameters": tables.parameter_rows(material),
        "fixed": tables.fixed_rows(material),
        "tolerance": tables.TOLERANCE,
        "search": {
            "loss": fit.loss,
            "evaluations": fit.evaluations,
            "budget": fit.budget,
            "seconds": fit.seconds,
            "stopped": reproduce.STOPPED.get(fit.stopped, fit.stopped),
        },
        "intervals": [row for part in material.parts for row in tables.interval_rows(part)],
        "equations": tables.equations(fit.neuron),
        "model_text": repr(fit.neuron),
        "command": command,
        "fit_code": "" if command else reproduce.fit_code(fit, train.trials, recording),
        "use_code": "import lapicque as lq\n\n" + reproduce.neuron_code(fit.neuron) + "\n\n" + reproduce.use_code(fit),
        "facts": tables.facts(material, None if recording is None else recording_to_dict(recording), versions()),
        "ratio": ratio,
    }
