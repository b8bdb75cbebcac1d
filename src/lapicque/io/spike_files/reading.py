"""Reading spike times, whatever the format: the choice of the reader by content."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from lapicque.errors import RecordingError, suggest
from lapicque.io.files import describe_content, file_head
from lapicque.io.spike_files.found import Found, Wanted, in_ms, settle, tell_open_end
from lapicque.spikes.trains import SpikeTrains

PathLike = str | os.PathLike[str]


def read_spikes(
    path: PathLike | Sequence[PathLike],
    *,
    key: str | None = None,
    unit: str | None = None,
    rate: Any = None,
    t_start: Any = None,
    t_stop: Any = None,
    sort: bool = False,
) -> SpikeTrains:
    r"""Read spike trains from a file, whatever its format, or from several files of one train each.

    ====================== ==========================================================================================
    file                   what is read
    ====================== ==========================================================================================
    HDF5                   recordings of lapicque; NWB's table of units; ``spikes`` with ``sCount`` (retinal waves of
                           Eglen et al. 2014, s); groups of datasets named as in .npz
    .npz                   ``NAME_ms`` with ``NAME_offsets``; ``spike_times_s`` with ``spike_clusters``, ``t_ms`` with
                           ``i``, ``times_ms`` with ``senders``; or nothing but trains, an array each
    .mat                   cell arrays and vectors
    text                   a train a line; a time a line; columns named ``time_ms`` and ``neuron`` (``sender`` ...)
    Prophesee .dat         the events of each pixel and polarity
    intracellular          what `lapicque.io.read` reads: spikes of the voltage, a trial a sweep
    others                 what Neo knows by the file's extension (Plexon, Blackrock, NIX ...)
    ====================== ==========================================================================================

    Parameters
    ----------
    path : path or sequence of paths
        Of several files with one train each, the trains are neurons, named as the files.
    key : str, optional
        Which population, array, variable or group, where a file holds several; `read_populations` reads all.
    unit : str, optional
        Unit of the times, where the file does not say.
    rate : Hz, optional
        Sampling rate, where times count samples.
    t_start, t_stop : ms, optional
        What was recorded, where the file does not say; else, the part of it to read. Without, from 0 (or the first
        spike, if that is earlier) to the last spike.
    sort : bool
        Sort times that are out of order, which else is an error.

    Returns
    -------
    SpikeTrains

    Raises
    ------
    RecordingError
        For files that are missing, damaged, hold no spikes or several populations; for times that are not finite, not
        sorted or outside the window; if nothing says their unit.

    Warns
    -----
    LapicqueNotice
        If nothing says when the recording ended, or if it has spikes but none in the window that is asked for.

    References
    ----------
    .. [1] Eglen, Weeks, Jessop, Simonotto, Jackson & Sernagor 2014, A data repository and analysis framework for
       spontaneous neural activity recordings in developing retina, GigaScience 3, 3,
       https://doi.org/10.1186/2047-217X-3-3

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "unit1.txt"
    >>> _ = path.write_text("150\n450\n900\n")
    >>> read_spikes(path, rate="15 kHz", t_stop="0.1 s").times
    array([10., 30., 60.])
    """
    several = read_populations(path, unit=unit, rate=rate, t_start=t_start, t_stop=t_stop, sort=sort, key=key)
    if len(several) > 1:
        raise RecordingError(
            f"{_shown(path)} holds {len(several)} populations: choose one by key=, of {', '.join(map(repr, several))}, "
            "or read all by read_populations"
        )
    return next(iter(several.values()))


def read_populations(
    path: PathLike | Sequence[PathLike],
    *,
    key: str | None = None,
    unit: str | None = None,
    rate: Any = None,
    t_start: Any = None,
    t_stop: Any = None,
    sort: bool = False,
) -> dict[str, SpikeTrains]:
    """Read all populations of a spike file: name -> SpikeTrains.

    Parameters, errors and notices are those of `read_spikes`; the names are those of recorders, arrays or groups, or
    that of the file.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "eye.npz"
    >>> np.savez(path, pre_ms=[1.0, 2, 3], pre_offsets=[0, 2, 3], post_ms=[2.5], post_offsets=[0, 1], t_stop_ms=5.0)
    >>> {name: trains.counts for name, trains in read_populations(path).items()}
    {'pre': array([2, 1]), 'post': array([1])}
    """
    wanted = Wanted(unit, rate, t_start, t_stop, sort)
    if not isinstance(path, (str, os.PathLike)):
        return _several(list(path), wanted, key)
    if os.path.isdir(path):
        raise RecordingError(f"{os.fspath(path)!r} is a folder: name its files, one train each, or one file")
    chosen = _choose(_read(path), key, os.fspath(path))
    if len(chosen) > 1 and t_stop is None:
        chosen = _together(chosen, wanted, os.fspath(path))
    return {name: settle(each, wanted, os.fspath(path)) for name, each in chosen.items()}


def spike_formats() -> list[ModuleType]:
    """The modules that read spike files, each with ``NAME``, ``recognises`` and ``read``.

    Examples
    --------
    >>> [leaf.NAME for leaf in spike_formats()][:2]
    ['an HDF5 file', 'a NumPy .npz archive']
    """
    package = import_module("lapicque.io.spike_files")
    return [import_module(f"lapicque.io.spike_files.{name}") for name in package.SPIKE_FILES]


def choose_spike_format(path: PathLike) -> ModuleType:
    """Choose the module that reads a spike file, by its content; Neo's formats by the extension.

    Raises
    ------
    RecordingError
        If no reader knows it.
    """
    head = file_head(path)
    for leaf in spike_formats():
        if leaf.recognises(head):
            return leaf
    if head.startswith(b"#!AER-DAT"):
        raise RecordingError(
            f"{os.fspath(path)!r} holds AEDAT events, which are not read: export them as .npz (times, x, y, polarity), "
            "for lapicque.spikes.Events.from_pixels"
        )
    if head.startswith(b"\x93NUMPY"):
        raise RecordingError(
            f"{os.fspath(path)!r} is a single NumPy array, which says neither its unit nor whose spikes they are: "
            "np.savez('spikes.npz', spike_times_s=..., spike_clusters=...) does"
        )
    by_neo = import_module("lapicque.io.spike_files.neo")
    if by_neo.knows(path):
        return by_neo
    raise RecordingError(
        f"{os.fspath(path)!r} holds {describe_content(head)}, which no reader of spikes knows. HDF5, NWB, .npz, .mat, "
        f"text, Prophesee's .dat, ABF and Igor files are read, and what Neo knows by its extension, not "
        f"{Path(path).suffix or 'none'!r}; events of N-MNIST by lapicque.spikes.read_nmnist"
    )


def _together(
    chosen: Mapping[str, Found | SpikeTrains], wanted: Wanted, source: str
) -> Mapping[str, Found | SpikeTrains]:
    """Populations of which the file states no end, with that of the last spike of all: the recording was one."""
    open_ended = {name: each for name, each in chosen.items() if isinstance(each, Found) and each.t_stop is None}
    units = {each.unit for each in open_ended.values()}
    last = max((train.max(initial=-np.inf) for each in open_ended.values() for train in each.trains), default=-np.inf)
    if len(units) != 1 or not np.isfinite(last):
        return chosen
    tell_open_end(source, float(last) * in_ms(next(iter(open_ended.values())), wanted))
    return {**chosen, **{name: replace(each, t_stop=float(last)) for name, each in open_ended.items()}}


def _read(path: PathLike) -> Mapping[str, Found | SpikeTrains]:
    source = os.fspath(path)
    try:
        return choose_spike_format(path).read(path)
    except RecordingError as error:
        raise RecordingError(str(error) if source in str(error) else f"{source!r}: {error}") from None


def _choose(
    found: Mapping[str, Found | SpikeTrains], key: str | None, source: str
) -> Mapping[str, Found | SpikeTrains]:
    if not found:
        raise RecordingError(f"{source!r} holds no spikes")
    if key is None:
        return found
    if key not in found:
        known = ", ".join(map(repr, found))
        raise RecordingError(f"{source!r} holds no spikes called {key!r}{suggest(key, found)} There are {known}")
    return {key: found[key]}


def _several(paths: Sequence[PathLike], wanted: Wanted, key: str | None) -> dict[str, SpikeTrains]:
    if not paths:
        raise RecordingError("there is no file to read")
    if len(paths) == 1:
        return read_populations(paths[0], key=key, **vars(wanted))
    parts: list[Found] = []
    for path in paths:
        chosen = _choose(_read(path), key, os.fspath(path))
        each = next(iter(chosen.values()))
        if len(chosen) > 1 or isinstance(each, SpikeTrains) or len(each.trains) != 1:
            raise RecordingError(
                f"{os.fspath(path)!r} holds more than one train: of several files, each is one train. Read them apart"
            )
        parts.append(each)
    units = {part.unit for part in parts}
    if len(units) > 1:
        raise RecordingError(f"the files differ in their unit, {', '.join(map(str, units))}: read them apart")
    windows = {(part.t_start, part.t_stop) for part in parts}
    if len(windows) > 1:
        raise RecordingError("the files differ in their window: read them apart, and cut them to the same by window()")
    names = [Path(path).stem for path in paths]
    if len(set(names)) < len(names):
        raise RecordingError(f"two of the files have the same name, {max(names, key=names.count)!r}: rename one")
    joined = replace(parts[0], trains=[part.trains[0] for part in parts], neurons=names)
    return {"spikes": settle(joined, wanted, f"{os.fspath(paths[0])} and {len(paths) - 1} more")}


def _shown(path: PathLike | Sequence[PathLike]) -> str:
    return repr(os.fspath(path)) if isinstance(path, (str, os.PathLike)) else f"{len(path)} files"
