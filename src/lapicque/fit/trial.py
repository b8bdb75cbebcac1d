"""What a model is compared with: a stimulus, the spikes that it evoked, and the time in which they count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import FitError, UnitError, suggest
from lapicque.fit.recording import Recording
from lapicque.fit.resampling import resample_samples, resample_signal
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude, parse_unit, split


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
        When spikes count; the time before it is warm-up, simulated but not scored. All of the stimulus if absent.
    dt : ms
        Interval of the stimulus' samples.
    voltage : (repeat, sample), mV, optional
        The membrane potential, for objectives that compare it.
    distance : Distance, optional
        In place of the problem's own for this trial (another precision, say).
    weight : float
        How much the trial counts among others.
    unit : str
        Of bare numbers of the stimulus: ``"pA"``, or ``"1"`` for a stimulus without a physical unit, which a fitted
        scale turns into an input.
    label : str

    Raises
    ------
    FitError
        If the stimulus is empty or not finite, the window is empty or outside, there is no spike train, or voltage and
        stimulus differ in length.
    UnitError
        If a time is not in a unit of time, or the voltage in one of voltage.

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
        object.__setattr__(self, "dt", float(magnitude(self.dt, "ms", "dt")))
        if not 0 < self.dt < np.inf:
            raise FitError(f"dt of {self._name} is {self.dt:g} ms: a positive time is expected")
        self._check_stimulus()
        if not isinstance(self.spikes, SpikeTrains) or len(self.spikes) < 1:
            raise FitError(
                f"the spikes of {self._name} are {self.spikes!r}: SpikeTrains with one train or more is expected, "
                "empty ones too, such as SpikeTrains.from_lists([times], t_stop=...)"
            )
        object.__setattr__(self, "window", self._checked_window())
        if self.voltage is not None:
            object.__setattr__(self, "voltage", self._checked_voltage())
        if not 0 <= self.weight < np.inf:
            raise FitError(f"the weight of {self._name} is {self.weight}: a number that is not negative is expected")

    @property
    def _name(self) -> str:
        return f"trial {self.label!r}" if self.label else "a trial"

    def _check_stimulus(self) -> None:
        if not self.inputs:
            raise FitError(f"{self._name} has no stimulus: give an array, or one for each input by name")
        for name, values in self.inputs.items():
            what = f"the stimulus {name!r} of {self._name}" if name else f"the stimulus of {self._name}"
            if values.ndim != 1 or not values.size:
                raise FitError(f"{what} has shape {values.shape}: (sample,) is expected")
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                raise FitError(f"{what} is not finite (NaN or infinite) in {bad.size} samples (first: sample {bad[0]})")
        lengths = {name: values.size for name, values in self.inputs.items()}
        if len(set(lengths.values())) != 1:
            raise FitError(f"the inputs of {self._name} differ in their number of samples: {lengths}")

    def _checked_window(self) -> tuple[float, float]:
        if self.window is None:
            start, stop = 0.0, self.duration
        else:
            try:
                start, stop = (float(magnitude(edge, "ms", "window")) for edge in self.window)
            except (TypeError, ValueError) as error:
                if isinstance(error, UnitError):
                    raise
                raise FitError(f"the window of {self._name} is {self.window!r}: (start, stop) is expected") from None
        slack = 1e-6 * self.dt  # sums of dt are rounded
        if not 0 <= start < stop <= self.duration + slack:
            raise FitError(
                f"the window of {self._name}, {start:g} to {stop:g} ms, is not inside the stimulus, 0 to "
                f"{self.duration:g} ms"
            )
        known = self.spikes
        if start < known.t_start - slack or stop > known.t_stop + slack:
            raise FitError(
                f"the spikes of {self._name} are known from {known.t_start:g} to {known.t_stop:g} ms only: its window, "
                f"{start:g} to {stop:g} ms, must be inside"
            )
        return max(start, known.t_start), min(stop, self.duration, known.t_stop)

    def _checked_voltage(self) -> np.ndarray:
        voltage = np.atleast_2d(np.asarray(magnitude(self.voltage, "mV", "voltage"), dtype=float))
        if voltage.ndim != 2 or voltage.shape[1] != self.samples:
            raise FitError(
                f"the voltage of {self._name} has shape {voltage.shape}: (repeat, {self.samples}) is expected, as the "
                "stimulus has"
            )
        if not np.isfinite(voltage).all():
            raise FitError(f"the voltage of {self._name} is not finite (NaN or infinite) everywhere")
        return voltage

    @cached_property
    def units(self) -> dict[str, str]:
        """The unit of each of `inputs`: ``unit``, or the quantity's own where that is of another kind."""
        wanted = parse_unit(self.unit)
        own = {name: split(values)[1] for name, values in self._given.items()}
        return {
            name: self.unit if given is None or given.dimension == wanted.dimension else given.name
            for name, given in own.items()
        }

    @cached_property
    def inputs(self) -> dict[str, np.ndarray]:
        """The stimulus by input, in `units`; the name is empty where it was given without one."""
        return {
            name: np.asarray(magnitude(values, self.units[name], "stimulus"), dtype=float)
            for name, values in self._given.items()
        }

    @property
    def _given(self) -> Mapping[str, Any]:
        return self.stimulus if isinstance(self.stimulus, Mapping) else {"": self.stimulus}

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

    def within(self, start: Any, stop: Any) -> Trial:
        """Return the trial with another window, ms."""
        return replace(self, window=(start, stop))

    def resampled(self, dt: Any) -> Trial:
        """Return the trial at another step: stimuli held where it is finer, averaged where coarser; spikes as they are.

        Parameters
        ----------
        dt : ms

        Raises
        ------
        FitError
            If the step is longer than the stimulus.

        Examples
        --------
        >>> trial = Trial(np.array([1.0, 2.0]), SpikeTrains.from_lists([[0.1]], t_stop=0.4), dt=0.2)
        >>> trial.resampled(0.1).inputs[""]
        array([1., 1., 2., 2.])
        """
        dt = float(magnitude(dt, "ms", "dt"))
        if abs(self.dt - dt) <= 1e-9 * dt:
            return self
        if not 0 < dt <= self.duration:
            raise FitError(f"{self._name} cannot be brought to dt {dt:g} ms: its stimulus lasts {self.duration:g} ms")
        inputs = {name: resample_signal(values, self.dt, dt) for name, values in self.inputs.items()}
        size = len(next(iter(inputs.values())))
        given = {
            name: values if self.units[name] == self.unit else values * parse_unit(self.units[name])
            for name, values in inputs.items()
        }
        voltage = self.voltage
        if voltage is not None:
            voltage = np.array([resample_samples(row, self.dt, dt, size) for row in voltage])
        window = self.window[0], min(self.window[1], size * dt)
        return replace(self, stimulus=given.get("", given), dt=dt, voltage=voltage, window=window)

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
    if not fractions or not all(a < b for a, b in pairwise(edges)):
        shown = ", ".join(f"{fraction:g}" for fraction in fractions) or "none"
        raise FitError(
            f"the fractions of the time are {shown}: numbers that rise between 0 and 1 are expected, such as 0.6"
        )
    parts: list[list[Trial]] = [[] for _ in edges[1:]]
    for trial in trials:
        start, stop = trial.window
        cuts = [start + (stop - start) * edge for edge in edges]
        for part, (a, b) in zip(parts, pairwise(cuts), strict=True):
            part.append(trial.within(a, b))
    return parts


