"""The COBA network with Hodgkin-Huxley cells of Brette et al. (2007), benchmark 3: 4,000 cells, 1 s.

Every cell has 64 excitatory and 16 inhibitory inputs; exponential Euler, steps of 0.1 ms. The peer is Brian2's C++
standalone mode in both precisions, compilation apart; the fastest counts.
"""

import sys

from harness import THREADS, run, variants

BOTH = ("float32", "float64")
OURS = variants("lapicque", "lapicque_recurrent.py", precisions=BOTH, network="cobahh")
BRIAN2 = variants("Brian2 C++", "brian2_recurrent.py", "brian2", BOTH, THREADS, network="cobahh")


def workload(full):
    return {"neurons": 4_000, "duration": 1_000.0, "settle": 100.0, "dt": 0.1, "seed": 1}


def work(size):
    return {f"{size['neurons']} neurons": size["duration"]}


if __name__ == "__main__":
    quick = {"duration": 300.0}
    sys.exit(run("cobahh", __doc__, OURS, BRIAN2, workload, work, "model ms", quick=quick, hopeless=1.5))
