"""One side of a comparison: a script in a process of its own that runs a case whenever it is asked to."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

from .environments import BENCHMARKS, SideError, environment


@dataclass(frozen=True)
class Side:
    """A side: its name in the table, its script in ``benchmarks/sides``, and whose environment runs it.

    ``peer`` names the environment (``None``: the project's own interpreter); ``options`` are added to the workload.
    """

    name: str
    script: str
    peer: str | None = None
    options: dict = field(default_factory=dict)
    precision: str = "float64"

    def start(self, workload: dict, limit: float) -> "Process":
        """Start the process and wait until it has prepared (compiled, loaded, warmed up)."""
        python = Path(sys.executable) if self.peer is None else environment(self.peer)
        given = {**workload, "precision": self.precision, **self.options}
        return Process(self, python, given, limit)


class Process:
    """A running side. ``ready`` holds what it said after preparing: cases, versions, seconds of setup."""

    def __init__(self, side: Side, python: Path, workload: dict, limit: float) -> None:
        self.side, self.limit = side, limit
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process, see close()
        quiet = {"OMP_WAIT_POLICY": "passive", "PYTHONUNBUFFERED": "1", "PYNEST_QUIET": "1"}
        self._process = subprocess.Popen(
            [python, BENCHMARKS / "sides" / side.script, json.dumps(workload)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**quiet, **os.environ},
        )
        try:
            self.ready = self._answer()
        except SideError:
            self.close()
            raise

    def run(self, case: str) -> dict:
        """Run a case once: ``seconds``, and whatever the side found worth saying under ``result``."""
        with contextlib.suppress(OSError):  # it may have died: the missing answer says so, with its last words
            self._process.stdin.write(case + "\n")
            self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process and forget its output."""
        with contextlib.suppress(OSError):  # it may have died already
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _answer(self) -> dict:
        timer = threading.Timer(self.limit, self._process.kill)
        timer.start()
        line = self._process.stdout.readline()
        late = not timer.is_alive()
        timer.cancel()
        if not line:
            if late:
                raise SideError(f"no answer within {self.limit:.0f} s")
            self._errors.seek(0)
            words = "\n".join(self._errors.read().strip().splitlines()[-15:])
            raise SideError(f"its process ended\n{words}")
        answer = json.loads(line)
        if "error" in answer:
            raise SideError(answer["error"])
        return answer
