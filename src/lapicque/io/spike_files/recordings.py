"""Intracellular recordings: the spikes of their voltage, a trial a sweep."""

from __future__ import annotations

import os
from pathlib import Path

from lapicque import io
from lapicque.errors import RecordingError
from lapicque.spikes.trains import SpikeTrains

NAME = "an ABF or Igor file"


def recognises(head: bytes) -> bool:
    r"""Whether a file that begins with these bytes is one that `lapicque.io.read` reads, and is no other spike file.

    Examples
    --------
    >>> recognises(b"ABF2\x00\x00"), recognises(b"0.1 0.2")
    (True, False)
    """
    return io.abf.recognises(head) or io.igor.recognises(head)


def read(path: str | os.PathLike[str]) -> dict[str, SpikeTrains]:
    """Read the spikes of all sweeps."""
    return {Path(path).stem: trials_of(path)}


def trials_of(path: str | os.PathLike[str]) -> SpikeTrains:
    """Spikes of a recording's sweeps, shape (sweep, 1).

    Raises
    ------
    RecordingError
        If the sweeps differ in length.
    """
    recording = io.read(path)
    windows = {(sweep.spikes.t_start, sweep.spikes.t_stop) for sweep in recording.sweeps}
    if len(windows) > 1:
        raise RecordingError(
            f"{os.fspath(path)!r} has sweeps of different lengths: read it by lapicque.io.read, with select="
        )
    [(start, stop)] = windows
    sweeps = recording.sweeps
    return SpikeTrains.from_lists(
        [sweep.spikes.times for sweep in sweeps], t_start=start, t_stop=stop, shape=(len(sweeps), 1),
        neurons=[recording.name],
    )  # fmt: skip
