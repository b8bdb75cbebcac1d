"""What a GLM looks at: bins of time with a signal, a neuron's spikes, and those of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.likelihood.forced import to_steps
from lapicque.fit.likelihood.found import fitted_trials
from lapicque.spikes.trains import SpikeTrains


@dataclass(frozen=True, eq=False)
class Stretch:
    """One repeat, in bins.

    Attributes
    ----------
    steps : (spike,) int
        Bins of the neuron's spikes.
    others : sequence of (spike,) int
        Those of the other neurons'.
    samples : int
    counted : (first, last)
        Bins that count: first to last - 1.
    signal : (bin,) or None
    unit : str
        Of the signal.
    start : ms
        The time of bin 0.
    """

    steps: np.ndarray
    others: tuple[np.ndarray, ...]
    samples: int
    counted: tuple[int, int]
    signal: np.ndarray | None
    unit: str
    start: float

    def counts(self) -> np.ndarray:
        """Return the number of spikes in each bin: (bin,)."""
        return np.bincount(self.steps, minlength=self.samples).astype(float)


def stretches_of(data: Any, dt: float, signal: Any, neuron: int) -> list[Stretch]:
    """Cut data into bins of dt (ms); see `lapicque.fit.glm` for what is taken.

    Raises
    ------
    FitError
        For data of another kind, a signal of another length, a neuron that there is not.
    """
    if isinstance(data, SpikeTrains):
        return _of_trains(data, dt, signal, neuron)
    if signal is not None:
        raise FitError("trials have their stimulus: signal= belongs to spike trains without one")
    if neuron:
        raise FitError(f"trials have the spikes of one neuron, so neuron={neuron} is not among them")
    found = []
    for trial in fitted_trials(data):
        binned = trial.resampled(dt)
        if len(binned.inputs) > 1:
            raise FitError(f"trial {trial.label!r} has {len(binned.inputs)} inputs: a GLM takes one stimulus")
        (name, values), *_ = binned.inputs.items()
        edges = tuple(int(np.ceil(edge / dt - 1e-6)) for edge in binned.window)
        found += [
            Stretch(_inside(train.times, dt, binned.samples), (), binned.samples, (edges[0], edges[1]), values,
                    binned.units[name], 0.0)
            for train in binned.spikes
        ]  # fmt: skip
    units = sorted({stretch.unit for stretch in found})
    if len(units) > 1:
        raise FitError(f"the trials have stimuli in {' and '.join(units)}: give them in one unit")
    return found


def _of_trains(trains: SpikeTrains, dt: float, signal: Any, neuron: int) -> list[Stretch]:
    trials, neurons = trains.shape
    if not trials:
        raise FitError("there are no trials in the spike trains: a likelihood needs one at least")
    if not -neurons <= neuron < neurons:
        raise FitError(f"there is no neuron {neuron}: the spike trains have {neurons}, numbered from 0")
    samples = int(np.floor(trains.duration / dt + 1e-6))
    if samples < 1:
        raise FitError(f"bins of {dt:g} ms are longer than the spike trains, {trains.duration:g} ms")
    rows: Sequence[Any] = [None] * trials
    if signal is not None:
        values = np.asarray(signal, dtype=float)
        if values.shape not in ((samples,), (trials, samples)):
            raise FitError(
                f"the signal has shape {values.shape}: (bin,) or (trial, bin) is expected, ({samples},) or ({trials}, "
                f"{samples}) for bins of {dt:g} ms"
            )
        if not np.isfinite(values).all():
            raise FitError(f"the signal is not finite (NaN or infinite) in {int((~np.isfinite(values)).sum())} bins")
        rows = list(np.broadcast_to(values, (trials, samples)))
    own = neuron % neurons
    found = []
    for trial in range(trials):
        steps = [_inside(trains[trial, j].times - trains.t_start, dt, samples) for j in range(neurons)]
        others = tuple(s for j, s in enumerate(steps) if j != own)
        found.append(Stretch(steps[own], others, samples, (0, samples), rows[trial], "1", trains.t_start))
    return found


def _inside(times: np.ndarray, dt: float, samples: int) -> np.ndarray:
    steps = to_steps(times, dt)
    return steps[(steps >= 0) & (steps < samples)]
