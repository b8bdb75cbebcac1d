"""What is found in a spike file, before its unit and its window are settled."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import LapicqueNotice, RecordingError
from lapicque.io.names import unit_kind
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


@dataclass(frozen=True, eq=False)
class Found:
    """Trains as a file holds them: times are in `unit`, which may be unknown, as may be the window.

    An edge of the window is a number in the same unit, or a text with its own: ``"2 s"``.
    """

    trains: Sequence[np.ndarray]
    unit: str | None
    t_start: float | str | None = None
    t_stop: float | str | None = None
    shape: tuple[int, int] | None = None
    neurons: Sequence[Any] | None = None


@dataclass(frozen=True)
class Wanted:
    """What the user says about a file; `sort` allows times out of order."""

    unit: str | None = None
    rate: Any = None
    t_start: Any = None
    t_stop: Any = None
    sort: bool = False


def settle(found: Found | SpikeTrains, wanted: Wanted, source: str) -> SpikeTrains:
    """Spike trains in ms, in their window.

    Raises
    ------
    RecordingError
        If the unit is unknown, or the times are not finite, not sorted or outside the window: it names the file.

    Warns
    -----
    LapicqueNotice
        If the file does not say when the recording ended, or no spike is in the window that is asked for.
    """
    try:
        if not len(found if isinstance(found, SpikeTrains) else found.trains):
            raise RecordingError("there are no spike trains in it, not even silent ones")
        if isinstance(found, SpikeTrains):
            return _cut(found, wanted, source)
        return _settled(found, wanted, source)
    except RecordingError as error:
        text = str(error).replace("sort each train by np.sort", "sort=True sorts them, if the order means nothing")
        raise RecordingError(text if source in text else f"{source!r}: {text}") from None


def _cut(trains: SpikeTrains, wanted: Wanted, source: str) -> SpikeTrains:
    if wanted.unit is not None or wanted.rate is not None:
        raise RecordingError("the file says the unit of its times: leave out unit= and rate=")
    start = trains.t_start if wanted.t_start is None else wanted.t_start
    stop = trains.t_stop if wanted.t_stop is None else wanted.t_stop
    whole = wanted.t_start is None and wanted.t_stop is None
    return trains if whole else _part(trains, start, stop, source)


def _part(trains: SpikeTrains, start: Any, stop: Any, source: str) -> SpikeTrains:
    """Trains in a part of their window, with a notice if that has none of their spikes."""
    part = trains.window(start, stop)
    if len(trains.times) and not len(part.times):
        first, last = trains.times.min(), trains.times.max()
        warnings.warn(
            f"{source!r}: none of the {len(trains.times)} spikes, from {first:.10g} to {last:.10g} ms, is in the "
            f"window, {part.t_start:g} to {part.t_stop:g} ms: bare numbers are ms",
            LapicqueNotice,
            stacklevel=6,
        )
    return part


def _settled(found: Found, wanted: Wanted, source: str) -> SpikeTrains:
    times_by, over = _factor(found, wanted)
    trains = [np.asarray(train, float).ravel() * times_by / over for train in found.trains]
    if wanted.sort:
        trains = [np.sort(train) for train in trains]
    times = np.concatenate([np.empty(0), *trains])
    seen = times[np.isfinite(times)]
    start, stop = (
        None if t is None else float(magnitude(t, "ms")) if isinstance(t, str) else float(t) * times_by / over
        for t in (found.t_start, found.t_stop)
    )
    asked = [
        None if t is None else float(magnitude(t, "ms", name))
        for t, name in ((wanted.t_start, "t_start"), (wanted.t_stop, "t_stop"))
    ]
    if stop is None and asked[1] is None:
        if not len(seen):
            raise RecordingError("there is no spike, and nothing says when the recording ended: state t_stop='10 s'")
        tell_open_end(source, float(seen.max()))
    # an edge that the file does not state is the one that is asked for, or far enough out for all spikes
    if start is None:
        start = min(0.0 if asked[0] is None else asked[0], seen.min(initial=np.inf))
    if stop is None:
        stop = max(start if asked[1] is None else asked[1], seen.max(initial=-np.inf))
    kept = SpikeTrains.from_lists(trains, t_start=start, t_stop=stop, shape=found.shape, neurons=found.neurons)
    edges = [edge if t is None else t for t, edge in zip(asked, (start, stop), strict=True)]
    return kept if edges == [start, stop] else _part(kept, edges[0], edges[1], source)


def tell_open_end(source: str, last: float) -> None:
    """Say that a recording is taken to end with its last spike, in ms."""
    warnings.warn(
        f"{source!r} does not say when the recording ended: it is taken to end with the last spike, at {last:g} ms, "
        "unless t_stop='...' says more",
        LapicqueNotice,
        stacklevel=6,
    )


def in_ms(found: Found, wanted: Wanted) -> float:
    """One of a file's unit, or the interval of its samples, in ms."""
    numerator, denominator = _factor(found, wanted)
    return numerator / denominator


