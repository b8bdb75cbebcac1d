"""Recordings as values: what was injected, what the cell answered, and which sweeps repeat the same stimulus."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lapicque.errors import LapicqueNotice, RecordingError, suggest
from lapicque.fit.repeats import StimulusGroup, group_repeats
from lapicque.fit.resampling import resample_samples, resample_signal
from lapicque.fit.sweep import Sweep
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

#: Units in which a stimulus is held: a current, a voltage, a pure number (a sound's amplitude, say).
STIMULUS_UNITS = ("pA", "mV", "1")


@dataclass(frozen=True, eq=False)
class Recording:
    """Sweeps of one cell at one sampling interval.

    Parameters
    ----------
    sweeps : sequence of Sweep
    dt : ms
        The sampling interval; sample k of a sweep is at time k * dt.
    stimulus_unit : {"pA", "mV", "1"}
    name : str
    source : str
        The file that it was read from.
    notices : sequence of str
        What was done on the user's behalf, for reports.
    repeats : sequence of sequences of int, optional
        Which sweeps had the same stimulus, where that is known; else `stimuli` finds out.

    Raises
    ------
    RecordingError
        For a sampling interval that is not positive, an unknown unit, no sweeps, spikes outside the recorded time, or
        `repeats` that are no partition of the sweeps.

    Examples
    --------
    >>> sweep = Sweep([0, 100, 100, 100], SpikeTrains.from_lists([[0.3]], t_start=0.0, t_stop=0.4))
    >>> recording = Recording([sweep, sweep], dt=0.1, stimulus_unit="pA", name="cell 1")
    >>> recording
    Recording 'cell 1': 2 sweeps, 1 stimulus, dt 0.1 ms, stimulus in pA
      0  '' repeats 0, 1: 4 samples (0.4 ms), spikes 1, 1, no voltage
    >>> recording.stimuli()[0].spikes.shape
    (2, 1)
    """

    sweeps: tuple[Sweep, ...]
    dt: float
    stimulus_unit: str
    name: str = ""
    source: str = ""
    notices: tuple[str, ...] = ()
    repeats: tuple[tuple[int, ...], ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sweeps", tuple(self.sweeps))
        object.__setattr__(self, "notices", tuple(self.notices))
        object.__setattr__(self, "dt", float(magnitude(self.dt, "ms", "dt")))
        if not self.sweeps:
            raise RecordingError(f"{self._title()} has no sweeps")
        if not (np.isfinite(self.dt) and self.dt > 0):
            raise RecordingError(f"{self._title()} has dt = {self.dt:g} ms: the sampling interval is a positive time")
        if self.stimulus_unit not in STIMULUS_UNITS:
            raise RecordingError(
                f"{self._title()} has a stimulus in {self.stimulus_unit!r}: hold it in pA, mV, or '1' for a pure number"
            )
        for i, sweep in enumerate(self.sweeps):
            self._check_window(i, sweep)
        if self.repeats is not None:
            object.__setattr__(self, "repeats", tuple(tuple(int(i) for i in group) for group in self.repeats))
            self._check_repeats()

    def _title(self) -> str:
        return f"recording {self.name!r}" if self.name else "the recording"

    def _check_window(self, i: int, sweep: Sweep) -> None:
        stop, times = sweep.stimulus.size * self.dt, sweep.spikes.times
        outside = times[(times < 0) | (times > stop * (1 + 1e-9))]
        if outside.size:
            raise RecordingError(
                f"{self._title()}, sweep {i}: {outside.size} of {times.size} spikes lie outside the recorded "
                f"0 to {stop:g} ms (first: {outside[0]:g} ms): check the unit of the spike times, or cut them"
            )

    def _check_repeats(self) -> None:
        assert self.repeats is not None
        flat = sorted(i for group in self.repeats for i in group)
        if flat != list(range(len(self.sweeps))):
            raise RecordingError(
                f"{self._title()}: repeats={self.repeats} must name each of the sweeps 0 to {len(self.sweeps) - 1} once"
            )
        for group in self.repeats:
            if len({self.sweeps[i].stimulus.size for i in group}) != 1:
                raise RecordingError(f"{self._title()}: the repeats {group} are not of the same length")

    def __len__(self) -> int:
        return len(self.sweeps)

    def __iter__(self) -> Iterator[Sweep]:
        return iter(self.sweeps)

    def __getitem__(self, index: int) -> Sweep:
        return self.sweeps[index]

    @property
    def n_spikes(self) -> int:
        """The number of spikes in all sweeps."""
        return sum(sweep.spikes.times.size for sweep in self.sweeps)

    @property
    def duration(self) -> float:
        """The recorded time of all sweeps, ms."""
        return sum(sweep.stimulus.size for sweep in self.sweeps) * self.dt

    def rates(self) -> np.ndarray:
        """Firing rate of each sweep: (sweep,), Hz."""
        return np.array([1e3 * s.spikes.times.size / (s.stimulus.size * self.dt) for s in self.sweeps])

    def stimuli(self, noise: float = 0.3, drift: float = 0.02) -> list[StimulusGroup]:
        """Group the sweeps that repeat the same stimulus.

        With `repeats` given, those are the groups. Otherwise sweeps of equal length are repeats where their stimuli are
        equal up to rounding, or are two noisy measurements of one command: their difference d has an rms of at most
        `noise` times the standard deviation of the stimulus (so that the stimulus itself is common to both), and what
        is left of d in means over 20 ms is at most `drift` times that deviation, and what white noise of d's size
        leaves there (so that a step of another height is another stimulus). Repeats found in measured currents differ
        by 0.01 (a fine converter) to 0.21 (steps of 5 pA, sd 42 pA) of the deviation, in 20 ms means by 0.001 to 0.012.

        Parameters
        ----------
        noise : float
            The largest rms difference, in standard deviations of the stimulus.
        drift : float
            The largest slow difference, in standard deviations of the stimulus.

        Returns
        -------
        list of StimulusGroup
            In the order of their first sweeps.
        """
        groups = self.repeats
        if groups is None:
            groups = group_repeats([sweep.stimulus for sweep in self.sweeps], self.dt, noise=noise, drift=drift)
        return [StimulusGroup.of(self.sweeps, group, self.dt) for group in groups]

    def select(self, *labels: str | int) -> Recording:
        """Keep the sweeps with these labels (text) or indices (int).

        Raises
        ------
        RecordingError
            For a label that no sweep has, with the nearest that one has.

        Examples
        --------
        >>> train = SpikeTrains.from_lists([[]], t_start=0.0, t_stop=0.1)
        >>> both = Recording([Sweep([1.0], train, label="a"), Sweep([2.0], train, label="b")], 0.1, "pA")
        >>> both.select("b")[0].stimulus
        array([2.])
        """
        keep = find_sweeps([sweep.label for sweep in self.sweeps], labels, self._title())
        place = {old: new for new, old in enumerate(keep)}
        repeats = None
        if self.repeats is not None:
            kept = (tuple(place[i] for i in group if i in place) for group in self.repeats)
            repeats = tuple(group for group in kept if group)
        return replace(self, sweeps=tuple(self.sweeps[i] for i in keep), repeats=repeats)

    def resample(self, dt: Any) -> Recording:
        """Bring the recording to another sampling interval, with a notice; spike times stay as they are.

        A stimulus is what was applied from one sample to the next: it is held when `dt` is finer and averaged when it
        is coarser, so that the charge is kept. A voltage is interpolated linearly.

        Parameters
        ----------
        dt : ms
            The new sampling interval.

        Returns
        -------
        Recording
            Itself, where it has that interval already.

        Raises
        ------
        RecordingError
            If `dt` is not positive or longer than a sweep.

        Examples
        --------
        >>> train = SpikeTrains.from_lists([[]], t_start=0.0, t_stop=0.4)
        >>> recording = Recording([Sweep([0.0, 1.0], train)], 0.2, "pA")
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore", LapicqueNotice)
        ...     finer = recording.resample(0.1)
        >>> finer[0].stimulus
        array([0., 0., 1., 1.])
        >>> finer.notices
        ('the recording was resampled from dt 0.2 ms to 0.1 ms: stimulus held, voltage interpolated, spike times kept',)
        """
        new = float(magnitude(dt, "ms", "dt"))
        if not (np.isfinite(new) and new > 0):
            raise RecordingError(f"{self._title()} cannot be resampled to dt = {new:g} ms: give a positive time")
        if abs(new - self.dt) <= 1e-9 * self.dt:
            return self
        shortest = min(sweep.stimulus.size for sweep in self.sweeps) * self.dt
        if new > shortest:
            raise RecordingError(
                f"{self._title()} cannot be resampled to dt = {new:g} ms: a sweep lasts {shortest:g} ms"
            )
        notice = (
            f"{self._title()} was resampled from dt {self.dt:g} ms to {new:g} ms: stimulus "
            f"{'held' if new < self.dt else 'averaged'}, voltage interpolated, spike times kept"
        )
        warnings.warn(notice, LapicqueNotice, stacklevel=2)
        sweeps = tuple(self._resampled(sweep, new) for sweep in self.sweeps)
        return replace(self, sweeps=sweeps, dt=new, notices=(*self.notices, notice))

    def _resampled(self, sweep: Sweep, dt: float) -> Sweep:
        stimulus = resample_signal(sweep.stimulus, self.dt, dt)
        stop = stimulus.size * dt
        times = sweep.spikes.times
        return Sweep(
            stimulus=stimulus,
            # what is left of the last, incomplete sample is cut, and with it a spike there
            spikes=SpikeTrains.from_lists([times[times <= stop]], t_start=0.0, t_stop=stop),
            voltage=None if sweep.voltage is None else resample_samples(sweep.voltage, self.dt, dt, stimulus.size),
            label=sweep.label,
        )

    def __repr__(self) -> str:
        stimuli = self.stimuli()
        n, m = len(self.sweeps), len(stimuli)
        head = f"Recording {self.name!r}: {n} sweep{'s' * (n != 1)}, {m} {'stimulus' if m == 1 else 'stimuli'}, "
        lines = [f"{head}dt {self.dt:g} ms, stimulus in {self.stimulus_unit}"]
        for k, group in enumerate(stimuli):
            repeats = ", ".join(map(str, group.sweeps))
            counts = ", ".join(str(train.times.size) for train in group.spikes)
            size = f"{group.stimulus.size} samples ({group.stimulus.size * self.dt:g} ms)"
            voltage = "no voltage" if group.voltage is None else "voltage"
            what = "repeats" if len(group.sweeps) > 1 else "sweep"
            lines.append(f"  {k}  {group.label!r} {what} {repeats}: {size}, spikes {counts}, {voltage}")
        lines += [f"  notice: {notice}" for notice in self.notices]
        return "\n".join(lines)


def find_sweeps(known: Sequence[str], asked: Sequence[str | int], title: str) -> list[int]:
    """Find the indices of the sweeps with the labels (text) or indices (int) that are asked for, in that order.

    Raises
    ------
    RecordingError
        For a label that no sweep has, with the nearest that one has.

    Examples
    --------
    >>> find_sweeps(["a", "a", "b"], ["b", 0], "cell 1")
    [2, 0]
    """
    keep: list[int] = []
    for label in asked:
        found = [i for i, k in enumerate(known) if k == label]
        if isinstance(label, int) and -len(known) <= label < len(known):
            found = [label % len(known)]
        if not found:
            names = ", ".join(dict.fromkeys(map(repr, known)))
            raise RecordingError(
                f"{title} has no sweep {label!r}{suggest(str(label), known)}; it has {len(known)}, labelled {names}"
            )
        keep += [i for i in found if i not in keep]
    return keep


def concatenate(recordings: Sequence[Recording], name: str = "") -> Recording:
    """Join the sweeps of several recordings of one cell into one.

    Raises
    ------
    RecordingError
        If their sampling intervals or stimulus units differ.

    Examples
    --------
    >>> train = SpikeTrains.from_lists([[]], t_start=0.0, t_stop=0.1)
    >>> one = Recording([Sweep([1.0], train, label="a")], 0.1, "pA", name="a")
    >>> len(concatenate([one, one]))
    2
    """
    if not recordings:
        raise RecordingError("there are no recordings to join")
    first = recordings[0]
    for other in recordings[1:]:
        if abs(other.dt - first.dt) > 1e-6 * first.dt:
            raise RecordingError(
                f"recordings {first.name!r} and {other.name!r} have dt {first.dt:g} and {other.dt:g} ms: "
                "bring them to one by resample(dt) before joining them"
            )
        if other.stimulus_unit != first.stimulus_unit:
            raise RecordingError(
                f"recordings {first.name!r} and {other.name!r} have stimuli in {first.stimulus_unit} and "
                f"{other.stimulus_unit}: fit them apart"
            )
    repeats = None
    if all(r.repeats is not None for r in recordings):
        starts = np.cumsum([0, *(len(r) for r in recordings)])
        repeats = tuple(
            tuple(i + int(start) for i in group)
            for r, start in zip(recordings, starts[:-1], strict=True)
            for group in r.repeats or ()
        )
    return Recording(
        sweeps=tuple(sweep for r in recordings for sweep in r.sweeps),
        dt=first.dt,
        stimulus_unit=first.stimulus_unit,
        name=name or first.name,
        source=", ".join(dict.fromkeys(r.source for r in recordings if r.source)),
        notices=tuple(dict.fromkeys(notice for r in recordings for notice in r.notices)),
        repeats=repeats,
    )
