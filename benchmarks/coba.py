"""The COBA network of Brette et al. (2007), benchmark 1: conductances, 4,000 and 40,000 cells, 10 s.

Every cell has 64 excitatory and 16 inhibitory inputs at either size; exponential Euler, steps of 0.1 ms. The peer is
Brian2's C++ standalone mode in both precisions, compilation apart; the fastest counts.
"""

import sys

from harness import THREADS, run, variants

BOTH = ("float32", "float64")
SIZES = (4_000, 40_000)
OURS = [
    side
    for cells in SIZES
    for side in variants(
        "lapicque", "lapicque_recurrent.py", precisions=BOTH, cases=f"{cells}", network="coba", neurons=cells
    )
]
BRIAN2 = [
    side
    for cells in SIZES
    for side in variants(
        "Brian2 C++", "brian2_recurrent.py", "brian2", BOTH, THREADS, f"{cells}", network="coba", neurons=cells
    )
]


def workload(full):
    return {"duration": 10_000.0, "settle": 100.0, "dt": 0.1, "seed": 1}


def work(size):
    return {f"{cells} neurons": size["duration"] for cells in SIZES}


if __name__ == "__main__":
    quick = {"duration": 500.0}
    sys.exit(run("coba", __doc__, OURS, BRIAN2, workload, work, "model ms", quick=quick, hopeless=1.5))
