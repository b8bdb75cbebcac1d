"""Spike trains of data or of a model as runs, and a feature's values of each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError, suggest
from lapicque.spikes.trains import SpikeTrains

Given = SpikeTrains | Mapping[str, SpikeTrains] | Sequence[SpikeTrains | Mapping[str, SpikeTrains]]


@dataclass(frozen=True)
class Observed:
    """Runs of one population.

    Attributes
    ----------
    label : str
        What messages call it.
    runs : tuple of SpikeTrains (trial, neuron)
        The trials of a run belong together: they share what differs between runs.
    """

    label: str
    runs: tuple[SpikeTrains, ...]

    @property
    def duration(self) -> float:
        """Length of the window in ms."""
        return self.runs[0].duration

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return self.runs[0].shape[1]

    @property
    def trials(self) -> int:
        """Number of trials of all runs."""
        return sum(run.shape[0] for run in self.runs)

    def first(self, trials: int) -> Observed:
        """Return the first trials of all runs, as runs of one trial."""
        single = [run[[k], :] for run in self.runs for k in range(run.shape[0])]
        return Observed(self.label, tuple(single[:trials]))

    def shortened(self, trials: int) -> Observed:
        """Return runs with their first trials only."""
        return Observed(self.label, tuple(run[:trials, :] for run in self.runs))

    def drawn(self, neurons: int, rng: np.random.Generator) -> Observed:
        """Return as many neurons of each run, drawn by chance."""
        chosen = [np.sort(rng.choice(self.neurons, neurons, replace=False)) for _ in self.runs]
        return Observed(self.label, tuple(run[:, list(c)] for run, c in zip(self.runs, chosen, strict=True)))

    def values(self, feature: Any) -> list[np.ndarray]:
        """Return a feature's values of each run, (value,), NaN where it is undefined."""
        found = []
        for run in self.runs:
            trials = [np.asarray(feature(run[[k], :]), float).ravel() for k in range(run.shape[0])]
            found.append(np.concatenate(trials))
        for values in found:
            if np.isinf(values).any():
                raise FitError(f"{feature} of {self.label} is infinite: a feature is a number, or NaN where undefined")
        return found

    def per_neuron(self, feature: Any) -> np.ndarray:
        """Return a feature's values, each neuron's (or pair's) averaged over all trials that define it, (value,)."""
        trials = [np.asarray(feature(run[[k], :]), float).ravel() for run in self.runs for k in range(run.shape[0])]
        if getattr(feature, "pooled", False) or len(trials) == 1:
            return np.concatenate(trials)
        table = np.array(trials)
        known = np.isfinite(table)
        total, number = np.where(known, table, 0.0).sum(axis=0), known.sum(axis=0)
        return np.divide(total, number, out=np.full(table.shape[1], np.nan), where=number > 0)


def observed(given: Given, side: str) -> dict[str, Observed]:
    """Return runs by population; the trials of one `SpikeTrains` are runs, and so are the items of a sequence.

    Raises
    ------
    FitError
        If there is nothing to compare, or runs differ in their populations, neurons or windows.
    """
    if isinstance(given, SpikeTrains | Mapping):
        found = {name: [trains[[k], :] for k in range(trains.shape[0])]
                 for name, trains in _named(given, side).items()}  # fmt: skip
    elif isinstance(given, Sequence) and not isinstance(given, str):
        found = {}
        names: set[str] | None = None
        for run in given:
            one = _named(run, side)
            if names is not None and set(one) != names:
                raise FitError(f"{side}: runs have different populations, {sorted(names)} and {sorted(one)}")
            names = set(one)
            for name, trains in one.items():
                found.setdefault(name, []).append(trains)
    else:
        raise FitError(
            f"{side}: {type(given).__name__} found; give SpikeTrains (trial, neuron), a mapping of names to those, or "
            "a sequence of runs"
        )
    return {name: _checked(name, runs, side) for name, runs in found.items()} or _nothing(side)


def _nothing(side: str) -> Any:
    raise FitError(f"{side}: there are no spike trains")


def _named(given: Any, side: str) -> dict[str, SpikeTrains]:
    named = dict(given) if isinstance(given, Mapping) else {"": given}
    for name, trains in named.items():
        if not isinstance(trains, SpikeTrains):
            of = f" of {name!r}" if name else ""
            raise FitError(f"{side}{of}: {type(trains).__name__} found, SpikeTrains (trial, neuron) expected")
    return named


def _checked(name: str, runs: list[SpikeTrains], side: str) -> Observed:
    label = f"{side} of {name!r}" if name else side
    if not runs or not all(run.shape[0] and run.shape[1] for run in runs):
        raise FitError(f"{label}: there are no spike trains")
    if runs[0].duration <= 0:
        raise FitError(f"{label}: the window has no length")
    sizes, windows = {run.shape[1] for run in runs}, {round(run.duration, 9) for run in runs}
    if len(sizes) > 1:
        raise FitError(f"{label}: runs have different numbers of neurons, {sorted(sizes)}")
    if len(windows) > 1:
        shown = ", ".join(f"{w:g} ms" for w in sorted(windows))
        raise FitError(
            f"{label}: runs have windows of different lengths, {shown}: cut them with .window(t_start, t_stop)"
        )
    return Observed(label, tuple(runs))


def paired(data: Mapping[str, Observed], model: Mapping[str, Observed]) -> list[tuple[str, Observed, Observed]]:
    """Return populations of both sides by name.

    Raises
    ------
    FitError
        If one side lacks a population of the other.
    """
    if len(data) == len(model) == 1 and ("" in data or "" in model):
        (name, mine), (other, yours) = *data.items(), *model.items()
        return [(name or other, mine, yours)]
    for one, two, side in ((data, model, "model"), (model, data, "data")):
        for name in one:
            if name not in two:
                raise FitError(f"the {side} lack {name!r}{suggest(name, two)}: both sides need the same populations")
    return [(name, data[name], model[name]) for name in data]
