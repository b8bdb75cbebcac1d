"""A file that is whole at all times: what is written reaches the disk in commits, each of which fits or is left out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


class Journal:
    """A binary file for `h5py.File`, whose changes are kept in memory until `flush`.

    HDF5 writes where it likes and in any order; a disk that is full in between leaves a file that nothing can read, and
    a library in a state that ends the process. So the space for a commit is taken first, and only then anything is
    overwritten. Once a commit has failed, the file on disk stays as the last commit left it, and nothing more is
    written; `error` says why.

    Parameters
    ----------
    path : path
        The file is made anew.

    Attributes
    ----------
    error : OSError or None
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self.error: OSError | None = None
        self.path.unlink(missing_ok=True)  # who reads the old file goes on reading it
        self._file = open(path, "w+b", buffering=0)  # noqa: SIM115
        self._log = bytearray()  # one piece behind the other: thousands of pieces would leave holes in the memory
        self._pieces: list[tuple[int, int, int]] = []  # where in the file, and from where to where in the log
        self._position = self._size = self._on_disk = 0

    # -- what h5py calls ---------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> int:
        """Write at the position, into memory."""
        begin = len(self._log)
        self._log += data
        size = len(self._log) - begin
        self._pieces.append((self._position, begin, begin + size))
        self._position += size
        self._size = max(self._size, self._position)
        return size

    @property
    def pending(self) -> int:
        """Bytes that wait for the next commit."""
        return len(self._log)

    def readinto(self, buffer: memoryview) -> int:
        """Read at the position."""
        view = memoryview(buffer).cast("B")
        first, last = self._position, min(self._position + len(view), self._size)
        if last <= first:
            return 0
        view[: last - first] = bytes(last - first)
        if first < self._on_disk:
            self._file.seek(first)
            self._file.readinto(view[: min(last, self._on_disk) - first])
        for at, start, stop in self._pieces:  # as they were written
            begin, end = max(at, first), min(at + stop - start, last)
            if begin < end:
                view[begin - first : end - first] = self._log[start + begin - at : start + end - at]
        self._position = last
        return last - first

    def read(self, size: int = -1) -> bytes:
        """Read at the position."""
        buffer = bytearray(max(0, self._size - self._position) if size < 0 else size)
        return bytes(buffer[: self.readinto(memoryview(buffer))])

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position."""
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def truncate(self, size: int | None = None) -> int:
        """Set the size of the file."""
        self._size = self._position if size is None else size
        return self._size

    def flush(self) -> None:
        """Nothing: see `commit`."""

    # -- what the owner calls ----------------------------------------------------------------------------------------

    def commit(self) -> None:
        """Bring everything to the disk, or nothing.

        Raises
        ------
        OSError
            If there is no room for it.
        """
        if self.error is not None:
            return
        try:
            self._take_space()
            with memoryview(self._log) as log:
                for at, start, stop in self._pieces:
                    self._file.seek(at)
                    _write_all(self._file, log[start:stop])
            self._file.truncate(self._size)
        except OSError as error:
            self.error = error
            raise
        self._on_disk = self._size
        self._pieces.clear()
        self._log = bytearray()

    def _take_space(self) -> None:
        """Make the file as long as it will be, with blocks of the disk behind all of it."""
        if hasattr(os, "posix_fallocate") and self._size > self._on_disk:
            os.posix_fallocate(self._file.fileno(), self._on_disk, self._size - self._on_disk)
            return
        self._file.seek(self._on_disk)
        missing = self._size - self._on_disk
        while missing > 0:
            block = bytes(min(missing, 1 << 20))
            _write_all(self._file, block)
            missing -= len(block)

    def close(self) -> None:
        """Close the file; what was not committed is lost."""
        self._file.close()


def _write_all(file: Any, data: Any) -> None:
    done = 0
    while done < len(data):
        done += file.write(data[done:])