def split_by_stimulus(trials: Sequence[Trial], test: Iterable[int | str]) -> tuple[list[Trial], list[Trial]]:
    """Keep some stimuli, by position or label, for the test; return training and test.

    Raises
    ------
    FitError
        If there is no such stimulus, or nothing would be left on one side.

    Examples
    --------
    >>> spikes = SpikeTrains.from_lists([[20.0]], t_stop=100)
    >>> trials = [Trial(np.full(1000, i), spikes, label=f"{i:g} pA") for i in (100.0, 200.0, 300.0)]
    >>> train, held_out = split_by_stimulus(trials, ["200 pA"])
    >>> [t.label for t in train], [t.label for t in held_out]
    (['100 pA', '300 pA'], ['200 pA'])
    """
    test = [test] if isinstance(test, (str, int)) else list(test)
    labels = [trial.label for trial in trials]
    wanted: set[int] = set()
    for name in test:
        found = [n for n, label in enumerate(labels) if label == name]
        if isinstance(name, int) and -len(trials) <= name < len(trials):
            found = [name % len(trials)]
        if not found:
            known = ", ".join(map(repr, labels))
            raise FitError(
                f"there is no stimulus {name!r}{suggest(str(name), labels)}; there are {len(trials)}: {known}"
            )
        wanted.update(found)
    if not wanted or len(wanted) == len(trials):
        raise FitError(f"of {len(trials)} stimuli, {len(wanted)} would be held out: keep at least one on each side")
    return [t for n, t in enumerate(trials) if n not in wanted], [t for n, t in enumerate(trials) if n in wanted]
