"""Spike times beside a recording: a companion file, or times given by hand."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.io.files import is_text, require
from lapicque.io.names import split_name, unit_kind
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

#: Numbers with something between them that does not separate times: no heading.
_NUMBERS = re.compile(r"[-+.\d][-+.\deE\s,;:|/]*")


def spike_lists(spikes: Any, unit: str | None) -> list[np.ndarray]:
    """Spike times, train by train, from a file, an array, or a list of either.

    Parameters
    ----------
    spikes : path, SpikeTrains, (spike,) times, or a list with one of these per train
        Bare numbers are in `unit`, by default ms; a file must state its unit, or `unit` must.
    unit : str, optional
        The unit of bare numbers and of files.

    Returns
    -------
    list of numpy.ndarray
        (spike,) each, ms.

    Raises
    ------
    RecordingError
        For a file that is no list of times, or has no unit.

    Examples
    --------
    >>> spike_lists([0.01, 0.02], "s")
    [array([10., 20.])]
    >>> spike_lists([[1, 2], []], None)
    [array([1., 2.]), array([], dtype=float64)]
    """
    if isinstance(spikes, (str, os.PathLike)):
        return read_spike_times(spikes, unit)
    if isinstance(spikes, SpikeTrains):
        return [train.times for train in spikes]
    several = isinstance(spikes, (list, tuple)) and len(spikes) > 0
    if several and any(isinstance(s, (str, os.PathLike, SpikeTrains)) or np.ndim(s) == 1 for s in spikes):
        return [train for entry in spikes for train in spike_lists(entry, unit)]
    times = np.atleast_1d(np.asarray(magnitude(spikes, unit or "ms", "spikes"), dtype=float))
    if times.ndim != 1:
        raise RecordingError(f"spikes has shape {times.shape}: give one list of times per sweep")
    return [times * _in_ms(unit or "ms")]


def read_spike_times(path: str | os.PathLike[str], unit: str | None = None) -> list[np.ndarray]:
    """Read a text file of spike times.

    Either one time a line, which is one train, or several times in some line: then each line is a train. White space
    and commas separate times, ``#`` begins a comment. The unit may stand in a first line such as ``spike_times_ms`` or
    ``# spikes (s)``.

    Parameters
    ----------
    path : path
    unit : str, optional
        The unit of the times, where the file does not say.

    Returns
    -------
    list of numpy.ndarray
        (spike,) each, ms.

    Raises
    ------
    RecordingError
        For a file that is no text or holds something else than numbers, and where the unit is missing.
    """
    require(path, is_text, "a text file of spike times")
    source = os.fspath(path)
    rows, stated, _, _ = time_rows(path)
    unit = unit or stated
    if unit is None:
        raise RecordingError(
            f"{source!r} does not say the unit of its spike times: state it, as in units={{'spikes': 's'}}"
        )
    factor = _in_ms(unit)
    if all(len(row) == 1 for row in rows):
        return [np.array([time for row in rows for time in row], dtype=float) * factor]
    return [np.array(row) * factor for row in rows]


def time_rows(path: str | os.PathLike[str]) -> tuple[list[list[float]], str | None, str, int]:
    r"""Numbers of a text file, line by line, the unit that its head states, that head, and how many lines are empty.

    Raises
    ------
    RecordingError
        For a line behind the first numbers that holds something else.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "spikes.txt"
    >>> _ = path.write_text("spikes (s)\n0.1, 0.2\n\n0.3  # the second train\n")
    >>> time_rows(path)
    ([[0.1, 0.2], [0.3]], 's', 'spikes (s)', 1)
    """
    source = os.fspath(path)
    rows: list[list[float]] = []
    unit: str | None = None
    head, blank, empty = "", 0, 0
    for number, line in enumerate(Path(path).read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1):
        text, _, comment = line.partition("#")
        words = text.replace(",", " ").split()
        try:
            if words:
                rows.append([float(word) for word in words])
                empty += blank
                blank = 0
            elif rows and not comment:
                blank += 1
        except ValueError:
            if rows or _NUMBERS.fullmatch(text.strip()):
                raise RecordingError(
                    f"{source!r}, line {number}: {text.strip()[:40]!r} is no spike time: white space or commas "
                    "separate numbers, which have a decimal point"
                ) from None
            comment = text
            head = head or text.strip()
        if not rows and unit is None:
            stated = split_name(comment.strip())[1]
            unit = stated if unit_kind(stated) == "time" else None
    return rows, unit, head, empty


def _in_ms(unit: str) -> float:
    if unit_kind(unit) != "time":
        raise RecordingError(f"spike times in {unit!r}: state a unit of time, as in units={{'spikes': 'ms'}}")
    return float(magnitude(f"1 {unit}", "ms"))
