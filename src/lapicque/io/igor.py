"""Igor Pro binary waves (.ibw), one signal a file, through Neo."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

from lapicque.errors import RecordingError
from lapicque.fit.recording import Recording
from lapicque.io.assembly import Options, assemble
from lapicque.io.channels import RawSweep
from lapicque.io.files import damaged, require
from lapicque.io.names import natural_key
from lapicque.io.neo_signals import channels_of

NAME = "an Igor binary wave"
EXTENSIONS = (".ibw",)
#: `read` takes several files at once, which it puts together by their names.
SEVERAL = True
# version -> where the type of the samples stands
_TYPE_AT = {1: 8, 2: 16, 3: 20, 5: 80}
_TYPES, _COMPLEX_OR_UNSIGNED = (0, 2, 4, 8, 16, 32), 1 | 64
_CHANNEL = re.compile(r"[_\-. ]?(ch|chan|channel|ad)[_\-. ]?\d+", re.IGNORECASE)


def recognises(head: bytes) -> bool:
    r"""Whether a file that begins with these bytes is one: versions 1, 2, 3 and 5, of either byte order.

    A version number alone says little, so that the number of the samples' type must be one that Igor knows as well.

    Examples
    --------
    >>> recognises(b"\x05\x00" + bytes(382)), recognises(b"\x00\x05" + bytes(382)), recognises(b"ABF2")
    (True, True, False)
    """
    order = _order(head)
    if order is None:
        return False
    place = _TYPE_AT[struct.unpack(f"{order}h", head[:2])[0]]
    if len(head) < place + 2:
        return True
    (kind,) = struct.unpack_from(f"{order}h", head, place)
    return kind & ~_COMPLEX_OR_UNSIGNED in _TYPES


def _order(head: bytes) -> str | None:
    if len(head) < 2:
        return None
    return next((o for o in "<>" if struct.unpack(o + "h", head[:2])[0] in _TYPE_AT), None)


def read(path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], **options: Unpack[Options]) -> Recording:
    """Read waves that hold one channel each: files whose names differ only in the channel are one sweep.

    ``B6_Ch0_IDRest_181.ibw`` and ``B6_Ch3_IDRest_181.ibw`` are the channels of sweep ``B6_IDRest_181``; which one is
    the current, the units tell. The channel's number may follow "Ch", "channel" or "AD". Channels are called as their
    files.

    Parameters
    ----------
    path : path or sequence of paths
        Several files; a folder: all its waves; one file: it and the other channels of its sweep.
    **options
        See `lapicque.io.read`.

    Returns
    -------
    Recording
        Its sweeps in the order of their names, 2 before 10.

    Raises
    ------
    RecordingError
        If a file is no Igor wave or cut short, or a sweep lacks a channel.

    Examples
    --------
    >>> import tempfile
    >>> read(tempfile.mkdtemp())
    Traceback (most recent call last):
    ...
    lapicque.errors.RecordingError: the folder '...' holds no .ibw files
    """
    files = _files(path)
    groups: dict[str, list[Path]] = {}
    for file in sorted(files, key=lambda file: natural_key(file.name)):
        groups.setdefault(_CHANNEL.sub("", file.stem), []).append(file)
    if len(files) == 2 and len(groups) == 2:
        groups = {files[0].stem: files}
    sweeps = [
        RawSweep(tuple(channel for file in group for channel in channels_of(_read_wave(file), file.stem)), label)
        for label, group in groups.items()
    ]
    single = next((group[0] for group in groups.values() if len(group) == 1), None)
    if single is not None and options.get("spikes") is None:
        raise RecordingError(
            f"{os.fspath(single)!r} is one channel, and no file beside it has the same name but for the channel (as in "
            "Ch0, Ch3): give both, current and voltage, as a list"
        )
    return assemble(sweeps, os.fspath(files[0] if len(files) == 1 else files[0].parent), **options)


def _files(path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    if not isinstance(path, (str, os.PathLike)):
        return [Path(p) for p in path]
    single = Path(path)
    if single.is_dir():
        found = [p for p in single.iterdir() if p.suffix.lower() in EXTENSIONS]
        if not found:
            raise RecordingError(f"the folder {os.fspath(path)!r} holds no .ibw files")
        return found
    require(single, recognises, NAME)
    key = _CHANNEL.sub("", single.stem)
    beside = [p for p in single.parent.iterdir() if p.suffix.lower() in EXTENSIONS and p != single]
    return [single, *(p for p in beside if _CHANNEL.sub("", p.stem) == key)]


def _read_wave(path: Path) -> Any:
    import neo

    require(path, recognises, NAME)
    _check_size(path)
    try:
        return neo.io.IgorIO(os.fspath(path)).read_analogsignal()
    except Exception as error:  # igor2 raises ValueError, struct.error and TypeError for what it cannot read
        raise damaged(path, NAME, error) from None


def _check_size(path: Path) -> None:
    # a version 5 file states how long its wave is; igor2 would log all bytes of one that is shorter
    with path.open("rb") as file:
        head = file.read(8)
    order = _order(head)
    if len(head) == 8 and struct.unpack(f"{order}h", head[:2])[0] == 5:
        stated = 64 + struct.unpack(f"{order}i", head[4:8])[0]
        if os.path.getsize(path) < stated:
            raise damaged(path, NAME, EOFError(f"it states {stated}"))
