"""What a file holds, whatever its name says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from lapicque.errors import RecordingError

_HEAD = 4096


def file_head(path: str | os.PathLike[str]) -> bytes:
    """Return the first bytes of a file.

    Raises
    ------
    RecordingError
        If there is no such file, or it is a folder, unreadable, or empty.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        raise RecordingError(f"there is no file {os.fspath(path)!r}{_neighbours(Path(path))}") from None
    except IsADirectoryError:
        raise RecordingError(f"{os.fspath(path)!r} is a folder: name a file in it") from None
    except OSError as error:
        raise RecordingError(f"{os.fspath(path)!r} cannot be read: {error.strerror}") from None
    if not head:
        raise RecordingError(f"{os.fspath(path)!r} is empty")
    return head


def _neighbours(path: Path) -> str:
    from lapicque.errors import suggest

    try:
        return suggest(path.name, [p.name for p in path.parent.iterdir()])
    except OSError:
        return f": nor is there a folder {os.fspath(path.parent)!r}"


def is_text(head: bytes) -> bool:
    r"""Whether bytes look like text: UTF-8 without control characters.

    Examples
    --------
    >>> is_text(b"# time (ms)\n0.1\n"), is_text("# 5 µs".encode()), is_text(b"ABF2\x00\x00")
    (True, True, False)
    """
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # the head may end inside a letter
        return len(head) == _HEAD and error.start > len(head) - 4
    return True


def describe_content(head: bytes) -> str:
    r"""Say what bytes look like.

    Examples
    --------
    >>> describe_content(b"PK\x03\x04..."), describe_content(b"0.1 0.2")
    ('a zip archive', 'text')
    """
    known = {b"\x89HDF\r\n\x1a\n": "an HDF5 file", b"PK\x03\x04": "a zip archive", b"\x93NUMPY": "a NumPy .npy array"}
    for signature, description in known.items():
        if head.startswith(signature):
            return description
    return "text" if is_text(head) else "binary data of another kind"


def require(path: str | os.PathLike[str], recognises: Callable[[bytes], bool], what: str) -> None:
    """Raise an error unless a file's content is what its reader expects.

    Raises
    ------
    RecordingError
        Naming the file, what was expected and what it holds.
    """
    head = file_head(path)
    if not recognises(head):
        raise RecordingError(
            f"{os.fspath(path)!r} is not {what}: it holds {describe_content(head)}; if its name is wrong, rename it"
        )


def damaged(path: str | os.PathLike[str], what: str, error: BaseException) -> RecordingError:
    """An error for a file that begins as `what` should, but cannot be read on: cut short, most often."""
    size = os.path.getsize(path)
    reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    return RecordingError(
        f"{os.fspath(path)!r} begins as {what}, but is cut short or damaged ({size} bytes; {reason}): copy it again"
    )
