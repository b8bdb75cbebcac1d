"""Matrices of distances between spike trains, and pairs of trains: ours, PySpike's compiled ones and elephant's.

100 Poisson trains of 100 spikes. A run repeats the matrix for a while and counts the mean time of one. The cases named
"pairs" are 10,000 pairs of such trains, the first of one set with the first of another and so on, as in a fit to
matched neurons. Ours is measured on one thread and on all processors; PySpike's pairs with the check of its arguments
switched off, and as it is called by default, with it.
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
    Side("PySpike, as called", "pyspike_distances.py", peer="pyspike", options={"checked": True}),
    Side("elephant", "elephant_distances.py", peer="elephant"),
]


def workload(full: bool) -> dict:
    size = (
        {"trains": 300, "spikes": 300, "window": 30_000.0}
        if full
        else {"trains": 100, "spikes": 100, "window": 10_000.0}
    )
    return {**size, "pairs": 10_000, "tau": 10.0, "cost": 0.1, "seed": 1}


def work(size: dict) -> dict:
    matrix = size["trains"] * (size["trains"] - 1) / 2
    profiled = ["isi", "spike", "spike_synchronization"]
    pairs = {f"{name}, pairs": size["pairs"] for name in profiled}
    return {**dict.fromkeys([*profiled, "van_rossum", "victor_purpura"], matrix), **pairs}


if __name__ == "__main__":
    sys.exit(run("distances", __doc__, OURS, PEERS, workload, work, unit="pairs"))
