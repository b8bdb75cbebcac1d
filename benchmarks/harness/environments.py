"""Environments of the peers: ``.peers/NAME``, made from ``requirements-NAME.txt`` when missing or outdated."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent


class SideError(Exception):
    """A side cannot be installed or does not run here: the benchmark says so and goes on without it."""


def folder() -> Path:
    """Where the environments lie: LAPICQUE_PEERS, else ``.peers`` in the project's root."""
    return Path(os.environ.get("LAPICQUE_PEERS", BENCHMARKS.parent / ".peers"))


def names() -> list[str]:
    """Peers that have a requirements file."""
    return sorted(path.stem.removeprefix("requirements-") for path in BENCHMARKS.glob("requirements-*.txt"))


def environment(name: str) -> Path:
    """Python interpreter of a peer's environment, which is made now if it is missing or its requirements changed.

    Raises
    ------
    SideError
        No such requirements file, or pip failed; the message ends with what pip said.
    """
    requirements = BENCHMARKS / f"requirements-{name}.txt"
    if not requirements.exists():
        raise SideError(f"no {requirements.name}; there are requirements for {', '.join(names())}")
    home = folder() / name
    python, stamp = home / "bin" / "python", home / "installed.sha256"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    folder().mkdir(parents=True, exist_ok=True)
    with open(folder() / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted:
            return python
        print(f"making the environment of {name} in {home}", file=sys.stderr, flush=True)
        shutil.rmtree(home, ignore_errors=True)
        _call([sys.executable, "-m", "venv", home])
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        _call([*pip, "--requirement", requirements])
        stamp.write_text(wanted)
    return python


def _call(command: list) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-10:])
        raise SideError(f"{' '.join(map(str, command))} failed:\n{said}")
