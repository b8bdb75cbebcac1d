"""``fit.json``: everything that a fit found and depends on, as plain numbers and texts, and the neuron back from it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.free import NUISANCES
from lapicque.fit.generations import Generation
from lapicque.fit.held_out import Score
from lapicque.fit.recording import Recording
from lapicque.fit.search import Fit
from lapicque.fit.trial import Trial
from lapicque.model.neuron import Event, Neuron
from lapicque.model.values import is_quantity, plain_value
from lapicque.units import parse_unit
from lapicque.versions import versions_of

FORMAT = 1
#: Packages that results depend on.
PACKAGES = ("lapicque", "numpy", "numba", "cmaes")


def save(
    fit: Fit,
    path: str | os.PathLike[str],
    *,
    scores: Mapping[str, Score] | None = None,
    train: Sequence[Trial] | None = None,
    test: Sequence[Trial] | None = None,
    recording: Recording | None = None,
    test_recording: Recording | None = None,
    command: str = "",
) -> Path:
    """Write the record of a fit as JSON; arguments as for `to_dict`.

    Returns
    -------
    Path
        Of the file, which is replaced at once: a reader never sees half of it.
    """
    found = to_dict(
        fit, scores=scores, train=train, test=test, recording=recording, test_recording=test_recording, command=command
    )
    path = Path(path)
    temporary = path.with_name(path.name + ".writing")
    text = json.dumps(found, indent=2, allow_nan=False, ensure_ascii=False)
    text = re.sub(r"\[\n[^\[\]{}\"]*\]", lambda numbers: re.sub(r"\s+", " ", numbers[0]), text)  # one line for a point
    temporary.write_text(text + "\n", encoding="utf-8")
    os.replace(temporary, path)
    return path


def to_dict(
    fit: Fit,
    *,
    scores: Mapping[str, Score] | None = None,
    train: Sequence[Trial] | None = None,
    test: Sequence[Trial] | None = None,
    recording: Recording | None = None,
    test_recording: Recording | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Return the record of a fit, ready for JSON; numbers that are not finite are null.

    Parameters
    ----------
    fit : Fit
    scores : ``"train"`` and ``"test"`` -> Score, optional
    train, test : sequence of Trial, optional
        Which trials the scores are of, for the record of the split; those of the fit are the training trials if absent.
    recording, test_recording : Recording, optional
        Where they came from.
    command : str
        What was typed to get the fit.

    Examples
    --------
    >>> import lapicque as lq
    >>> data = lq.simulate(lq.neurons.lif, "200 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(np.full(2000, 600.0), data)],
    ...     free=dict(c_m=("50 pF", "900 pF")),
    ...     distance=lq.distances.coincidence("4 ms"),
    ... )
    >>> found = to_dict(lq.fit.minimize(problem, budget=100, seed=1))
    >>> found["parameters"]["c_m"]["bounds"], found["parameters"]["c_m"]["unit"]
    ([50.0, 900.0], 'pF')
    """
    problem = fit.cell
    ends = fit.at_bounds
    own = getattr(problem.objective, "distance", None)
    split = {"train": problem.trials if train is None else train, **({} if test is None else {"test": test})}
    record = {
        "format": FORMAT,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "parameters": {
            name: {
                "value": found.value,
                "unit": str(found.unit),
                "bounds": [found.low, found.high],
                "scale": free.scale,
                "at_bound": ends.get(name),
            }
            for free, (name, found) in zip(problem.free, fit.parameters.items(), strict=True)
        },
        "scores": {part: _score(score) for part, score in (scores or {}).items()},
        "loss": fit.loss,
        "model": model_to_dict(fit.neuron),
        "distance": None if own is None else repr(own),
        "objective": repr(problem.objective),
        "simulation": {
            "dt_ms": problem.dt,
            "scheme": problem.scheme,
            "precision": problem.precision,
            "runs_per_trial": problem.repeats,
            "seed": problem.seed,
            "driven_input": problem.driven,
        },
        "search": {
            "optimizer": repr(fit.optimizer),
            "seed": fit.seed,
            "budget": fit.budget,
            "evaluations": fit.evaluations,
            "seconds": round(fit.seconds, 3),
            "stopped": fit.stopped,
            "history": fit.history.tolist(),
            "generations": [_rounded(generation) for generation in fit.generations],
        },
        "seed": fit.seed,
        "split": {part: [_trial(trial) for trial in trials] for part, trials in split.items()},
        "recording": None if recording is None else recording_to_dict(recording),
        "test_recording": None if test_recording is None else recording_to_dict(test_recording),
        "command": command,
        "versions": versions(),
        "problem": problem.fingerprint,
    }
    return finite(record)


