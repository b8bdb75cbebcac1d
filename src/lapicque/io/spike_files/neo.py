"""Every other file that Neo reads: its spike trains, segments as trials."""

from __future__ import annotations

import os
from pathlib import Path

from lapicque import io
from lapicque.spikes.exchange import from_neo
from lapicque.spikes.trains import SpikeTrains


def knows(path: str | os.PathLike[str]) -> bool:
    """Whether Neo reads files of this extension.

    Examples
    --------
    >>> knows("cell.plx"), knows("cell.xyz")
    (True, False)
    """
    return bool(io.neo.formats_of(path))


def read(path: str | os.PathLike[str]) -> dict[str, SpikeTrains]:
    """Read all spike trains."""
    return {Path(path).stem: from_neo(io.neo.read_block(path))}
