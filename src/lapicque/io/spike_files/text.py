"""Spike times as text: a train a line, a time a line, or times with the number of the neuron beside."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path

import numpy as np

from lapicque.errors import LapicqueNotice, RecordingError
from lapicque.io.files import is_text
from lapicque.io.names import split_name, unit_kind
from lapicque.io.spike_files.found import Found, from_labels
from lapicque.io.spike_times import time_rows
from lapicque.io.tables import Table, read_table

NAME = "a text file"
#: What columns are called, apart from their unit: NEST's, Neo's, SpikeInterface's and other words.
TIMES = ("t", "time", "times", "spike_time", "spike_times", "spikes", "timestamp")
NEURONS = ("neuron", "neurons", "i", "id", "ids", "index", "sender", "senders", "gid", "unit", "unit_id", "cluster",
           "channel", "electrode")  # fmt: skip


def recognises(head: bytes) -> bool:
    r"""Whether a file that begins with these bytes can be one.

    Examples
    --------
    >>> recognises(b"0.1 0.2\n"), recognises(b"PK\x03\x04"), recognises(b"#!AER-DAT2.0\r\n# text")
    (True, False, False)
    """
    return is_text(head) and not head.startswith(b"#!AER-DAT")


def read(path: str | os.PathLike[str]) -> dict[str, Found]:
    """Read the trains of a text file; where all lines hold one time, they are one train."""
    source, name = os.fspath(path), Path(path).stem
    table = _table(path)
    if table is not None:
        return {name: table}
    rows, unit, words, blank = time_rows(path)
    if not rows and words:
        raise RecordingError(f"{source!r} holds no spike times: its text begins {words[:40]!r}")
    if all(len(row) <= 1 for row in rows):
        return {name: Found([np.array([time for row in rows for time in row], float)], unit)}
    if blank:
        warnings.warn(
            f"{source!r}: {blank} empty line{'s' * (blank > 1)} between trains {'are' if blank > 1 else 'is'} passed "
            "over, and no silent neuron",
            LapicqueNotice,
            stacklevel=4,
        )
    if len(rows) > 2 and all(len(row) == 2 for row in rows):
        pairs = np.array(rows)
        if (pairs == np.round(pairs)).all(axis=0).any():
            warnings.warn(
                f"{source!r}: every line has two numbers and is read as a train of two spikes. If they are a neuron "
                "and a time, name them in a first line: 'neuron time_ms'; if they are one number, write a point for "
                "the comma",
                LapicqueNotice,
                stacklevel=4,
            )
    return {name: Found([np.array(row) for row in rows], unit)}


def _table(path: str | os.PathLike[str]) -> Found | None:
    """Times and neurons in named columns, if the file has such; None if it is of another kind."""
    words, delimiter = _heading(path)
    if len(words) < 2 or not any(split_name(word)[0].lower() in TIMES for word in words):
        return None
    table: Table = read_table(path, delimiter)
    if table.values.shape[1] != len(words):
        return None
    names = [split_name(word) for word in words]
    times = [k for k, (stem, _) in enumerate(names) if stem.lower() in TIMES]
    whose = [k for k, (stem, _) in enumerate(names) if stem.lower() in NEURONS]
    if len(times) != 1 or len(whose) != 1:
        raise RecordingError(
            f"{os.fspath(path)!r} has the columns {', '.join(map(repr, words))}: one of times ({', '.join(TIMES[:3])} "
            f"...) and one of neurons ({', '.join(NEURONS[:5])} ...) are needed. Recordings of a current or a voltage "
            "are read by lapicque.io.read"
        )
    trains, labels = from_labels(table.values[:, times[0]], table.values[:, whose[0]], repr(os.fspath(path)))
    unit = names[times[0]][1]
    return Found(trains, unit if unit_kind(unit) == "time" else None, neurons=labels)


def _heading(path: str | os.PathLike[str]) -> tuple[list[str], str | None]:
    """Words of the last line before the first numbers, a unit in brackets with its word; and what separates columns."""
    line = ""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        for text in file:
            if text.strip()[:1] in tuple("+-.0123456789"):
                break
            line = text if text.strip("# \t\r\n,;") else line
    delimiter = next((mark for mark in ",;\t" if mark in line), None)
    words = [word.strip().strip('"') for word in re.sub(r"\s+(?=[\[(])", "_", line.lstrip("# ")).split(delimiter)]
    return [word.replace("_(", " (").replace("_[", " [") for word in words if word], delimiter
