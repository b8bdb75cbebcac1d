"""Axon Binary Format, ABF 1 and 2 (pCLAMP, Axoscope), through Neo."""

from __future__ import annotations

import os
from typing import Any, Unpack

from lapicque.fit.recording import Recording
from lapicque.io.assembly import Options, assemble
from lapicque.io.channels import RawSweep
from lapicque.io.files import damaged, require
from lapicque.io.neo_signals import channels_of, close_files

NAME = "an Axon ABF file"
EXTENSIONS = (".abf",)


def recognises(head: bytes) -> bool:
    """Whether a file that begins with these bytes is one.

    Examples
    --------
    >>> recognises(b"ABF2..."), recognises(b"0.1 0.2")
    (True, False)
    """
    return head.startswith((b"ABF ", b"ABF2"))


def read(path: str | os.PathLike[str], **options: Unpack[Options]) -> Recording:
    """Read an ABF file: each of its sweeps becomes one, labelled "0", "1" ...

    Current and voltage are told apart by their units, whatever the channels are called (amplifiers are often plugged
    the other way round). ABF holds what was sampled: where the injected current was not, there is nothing to fit to.

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
        If the file is no ABF file, is cut short, or its channels do not tell what is current and what is voltage.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "cell.abf"
    >>> _ = path.write_text("0.0 0.1")
    >>> read(path)
    Traceback (most recent call last):
    ...
    lapicque.errors.RecordingError: '...cell.abf' is not an Axon ABF file: it holds text; if its name ...
    """
    require(path, recognises, NAME)
    block = _read_block(path)
    sweeps = [
        RawSweep(tuple(channel for signal in segment.analogsignals for channel in channels_of(signal)), label=str(k))
        for k, segment in enumerate(block.segments)
    ]
    return assemble(sweeps, os.fspath(path), **options)


def _read_block(path: str | os.PathLike[str]) -> Any:
    import neo

    reader = None
    try:
        reader = neo.io.AxonIO(os.fspath(path))
        return reader.read_block(signal_group_mode="split-all")
    except Exception as error:  # Neo lets struct, index and mmap errors through
        raise damaged(path, NAME, error) from None
    finally:
        close_files(reader)
