"""What a page says of how far a fit holds: the tests' table, and which combinations of parameters the data fix."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from lapicque.errors import FitError, suggest
from lapicque.fit.identifiability import Identifiability
from lapicque.fit.search import Candidate
from lapicque.fit.validation.result import Row, Validation
from lapicque.reports.tables import number

#: The columns of the tests' table.
HEADS = (
    "population",
    "statistic",
    "data",
    "model",
    "test",
    "p (Holm)",
    "effect",
    "for a change of",
    "power",
    "verdict",
)


def shown_tests(validation: Validation) -> dict[str, Any]:
    """Return the table of tests; without the column of populations where there is one without a name."""
    first = 0 if any(row.population for row in validation.rows) else 1
    return {
        "verdict": repr(validation).splitlines()[0],
        "heads": HEADS[first:],
        "rows": [(*_row(row)[first:], row.verdict.partition(":")[0].lower()) for row in validation.rows],
        "notes": validation.notes,
    }


def _row(row: Row) -> tuple[str, ...]:
    low, high = row.effect_interval
    return (
        row.population, row.feature, number(row.data_mean), number(row.model_mean), row.test, number(row.p_holm),
        f"{row.effect:+.2f} [{low:+.2f}, {high:+.2f}]" if np.isfinite(row.effect) else "–", row.change,
        number(row.power), row.verdict,
    )  # fmt: skip


def shown_curvature(curvature: Identifiability) -> dict[str, Any]:
    """Return the directions of the curvature, the most certain first."""
    return {
        "explained": "-" if np.isnan(curvature.explained) else f"{100 * curvature.explained:.0f} %",
        "radius": curvature.radius,
        "exploded": curvature.exploded,
        "directions": [
            ("open" if curvature.sloppy[n] else "fixed", f"{value:.3g} ± {error:.2g}", curvature.combination(n))
            for n, (value, error) in enumerate(zip(curvature.curvatures, curvature.errors, strict=True))
        ],
    }


def check_validation(validation: Any, populations: Collection[str], name: str) -> None:
    """Refuse what is no validation, or one of other populations.

    Parameters
    ----------
    populations : names of what was fitted
        ``{""}`` for a cell.

    Raises
    ------
    FitError
    """
    if not isinstance(validation, Validation):
        raise FitError(f"validation is a {type(validation).__name__}: give what lq.fit.validate returns")
    found = list(dict.fromkeys(row.population for row in validation.rows))
    foreign = [one for one in found if one not in populations]
    if foreign and not (len(found) == len(populations) == 1 and found == [""]):
        shown = ", ".join(repr(one) if one else "one without a name" for one in foreign)
        own = ", ".join(map(repr, sorted(filter(None, populations)))) or "a cell"
        raise FitError(
            f"the validation is of another model: its populations are {shown}{suggest(foreign[0], populations)}, and "
            f"{name!r} was fitted to {own}: give lq.fit.validate(fit, unseen) of this fit"
        )


def check_curvature(curvature: Any, fit: Candidate) -> None:
    """Refuse what is no curvature, or one of other parameters.

    Raises
    ------
    FitError
    """
    if not isinstance(curvature, Identifiability):
        raise FitError(f"curvature is a {type(curvature).__name__}: give what lq.fit.identifiability returns")
    names = tuple(f.name for f in fit.problem.free)
    if curvature.names != names:
        raise FitError(
            f"the curvature is of another fit: it is of {', '.join(curvature.names)}, and {', '.join(names)} are free: "
            "give lq.fit.identifiability(fit) of this fit"
        )
