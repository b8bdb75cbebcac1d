"""Spike times from a membrane voltage: threshold and peak criteria, dead time, electrode artefacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

_STAMPS = ("crossing", "peak")
_UNITS = {
    "threshold": "mV", "dead_time": "ms", "peak": "mV", "prominence": "mV", "within": "ms",
    "min_width": "ms", "max_width": "ms", "max_slope": "mV/ms",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SpikeDetection:
    """What counts as a spike in a voltage trace, and which sample stamps it.

    A spike is an upward crossing: one sample at or below `threshold`, the next above it. A crossing within
    `dead_time` of the spike before it belongs to that spike. `peak` and `prominence` ask more of a crossing;
    `min_width`, `max_width` and `max_slope` drop what no membrane can do. All accept quantities (``"3 ms"``, ``1*ms``).

    Parameters
    ----------
    threshold : mV
        The voltage to cross.
    dead_time : ms
        The shortest interval between two spikes.
    peak : mV, optional
        The voltage that the spike must reach within `within` of its crossing.
    prominence : mV, optional
        How far the spike must rise above the lowest voltage in the time `within` before its crossing.
    within : ms
        Where the peak is looked for; the peak is also no later than the return below `threshold`.
    stamp : {"crossing", "peak"}
        The time of a spike: its first sample above `threshold`, or its highest sample.
    interpolate : bool
        Place the time between the samples: a straight line through the crossing, a parabola through the peak.
    min_width : ms
        An excursion above `threshold` that is shorter is an artefact (with ``min_width=1.5*dt``: a single sample).
    max_width : ms, optional
        An excursion that is longer is an artefact: a step of the electrode's offset, a saturated amplifier.
    max_slope : mV/ms
        An excursion in which the voltage changes faster than this between two samples is an artefact. Action potentials
        stay below about 1000 mV/ms, so that the default, 2000, drops nothing but artefacts; it sees those of a single
        sample where sampling is finer than about 0.05 ms (elsewhere use `min_width`).

    Raises
    ------
    RecordingError
        For an unknown stamp or a negative duration.

    Examples
    --------
    >>> voltage = [-70, -60, -20, 30, 10, -40, -75, -70, -30, 25, -60, -70]
    >>> SpikeDetection()(voltage, dt=0.5)
    array([1.5, 4.5])
    >>> SpikeDetection(interpolate=True)(voltage, dt=0.5).round(3)
    array([1.2  , 4.273])
    >>> SpikeDetection(dead_time="5 ms")(voltage, dt=0.5)
    array([1.5])
    >>> SpikeDetection(min_width="0.75 ms").artefacts(voltage, dt=0.5)  # the second lasts one sample
    array([4.5])
    """

    threshold: float = 0.0
    dead_time: float = 1.0
    peak: float | None = None
    prominence: float | None = None
    within: float = 2.0
    stamp: str = "crossing"
    interpolate: bool = False
    min_width: float = 0.0
    max_width: float | None = None
    max_slope: float = 2000.0

    def __post_init__(self) -> None:
        for name, unit in _UNITS.items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, float(magnitude(value, unit, f"{name} of the spike detection")))
        if self.stamp not in _STAMPS:
            raise RecordingError(f"stamp={self.stamp!r} of the spike detection is neither 'crossing' nor 'peak'")
        for name in ("dead_time", "within", "min_width", "max_width", "max_slope"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise RecordingError(f"{name} of the spike detection is {value:g}, but it cannot be negative")

    def __call__(self, voltage: Any, dt: float) -> np.ndarray:
        """Spike times of one trace.

        Parameters
        ----------
        voltage : (sample,), mV
        dt : ms
            The sampling interval; sample k is at time k * dt.

        Returns
        -------
        numpy.ndarray
            (spike,), ms.

        Raises
        ------
        RecordingError
            For a trace that is not one-dimensional or not finite.
        """
        return self._classify(voltage, dt)[0]

    def trains(self, voltages: Any, dt: float) -> SpikeTrains:
        """Spike trains of several traces, in a window from 0 to n * dt.

        Parameters
        ----------
        voltages : (trial, sample) or (sample,), mV
        dt : ms
            The sampling interval.

        Returns
        -------
        SpikeTrains
            Shape (trial, 1).

        Examples
        --------
        >>> trains = SpikeDetection(threshold=-30).trains([[-70, -60, 20, -60], [-70, -65, -66, -70]], dt=0.5)
        >>> [train.times.tolist() for train in trains]
        [[1.0], []]
        """
        traces = np.atleast_2d(np.asarray(magnitude(voltages, "mV", "the voltage"), dtype=float))
        step = float(magnitude(dt, "ms", "dt"))
        times = [self(trace, step) for trace in traces]
        return SpikeTrains.from_lists(times, t_start=0.0, t_stop=traces.shape[-1] * step, shape=(len(times), 1))

    def artefacts(self, voltage: Any, dt: float) -> np.ndarray:
        """Times of the crossings that were dropped by `min_width`, `max_width` or `max_slope`: (crossing,), ms."""
        return self._classify(voltage, dt)[1]

    def _classify(self, voltage: Any, dt: float) -> tuple[np.ndarray, np.ndarray]:
        v, dt = _trace(voltage), float(magnitude(dt, "ms", "dt"))
        rises = np.flatnonzero((v[:-1] <= self.threshold) & (v[1:] > self.threshold)) + 1
        falls = np.flatnonzero((v[:-1] > self.threshold) & (v[1:] <= self.threshold)) + 1
        ends = np.append(falls, v.size)[np.searchsorted(falls, rises, side="right")]
        spikes, artefacts, last = [], [], -np.inf
        for rise, end in zip(rises.tolist(), ends.tolist(), strict=True):
            if self._is_artefact(v, dt, rise, end):
                artefacts.append(rise * dt)
                continue
            # a crossing exactly one dead time later is a spike, whatever the rounding of k * dt
            if (rise - last) * dt < self.dead_time * (1 - 1e-9):
                continue
            top = self._top(v, dt, rise, end)
            if not self._is_high(v, dt, rise, top):
                continue
            last = rise
            spikes.append(self._time(v, dt, rise, top))
        return np.array(spikes, dtype=float), np.array(artefacts, dtype=float)

    def _is_artefact(self, v: np.ndarray, dt: float, rise: int, end: int) -> bool:
        width, complete = (end - rise) * dt, end < v.size
        if complete and width < self.min_width:
            return True
        if self.max_width is not None and width > self.max_width:
            return True
        return bool(np.abs(np.diff(v[rise - 1 : end + 1])).max() > self.max_slope * dt)

    def _top(self, v: np.ndarray, dt: float, rise: int, end: int) -> int:
        stop = min(end, rise + max(1, round(self.within / dt)))
        return rise + int(np.argmax(v[rise:stop]))

    def _is_high(self, v: np.ndarray, dt: float, rise: int, top: int) -> bool:
        if self.peak is not None and v[top] < self.peak:
            return False
        if self.prominence is None:
            return True
        start = max(0, rise - max(1, round(self.within / dt)))
        return bool(v[top] - v[start:rise].min() >= self.prominence)

    def _time(self, v: np.ndarray, dt: float, rise: int, top: int) -> float:
        if self.stamp == "crossing":
            if not self.interpolate:
                return rise * dt
            return (rise - 1 + (self.threshold - v[rise - 1]) / (v[rise] - v[rise - 1])) * dt
        if not self.interpolate or top + 1 >= v.size:
            return top * dt
        left, middle, right = v[top - 1], v[top], v[top + 1]
        bend = left - 2 * middle + right
        return (top + (0.5 * (left - right) / bend if bend < 0 else 0.0)) * dt


def _trace(voltage: Any) -> np.ndarray:
    v = np.asarray(magnitude(voltage, "mV", "the voltage"), dtype=float)
    if v.ndim != 1:
        raise RecordingError(f"spikes are detected in one trace at a time, not in an array of shape {v.shape}")
    bad = np.flatnonzero(~np.isfinite(v))
    if bad.size:
        raise RecordingError(
            f"the voltage is not finite in {bad.size} of {v.size} samples (first: sample {bad[0]}): "
            "cut the trace there, or fill the gap with numpy.interp"
        )
    return v
