"""A model that is in no simulator's catalogue: 4,000 AdEx cells with two conductances and different delays, 2 s.

Every cell has a drive of its own, 64 excitatory and 16 inhibitory inputs with delays of 0.5 to 5 ms; forward Euler,
steps of 0.1 ms. The peer is Brian2's C++ standalone mode in both precisions, compilation apart; the fastest counts.
"""

import sys

from harness import THREADS, run, variants

BOTH = ("float32", "float64")
OURS = variants("lapicque", "lapicque_recurrent.py", precisions=BOTH, network="invented")
BRIAN2 = variants("Brian2 C++", "brian2_recurrent.py", "brian2", BOTH, THREADS, network="invented")


def workload(full):
    return {"neurons": 4_000, "duration": 2_000.0, "settle": 100.0, "dt": 0.1, "seed": 1}


def work(size):
    return {f"{size['neurons']} neurons": size["duration"]}


if __name__ == "__main__":
    quick = {"duration": 300.0}
    sys.exit(run("invented", __doc__, OURS, BRIAN2, workload, work, "model ms", quick=quick, hopeless=1.5))
