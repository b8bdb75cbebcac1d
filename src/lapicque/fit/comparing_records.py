"""Saved fits of cells side by side: the scores that stand in their records, without a run."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.comparing import NAN, Compared, Comparison, ranked


def compare_records(
    paths: Sequence[str | os.PathLike[str]], *, draws: int = 2000, confidence: float = 0.95, seed: int = 0
) -> Comparison:
    """Compare fits of cells that were saved with their scores on held-out data, as ``lapicque fit`` saves them.

    Parameters
    ----------
    paths : sequence of path
        Of records, ``fit.json``.
    draws, confidence, seed : as of `lapicque.fit.compare`
        The bootstrap is over held-out stimuli; a record keeps no scores of single repeats.

    Raises
    ------
    FitError
        If a file is no record, has no held-out scores, or is of other data, another split or another distance.
    """
    if len(paths) < 2:
        raise FitError(f"{len(paths)} fit was given: at least two are compared")
    records = {os.fspath(path): _read(path) for path in paths}
    if len(records) < len(paths):
        raise FitError("a record was given twice: name each once")
    first = next(iter(records))
    for name, record in records.items():
        for what, one in (("data", _data), ("split", _split), ("distance", lambda r: r["distance"])):
            if one(record) != one(records[first]):
                raise FitError(f"{name} and {first} differ in their {what}: fit both to the same")
    found = [_row(name, record) for name, record in records.items()]
    stimuli = len(found[0][1])
    over = f"{stimuli} stimuli" if stimuli > 1 else "1 stimulus"
    measure = f"{records[first]['distance']}, more is better"
    return Comparison(ranked(found, draws, confidence, seed), measure, over, confidence)


def _read(path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        record["parameters"], record["loss"], record["split"], record["distance"], record["scores"]
    except (ValueError, KeyError, TypeError):
        raise FitError(f"{os.fspath(path)} is no record of a fit, or it is damaged") from None
    if "test" not in record["scores"]:
        raise FitError(f"{os.fspath(path)} has no scores on held-out data: save it with scores={{'test': ...}}")
    return dict(record)


def _data(record: dict[str, Any]) -> Any:
    return [
        recording and recording["sha256_of_stimuli_and_spikes"]
        for recording in (record.get("recording"), record.get("test_recording"))
    ]


def _split(record: dict[str, Any]) -> Any:
    return {
        part: [(t["label"], t["window_ms"], t["repeats"], t["spikes"]) for t in trials]
        for part, trials in record["split"].items()
    }


def _row(name: str, record: dict[str, Any]) -> tuple[Compared, np.ndarray]:
    score = record["scores"]["test"]
    spiking = [stimulus["gamma"] for stimulus in score["per_stimulus"] if stimulus["gamma"] is not None]
    reliability = _number(score["reliability"])
    row = Compared(
        name=name, free=len(record["parameters"]), loss=_number(record["loss"]), score=_number(score["gamma"]),
        reliability=reliability, ratio=_number(score["gamma_over_reliability"]) if np.isfinite(reliability) else NAN,
    )  # fmt: skip
    return row, np.array(spiking or [NAN])


def _number(value: float | None) -> float:
    return NAN if value is None else float(value)
