"""What a model is compared with: a stimulus, the spikes that it evoked, and the time in which they count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import FitError
from lapicque.fit.recording import Recording
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


@dataclass(frozen=True, eq=False)
class Trial:
    """One stimulus with the spike trains of its repeats.

    Parameters
    ----------
    stimulus : (sample,) or name -> (sample,)
        What is injected, from time 0; quantities, or numbers in ``unit``. A bare array drives the model's only input.
    spikes : SpikeTrains
        (repeat, 1), times from 0.
    window : (start, stop), ms, optional
        When spikes count; the time before it is warm-up, which is simulated but not scored. All of the stimulus if absent.
    dt : time
        Interval of the stimulus' samples.
    voltage : (repeat, sample), mV, optional
        The membrane potential, for objectives that compare it.
    distance : Distance, optional
        In place of the problem's own for this trial (another precision, say).
    weight : float
        How much the trial counts among others.
    unit : str
        Unit of a bare stimulus: ``"pA"``, or ``"1"`` for a stimulus without a physical unit, which a fitted scale turns
        into an input.
    label : str

    Raises
    ------
    FitError
        If the stimulus is empty or not finite, the window is empty or outside, there is no spike train, or voltage and
        stimulus differ in length.

    Examples
    --------
    >>> spikes = SpikeTrains.from_lists([[20.0, 50.0], [21.0]], t_stop=100, shape=(2, 1))
    >>> Trial(np.zeros(1000), spikes, window=(10, 100), dt="0.1 ms")
    Trial(100 ms of stimulus, 2 repeats, scored from 10 to 100 ms)
    """

    stimulus: Any
    spikes: SpikeTrains
    window: Any = None
    dt: Any = "0.1 ms"
    voltage: np.ndarray | None = None
    distance: Distance | None = None
    weight: float = 1.0
    unit: str = "pA"
    label: str = ""

    def __post_init__(self) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        put("dt", float(magnitude(self.dt, "ms", "dt")))
        if not self.dt > 0:
            raise FitError(f"dt of the stimulus is {self.dt:g} ms: a positive time is expected")
        for name, values in self.inputs.items():
            if values.ndim != 1 or not values.size:
                raise FitError(f"the stimulus {name or self.label!r} has shape {values.shape}: (sample,) is expected")
            if not np.isfinite(values).all():
                raise FitError(f"the stimulus {name or self.label!r} has values that are not numbers (NaN or infinite)")
        if len({v.size for v in self.inputs.values()}) != 1:
            raise FitError("the inputs of a trial must have the same number of samples")
        window = (0.0, self.duration) if self.window is None else self.window
        start, stop = (float(magnitude(edge, "ms", "window")) for edge in window)
        if not 0 <= start < stop <= self.duration + 1e-9:
            raise FitError(f"the window {start:g} to {stop:g} ms is not inside the stimulus, 0 to {self.duration:g} ms")
        put("window", (start, min(stop, self.duration)))
        if len(self.spikes) < 1:
            raise FitError("a trial needs at least one spike train, which may be empty")
        if self.voltage is not None:
            put("voltage", np.atleast_2d(np.asarray(self.voltage, dtype=float)))
            if self.voltage.shape[1] != self.samples:
                raise FitError(f"the voltage has {self.voltage.shape[1]} samples, the stimulus {self.samples}")
        if not self.weight >= 0:
            raise FitError(f"the weight of a trial is {self.weight}: a number that is not negative is expected")

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """The stimulus by input; the name is empty where it was given without one."""
        given = self.stimulus if isinstance(self.stimulus, Mapping) else {"": self.stimulus}
        return {
            name: np.asarray(magnitude(values, self.unit, "stimulus"), dtype=float) for name, values in given.items()
        }

    @property
    def samples(self) -> int:
        """Number of samples of the stimulus."""
        return len(next(iter(self.inputs.values())))

    @property
    def duration(self) -> float:
        """Length of the stimulus, ms."""
        return self.samples * self.dt

    @property
    def scored(self) -> SpikeTrains:
        """The spikes inside the window."""
        return self.spikes.window(*self.window)

    def within(self, start: float, stop: float) -> Trial:
        """Return the trial with another window, ms."""
        return replace(self, window=(start, stop))

    def __repr__(self) -> str:
        start, stop = self.window
        repeats = f"{len(self.spikes)} repeat{'s' * (len(self.spikes) != 1)}"
        label = f"{self.label!r}, " if self.label else ""
        return f"Trial({label}{self.duration:g} ms of stimulus, {repeats}, scored from {start:g} to {stop:g} ms)"


def trials_of(recording: Recording) -> list[Trial]:
    """Return one trial for each stimulus of a recording; sweeps with the same current are its repeats."""
    return [
        Trial(
            group.stimulus,
            group.spikes,
            dt=recording.dt,
            voltage=group.voltage,
            unit=recording.stimulus_unit,
            label=group.label or f"stimulus {n}",
        )
        for n, group in enumerate(recording.stimuli())
    ]


def split_by_time(trials: Iterable[Trial], *fractions: float) -> list[list[Trial]]:
    """Cut every trial's window at fractions of its length: ``split_by_time(trials, 0.6)`` gives training and test.

    Two fractions give three parts (training, validation, test). The model always runs from the beginning of the
    stimulus; only the time that is scored differs.

    Raises
    ------
    FitError
        If the fractions do not rise between 0 and 1.

    Examples
    --------
    >>> trial = Trial(np.zeros(1000), SpikeTrains.from_lists([[20.0]], t_stop=100), dt=0.1)
    >>> [part[0].window for part in split_by_time([trial], 0.6)]
    [(0.0, 60.0), (60.0, 100.0)]
    """
    edges = (0.0, *fractions, 1.0)
    if not fractions or any(b <= a for a, b in zip(edges, edges[1:], strict=False)):
        raise FitError(f"the fractions {fractions} must rise between 0 and 1, such as 0.6")
    parts: list[list[Trial]] = [[] for _ in edges[1:]]
    for trial in trials:
        start, stop = trial.window
        cuts = [start + (stop - start) * edge for edge in edges]
        for part, a, b in zip(parts, cuts, cuts[1:], strict=False):
            part.append(trial.within(a, b))
    return parts


def split_by_stimulus(trials: Sequence[Trial], test: Iterable[int | str]) -> tuple[list[Trial], list[Trial]]:
    """Keep some stimuli, by position or label, for the test; return training and test.

    Raises
    ------
    FitError
        If nothing would be left on one side.
    """
    wanted = set(test)
    kept = [t for n, t in enumerate(trials) if n not in wanted and t.label not in wanted]
    held_out = [t for n, t in enumerate(trials) if n in wanted or t.label in wanted]
    if not kept or not held_out:
        raise FitError(f"of {len(trials)} stimuli, {len(held_out)} would be held out: keep at least one on each side")
    return kept, held_out
