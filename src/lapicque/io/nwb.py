"""Neurodata Without Borders (NWB 2, intracellular), through Neo and pynwb."""

from __future__ import annotations

import importlib.util
import os
import warnings
from typing import Any, Unpack

from lapicque.errors import RecordingError
from lapicque.fit.recording import Recording
from lapicque.io.assembly import Options, assemble
from lapicque.io.channels import Channel, RawSweep, with_units
from lapicque.io.files import damaged, require
from lapicque.io.names import matches
from lapicque.io.neo_signals import channels_of, sweeps_in_sequence

NAME = "an NWB (HDF5) file"
EXTENSIONS = (".nwb",)


def recognises(head: bytes) -> bool:
    r"""Whether a file that begins with these bytes is one, as far as they tell: NWB is HDF5.

    Examples
    --------
    >>> recognises(b"\x89HDF\r\n\x1a\n..."), recognises(b"PK")
    (True, False)
    """
    return head.startswith(b"\x89HDF\r\n\x1a\n")


def read(path: str | os.PathLike[str], **options: Unpack[Options]) -> Recording:
    """Read current-clamp series of an NWB file: acquired voltages with the currents that were presented.

    The series of an electrode are paired in the order of their starts, then of their names; a sweep is labelled by its
    voltage. Where a file holds more, `current` and `voltage` choose, with ``*`` for any text.

    Parameters
    ----------
    path : path
    **options
        See `lapicque.io.read`.

    Returns
    -------
    Recording

    Raises
    ------
    RecordingError
        If pynwb is not installed, the file is no NWB file or cut short, or currents and voltages do not pair.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "cell.nwb"
    >>> _ = path.write_text("v")
    >>> read(path)
    Traceback (most recent call last):
    ...
    lapicque.errors.RecordingError: '...cell.nwb' is not an NWB (HDF5) file: it holds text; if its name ...
    """
    require(path, recognises, NAME)
    if importlib.util.find_spec("pynwb") is None:
        raise RecordingError(f"reading {os.fspath(path)!r} needs pynwb: pip install 'lapicque[nwb]'")
    source = os.fspath(path)
    by_electrode: dict[str, list[Channel]] = {}
    for electrode, channel in _read_channels(path):
        by_electrode.setdefault(electrode, []).append(channel)
    # the user's choices act on all series here, so that each sweep has one current and one voltage
    asked = {kind: options.pop(kind, None) for kind in ("current", "voltage")}  # type: ignore[misc]
    units = options.get("units") or {}
    sweeps: list[RawSweep] = []
    try:
        for channels in by_electrode.values():
            [stated] = with_units([RawSweep(tuple(channels))], units, others=("time", "spikes"))
            kept = [c for c in stated.channels if all(_wanted(c, kind, name) for kind, name in asked.items())]
            sweeps += sweeps_in_sequence(kept)
    except RecordingError as error:
        raise RecordingError(f"{source}: {error}") from None
    if not sweeps:
        raise RecordingError(f"{source} holds no pair of a current and a voltage series")
    return assemble(sweeps, source, **options)


def _wanted(channel: Channel, kind: str, name: Any) -> bool:
    return name is None or channel.kind != kind or matches(channel.name, str(name))


def _read_channels(path: str | os.PathLike[str]) -> list[tuple[str, Channel]]:
    import neo

    with warnings.catch_warnings():
        # what pynwb and its HDMF say about deprecated fields of a file is for the file's author, not its reader
        warnings.filterwarnings("ignore", module=r"(pynwb|hdmf)\b")
        reader = neo.io.NWBIO(os.fspath(path), mode="r")
        try:
            blocks = reader.read_all_blocks()
            return [
                (_electrode(signal), channel)
                for block in blocks
                for segment in block.segments
                for signal in segment.analogsignals
                for channel in channels_of(signal)
            ]
        except Exception as error:  # pynwb, HDMF and h5py each have errors of their own
            raise damaged(path, NAME, error) from None
        finally:
            reader.close()


def _electrode(signal: Any) -> str:
    return str((signal.annotations.get("nwb_electrode") or {}).get("name", ""))