def load(path: str | os.PathLike[str], neuron: Neuron | None = None) -> Neuron:
    """Return the fitted neuron of a record that `save` wrote.

    Parameters
    ----------
    path : path
    neuron : Neuron, optional
        The model that was fitted, which is given the fitted values; without it the neuron is made anew from the text in
        the record. Its ``ranges`` are then the bounds of the fit.

    Raises
    ------
    FitError
        If the file is no such record, or belongs to another model.

    Examples
    --------
    >>> import tempfile, lapicque as lq
    >>> data = lq.simulate(lq.neurons.lif, "200 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(np.full(2000, 600.0), data)],
    ...     free=dict(c_m=("50 pF", "900 pF")),
    ...     distance=lq.distances.coincidence("4 ms"),
    ... )
    >>> fit = lq.fit.minimize(problem, budget=100, seed=1)
    >>> path = save(fit, Path(tempfile.mkdtemp()) / "fit.json")
    >>> load(path) == fit.neuron, load(path, lq.neurons.lif) == fit.neuron
    (True, True)
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        model, parameters, written = record["model"], record["parameters"], record["format"]
    except (ValueError, KeyError, TypeError):
        raise FitError(f"{os.fspath(path)} is no record of a fit, or it is damaged") from None
    if written != FORMAT:
        raise FitError(f"{os.fspath(path)} has format {written!r}, this version of lapicque reads {FORMAT}")
    values = {n: with_unit(p["value"], p["unit"]) for n, p in parameters.items() if n not in NUISANCES}
    if neuron is None:
        bounds = {n: [with_unit(b, parameters[n]["unit"]) for b in parameters[n]["bounds"]] for n in values}
        return model_from_dict(model, ranges=bounds).with_(**values)
    if neuron.fingerprint != model["fingerprint"]:
        raise FitError(
            f"{os.fspath(path)} is a fit of {model['name']!r}: {neuron.name!r} has other equations or events"
        )
    return neuron.with_(**values)


def load_generations(path: str | os.PathLike[str]) -> tuple[Generation, ...]:
    """Return the generations of the search in a record that `save` wrote, points to 6 decimals, losses to 6 digits.

    Raises
    ------
    FitError
        If the file is no such record.

    Examples
    --------
    >>> import tempfile, lapicque as lq
    >>> data = lq.simulate(lq.neurons.lif, "200 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(np.full(2000, 600.0), data)],
    ...     free=dict(c_m=("50 pF", "900 pF")),
    ...     distance=lq.distances.coincidence("4 ms"),
    ... )
    >>> fit = lq.fit.minimize(problem, budget=100, seed=1)
    >>> load_generations(save(fit, Path(tempfile.mkdtemp()) / "fit.json"))[-1].points.shape
    (64, 1)
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        return tuple(map(Generation.read, record["search"].get("generations", ())))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FitError(f"{os.fspath(path)} is no record of a fit, or it is damaged") from None


def model_to_dict(neuron: Neuron) -> dict[str, Any]:
    """Return all that makes a neuron, with its values as numbers and units."""
    events = {
        event.name: {
            "threshold": event.threshold.text,
            "reset": "; ".join(f"{s.target} {s.operator} {s.expression.text}" for s in event.reset),
            "refractory": None if event.refractory is None else event.refractory.text,
        }
        for event in neuron.parsed_events
    }
    return {
        "name": neuron.name,
        "equations": neuron.equations,
        "events": events,
        "parameters": {n: _quantity(neuron.variables[n].value, neuron.variables[n].unit) for n in neuron.parameters},
        "initial": {name: _initial(neuron, name, value) for name, value in neuron.initial.items()},
        "reference": neuron.reference,
        **({} if neuron.output is None else {"output": neuron.output}),
        "fingerprint": neuron.fingerprint,
    }


