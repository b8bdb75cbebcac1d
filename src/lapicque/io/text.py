"""Plain text with numbers in columns (.txt, .dat, .asc)."""

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
EXTENSIONS = (".txt", ".dat", ".asc")


def recognises(head: bytes) -> bool:
    r"""Whether a file that begins with these bytes can be one: it is text.

    Examples
    --------
    >>> recognises(b"# stimulus\n0.1\n"), recognises(b"ABF2\x00\x00")
    (True, False)
    """
    return is_text(head)


def read(
    path: str | os.PathLike[str], *, columns: Sequence[str] | None = None, **options: Unpack[Options]
) -> Recording:
    r"""Read columns separated by white space; a single column is the current, sampled every `dt`.

    The names of several columns are given in `columns`, stand in the first line, or in the last comment before the
    numbers (``# time_ms current_pA``). A column "time" gives the sampling interval; a column "sweep" numbers the
    sweeps. Text rarely says its units: state them in names or in ``units=``.

    Parameters
    ----------
    path : path
    columns : sequence of str, optional
        Names of the columns, with units or without.
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
    A current in A without its clock, spikes in s in a file beside it:

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "current.txt").write_text("3.0e-10\n2.4e-10\n2.6e-10\n")
    >>> _ = (folder / "spikes.txt").write_text("1.5e-4\n")
    >>> cell = read(
    ...     folder / "current.txt", dt="0.1 ms", spikes=folder / "spikes.txt", units={"current": "A", "spikes": "s"}
    ... )
    >>> cell[0].stimulus, cell[0].spikes.times
    (array([300., 240., 260.]), array([0.15]))

    A stimulus without a physical unit, with its times:

    >>> _ = (folder / "sound.txt").write_text("0  0.24\n50  0.25\n100  0.21\n")
    >>> sound = read(folder / "sound.txt", columns=["time_us", "stimulus"], units={"stimulus": "1"}, spikes=[0.07])
    >>> sound.dt, sound.stimulus_unit
    (0.05, '1')
    """
    require(path, recognises, NAME)
    source = os.fspath(path)
    try:
        table = named(read_table(path), columns)
        return assemble(table_sweeps(table, options.get("units") or {}), source, **options)
    except RecordingError as error:
        raise RecordingError(f"{source}: {error}" if source not in str(error) else str(error)) from None
