"""Numbers in columns: text with or without names, units in the names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lapicque.errors import RecordingError
from lapicque.io.channels import Channel, RawSweep
from lapicque.io.files import is_text, require
from lapicque.io.names import split_name, unit_kind
from lapicque.units import magnitude

# UTF-8; spreadsheets put a byte-order mark before it
_ENCODING = "utf-8-sig"
_TIME, _SWEEP = ("t", "time"), ("sweep", "trial", "repeat")


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of numbers with names: `values` is (row, column); names are empty where the file has none."""

    names: tuple[str, ...]
    values: np.ndarray
    source: str


def read_table(path: str | os.PathLike[str], delimiter: str | None = None) -> Table:
    """Read a text file of numbers.

    Lines that begin with ``#`` are comments. The names are the first line, if it holds anything but numbers, or the
    last comment before the numbers, if it has a word for each column of which at least one ends in a unit.

    Parameters
    ----------
    path : path
    delimiter : str, optional
        What separates columns; white space by default.

    Raises
    ------
    RecordingError
        If the file is no text, holds no numbers, or a line does not fit the others.
    """
    require(path, is_text, "a text file")
    source = os.fspath(path)
    try:
        names, comment, skipped = _heading(source, delimiter)
        values = np.loadtxt(
            path, delimiter=delimiter, skiprows=skipped, ndmin=2, dtype=float, encoding=_ENCODING, quotechar='"'
        )
    except UnicodeDecodeError as error:
        raise RecordingError(
            f"{source!r} is no UTF-8 text ({error.reason} at byte {error.start}): convert it"
        ) from None
    except RecordingError:
        raise
    except ValueError:
        raise _fault(source, delimiter, skipped) from None
    width = values.shape[1]
    words = _split(comment, delimiter)
    if not names and len(words) == width and any(split_name(word)[1] for word in words):
        names = tuple(words)
    if names and len(names) != width:
        raise RecordingError(f"{source!r} has {len(names)} names, {', '.join(map(repr, names))}, for {width} columns")
    return Table(names, values, source)


def _heading(source: str, delimiter: str | None) -> tuple[tuple[str, ...], str, int]:
    """Names in the first line, the last comment before the numbers, and how many lines these take."""
    names: tuple[str, ...] = ()
    comment, skipped = "", 0
    with open(source, encoding=_ENCODING) as file:
        for line in file:
            text = line.strip()
            if text and not text.startswith("#"):
                if _are_numbers(words := _split(text, delimiter)):
                    return names, comment, skipped
                if names:
                    raise _misfit(source, skipped + 1, text, delimiter)
                names = tuple(words)
            elif text:
                comment = text.lstrip("# ")
            skipped += 1
    raise RecordingError(f"{source!r} holds no numbers")


def _fault(source: str, delimiter: str | None, skipped: int) -> RecordingError:
    """Find the line that does not fit those before it."""
    width = None
    with open(source, encoding=_ENCODING) as file:
        for number, line in enumerate(file, start=1):
            text = line.partition("#")[0].strip()
            if number <= skipped or not text:
                continue
            words = _split(text, delimiter)
            if not _are_numbers(words):
                return _misfit(source, number, text, delimiter)
            if width is not None and len(words) != width:
                return RecordingError(
                    f"{source!r}, line {number} has {len(words)} columns, those before {width}: is the file complete?"
                )
            width = len(words)
    return RecordingError(f"{source!r} is no table of numbers")


def _misfit(source: str, number: int, text: str, delimiter: str | None) -> RecordingError:
    hint = "; columns with commas between them are read by lapicque.io.csv" if "," in text and delimiter is None else ""
    return RecordingError(f"{source!r}, line {number} is neither numbers nor a comment: {text[:60]!r}{hint}")


def _split(text: str, delimiter: str | None) -> list[str]:
    return [word.strip().strip('"') for word in text.split(delimiter)]


def _are_numbers(words: Sequence[str]) -> bool:
    return all(re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf)", w, re.IGNORECASE) for w in words)


