"""Matrices of distances between spike trains: ours, PySpike's compiled ones and elephant's.

100 Poisson trains of 100 spikes. A run repeats the matrix for a while and counts the mean time of one. Ours is measured
on one thread and on all processors.
"""

import sys

from harness import Side, run

SCRIPT = "lapicque_distances.py"
OURS = [
    Side("lapicque", SCRIPT, options={"threads": None}),
    Side("lapicque, 1 thread", SCRIPT, options={"threads": 1}),
]
PEERS = [
    Side("PySpike", "pyspike_distances.py", peer="pyspike"),
    Side("elephant", "elephant_distances.py", peer="elephant"),
]


def workload(full: bool) -> dict:
    size = (
        {"trains": 300, "spikes": 300, "window": 30_000.0}
        if full
        else {"trains": 100, "spikes": 100, "window": 10_000.0}
    )
    return {**size, "tau": 10.0, "cost": 0.1, "seed": 1}


def work(size: dict) -> dict:
    pairs = size["trains"] * (size["trains"] - 1) / 2
    return dict.fromkeys(["isi", "spike", "spike_synchronization", "van_rossum", "victor_purpura"], pairs)


if __name__ == "__main__":
    sys.exit(run("distances", __doc__, OURS, PEERS, workload, work, unit="pairs"))
