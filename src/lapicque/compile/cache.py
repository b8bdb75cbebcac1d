"""Generated kernels on disk: readable files, named by their content, in a folder that the user owns.

The folder is ``$LAPICQUE_CACHE``, else ``lapicque`` in the user's cache folder. It is private (mode 0700); if it cannot
be, a temporary one is used. A kernel's file is written once, under a name that is the hash of its text, its generator
and its helpers; it is hashed again before it is imported. An index from models to kernels lets a warm start skip SymPy.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType

_LOADED: dict[str, ModuleType] = {}


def folder() -> Path:
    """Return the cache folder, made if it is missing."""
    given = os.environ.get("LAPICQUE_CACHE")
    if given:
        wanted = Path(given)
    else:
        wanted = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lapicque"
    try:
        wanted.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _private(wanted):
            return wanted
    except OSError:
        pass
    return _temporary_folder()


def _private(path: Path) -> bool:
    if not hasattr(os, "getuid"):
        return os.access(path, os.W_OK)
    found = path.stat()
    if found.st_uid != os.getuid():
        return False
    if stat.S_IMODE(found.st_mode) & 0o077:
        path.chmod(0o700)
    return os.access(path, os.W_OK)


@lru_cache(maxsize=1)
def _temporary_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="lapicque-"))


@lru_cache(maxsize=1)
def _toolchain() -> str:
    """Hash what a compiled kernel depends on besides its own text: versions, and the sources that make and serve it."""
    from importlib.metadata import version

    digest = hashlib.blake2b(digest_size=16)
    for package in ("numba", "llvmlite", "numpy"):
        digest.update(version(package).encode())
    digest.update(sys.version.encode())
    here = Path(__file__).parent
    for source in sorted([*here.rglob("*.py"), *(here.parent / "model").glob("*.py"), here.parent / "random.py"]):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _hash(text: str) -> str:
    return hashlib.blake2b(f"{_toolchain()}\n{text}".encode(), digest_size=16).hexdigest()


def kernel(key: str, generate: Callable[[], str]) -> ModuleType:
    """Return the kernel module of a model.

    Parameters
    ----------
    key : str
        What determines the kernel: the model's structure, scheme, precision. Used as an index only.
    generate : callable
        Makes the kernel's source; called only where the index does not know the key.
    """
    index = _hash(key)
    if index in _LOADED:
        return _LOADED[index]
    place = folder()
    entry = place / f"{index}.index"
    name = entry.read_text().strip() if entry.exists() else ""
    if not (name and _intact(place, name)):
        text = generate()
        name = _hash(text)
        _write(place / f"k{name}.py", text)
        _write(entry, name)
    _LOADED[index] = _load(place, name)
    return _LOADED[index]


def _intact(place: Path, name: str) -> bool:
    path = place / f"k{name}.py"
    return path.exists() and _hash(path.read_text()) == name


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(temporary, path)


def _load(place: Path, name: str) -> ModuleType:
    module_name = f"lapicque_kernel_{name}"
    spec = importlib.util.spec_from_file_location(module_name, place / f"k{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    with _lock(place / f"k{name}.lock"):  # one process compiles, the others wait and load
        spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # no such lock on this system: two processes may compile the same kernel, harmlessly
        yield
        return
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def clear() -> int:
    """Remove all kernels from the cache folder; return how many there were."""
    place = folder()
    kernels = list(place.glob("k*.py"))
    for path in [*place.glob("k*"), *place.glob("*.index"), *(place / "__pycache__").glob("*")]:
        if path.is_file():
            path.unlink()
    _LOADED.clear()
    return len(kernels)
