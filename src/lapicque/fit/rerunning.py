"""Saved fits of cells, run anew on data that they have not seen."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lapicque.distances.coincidence import coincidence
from lapicque.distances.distance import Distance
from lapicque.errors import FitError
from lapicque.fit.agreement import is_coincidence
from lapicque.fit.comparing import Comparison, ranked, scored
from lapicque.fit.problem import Problem
from lapicque.fit.record import load, recording_to_dict, with_unit
from lapicque.fit.recording import Recording
from lapicque.fit.search import Candidate
from lapicque.fit.trial import Trial, trials_of


def rerun_records(
    paths: Sequence[str | os.PathLike[str]],
    recording: Recording,
    *,
    distance: Distance | None = None,
    draws: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Run saved fits of cells on a recording and compare them there, whatever scores stand in their records.

    The fits need not have been made of the same data. Of a recording that one of them was fitted to only the part that
    was held out then is scored; that is noticed by what was read from it, so not where other sweeps were selected.

    Parameters
    ----------
    paths : sequence of path
        Of records, ``fit.json``, that ``lapicque fit`` or `lapicque.fit.save` wrote; one is enough.
    recording : Recording
    distance : Distance, optional
        A coincidence factor; the records' own if absent and the same for all, else that with 4 ms.
    draws, confidence, seed : as of `lapicque.fit.compare`

    Raises
    ------
    FitError
        If a file is no record of a cell's fit, the recording has no spikes to score, or is what a fit was made of.

    Examples
    --------
    >>> import lapicque as lq, numpy as np, tempfile
    >>> current = np.full(2000, 600.0)
    >>> spikes = lq.simulate(lq.neurons.lif, "200 ms", inputs={"i_ext": current}).spikes
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(current, spikes)],
    ...     free=dict(c_m=("50 pF", "900 pF")),
    ...     distance=lq.distances.coincidence("4 ms"),
    ... )
    >>> path = lq.fit.save(lq.fit.minimize(problem, budget=200, seed=1), Path(tempfile.mkdtemp()) / "fit.json")
    >>> stronger = np.full(2000, 700.0)
    >>> spikes = lq.simulate(lq.neurons.lif, "200 ms", inputs={"i_ext": stronger}).spikes
    >>> rerun_records([path], lq.fit.Recording([lq.fit.Sweep(stronger, spikes)], 0.1, "pA")).rows[0].score > 0.9
    True
    """
    if not paths:
        raise FitError("there is nothing to run: give the paths of saved fits, fit.json")
    records = {os.fspath(path): _read(path) for path in paths}
    if len(records) < len(paths):
        raise FitError("a record was given twice: name each once")
    trials = _unseen(records, recording)
    spiking = [trial for trial in trials if trial.scored.times.size]
    if not spiking:
        raise FitError(f"{recording.name or 'the recording'} has no spikes to score: give another one")
    measure = _measure(records) if distance is None else distance
    if not is_coincidence(measure):
        raise FitError(f"cells are compared by a coincidence factor, such as coincidence('4 ms'), not {measure!r}")
    fits = {name: _candidate(name, record, spiking, measure) for name, record in records.items()}
    over, found = scored(fits, trials, spiking, measure, 1, seed)
    rows = [(replace(row, loss=float(records[row.name]["loss"])), units) for row, units in found]
    return Comparison(ranked(rows, draws, confidence, seed), f"{measure!r}, more is better", over, confidence)


def _read(path: str | os.PathLike[str]) -> dict[str, Any]:
    load(path)  # says what is wrong with it
    record = json.loads(Path(path).read_text(encoding="utf-8"))
    missing = [name for name in ("simulation", "split", "loss") if name not in record]
    if missing:
        raise FitError(f"{os.fspath(path)} has no {missing[0]!r}: it is no record of a cell's fit, or it is damaged")
    return dict(record)


def _unseen(records: dict[str, dict[str, Any]], recording: Recording) -> list[Trial]:
    """Return the trials, of a recording that was fitted to those that were held out."""
    trials = trials_of(recording)
    own = recording_to_dict(recording)["sha256_of_stimuli_and_spikes"]
    held: dict[str, Any] = {}
    for name, record in records.items():
        if (record.get("recording") or {}).get("sha256_of_stimuli_and_spikes") != own:
            continue
        rest = record["split"].get("test")
        if not rest or record.get("test_recording"):
            raise FitError(f"{name} was fitted to all of {recording.name or 'this recording'}: give unseen data")
        held[name] = [(trial["label"], tuple(trial["window_ms"])) for trial in rest]
    if not held:
        return trials
    first = next(iter(held))
    for name, parts in held.items():
        if parts != held[first]:
            raise FitError(f"{name} and {first} held out other parts of this recording: give data unseen by both")
    named = {trial.label: trial for trial in trials}
    return [named[label].within(*window) for label, window in held[first]]


def _measure(records: dict[str, dict[str, Any]]) -> Distance:
    """Return the coincidence factor that all records have, else that with 4 ms."""
    texts = {record.get("distance") for record in records.values()}
    text = texts.pop() if len(texts) == 1 else None
    if text and text.startswith("coincidence("):
        call = ast.parse(text, mode="eval").body
        assert isinstance(call, ast.Call)
        given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg}
        return coincidence(**given)
    return coincidence("4 ms")


def _candidate(name: str, record: dict[str, Any], trials: Sequence[Trial], measure: Distance) -> Candidate:
    """Return the fit as it was, on other trials."""
    neuron, run = load(name), record["simulation"]
    if len(neuron.inputs) > 1:
        driven = run["driven_input"]
        trials = [replace(t, stimulus={driven: t.inputs[""]}) if "" in t.inputs else t for t in trials]
    bounds, values = {}, {}
    for parameter, found in record["parameters"].items():
        low, high = (with_unit(bound, found["unit"]) for bound in found["bounds"])
        bounds[parameter] = (low, high, found["scale"])
        values[parameter] = with_unit(found["value"], found["unit"])
    problem = Problem(
        neuron, trials, free=bounds, distance=measure, dt=f"{run['dt_ms']} ms", method=run["scheme"],
        repeats=run["runs_per_trial"], seed=run["seed"], precision=run["precision"], prepare=False,
    )  # fmt: skip
    return Candidate(problem, problem.point(values))