def model_from_dict(model: Mapping[str, Any], ranges: Mapping[str, Any] | None = None) -> Neuron:
    """Return the neuron that `model_to_dict` described.

    Examples
    --------
    >>> from lapicque.neurons import izhikevich
    >>> model_from_dict(model_to_dict(izhikevich)) == izhikevich
    True
    """
    events = dict(model["events"])
    spike = events.pop("spike", {})
    return Neuron(
        model["equations"],
        threshold=spike.get("threshold"),
        reset=spike.get("reset"),
        refractory=spike.get("refractory"),
        events={name: Event(**event) for name, event in events.items()},
        parameters={name: with_unit(p["value"], p["unit"]) for name, p in model["parameters"].items()},
        initial={n: with_unit(**v) if isinstance(v, Mapping) else v for n, v in model["initial"].items()},
        ranges=dict(ranges or {}),
        reference=model["reference"],
        name=model["name"],
        output=model.get("output"),
    )


def with_unit(value: Any, unit: str) -> Any:
    """Return a number or a list with its unit, as the model language takes it: ``"12.5 ms"``."""
    if parse_unit(unit).dimensionless and parse_unit(unit).scale == 1:
        return value
    return f"{value!r} {unit}" if np.ndim(value) == 0 else np.asarray(value, dtype=float) * parse_unit(unit)


def recording_to_dict(recording: Recording) -> dict[str, Any]:
    """Return where a recording came from, with hashes of its files and of what was read from them."""
    digest = hashlib.sha256()
    for sweep in recording.sweeps:
        digest.update(np.ascontiguousarray(sweep.stimulus).tobytes())
        digest.update(np.ascontiguousarray(sweep.spikes.times).tobytes())
    return {
        "name": recording.name,
        "source": recording.source,
        "files": [{"path": path, "sha256": _sha256(path)} for path in source_files(recording.source)],
        "sha256_of_stimuli_and_spikes": digest.hexdigest(),
        "dt_ms": recording.dt,
        "stimulus_unit": recording.stimulus_unit,
        "sweeps": len(recording.sweeps),
        "spikes": recording.n_spikes,
        "duration_ms": recording.duration,
        "notices": list(recording.notices),
    }


def source_files(source: str) -> list[str]:
    """Return the files that a recording names as its source, several of which stand with commas between."""
    if not source:
        return []
    return [source] if Path(source).exists() else source.split(", ")


def versions() -> dict[str, str]:
    """Return versions of what results depend on, and of Python and the machine."""
    return versions_of(*PACKAGES)


def _sha256(path: str) -> str | None:
    if not Path(path).is_file():
        return None
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _score(score: Score) -> dict[str, Any]:
    rows = [
        {
            "label": label,
            "gamma": gamma,
            "reliability": reliability,
            "gamma_over_reliability": ratio(gamma, reliability),
        }
        for label, gamma, reliability in score.per_trial
    ]
    return {
        "gamma": score.gamma,
        "reliability": score.reliability,
        "gamma_over_reliability": ratio(score.gamma, score.reliability),
        "per_stimulus": rows,
    }


def ratio(gamma: float, reliability: float | None) -> float | None:
    """Return Gamma over reliability: Gamma where there is one trial, None where the data do not repeat themselves."""
    if reliability is None:
        return gamma
    return gamma / reliability if reliability > 0 else None


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "label": trial.label,
        "window_ms": list(trial.window),
        "repeats": len(trial.spikes),
        "spikes": int(trial.scored.counts.sum()),
        "weight": trial.weight,
        "distance": None if trial.distance is None else repr(trial.distance),
    }


def _rounded(generation: Generation) -> list[Any]:
    number, evaluations, points, losses = generation.plain()
    digits = np.vectorize(lambda loss: float(f"{loss:.6g}"), otypes=[float])
    return [number, evaluations, np.round(points, 6).tolist(), digits(losses).tolist()]


def _quantity(value: Any, unit: Any) -> dict[str, Any]:
    return {"value": value.tolist() if isinstance(value, np.ndarray) else value, "unit": str(unit)}


def _initial(neuron: Neuron, name: str, value: Any) -> Any:
    if isinstance(value, str) or not is_quantity(value, neuron.variables):
        return value
    unit = neuron.states[name].unit
    number = plain_value(value, unit, f"the initial value of {name!r}")
    return with_unit(number, str(unit)) if np.ndim(number) == 0 else _quantity(number, unit)


def finite(value: Any) -> Any:
    """Return what JSON can hold: numbers that are not finite are None."""
    if isinstance(value, dict):
        return {name: finite(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
