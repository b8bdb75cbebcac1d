"""NumPy archives of spike times."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lapicque import io
from lapicque.errors import RecordingError
from lapicque.io.names import split_name, split_time, unit_kind
from lapicque.io.spike_files.found import Found, from_labels, from_offsets
from lapicque.io.spike_files.recordings import trials_of
from lapicque.spikes.trains import SpikeTrains

NAME = "a NumPy .npz archive"
recognises = io.npz.recognises
#: Arrays of the times of many neurons: ``t`` is that of Brian's monitors.
TIMES = ("spike_times", "times", "t")
#: Arrays that number the neuron of each of these times: phy's, NEST's ``senders``, Brian's ``i``, and others.
LABELS = (
    "spike_clusters", "spike_ids", "spike_neurons", "spike_labels", "neurons", "clusters", "labels", "senders", "i",
)  # fmt: skip


def read(path: str | os.PathLike[str]) -> dict[str, Found | SpikeTrains]:
    """Read ``NAME_ms`` with ``NAME_offsets``, `TIMES` with `LABELS` of neurons, or an array a train."""
    arrays = io.npz.load_arrays(path, split_time)
    if {"current", "stimulus"} & {split_name(name)[0] for name in arrays}:
        return {Path(path).stem: trials_of(path)}
    return populations(arrays, Path(path).stem, os.fspath(path))


def populations(
    arrays: Mapping[str, tuple[str | None, np.ndarray]], name: str, source: str
) -> dict[str, Found | SpikeTrains]:
    """Find the trains among arrays, each with a unit or none: population -> trains.

    Raises
    ------
    RecordingError
        If there are none, or it is not clear which.
    """
    window = {edge: _edge(arrays, edge) for edge in ("t_start", "t_stop")}
    found: dict[str, Found | SpikeTrains] = {}
    for stem, (unit, values) in arrays.items():
        offsets = next((o for o in (f"{stem}_offsets", f"{stem.removesuffix('_times')}_offsets") if o in arrays), None)
        if stem == "times" and offsets is None and "offsets" in arrays:
            offsets = "offsets"
        labels = next((o for o in LABELS if o in arrays), None) if stem in TIMES else None
        if offsets is not None and stem != offsets:
            trains = from_offsets(values, arrays[offsets][1], f"array {stem!r}")
            shape = _shape(arrays, len(trains)) if stem in TIMES else None
            found[stem] = _made(trains, unit, window, shape=shape)
        elif labels is not None:
            trains, neurons = from_labels(values, arrays[labels][1], f"array {stem!r}")
            found[stem] = _made(trains, unit, window, neurons=neurons)
    if found:
        return {name if stem in TIMES else stem: each for stem, each in found.items()}
    single = {s: a for s, a in arrays.items() if a[1].ndim == 1 and a[1].dtype.kind in "fiu" and s not in window}
    units = {unit for unit, _ in single.values()}
    if not single or len(units) > 1 or len(single) < len(arrays.keys() - window.keys()):
        raise RecordingError(
            f"{source!r} holds {', '.join(map(repr, arrays)) or 'nothing'}: spikes are arrays NAME_ms with "
            "NAME_offsets, 'spike_times_ms' with 'spike_clusters', or one array of times a train and nothing else"
        )
    kinds = {values.dtype.kind == "f": stem for stem, (_, values) in single.items()}
    if len(single) == len(kinds) == 2 and len({values.size for _, values in single.values()}) == 1:
        raise RecordingError(
            f"{source!r}: {kinds[False]!r} are whole numbers, as many as there are times in {kinds[True]!r}. If they "
            "say whose spikes these are, name the arrays 'spike_times' and 'spike_clusters'; if they are times, save "
            "them as floats"
        )
    return {name: _made([values for _, values in single.values()], units.pop(), window, neurons=list(single))}


def _made(
    trains: list[np.ndarray],
    unit: str | None,
    window: Mapping[str, float | str | None],
    shape: tuple[int, int] | None = None,
    neurons: Sequence[Any] | None = None,
) -> Found:
    if unit is not None and unit_kind(unit) != "time":
        unit = None
    return Found(trains, unit, window["t_start"], window["t_stop"], shape, neurons)


def _edge(arrays: Mapping[str, tuple[str | None, np.ndarray]], name: str) -> float | str | None:
    """Edge of the window with its unit, or a number in that of the times."""
    if name not in arrays:
        return None
    unit, value = arrays[name]
    if value.size != 1 or (unit is not None and unit_kind(unit) != "time"):
        raise RecordingError(f"array {name!r} must be one number with a unit of time: name it {name}_ms")
    number = float(value.ravel()[0])
    return number if unit is None else f"{number!r} {unit}"


def _shape(arrays: Mapping[str, tuple[str | None, np.ndarray]], trains: int) -> tuple[int, int] | None:
    if "shape" not in arrays:
        return None
    shape = arrays["shape"][1].ravel()
    if len(shape) != 2 or int(np.prod(shape)) != trains:
        raise RecordingError(f"array 'shape' is {shape}: (trial, neuron) of {trains} trains is expected")
    return int(shape[0]), int(shape[1])
