"""Spike times in HDF5: recordings of lapicque, NWB's units, retinal waves, and datasets with offsets."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.errors import LapicqueNotice, RecordingError
from lapicque.io.files import damaged
from lapicque.io.names import refuse_alike, split_time
from lapicque.io.spike_files.found import Found, from_ends, from_offsets
from lapicque.io.spike_files.npz import populations
from lapicque.io.spike_files.recordings import trials_of
from lapicque.spikes.trains import SpikeTrains

NAME = "an HDF5 file"


def recognises(head: bytes) -> bool:
    r"""Whether a file that begins with these bytes is one.

    Examples
    --------
    >>> recognises(b"\x89HDF\r\n\x1a\n"), recognises(b"PK\x03\x04")
    (True, False)
    """
    return head.startswith(b"\x89HDF\r\n\x1a\n")


def read(path: str | os.PathLike[str]) -> dict[str, Found | SpikeTrains]:
    """Read the populations of a file."""
    import h5py

    name, source = Path(path).stem, os.fspath(path)
    try:
        with h5py.File(path, "r") as file:
            kind, nwb = str(file.attrs.get("kind", "")), "nwb_version" in file.attrs
            units = _units(file["units"], source) if nwb and "spike_times" in file.get("units", {}) else None
            arrays = {} if nwb or kind else {key: _array(item) for key, item in _datasets(file)}
    except (OSError, KeyError, RuntimeError) as error:
        raise damaged(path, NAME, error) from None
    if kind == "lapicque recording":
        return _recorded(path)
    if kind:
        raise RecordingError(f"{source!r} is a {kind}, which holds no spikes: simulate(..., to=...) writes those")
    if nwb:
        return {"units": units} if units is not None else {name: trials_of(path)}
    if {"spikes", "sCount"} <= arrays.keys():
        return {name: _retinal(arrays)}
    groups: dict[str, dict[str, tuple[str | None, np.ndarray]]] = {}
    names: dict[str, str] = {}
    for key, (unit, values) in arrays.items():
        group, _, leaf = key.rpartition("/")
        stem = split_time(leaf)[0]
        refuse_alike(key, names, f"{group}/{stem}")
        names[f"{group}/{stem}"] = key
        groups.setdefault(group, {})[stem] = unit, np.asarray(values)
    if len(groups) == 1:
        return populations(next(iter(groups.values())), name, source)
    found = {group or name: populations(each, group or name, source) for group, each in groups.items()}
    return {
        group if len(each) == 1 else f"{group}/{key}": trains
        for group, each in found.items()
        for key, trains in each.items()
    }


def _recorded(path: str | os.PathLike[str]) -> dict[str, Found | SpikeTrains]:
    from lapicque.simulation.storage import StoredResult

    result = StoredResult(path)
    try:
        return dict(result.spikes)
    finally:
        result.close()


def _units(table: Any, source: str) -> Found:
    """NWB's table of units: ``spike_times`` (s) with ``spike_times_index``, where each unit ends."""
    if "spike_times_index" not in table:
        raise RecordingError(
            f"the units of {source!r} have 'spike_times' without 'spike_times_index': nothing says whose they are"
        )
    ends = table["spike_times_index"][:]
    trains = from_ends(table["spike_times"][:], ends, "units/spike_times")
    labels = table["id"][:].tolist() if "id" in table else None
    return Found(trains, "s", *_observed(table, source), neurons=labels)


def _observed(table: Any, source: str) -> tuple[float | None, float | None]:
    """From when to when units were observed, with a notice where some were not all the time."""
    observed = np.asarray(table["obs_intervals"][:] if "obs_intervals" in table else [], float).reshape(-1, 2)
    if not len(observed):
        return None, None
    start, stop = float(observed[:, 0].min()), float(observed[:, 1].max())
    units = from_ends(np.arange(len(observed)), table["obs_intervals_index"][:], "units/obs_intervals") if (
        "obs_intervals_index" in table
    ) else [np.arange(len(observed))]  # fmt: skip
    lengths = np.diff(observed, axis=1)[:, 0]
    least = min(float(lengths[rows.astype(int)].sum()) for rows in units)
    if least < (stop - start) * (1 - 1e-9):
        warnings.warn(
            f"{source!r}: a unit was observed for {least:g} s only of the {stop - start:g} s from {start:g} to "
            f"{stop:g} s: in the gaps, no spike does not mean silence. Read a part by t_start= and t_stop=",
            LapicqueNotice,
            stacklevel=2,
        )
    return start, stop


def _retinal(arrays: dict[str, tuple[str | None, np.ndarray]]) -> Found:
    """Eglen et al. 2014: ``spikes`` in s, one unit behind the other, ``sCount`` of each, and their ``names``."""
    counts = arrays["sCount"][1].ravel()
    trains = from_offsets(arrays["spikes"][1], np.concatenate([[0], np.cumsum(counts.astype(np.int64))]), "'spikes'")
    names = arrays["names"][1].ravel().tolist() if "names" in arrays else None
    names = [name.decode() if isinstance(name, bytes) else str(name) for name in names] if names else None
    return Found(trains, "s", neurons=names if names and len(set(names)) == len(trains) else None)


def _datasets(file: Any) -> list[tuple[str, Any]]:
    import h5py

    found: list[tuple[str, Any]] = []
    file.visititems(lambda key, item: found.append((key, item)) if isinstance(item, h5py.Dataset) else None)
    return found


def _array(item: Any) -> tuple[str | None, np.ndarray]:
    stated = next((item.attrs[n] for n in ("unit", "units") if n in item.attrs), None)
    unit = stated.decode() if isinstance(stated, bytes) else stated
    return unit or split_time(item.name)[1], np.asarray(item[()])
