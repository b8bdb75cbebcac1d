"""The cortical microcircuit of Potjans and Diesmann at a tenth of its size: 7,717 cells, 29.9 million synapses, 1 s.

Every synapse has its own weight and delay; steps of 0.1 ms, Poisson drive. The peer is NEST with one thread and with
one a core; the fastest counts. "build" is making the network, "run" simulating it. `--full`: all 77,169 cells and 299
million synapses, ours alone.
"""

import sys

from harness import THREADS, run, variants

OURS = variants("lapicque", "lapicque_microcircuit.py", precisions=("float32",))
NEST = variants("NEST", "nest_microcircuit.py", "nest", threads=THREADS)


def workload(full):
    size = {"scale": 1.0, "duration": 10_000.0} if full else {"scale": 0.1, "duration": 1_000.0}
    return {**size, "settle": 100.0, "dt": 0.1, "seed": 1}


def work(size):
    return {"run": size["duration"]}


if __name__ == "__main__":
    quick = {"scale": 0.02, "duration": 200.0}
    peers = [] if "--full" in sys.argv else NEST  # NEST at full scale: 15 GB, and minutes for a second
    sys.exit(run("microcircuit", __doc__, OURS, peers, workload, work, "model ms", quick=quick, hopeless=1.5))
