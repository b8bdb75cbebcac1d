"""How far a cell's fit holds: tests on what was held out, and what the data fix, where that is quickly found."""

from __future__ import annotations

from typing import Any

from lapicque.errors import FitError
from lapicque.fit.identifiability import Identifiability, identifiability
from lapicque.fit.validation.result import Validation
from lapicque.fit.validation.validate import validate
from lapicque.reports.material import Material, Part
from lapicque.reports.validity import shown_curvature, shown_tests

#: What is found for a page without being asked for takes no longer, s.
PATIENCE = 2.0


def held_of(material: Material, validation: Validation | None, curvature: Identifiability | None) -> dict[str, Any]:
    """Return tests and directions, or why there are none, and what the data are that were tested.

    Parameters
    ----------
    material : Material
    validation : Validation, optional
        Made of the held-out part if absent, and where there is none, of the fitted one.
    curvature : Identifiability, optional
        Found if absent, where it takes less than `PATIENCE`.
    """
    part = material.parts[-1]
    found: dict[str, Any] = {"validity": None, "no_validity": "", "curvature": None, "no_curvature": ""}
    found["tested"] = ("" if validation is not None else tested(part), repeats_of(part))
    try:
        if validation is None:
            validation = validate(material.fit, part.trials if part.name == "test" else None, progress=False)
        found["validity"] = shown_tests(validation)
    except FitError as error:
        found["no_validity"] = f"It could not be tested: {error}."
    try:
        if curvature is None:
            seconds = cost(material)
            if seconds > PATIENCE:
                found["no_curvature"] = (
                    f"It was not looked for, since that takes about {seconds:.0f} s: give "
                    "curvature=lq.fit.identifiability(fit) to the report."
                )
                return found
            curvature = identifiability(material.fit)
        found["curvature"] = shown_curvature(curvature)
    except FitError as error:
        found["no_curvature"] = f"It could not be found: {error}."
    return found


def cost(material: Material) -> float:
    """Return about how long the curvature takes, s: ten candidates for each coefficient of a parabola."""
    fit = material.fit
    d = fit.problem.dimension
    return 10 * (1 + d + d * (d + 1) // 2) * fit.seconds / max(fit.evaluations, 1)


def tested(part: Part) -> str:
    """Return what is compared."""
    which = "held out" if part.name == "test" else "fitted, since nothing was held out: they say little"
    stimuli = "one stimulus" if len(part.trials) == 1 else f"{len(part.trials)} stimuli"
    return (
        f"Each stimulus counts as a sample of the cell's behaviour: firing statistics of data and model are compared "
        f"over {stimuli} that {'was' if len(part.trials) == 1 else 'were'} {which}."
    )


def repeats_of(part: Part) -> str:
    """Return what the repeats of a part leave unknown; empty where there is nothing to say."""
    said = []
    if len(part.trials) < 3:
        said.append("So few stimuli decide nothing about distributions over stimuli: undecided is the honest verdict.")
    single = sum(len(trial.spikes) == 1 for trial in part.trials)
    if single == len(part.trials):
        said.append(
            "The recording has a single run of each stimulus: how the cell itself differs from run to run is not "
            "known, so no difference from it can be told from chance by repeats."
        )
    elif single:
        said.append(f"{single} of the {len(part.trials)} stimuli were recorded once only.")
    return " ".join(said)