def named(table: Table, columns: Sequence[str] | None) -> Table:
    """Give the columns of a table the names that the user states.

    Raises
    ------
    RecordingError
        If their number differs, or several columns have no names at all.
    """
    width = table.values.shape[1]
    if columns is not None:
        if len(columns) != width:
            raise RecordingError(
                f"columns={tuple(columns)} names {len(columns)} of the {width} columns of {table.source!r}"
            )
        return Table(tuple(columns), table.values, table.source)
    if table.names:
        return table
    if width == 1:
        return Table(("current",), table.values, table.source)
    raise RecordingError(
        f"{table.source!r} has {width} columns without names: name them, as in "
        f"columns={('time_ms', 'current_pA', 'voltage_mV', *['...'] * width)[:width]}"
    )


def table_sweeps(table: Table, units: Mapping[str, str]) -> list[RawSweep]:
    """Make sweeps of the columns: "time" (or "t") is the clock, "sweep" (or "trial") tells the sweeps apart.

    Parameters
    ----------
    table : Table
    units : mapping
        The user's units; the one for the time column counts here.

    Raises
    ------
    RecordingError
        For times without a unit, out of order or uneven.
    """
    split = [split_name(name) for name in table.names]
    lower = [name.lower() for name, _ in split]
    clock = next((i for i, name in enumerate(lower) if name in _TIME), None)
    group = next((i for i, name in enumerate(lower) if name in _SWEEP), None)
    kinds = [unit_kind(unit) for _, unit in split]
    if clock is None and "time" in kinds:
        clock = kinds.index("time")
    rows = [np.arange(len(table.values))]
    labels = [""]
    if group is not None:
        values = table.values[:, group]
        found = np.unique(values)
        rows = [np.flatnonzero(values == value) for value in found]
        labels = [f"{value:g}" for value in found]
    sweeps = []
    for label, chosen in zip(labels, rows, strict=True):
        dt, start = None, 0.0
        if clock is not None:
            unit = units.get(split[clock][0], units.get("time", split[clock][1]))
            where = f"{table.source!r}" + (f", sweep {label}" if label else "")
            dt, start = sampling_interval(table.values[chosen, clock], unit, split[clock][0], where)
        channels = tuple(
            Channel(name, unit, table.values[chosen, i], dt, start)
            for i, (name, unit) in enumerate(split)
            if i not in (clock, group)
        )
        sweeps.append(RawSweep(channels, label))
    return sweeps


def sampling_interval(times: np.ndarray, unit: str | None, name: str, where: str) -> tuple[float, float]:
    """Find the sampling interval and the first time, both in ms, of a column of times.

    Raises
    ------
    RecordingError
        For a single time, a missing unit, times that are not finite, that go back, or that are not evenly spaced.

    Examples
    --------
    >>> sampling_interval(np.array([0.0, 50.0, 100.0]), "us", "time", "a file")
    (0.05, 0.0)
    """
    if unit is None:
        raise RecordingError(f"{where}: the times {name!r} have no unit: state it, as in units={{'time': 'ms'}}")
    if unit_kind(unit) != "time":
        raise RecordingError(f"{where}: the times {name!r} are in {unit!r}: state a unit of time, as in 'ms' or 's'")
    if times.size < 2:
        raise RecordingError(f"{where}: {times.size} sample is too short to tell the sampling interval")
    bad = np.flatnonzero(~np.isfinite(times))
    if bad.size:
        raise RecordingError(f"{where}: the time of row {bad[0]} is not finite")
    steps = np.diff(times)
    back = np.flatnonzero(steps <= 0)
    if back.size:
        k = int(back[0])
        raise RecordingError(
            f"{where}: times do not rise from row {k} to {k + 1} ({times[k]:g} to {times[k + 1]:g} {unit}): sort the "
            "rows by time, or number the sweeps in a column 'sweep'"
        )
    step = (times[-1] - times[0]) / (times.size - 1)
    # times that were printed with few digits are uneven by less than this
    if np.abs(times - (times[0] + step * np.arange(times.size))).max() > 0.1 * step:
        raise RecordingError(
            f"{where}: times are not evenly spaced (steps from {steps.min():g} to {steps.max():g} {unit}): bring the "
            "columns to an even grid by numpy.interp"
        )
    in_ms = float(magnitude(f"1 {unit}", "ms"))
    return float(f"{step * in_ms:.9g}"), float(times[0]) * in_ms
