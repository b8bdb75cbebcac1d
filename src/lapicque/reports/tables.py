"""What a report says in numbers: rows of its tables, ready for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lapicque.fit.record import ratio
from lapicque.model.neuron import Neuron
from lapicque.model.render import show_value
from lapicque.plot.fits import through_optimum
from lapicque.plot.matching import match
from lapicque.reports import mathml
from lapicque.reports.figures import profile_ceiling
from lapicque.reports.material import Material, Part
from lapicque.spikes.statistics import cv, lv
from lapicque.spikes.trains import SpikeTrains

#: By how much the loss may rise where a parameter still counts as compatible with the optimum.
TOLERANCE = 0.05
PARTS = {"train": "Fitted part", "test": "Held-out part"}
_NUISANCES = {
    "delay": "the model's spikes come later by this",
    "input_scale": "of the input for one unit of the stimulus",
    "input_offset": "added to the input",
}


def number(value: float | None, digits: int = 3) -> str:
    """Return a number for a reader: a minus sign that is one, nothing for what is not known.

    Examples
    --------
    >>> number(0.8712), number(None), number(-0.5, 1)
    ('0.871', '–', '−0.5')
    """
    if value is None or not np.isfinite(value):
        return "–"
    return f"{value:.{digits}f}".replace("-", "−")


def significant(value: float) -> str:
    """Return a number with four significant digits.

    Examples
    --------
    >>> significant(281.0), significant(-0.5), significant(123456.0)
    ('281', '−0.5', '123500')
    """
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    text = f"{value:.4g}"
    return (f"{float(text):.0f}" if "e+0" in text and abs(value) < 1e7 else text).replace("-", "−")


def subtitle(material: Material, title: str) -> list[str]:
    """Return what was fitted to what, in a few words each; names that the title holds are left out."""
    trials = [stimulus.trial for stimulus in material.stimuli]
    repeats = sorted({len(trial.spikes) for trial in trials})
    spikes = sum(int(trial.spikes.counts.sum()) for trial in trials)
    length = sum(trial.duration for trial in trials)
    names = [material.fit.cell.neuron.name, "" if material.recording is None else material.recording.name]
    named = [name for name in names if name and name not in title]
    several = len(trials) > 1
    stimuli = f"{len(trials)} stimuli" if several else "1 stimulus"
    repeated = f"{repeats[0]} to {repeats[-1]} trials" if len(repeats) > 1 else _plural(repeats[0], "trial")
    return [
        *named,
        f"{stimuli}, {length / 1e3:.3g} s",
        f"{repeated}{' each' if several and repeats != [1] else ''}",
        f"{spikes:,} spikes".replace(",", " "),
    ]


def _plural(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def headline(part: Part) -> dict[str, Any]:
    """Return the three numbers of a part."""
    score = part.score
    return {
        "part": PARTS[part.name],
        "name": part.name,
        "gamma": score.gamma,
        "reliability": score.reliability,
        "ratio": None if score.reliability is None else ratio(score.gamma, score.reliability),
    }


def warnings_of(material: Material) -> list[str]:
    """Return what a reader should know before believing the numbers."""
    fit = material.fit
    found = []
    for name, end in fit.at_bounds.items():
        p = fit.parameters[name]
        bound = p.low if end == "low" else p.high
        unit = "" if str(p.unit) == "1" else f" {p.unit}"
        found.append(
            f"{name} ended at its {'lower' if end == 'low' else 'upper'} bound, {significant(bound)}{unit}: the best "
            "value may lie beyond it."
        )
    if fit.stopped == "interrupted":
        found.append(f"The search was interrupted after {fit.evaluations} of {fit.budget} evaluations.")
    if all(part.name != "test" for part in material.parts):
        found.append("Nothing was held out: all scores are of data that the fit has seen.")
    low = [p.name for p in material.parts if p.score.reliability is not None and p.score.reliability < 0.2]
    if low:
        found.append(
            f"The trials hardly repeat themselves in the {' and the '.join(PARTS[n].lower() for n in low)}: scores "
            "relative to so small a reliability mean little."
        )
    return found


def stimulus_rows(part: Part, precision: float) -> list[dict[str, Any]]:
    """Return rates, coincidences and scores of each stimulus of a part."""
    rows = []
    for n, (agreement, trial) in enumerate(zip(part.agreements, part.trials, strict=True)):
        delta = float(getattr(trial.distance, "precision", precision))
        pairs = [match(m, d, delta) for m in agreement.model.to_lists() for d in agreement.data.to_lists()]
        in_model, in_data = (np.concatenate([pair[k] for pair in pairs]) for k in (0, 1))
        gamma, reliability = agreement.gamma, agreement.reliability
        if len(part.score.per_trial) == len(part.trials):
            _, gamma, reliability = part.score.per_trial[n]
        rows.append(
            {
                "part": PARTS[part.name],
                "first": n == 0,
                "label": agreement.label,
                "window": f"{trial.window[0] / 1e3:.3g} – {trial.window[1] / 1e3:.3g} s",
                "trials": len(agreement.data),
                "data_rate": float(agreement.data.rate().mean()),
                "model_rate": float(agreement.model.rate().mean()),
                "found": float(in_data.mean()) if in_data.size else None,
                "extra": float(1 - in_model.mean()) if in_model.size else None,
                "gamma": gamma,
                "reliability": reliability,
                "ratio": None if reliability is None else ratio(gamma, reliability),
            }
        )
    return rows


def parameter_rows(material: Material) -> list[dict[str, Any]]:
    """Return the free parameters: value, bounds, where the loss is low, and a small profile."""
    fit = material.fit
    ceiling = profile_ceiling(material)
    rows = []
    for free, x in zip(fit.problem.free, fit.point, strict=True):
        found = fit.parameters[free.name]
        values, losses = through_optimum(fit, free.name, material.profiles[free.name])
        low, high = tolerated(values, losses, found.value, fit.loss + TOLERANCE, free.scale)
        constant = fit.neuron.constants.get(free.name)
        rows.append(
            {
                "name": free.name,
                "symbol": mathml.name_to_mathml(free.name),
                "doc": constant.doc if constant is not None else _NUISANCES.get(free.name, ""),
                "value": significant(found.value),
                "unit": "" if str(free.unit) == "1" else str(free.unit),
                "low": significant(free.low),
                "high": significant(free.high),
                "scale": free.scale,
                "at_bound": fit.at_bounds.get(free.name),
                "tolerated": (significant(low), significant(high)),
                "spark": spark(
                    free.to_cube(values), losses, float(x), fit.loss, ceiling, free.to_cube(np.array([low, high]))
                ),
            }
        )
    return rows


def tolerated(values: np.ndarray, losses: np.ndarray, best: float, level: float, scale: str) -> tuple[float, float]:
    """Return how far a parameter can move from the optimum until the loss passes a level, the others fixed.

    Examples
    --------
    >>> tolerated(np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.0, 1.0]), 1.0, 0.5, "linear")
    (0.5, 1.5)
    """
    axis = np.log(values) if scale == "log" else values
    center = int(np.searchsorted(values, best))
    ends = []
    for step in (-1, 1):
        k = center
        while 0 <= k + step < len(values) and losses[k + step] <= level:
            k += step
        end = axis[k]
        if 0 <= k + step < len(values):
            share = (level - losses[k]) / (losses[k + step] - losses[k])
            end = axis[k] + np.clip(share, 0, 1) * (axis[k + step] - axis[k])
        ends.append(float(np.exp(end) if scale == "log" else end))
    return ends[0], ends[1]


def spark(
    at: np.ndarray, losses: np.ndarray, x: float, best: float, ceiling: float, band: np.ndarray
) -> dict[str, Any]:
    """Return a small profile as coordinates in a box of 100 by 24."""
    height = 1 - np.clip((losses - best) / (ceiling - best), 0, 1)
    points = " ".join(f"{100 * a:.1f},{2 + 20 * h:.1f}" for a, h in zip(at, height, strict=True))
    left, right = (float(100 * np.clip(b, 0, 1)) for b in band)
    return {"points": points, "x": f"{100 * x:.1f}", "left": f"{left:.1f}", "width": f"{max(right - left, 0.8):.1f}"}


def fixed_rows(material: Material) -> list[dict[str, str]]:
    """Return the parameters that were held."""
    free = {f.name for f in material.fit.problem.free}
    neuron = material.fit.neuron
    return [
        {
            "symbol": mathml.name_to_mathml(name),
            "value": show_value(v.value).replace("-", "−"),
            "unit": "" if str(v.unit) == "1" else str(v.unit),
            "doc": v.doc,
        }
        for name, v in neuron.constants.items()
        if name not in free
    ]


def interval_rows(part: Part) -> list[dict[str, Any]]:
    """Return mean rate and variability of data and model in a part."""
    rows = []
    for name in ("data", "model"):
        trains = [getattr(a, name) for a in part.agreements]
        rows.append(
            {
                "part": PARTS[part.name],
                "first": name == "data",
                "who": name,
                "rate": _mean([t.rate() for t in trains]),
                "interval": _mean([np.diff(times) for t in trains for times in t.to_lists()]),
                "cv": _mean_of(cv, trains),
                "lv": _mean_of(lv, trains),
            }
        )
    return rows


def _mean_of(statistic: Any, trains: list[SpikeTrains]) -> float | None:
    return _mean([statistic(t) for t in trains])


def _mean(values: list[np.ndarray]) -> float | None:
    pooled = np.concatenate([np.empty(0), *values])
    pooled = pooled[np.isfinite(pooled)]
    return float(pooled.mean()) if pooled.size else None


def equations(neuron: Neuron) -> dict[str, Any]:
    """Return equations and events as MathML."""
    shown = [e for e in neuron.parsed_equations if e.expression is not None]
    return {
        "rows": [mathml.equation_to_mathml(e) for e in shown],
        "events": [
            {
                "name": event.name,
                "threshold": mathml.tree_to_mathml(event.threshold.tree),
                "reset": [mathml.statement_to_mathml(s) for s in event.reset],
                "refractory": "" if event.refractory is None else mathml.tree_to_mathml(event.refractory.tree),
            }
            for event in neuron.parsed_events
        ],
        "states": [(mathml.name_to_mathml(n), str(v.unit), v.doc) for n, v in neuron.states.items()],
        "inputs": [(mathml.name_to_mathml(n), str(v.unit), v.doc) for n, v in neuron.inputs.items()],
        "reference": neuron.reference,
    }


def facts(
    material: Material, recording: Mapping[str, Any] | None, versions: Mapping[str, str]
) -> list[tuple[str, list[str]]]:
    """Return what the fit depends on: label -> lines."""
    fit, problem = material.fit, material.fit.cell
    rows: list[tuple[str, list[str]]] = []
    if recording is not None:
        lines = [
            f"{file['path']}  sha256 {file['sha256']}" if file["sha256"] else file["path"]
            for file in recording["files"]
        ]
        rows.append(("Recording", lines or [recording["name"] or "made in memory"]))
        rows.append(("Stimuli and spikes", [f"sha256 {recording['sha256_of_stimuli_and_spikes']}"]))
    rows += [
        ("Objective", [repr(problem.objective)]),
        ("Scores", [f"Γ: {material.distance!r}"]),
        ("Simulation", [
            f"{problem.scheme}, dt {problem.dt:g} ms, {problem.precision}, "
            f"{_plural(problem.repeats or 1, 'run')} a trial, seed {problem.seed}"
        ]),
        ("Search", [
            repr(fit.optimizer),
            f"seed {fit.seed}, {fit.evaluations} of {fit.budget} evaluations, {fit.seconds:.1f} s",
        ]),
        ("Versions", [", ".join(f"{name} {value}" for name, value in versions.items())]),
    ]  # fmt: skip
    return rows
