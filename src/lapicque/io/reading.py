"""Reading a recording, whatever its format: the choice of the reader by name and content."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from lapicque.errors import RecordingError, suggest
from lapicque.fit.recording import Recording, concatenate
from lapicque.io.assembly import Options
from lapicque.io.files import describe_content, file_head
from lapicque.io.names import natural_key

PathLike = str | os.PathLike[str]


def read(path: PathLike | Sequence[PathLike], **options: Any) -> Recording:
    """Read a recording from a file, several files, or a folder.

    The format is known by the file's extension, checked against its content; a file with another extension is read by
    its content. ABF, Igor waves (.ibw), NWB, .npz, .csv and plain text each have a page of their own in `lapicque.io`.

    Parameters
    ----------
    path : path, or sequence of paths
        ``"file:label"`` (``"file:a,b"``) is short for ``select="label"``. Several files, or a folder of .abf, .ibw,
        .nwb or .npz files, become the sweeps of one recording; Igor waves are put together channel by channel.
    current : str or int, optional
        Name (``*`` for any text) or number of the channel, column or array with the stimulus. By default the one in a
        unit of current, else one that is called "stimulus". Units count, not names.
    voltage : str or int, optional
        The same for the membrane potential. By default the one in a unit of voltage; there may be none.
    units : mapping of str to str, optional
        Units that the file lacks or has wrong, by channel name (or wildcard): ``{"current": "A"}``, ``"1"`` for a
        stimulus that is a pure number; ``"spikes"`` is the unit of the spike times, ``"time"`` that of a time column.
    dt : ms, optional
        The sampling interval, where the file does not say (another one for the model: `Recording.resample`).
    detect : mapping or SpikeDetection, optional
        Criteria of `lapicque.spikes.SpikeDetection`, as in ``dict(threshold="-20 mV", dead_time="3 ms")``. By default
        spikes cross 0 mV upwards, with a dead time of 1 ms. Spikes that the file stores are used unless this is given.
    spikes : path, (spike,) times, or a list with one of these per sweep, optional
        Spike times, from a companion file (one time a line, or one train a line) or by hand (bare numbers in ms).
        Several trains for a single sweep are repeats of its stimulus.
    select : str, int or a sequence of these, optional
        The sweeps to read, by label (text) or number.
    repeats : sequence of sequences of int, optional
        Which sweeps had the same stimulus; by default `Recording.stimuli` finds out.
    name : str, optional
        The recording's name; by default the file's.
    **options
        What only some formats have: ``columns`` for text and .csv.

    Returns
    -------
    Recording

    Raises
    ------
    RecordingError
        For files that are missing, mislabelled or cut short, and for units, channels, times or lengths that do not fit.
    TypeError
        For an option that the format does not have.

    Warns
    -----
    LapicqueNotice
        If there are no spikes, or crossings were dropped as electrode artefacts.

    Examples
    --------
    >>> import tempfile, pathlib, numpy
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "cell.npz"
    >>> numpy.savez(
    ...     path,
    ...     current_pA=numpy.zeros((2, 3, 4)),
    ...     sampling_rate_kHz=10,
    ...     set_names=["a", "b"],
    ...     spike_times_ms=[0.1, 0.3],
    ...     spike_offsets=[0, 1, 2, 2, 2, 2, 2],
    ... )
    >>> read(f"{path}:a")
    Recording 'cell': 3 sweeps, 1 stimulus, dt 0.1 ms, stimulus in pA
      0  'a' repeats 0, 1, 2: 4 samples (0.4 ms), spikes 1, 1, 0, no voltage
    """
    if not isinstance(path, (str, os.PathLike)):
        return _read_several([Path(p) for p in path], options)
    if not os.path.exists(path):
        path, options = _with_selection(os.fspath(path), options)
    if os.path.isdir(path):
        return _read_several(_files_in(Path(path)), options)
    leaf = choose_format(path)
    _check_options(leaf, options)
    return leaf.read(path, **options)


def formats() -> list[ModuleType]:
    """The modules that read recordings, each with ``NAME``, ``EXTENSIONS``, ``recognises`` and ``read``.

    Examples
    --------
    >>> [extension for leaf in formats() for extension in leaf.EXTENSIONS][:4]
    ['.abf', '.ibw', '.nwb', '.npz']
    """
    package = import_module("lapicque.io")
    return [import_module(f"lapicque.io.{name}") for name in package.RECORDINGS]


def choose_format(path: PathLike) -> ModuleType:
    """Choose the module that reads a file, by its extension, checked against its content.

    Raises
    ------
    RecordingError
        If the content is not what the extension says, or of no known format.
    """
    head = file_head(path)
    extension = Path(path).suffix.lower()
    by_content = [leaf for leaf in formats() if leaf.recognises(head)]
    by_name = next((leaf for leaf in formats() if extension in leaf.EXTENSIONS), None)
    if by_name is not None:
        if by_name in by_content:
            return by_name
        fix = f"read it by lapicque.io.{_short(by_content[0])}.read or rename it" if by_content else "get the file anew"
        raise RecordingError(
            f"{os.fspath(path)!r} is named as {by_name.NAME}, but holds {_content(by_content, head)}: {fix}"
        )
    if by_content:
        return by_content[0]
    known = ", ".join(extension for leaf in formats() for extension in leaf.EXTENSIONS)
    raise RecordingError(
        f"{os.fspath(path)!r} holds {describe_content(head)}, which no reader knows: {known} are read, other formats "
        "of Neo's by lapicque.io.neo.read"
    )


def _content(leaves: Sequence[ModuleType], head: bytes) -> str:
    return leaves[0].NAME if leaves else describe_content(head)


def _short(leaf: ModuleType) -> str:
    return leaf.__name__.rpartition(".")[2]


def _check_options(leaf: ModuleType, options: dict[str, Any]) -> None:
    own = (getattr(leaf.read, "__kwdefaults__", None) or {}).keys()
    known = {*Options.__annotations__, *own}
    for name in options:
        if name not in known:
            raise TypeError(f"lapicque.io.{_short(leaf)}.read has no option {name!r}{suggest(name, known)}")


def _with_selection(path: str, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    file, colon, labels = path.rpartition(":")
    if not colon or not labels or not os.path.exists(file):
        return path, options
    if options.get("select") is not None:
        raise RecordingError(f"{path!r} and select={options['select']!r} both choose sweeps: leave out one of them")
    return file, {**options, "select": labels.split(",")}


def _files_in(folder: Path) -> list[Path]:
    # a folder's text files may be anything: notes, licences, spike times
    extensions = {e for leaf in formats() if not leaf.recognises(b"text") for e in leaf.EXTENSIONS}
    found = sorted((p for p in folder.iterdir() if p.suffix.lower() in extensions), key=lambda p: natural_key(p.name))
    if not found:
        raise RecordingError(
            f"the folder {os.fspath(folder)!r} holds no {', '.join(sorted(extensions))} files: name a file"
        )
    return found


def _read_several(paths: list[Path], options: dict[str, Any]) -> Recording:
    if not paths:
        raise RecordingError("there are no files to read: the list is empty")
    leaves = [choose_format(path) for path in paths]
    if len({_short(leaf) for leaf in leaves}) > 1:
        kinds = ", ".join(f"{path.name!r} ({leaf.NAME})" for path, leaf in zip(paths, leaves, strict=True))
        raise RecordingError(f"files of different formats are read one by one: {kinds}")
    leaf = leaves[0]
    _check_options(leaf, options)
    if getattr(leaf, "SEVERAL", False):
        return leaf.read(paths, **options)
    spikes = options.pop("spikes", None)
    repeats, name = options.pop("repeats", None), options.pop("name", None)
    if spikes is not None and (not isinstance(spikes, (list, tuple)) or len(spikes) != len(paths)):
        raise RecordingError(f"for {len(paths)} files, spikes= is a list of {len(paths)}, one entry per file")
    parts = []
    for path, own in zip(paths, spikes or [None] * len(paths), strict=True):
        part = leaf.read(path, **options, **({} if own is None else {"spikes": own}))
        labelled = tuple(replace(s, label=f"{part.name}:{s.label}" if s.label else part.name) for s in part.sweeps)
        parts.append(replace(part, sweeps=labelled))
    joined = concatenate(parts, name=name or (parts[0].name if len(parts) == 1 else paths[0].parent.name))
    return joined if repeats is None else replace(joined, repeats=tuple(tuple(group) for group in repeats))
