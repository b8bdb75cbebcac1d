"""Events of Prophesee's cameras: a train for each polarity and pixel."""

from __future__ import annotations

import os
from pathlib import Path

from lapicque.spikes.prophesee import read_dat
from lapicque.spikes.trains import SpikeTrains

NAME = "a Prophesee .dat file"


def recognises(head: bytes) -> bool:
    r"""Whether a file that begins with these bytes is one.

    Examples
    --------
    >>> recognises(b"% Data file containing Event2d events.\n"), recognises(b"% my comment\n0.1\n")
    (True, False)
    """
    return head.startswith(b"% Data file")


def read(path: str | os.PathLike[str]) -> dict[str, SpikeTrains]:
    """Read the events as trains, neuron ``(polarity * height + y) * width + x``."""
    return {Path(path).stem: read_dat(Path(path)).to_trains()}
