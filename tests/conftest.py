"""Fixtures for what may be absent: real recordings, and other simulators in environments of their own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data() -> Callable[[str], Path]:
    """Path of a file of the data collection (its folder: LAPICQUE_DATA, else ../shared/data), or a skip."""
    folder = Path(os.environ.get("LAPICQUE_DATA", ROOT.parent / "shared" / "data"))

    def path(name: str) -> Path:
        if not (folder / name).exists():
            pytest.skip(f"no {name} in {folder}; set LAPICQUE_DATA to the folder of recordings")
        return folder / name

    return path


@pytest.fixture(scope="session")
def peer() -> Callable[[str], Path]:
    """Python of a peer's environment (.peers/NAME, made by `make peers`), or a skip."""
    folder = Path(os.environ.get("LAPICQUE_PEERS", ROOT / ".peers"))

    def python(name: str) -> Path:
        found = folder / name / "bin" / "python"
        if not found.exists():
            pytest.skip(f"no environment {folder / name}; make it by `make peers`")
        return found

    return python


@pytest.fixture(scope="session")
def user_file() -> Path:
    """A file with models of its own, for what reads FILE.py:NAME."""
    return ROOT / "tests" / "models" / "my_cells.py"
