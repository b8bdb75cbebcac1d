"""Address events: which channel or pixel, and when, as silicon retinas and cochleas send them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.arrays import unmasked
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

#: How far, as a part of a step, rounding may put an event before the step it belongs to.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Events:
    """Events of channels in a row, or of pixels, sorted in time.

    Its arrays cannot be written to. `from_pixels` makes events of a camera.

    Parameters
    ----------
    times : (event,), ms
        From 0 to ``duration``, sorted; equal times are allowed. Integer microseconds divided by 1000 are kept exactly:
        `microseconds` gives them back.
    channels : (event,)
        What fired: index in ``shape`` laid flat, the last axis fastest.
    shape : int or tuple of int
        How channels are arranged: (channel,), (y, x), or (polarity, y, x).
    duration : ms, optional
        How long was recorded; by default to the last event.

    Raises
    ------
    RecordingError
        For times that are not finite, negative, not sorted or beyond the duration, and channels outside the shape.

    Examples
    --------
    >>> events = Events([0.5, 1.0, 7.0], [0, 2, 2], shape=3, duration=10)
    >>> events
    Events(3 events on 3 channels, 10 ms)
    >>> events.counts(dt=5)
    array([[1., 0., 1.],
           [0., 0., 1.]], dtype=float32)
    """

    times: np.ndarray
    channels: np.ndarray
    shape: tuple[int, ...]
    duration: float

    unit = "ms"

    def __init__(self, times: Any, channels: Any, shape: int | Sequence[int], duration: Any = None) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        times = np.array(magnitude(unmasked(times, "times of events"), "ms", "times of events"), float, ndmin=1)
        channels = np.array(channels, ndmin=1)
        if channels.size and not np.issubdtype(channels.dtype, np.integer):
            raise RecordingError(f"channels of events must be integers, not {channels.dtype}")
        last = times[-1] if times.size else 0.0
        put("times", times)
        put("channels", channels.astype(np.int64))
        put("shape", tuple(int(n) for n in np.atleast_1d(shape)))
        put("duration", float(last if duration is None else magnitude(duration, "ms", "duration")))
        self._check()
        self.times.flags.writeable = self.channels.flags.writeable = False

    def _check(self) -> None:
        times, channels = self.times, self.channels
        if times.ndim != 1 or channels.shape != times.shape:
            raise RecordingError(f"times {times.shape} and channels {channels.shape} of events must be rows as long")
        if not self.shape or min(self.shape) < 1:
            raise RecordingError(
                f"shape {self.shape} holds no channel: (channel,), (y, x) or (polarity, y, x) is meant"
            )
        if not (np.isfinite(self.duration) and self.duration >= 0):
            raise RecordingError(f"the duration of events is {self.duration:g} ms: a finite time from 0 on is expected")
        late = f"is after the recording's end at {self.duration:g} ms: give a longer duration"
        unsorted = np.diff(times, prepend=times[:1]) < 0
        for bad, what in (
            (~np.isfinite(times), "is not finite: leave such events out"),
            (times < 0, "is before 0: subtract the time at which the recording begins"),
            (unsorted, "comes before its predecessor: sort times and channels by np.argsort(times, kind='stable')"),
            (times > self.duration, late),
        ):
            if bad.any():
                n = int(np.flatnonzero(bad)[0])
                raise RecordingError(f"event {n} ({times[n]:g} ms) {what}")
        outside = np.flatnonzero((channels < 0) | (channels >= self.size))
        if outside.size:
            n = int(outside[0])
            raise RecordingError(
                f"event {n} is on channel {channels[n]}, but shape {self.shape} has channels 0 to {self.size - 1}"
            )

    @classmethod
    def from_pixels(
        cls, times: Any, x: Any, y: Any, polarity: Any = None, *, shape: Sequence[int], duration: Any = None
    ) -> Events:
        """Events of a camera.

        Parameters
        ----------
        times : (event,), ms
        x, y : (event,)
            Column and row.
        polarity : (event,), optional
            0 where it became darker, 1 where it became brighter.
        shape : (polarity, y, x), or (y, x) without polarity
        duration : ms, optional

        Raises
        ------
        RecordingError
            As for the class, and for a pixel outside the shape or between pixels.

        Examples
        --------
        >>> Events.from_pixels([0.1, 0.2], x=[3, 0], y=[1, 1], polarity=[0, 1], shape=(2, 2, 4)).channels
        array([ 7, 12])
        """
        places = [np.atleast_1d(place) for place in ((y, x) if polarity is None else (polarity, y, x))]
        shape = tuple(int(n) for n in shape)
        if len(shape) != len(places):
            named = "(y, x)" if polarity is None else "(polarity, y, x)"
            raise RecordingError(f"shape {shape} of events that have {named} must have {len(places)} axes")
        if len({place.shape for place in places}) > 1:
            raise RecordingError(f"x, y and polarity must be as long as each other, not {[len(p) for p in places]}")
        for name, place, size in zip(("polarity", "y", "x")[-len(places) :], places, shape, strict=True):
            broken = np.flatnonzero(place != np.floor(place))  # NaN is no number of a pixel either
            if broken.size:
                n = int(broken[0])
                raise RecordingError(f"event {n} has {name} {place[n]}, but pixels have whole numbers")
            bad = np.flatnonzero((place < 0) | (place >= size))
            if bad.size:
                n = int(bad[0])
                raise RecordingError(f"event {n} has {name} {place[n]}, but shape {shape} has 0 to {size - 1}")
        flat = np.ravel_multi_index(tuple(place.astype(np.int64) for place in places), shape)
        return cls(times, flat, shape, duration)

    @property
    def size(self) -> int:
        """Number of channels."""
        return int(np.prod(self.shape))

    @property
    def microseconds(self) -> np.ndarray:
        """Times as integers, (event,) µs."""
        return np.rint(self.times * 1e3).astype(np.int64)

    @property
    def x(self) -> np.ndarray:
        """Column of each event: the last axis of the shape."""
        return self.channels % self.shape[-1]

    @property
    def y(self) -> np.ndarray:
        """Row of each event, of events of a camera."""
        self._camera("y")
        return self.channels // self.shape[-1] % self.shape[-2]

    @property
    def polarity(self) -> np.ndarray:
        """0 where it became darker, 1 where it became brighter; 0 where the camera does not say."""
        self._camera("polarity")
        return self.channels // (self.shape[-1] * self.shape[-2])

    def _camera(self, what: str) -> None:
        if len(self.shape) not in (2, 3):
            raise RecordingError(f"events of shape {self.shape} have no {what}: only (y, x) and (polarity, y, x) do")

    # -- other forms -------------------------------------------------------------------------------------------------

    def steps(self, dt: Any) -> int:
        """Number of steps of ``dt`` ms that the recording takes, the last one perhaps not to its end."""
        return int(np.ceil(self.duration / _step(dt) * (1 - ROUNDING)))

    def counts(self, dt: Any) -> np.ndarray:
        r"""Events of each channel in each step: (step, \*shape).

        Parameters
        ----------
        dt : ms
            Step k is from ``k*dt`` on and before ``(k + 1)*dt``; an event at the very end is in the last one.

        Raises
        ------
        RecordingError
            For a dt that is not positive.
        """
        dt, steps = _step(dt), self.steps(dt)
        counts = np.zeros((max(steps, 1) if len(self) else steps, self.size), np.float32)
        step = np.minimum((self.times / dt + ROUNDING).astype(np.int64), max(steps - 1, 0))
        np.add.at(counts, (step, self.channels), 1)
        return counts.reshape(-1, *self.shape)

    def to_spike_array(self, dt: Any) -> np.ndarray:
        r"""Whether each channel fired in each step: (step, \*shape), bool. Events of one step are one spike.

        Examples
        --------
        >>> Events([0.1, 0.2, 1.5], [1, 1, 0], shape=2, duration=2).to_spike_array(dt=1).astype(int)
        array([[0, 1],
               [1, 0]])
        """
        return self.counts(dt) > 0

    @classmethod
    def from_array(cls, counts: Any, dt: Any) -> Events:
        r"""Events of an array of spikes or counts, such as what a layer or a simulation returns.

        Parameters
        ----------
        counts : (step, \*shape)
            How many events at the beginning of each step: bool, or whole numbers.
        dt : ms
            Length of a step.

        Raises
        ------
        RecordingError
            For numbers that are no counts, or an array without channels.

        Examples
        --------
        >>> Events.from_array([[0, 1], [2, 0]], dt="1 ms").times
        array([0., 1., 1.])
        """
        detach = getattr(counts, "detach", None)  # what a layer returns may want a gradient, which counts have none of
        counts, dt = np.asarray(counts if detach is None else detach().cpu().double()), _step(dt)
        if counts.ndim < 2:
            raise RecordingError(f"counts have shape {counts.shape}, but (step, *shape) is expected")
        whole = counts.astype(np.int64) if np.isfinite(counts).all() else counts * 0 - 1
        if np.any(whole != counts) or np.any(whole < 0):
            raise RecordingError("counts of events must be whole numbers from 0 on")
        flat = whole.reshape(len(counts), int(np.prod(counts.shape[1:])))
        step, channel = np.nonzero(flat)
        many = flat[step, channel]
        return cls(np.repeat(step * dt, many), np.repeat(channel, many), counts.shape[1:], len(counts) * dt)

    def to_trains(self) -> SpikeTrains:
        """Spike trains, one a channel.

        Examples
        --------
        >>> Events([1, 2, 3], [1, 0, 1], shape=2, duration=5).to_trains()[1].times
        array([1., 3.])
        """
        order = np.argsort(self.channels, kind="stable")
        counts = np.bincount(self.channels, minlength=self.size)
        return SpikeTrains(self.times[order], np.concatenate([[0], np.cumsum(counts)]), 0.0, self.duration)

    @classmethod
    def from_trains(cls, trains: SpikeTrains, shape: int | Sequence[int] | None = None) -> Events:
        """Events of spike trains of one trial, each train a channel; time begins with their window.

        Raises
        ------
        RecordingError
            For trains of several trials, or a shape that does not hold them.

        Examples
        --------
        >>> Events.from_trains(SpikeTrains.from_lists([[11, 12], [11.5]], t_start=10, t_stop=15)).channels
        array([0, 1, 0])
        """
        if trains.shape[0] != 1:
            raise RecordingError(f"trains of {trains.shape[0]} trials are as many recordings: take one, trains[[n], :]")
        shape = (len(trains),) if shape is None else shape
        if int(np.prod(shape)) != len(trains):
            raise RecordingError(f"shape {shape} does not hold {len(trains)} trains")
        channels = np.repeat(np.arange(len(trains)), trains.counts)
        order = np.argsort(trains.times, kind="stable")
        return cls(trains.times[order] - trains.t_start, channels[order], shape, trains.duration)

    # -- parts -------------------------------------------------------------------------------------------------------

    def window(self, t_start: Any, t_stop: Any) -> Events:
        """Events from ``t_start`` on and before ``t_stop``; time begins anew.

        An event at the very end of the recording stays in a window that ends there.

        Raises
        ------
        RecordingError
            For a window that reaches beyond the recording.

        Examples
        --------
        >>> Events([1, 4, 9], [0, 0, 0], shape=1, duration=10).window(4, 10).times
        array([0., 5.])
        """
        start, stop = float(magnitude(t_start, "ms", "t_start")), float(magnitude(t_stop, "ms", "t_stop"))
        if not 0 <= start <= stop <= self.duration:
            raise RecordingError(
                f"the window {start:g} to {stop:g} ms is not within the recording, 0 to {self.duration:g} ms"
            )
        last = self.times <= stop if stop == self.duration else self.times < stop
        kept = (self.times >= start) & last
        return Events(self.times[kept] - start, self.channels[kept], self.shape, stop - start)

    def crop(self, y: tuple[int, int], x: tuple[int, int]) -> Events:
        """Events of the pixels in rows ``y[0]`` to ``y[1]`` and columns ``x[0]`` to ``x[1]``, the last not included.

        Raises
        ------
        RecordingError
            For pixels that are not there.

        Examples
        --------
        >>> events = Events.from_pixels([1, 2], x=[3, 0], y=[1, 1], shape=(2, 4))
        >>> events.crop(y=(0, 2), x=(2, 4))
        Events(1 event on 2 x 2 channels, 2 ms)
        """
        self._camera("rows and columns")
        for name, (first, end), size in (("y", y, self.shape[-2]), ("x", x, self.shape[-1])):
            if not 0 <= first < end <= size:
                raise RecordingError(f"{name} from {first} to {end} is not within 0 to {size}")
        kept = (self.y >= y[0]) & (self.y < y[1]) & (self.x >= x[0]) & (self.x < x[1])
        return self._moved(kept, self.y - y[0], self.x - x[0], y[1] - y[0], x[1] - x[0])

    def downsample(self, factor: int) -> Events:
        """Events with ``factor`` x ``factor`` pixels made one; all are kept.

        Raises
        ------
        RecordingError
            For a factor that is no positive integer.

        Examples
        --------
        >>> Events.from_pixels([1, 2], x=[3, 0], y=[1, 1], shape=(2, 4)).downsample(2)
        Events(2 events on 1 x 2 channels, 2 ms)
        """
        self._camera("rows and columns")
        if int(factor) != factor or factor < 1:
            raise RecordingError(f"downsample: the factor is {factor!r}, but a positive integer is expected")
        rows, columns = (-(-size // int(factor)) for size in self.shape[-2:])
        return self._moved(slice(None), self.y // int(factor), self.x // int(factor), rows, columns)

    def unsigned(self) -> Events:
        """Events without polarity: shape (y, x).

        Examples
        --------
        >>> Events.from_pixels([1, 2], x=[3, 3], y=[1, 1], polarity=[0, 1], shape=(2, 2, 4)).unsigned().channels
        array([7, 7])
        """
        self._camera("polarity")
        return Events(self.times, self.channels % (self.shape[-2] * self.shape[-1]), self.shape[-2:], self.duration)

    def _moved(self, kept: Any, y: np.ndarray, x: np.ndarray, rows: int, columns: int) -> Events:
        channels = (self.polarity * rows + y) * columns + x
        return Events(self.times[kept], channels[kept], (*self.shape[:-2], rows, columns), self.duration)

    def __len__(self) -> int:
        return len(self.times)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Events)
            and (self.shape, self.duration) == (other.shape, other.duration)
            and np.array_equal(self.times, other.times)
            and np.array_equal(self.channels, other.channels)
        )

    def __repr__(self) -> str:
        many = "1 event" if len(self) == 1 else f"{len(self)} events"
        channels = " x ".join(map(str, self.shape))
        return f"Events({many} on {channels} channel{'s' * (self.size != 1)}, {self.duration:g} ms)"


def _step(dt: Any) -> float:
    dt = float(magnitude(dt, "ms", "dt"))
    if not 0 < dt < np.inf:
        raise RecordingError(f"dt must be positive, not {dt:g} ms")
    return dt
