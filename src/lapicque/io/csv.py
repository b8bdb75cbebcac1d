"""Comma-separated values with names in the first line (.csv, .tsv)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Unpack

from lapicque.errors import RecordingError
from lapicque.fit.recording import Recording
from lapicque.io.assembly import Options, assemble
from lapicque.io.files import is_text, require
from lapicque.io.tables import named, read_table, table_sweeps

NAME = "a text file"
EXTENSIONS = (".csv", ".tsv")


def recognises(head: bytes) -> bool:
    r"""Whether a file that begins with these bytes can be one: it is text.

    Examples
    --------
    >>> recognises(b"time_ms,current_pA\n"), recognises(b"PK\x03\x04\x00")
    (True, False)
    """
    return is_text(head)


def read(
    path: str | os.PathLike[str], *, columns: Sequence[str] | None = None, **options: Unpack[Options]
) -> Recording:
    r"""Read columns separated by commas, semicolons or tabs, with names such as ``current_pA`` or ``Vm [mV]``.

    A column "time" (or "t", or one in a unit of time) gives the sampling interval; a column "sweep" (or "trial")
    numbers the sweeps, which lie one below the other. Lines that begin with ``#`` are comments.

    Parameters
    ----------
    path : path
    columns : sequence of str, optional
        Names instead of those in the file, or where it has none.
    **options
        See `lapicque.io.read`.

    Returns
    -------
    Recording

    Raises
    ------
    RecordingError
        For a line that does not fit the others, a missing unit, and times that go back or are uneven.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "cell.csv"
    >>> _ = path.write_text("time_ms,current_nA,v (mV)\n0,0.1,-70\n0.5,0.1,10\n1.0,0.1,-60\n")
    >>> read(path)
    Recording 'cell': 1 sweep, 1 stimulus, dt 0.5 ms, stimulus in pA
      0  '' sweep 0: 3 samples (1.5 ms), spikes 1, voltage
    """
    require(path, recognises, NAME)
    source = os.fspath(path)
    try:
        table = named(read_table(path, _delimiter(path)), columns)
        return assemble(table_sweeps(table, options.get("units") or {}), source, **options)
    except RecordingError as error:
        raise RecordingError(f"{source}: {error}" if source not in str(error) else str(error)) from None


def _delimiter(path: str | os.PathLike[str]) -> str:
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        line = next((line for line in file if line.strip() and not line.startswith("#")), "")
    return max(",;\t", key=line.count)
