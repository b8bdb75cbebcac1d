"""A side whose cases are whole processes: what a user waits for from the command to its end.

``workload["commands"]`` maps a case to the arguments of this side's Python; ``workload["cold"]`` names the cases that
start without any cached kernel. Kernels go to a temporary folder, so the user's own cache is neither used nor filled.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from serve import serve


def prepare(workload):
    here = Path(__file__).resolve().parent
    cache = tempfile.TemporaryDirectory(prefix="benchmark-cache-")
    kept = {"LAPICQUE_CACHE": str(Path(cache.name) / "kernels"), "NUMBA_CACHE_DIR": str(Path(cache.name) / "numba")}

    def start(case, arguments):
        if case in workload.get("cold", []):
            shutil.rmtree(cache.name)
        for folder in kept.values():
            os.makedirs(folder, mode=0o700, exist_ok=True)
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=here,
            env={**os.environ, **kept},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-2000:]}")

    start("", ["-c", f"import {workload['packages'][0]}"])  # byte code and disk caches are warm from here on
    return {case: lambda c=case, a=arguments: start(c, a) for case, arguments in workload["commands"].items()}


if __name__ == "__main__":
    import json

    serve(prepare, json.loads(sys.argv[1])["packages"])