def _factor(found: Found, wanted: Wanted) -> tuple[float, float]:
    """Numerator and denominator of the factor to ms: a division by a whole number is exact where a product is not."""
    if wanted.rate is not None:
        if found.unit is not None or wanted.unit is not None:
            unit = wanted.unit or found.unit
            raise RecordingError(f"the times are in {unit!r}, and rate= is for times in samples: leave out one of them")
        hertz = float(magnitude(wanted.rate, "Hz", "the sampling rate"))
        if not (np.isfinite(hertz) and hertz > 0):
            raise RecordingError(f"the sampling rate must be positive, not {hertz:g} Hz")
        return 1.0, hertz / 1e3
    unit = wanted.unit or found.unit
    if unit is None:
        raise RecordingError(
            "nothing says the unit of the spike times: state unit='s', or, where they count samples, rate='30 kHz'"
        )
    if unit_kind(unit) != "time":
        raise RecordingError(f"the unit of spike times is a time, such as 's' or 'ms', not {unit!r}")
    size = float(magnitude(f"1 {unit}", "ms"))
    if unit_kind(found.unit) == "time" and float(magnitude(f"1 {found.unit}", "ms")) != size:
        raise RecordingError(f"the file says its times are in {found.unit!r}, not in {unit!r}: leave out unit=")
    return (size, 1.0) if size >= 1 else (1.0, round(1 / size))


def from_offsets(times: Any, offsets: Any, what: str) -> list[np.ndarray]:
    """Trains that lie one behind the other.

    Raises
    ------
    RecordingError
        If the offsets do not rise from 0 to the number of times.

    Examples
    --------
    >>> from_offsets([1.0, 2.0, 9.0], [0, 2, 2, 3], "spikes")
    [array([1., 2.]), array([], dtype=float64), array([9.])]
    """
    times, offsets = np.asarray(times, float).ravel(), np.asarray(offsets).ravel()
    whole = len(offsets) and np.issubdtype(offsets.dtype, np.integer)
    if not whole or offsets[0] != 0 or offsets[-1] != len(times) or np.any(np.diff(offsets.astype(np.int64)) < 0):
        raise RecordingError(
            f"the offsets of {what} must be integers that rise from 0 to the number of times, {len(times)}"
        )
    return np.split(times, offsets[1:-1].astype(np.int64)) if len(offsets) > 1 else []


def from_ends(times: Any, ends: Any, what: str) -> list[np.ndarray]:
    """Trains that lie one behind the other, from where each ends: a ragged column of HDF5 tables.

    Examples
    --------
    >>> from_ends([1.0, 2.0, 9.0], [2, 2, 3], "spikes")
    [array([1., 2.]), array([], dtype=float64), array([9.])]
    """
    return from_offsets(times, np.concatenate([[0], np.asarray(ends).ravel().astype(np.int64)]), what)


def from_labels(times: Any, labels: Any, what: str) -> tuple[list[np.ndarray], list[Any]]:
    """Trains of times that each come with a neuron's label, in the order of the labels.

    Raises
    ------
    RecordingError
        If there are not as many labels as times.

    Examples
    --------
    >>> from_labels([1.0, 2.0, 9.0], [7, 3, 7], "spikes")
    ([array([2.]), array([1., 9.])], [3, 7])
    """
    times, labels = np.asarray(times, float).ravel(), np.asarray(labels).ravel()
    if len(times) != len(labels):
        raise RecordingError(f"{what} has {len(times)} times and {len(labels)} labels of neurons")
    if np.issubdtype(labels.dtype, np.floating):
        if not np.all(labels == np.round(labels)):
            raise RecordingError(f"the labels of neurons of {what} are no whole numbers")
        labels = labels.astype(np.int64)
    known, whose = np.unique(labels, return_inverse=True)
    order = np.argsort(whose, kind="stable")
    ends = np.cumsum(np.bincount(whose, minlength=len(known)))
    return np.split(times[order], ends[:-1]) if len(known) else [], known.tolist()
