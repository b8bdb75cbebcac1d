"""Fitted models side by side, written as one HTML file: their table, and their scores as bars."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.comparing import Comparison
from lapicque.reports.drawing import Drawn, figure_of, settings
from lapicque.reports.writing import file_of, write


def comparison_report(
    found: Comparison, path: str | os.PathLike[str], *, title: str = "Fitted models compared", command: str = ""
) -> Path:
    """Write a comparison of fitted models as one HTML page.

    Parameters
    ----------
    found : Comparison
    path : path
        Of the page.
    title : str
    command : str
        What was typed to get it.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    FitError
        If the path is a folder.
    """
    path = file_of(path, FitError)
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = found.columns()
    context = {
        "title": title, "heads": list(columns), "rows": list(zip(*columns.values(), strict=True)),
        "remarks": found.remarks, "command": command,
    }  # fmt: skip
    with settings():
        drawn = {"scores": [_bars(found)]}
    return write("comparison.html.j2", path, drawn, context)


def _bars(found: Comparison) -> Drawn:
    rows = found.rows[::-1]
    figure = figure_of(1.0 + 0.3 * len(rows))
    scores, differences = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(rows))
    scores.barh(places, [row.score for row in rows], color="0.6")
    scores.set_yticks(places, [row.name for row in rows])
    scores.set_xlabel("held out")
    middle = np.array([row.difference for row in rows])
    ends = np.abs([[row.low for row in rows], [row.high for row in rows]] - middle)
    differences.errorbar(middle, places, xerr=np.nan_to_num(ends), fmt="o", color="black", markersize=4, capsize=3)
    differences.axvline(0, color="0.6", linewidth=0.7)
    differences.set_xlabel("difference from the best")
    return Drawn(
        "scores",
        figure,
        f"Left, scores on held-out data ({found.measure}). Right, how much better than the best model (below 0: "
        f"worse), with {found.confidence:.0%} intervals over {found.over} where there are several.",
        "Score of each model, and its difference from the best model.",
    )
