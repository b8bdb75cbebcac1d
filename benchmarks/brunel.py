"""Brunel's network with delta synapses: 12,500 cells, 15.6 million synapses, 1 s.

Asynchronous irregular state (g 5, eta 2), delay 1.5 ms, Poisson drive, steps of 0.1 ms. The peers are NEST and Brian2's
C++ standalone mode; the fastest counts. "build" is making the network, "run" simulating it once it has settled.
"""

import sys

from harness import THREADS, run, variants

BOTH = ("float32", "float64")
OURS = variants("lapicque", "lapicque_brunel.py", precisions=BOTH)
PEERS = [
    *variants("NEST", "nest_brunel.py", "nest", threads=THREADS),
    *variants("Brian2 C++", "brian2_brunel.py", "brian2", BOTH, THREADS),
]


def workload(full):
    return {"order": 2_500, "duration": 1_000.0, "settle": 50.0, "dt": 0.1, "seed": 1}


def work(size):
    return {"run": size["duration"]}


if __name__ == "__main__":
    quick = {"order": 500, "duration": 300.0}
    sys.exit(run("brunel", __doc__, OURS, PEERS, workload, work, "model ms", quick=quick, hopeless=1.5))
