"""The page: tables and texts beside the figures, written as one HTML file."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from lapicque.errors import FitError
from lapicque.fit.record import ratio, recording_to_dict, versions
from lapicque.fit.recording import Recording
from lapicque.fit.search import Fit
from lapicque.fit.trial import Trial
from lapicque.fit.validate import Score
from lapicque.reports import reproduce, tables
from lapicque.reports.drawing import Drawn, settings
from lapicque.reports.figures import draw
from lapicque.reports.material import Material, gather

_STOPPED = {
    "budget": "the budget was used up",
    "patience": "no better candidate came for a while",
    "interrupted": "it was interrupted",
    "done": "the optimiser had nothing left to try",
}


def report(
    fit: Fit,
    path: str | os.PathLike[str],
    *,
    train: Sequence[Trial] | None = None,
    test: Sequence[Trial] | None = None,
    scores: Mapping[str, Score] | None = None,
    title: str = "",
    recording: Recording | None = None,
    command: str = "",
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

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    FitError
        If the path is a folder.

    Examples
    --------
    >>> import lapicque as lq, numpy as np, tempfile
    >>> data = lq.simulate(lq.neurons.lif, "400 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> trials = [lq.fit.Trial(np.full(4000, 600.0), data)]
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif, trials, free=dict(c_m=("50 pF", "900 pF")), distance=lq.distances.coincidence("4 ms")
    ... )
    >>> page = report(lq.fit.minimize(problem, budget=100, seed=1), Path(tempfile.mkdtemp()) / "fit.html")
    >>> page.name, sorted(p.name for p in page.with_name("fit-figures").glob("*.svg"))[:2]
    ('fit.html', ['agreement.svg', 'convergence.svg'])
    """
    path = Path(path)
    if path.is_dir():
        raise FitError(f"{path} is a folder: name the report's file, such as {path / 'report.html'}")
    material = gather(fit, train, test, scores, recording)
    folder = path.with_name(f"{path.stem}-figures")
    folder.mkdir(parents=True, exist_ok=True)
    figures = {section: [_written(each, folder) for each in drawn] for section, drawn in draw(material).items()}
    text = _template().render(_context(material, figures, title, command, folder.name))
    temporary = path.with_name(path.name + ".writing")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
    return path


def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("lapicque.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = tables.number
    return environment.get_template("report.html.j2")


def _written(drawn: Drawn, folder: Path) -> dict[str, str]:
    """Write a figure as PNG and SVG; return what the page needs of it."""
    images: dict[str, bytes] = {}
    with settings():
        for kind, metadata in (("svg", {"Date": None, "Creator": "lapicque"}), ("png", {"Software": "lapicque"})):
            buffer = BytesIO()
            drawn.figure.savefig(buffer, format=kind, metadata=metadata)
            images[kind] = _shortened(buffer.getvalue()) if kind == "svg" else buffer.getvalue()
            drawn.figure.set_layout_engine("none")  # it is laid out: once is enough
            (folder / f"{drawn.name}.{kind}").write_bytes(images[kind])
    width, height = drawn.figure.get_size_inches()
    return {
        "name": drawn.name,
        "caption": drawn.caption,
        "alt": drawn.alt,
        "source": "data:image/svg+xml;base64," + base64.b64encode(images["svg"]).decode("ascii"),
        "width": f"{96 * width:.0f}",
        "height": f"{96 * height:.0f}",
    }


def _shortened(svg: bytes) -> bytes:
    """Return a drawing with the coordinates of its paths to 0.01 points: a page of a third less."""
    return re.sub(rb'(?<=\sd=")[^"]*', lambda path: re.sub(rb"(\.\d\d)\d+", rb"\1", path.group()), svg)


def _context(
    material: Material, figures: Mapping[str, list[dict[str, str]]], title: str, command: str, folder: str
) -> dict[str, Any]:
    fit, recording = material.fit, material.recording
    problem = fit.problem
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
        "figures": figures,
        "folder": folder,
        "stimuli": [row for part in material.parts for row in tables.stimulus_rows(part, material.precision)],
        "several_stimuli": len(material.stimuli) > 1,
        "hidden_stimuli": max(
            len(material.stimuli) - len([f for f in figures["responses"] if f["name"].startswith("overview")]), 0
        ),
        "parameters": tables.parameter_rows(material),
        "fixed": tables.fixed_rows(material),
        "tolerance": tables.TOLERANCE,
        "search": {
            "loss": fit.loss,
            "evaluations": fit.evaluations,
            "budget": fit.budget,
            "seconds": fit.seconds,
            "stopped": _STOPPED.get(fit.stopped, fit.stopped),
        },
        "intervals": [row for part in material.parts for row in tables.interval_rows(part)],
        "equations": tables.equations(fit.neuron),
        "model_text": repr(fit.neuron),
        "command": command,
        "fit_code": "" if command else reproduce.fit_code(fit, train.trials, recording),
        "use_code": "import lapicque as lq\n\n" + reproduce.neuron_code(fit.neuron) + "\n\n" + reproduce.use_code(fit),
        "facts": tables.facts(material, None if recording is None else recording_to_dict(recording), versions()),
        "written": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        "ratio": ratio,
    }
