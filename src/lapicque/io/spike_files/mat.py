"""Spike times of MATLAB, up to version 7: cell arrays of trains, and vectors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.io.files import damaged
from lapicque.io.names import refuse_alike, split_time
from lapicque.io.spike_files import neo
from lapicque.io.spike_files.found import Found
from lapicque.spikes.trains import SpikeTrains

NAME = "a MATLAB file"


def recognises(head: bytes) -> bool:
    """Whether a file that begins with these bytes is one; MATLAB's version 7.3 is HDF5.

    Examples
    --------
    >>> recognises(b"MATLAB 5.0 MAT-file, Platform: GLNXA64"), recognises(b"MATLAB 7.3 MAT-file")
    (True, False)
    """
    return head.startswith(b"MATLAB 5.0 MAT-file")


def read(path: str | os.PathLike[str]) -> dict[str, Found | SpikeTrains]:
    """Read each variable that is a cell array of vectors, or a vector, as a population; a block of Neo's by Neo."""
    from scipy.io import loadmat

    try:
        variables = loadmat(os.fspath(path))
    except Exception as error:  # SciPy's reader raises what its parsing stumbles over
        raise damaged(path, NAME, error) from None
    if "segments" in (np.asarray(variables.get("block")).dtype.names or ()):
        return dict(neo.read(path))
    found: dict[str, Found | SpikeTrains] = {}
    left: list[str] = []
    names: dict[str, str] = {}
    for name, value in variables.items():
        if name.startswith("__"):
            continue
        trains = _trains(value)
        if trains is None:
            left.append(f"{name} {getattr(value, 'shape', '')}")
        else:
            stem, unit = split_time(name)
            refuse_alike(name, names, stem)
            names[stem] = name
            found[stem] = Found(trains, unit)
    if not found:
        raise RecordingError(
            f"{os.fspath(path)!r} holds {', '.join(left) or 'nothing'}: spikes are cell arrays of vectors, or vectors. "
            "A matrix does not say whether its rows are trains: save it as num2cell(x, 2)"
        )
    return found if len(found) > 1 else {Path(path).stem: next(iter(found.values()))}


def _trains(value: Any) -> list[np.ndarray] | None:
    if not isinstance(value, np.ndarray):
        return None
    if value.dtype == object:
        cells = [np.asarray(cell) for cell in value.ravel()]
        vectors = all(cell.dtype.kind in "fiu" and cell.size == max(cell.shape, default=0) for cell in cells)
        return [cell.ravel().astype(float) for cell in cells] if cells and vectors else None
    vector = value.dtype.kind in "fiu" and value.ndim == 2 and min(value.shape) == 1 and value.size > 1
    return [value.ravel().astype(float)] if vector else None
