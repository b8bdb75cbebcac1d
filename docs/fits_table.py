"""Fit every neuron of the catalogue to real recordings and print the table of ``fits.md``.

    python docs/fits_table.py DATA_FOLDER [MODEL ...]

DATA_FOLDER holds ``intracellular/qsnmc2007_A`` and ``intracellular/gifk_DRN164``; the grasshopper recordings come with
nitime. One row a model: Gamma relative to the recording's reliability on data that the fit has not seen.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import lapicque as lq
from lapicque.errors import LapicqueError, LapicqueNotice
from lapicque.fit.sources import default_free, grasshopper_files

BUDGET = 20_000
SEED = 1


def cases(data: Path) -> Iterator[tuple[str, lq.fit.Recording, list, list, lq.distances.Distance]]:
    """Yield (column, recording, training trials, test trials, distance)."""
    at_4, at_2 = lq.distances.coincidence("4 ms"), lq.distances.coincidence("2 ms")
    cortex = data / "intracellular" / "qsnmc2007_A" / "qsnmc2007_A_train.npz"
    one = lq.io.read(cortex, select="11")
    train, test = lq.fit.split_by_time(lq.fit.trials_of(one), 0.6)
    yield "set 11", one, train, test, at_4
    yield "set 05, unseen", one, train, lq.fit.trials_of(lq.io.read(cortex, select="05")), at_4
    joint = lq.io.read(cortex, select=["11", "05", "04"])
    trials = [dataclasses.replace(t, distance=at_2) if t.label == "04" else t for t in lq.fit.trials_of(joint)]
    train, test = lq.fit.split_by_time(trials, 0.6)
    yield "joint 11 / 05 / 04", joint, train, test, at_4
    raphe = data / "intracellular" / "gifk_DRN164"
    cell = lq.io.read(raphe / "DRN164_5ht_training.abf")
    repeats = lq.fit.trials_of(lq.io.read(raphe / "DRN164_5ht_test.abf"))
    yield "DRN164", cell, lq.fit.trials_of(cell), repeats, at_4
    for number in (1, 2):
        stimulus, spikes = grasshopper_files(number)
        units = {"stimulus": "1", "spikes": "us"}
        receptor = lq.io.read(stimulus, columns=["time_us", "stimulus"], units=units, spikes=spikes)
        train, test = lq.fit.split_by_time(lq.fit.trials_of(receptor), 0.6)
        yield f"grasshopper {number}", receptor, train, test, at_2


def row(neuron: lq.Neuron, data: Path) -> list[str]:
    """Return the cells of one model's row."""
    found: list[str] = []
    last = None
    for column, recording, train, test, distance in cases(data):
        receptor = recording.stimulus_unit == "1"
        if column != "set 05, unseen":
            free, _ = default_free(neuron, recording, {"delay": ("0 ms", "15 ms" if receptor else "5 ms")}, set())
            begun = time.monotonic()
            try:
                problem = lq.fit.Problem(neuron, train, free=free, distance=distance, dt="0.1 ms" if receptor else None)
                last = lq.fit.minimize(problem, budget=BUDGET, seed=SEED, progress=False)
            except LapicqueError as error:
                print(f"  {neuron.name}, {column}: {error}", flush=True)
                last = None
            else:
                print(f"  {neuron.name}, {column}: {time.monotonic() - begun:.1f} s", flush=True)
        if last is None:
            found.append("-")
            continue
        score = lq.fit.score(last, test, distance)
        found.append(" / ".join(f"{g if r is None else g / r:.2f}" for _, g, r in score.per_trial))
    return found


def reliability_row(data: Path) -> list[str]:
    """Return the recordings' own reliability on the test data."""
    cells = []
    for _, _, _, test, distance in cases(data):
        values = [lq.fit.reliability(trial.scored, trial.distance or distance) for trial in test]
        cells.append(" / ".join("one trial" if v is None else f"{v:.2f}" for v in values))
    return cells


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("models", nargs="*", default=lq.neurons.__all__)
    given = arguments.parse_args()
    warnings.simplefilter("ignore", LapicqueNotice)
    columns = [case[0] for case in cases(given.data)]
    lines = ["| model | " + " | ".join(columns) + " |", "| --- |" + " --- |" * len(columns)]
    for name in given.models:
        lines.append(f"| `{name}` | " + " | ".join(row(getattr(lq.neurons, name), given.data)) + " |")
    lines.append("| *reliability* | " + " | ".join(reliability_row(given.data)) + " |")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
