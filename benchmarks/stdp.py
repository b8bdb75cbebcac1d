"""A balanced network that learns: 12,500 cells, 10 million plastic synapses between excitatory cells, 1 s near 8 Hz.

Pair STDP, additive and bounded, all pairs; delay 1.5 ms, Poisson drive, steps of 0.1 ms. The peers are NEST and
Brian2's C++ standalone mode; the fastest counts. "build" is making the network, "run" simulating it when it has
settled. Where the rates of two sides differ by more than 15 %, they are not compared.
`--full`: NEST's hpc_benchmark at scale 1, 11,250 cells, 126 million synapses, 81 million of them plastic with a
power-law rule, 250 ms, against NEST alone.
"""

import sys

from harness import THREADS, run, variants

BOTH = ("float32", "float64")
OURS = variants("lapicque", "lapicque_stdp.py", precisions=BOTH)
NEST = variants("NEST", "nest_stdp.py", "nest", threads=THREADS)
BRIAN2 = variants("Brian2 C++", "brian2_stdp.py", "brian2", BOTH, THREADS)

TENTH = {
    "exc": 10_000,
    "inh": 2_500,
    "exc_inputs": 1_000,
    "inh_inputs": 250,
    "inhibition": 7.0,
    "drive": 1.17,
    "rule": "additive",
    "duration": 1_000.0,
}
HPC = {
    "exc": 9_000,
    "inh": 2_250,
    "exc_inputs": 9_000,
    "inh_inputs": 2_250,
    "inhibition": 5.0,
    "drive": 1.685,
    "rule": "power law",
    "duration": 250.0,
}


def workload(full):
    return {**(HPC if full else TENTH), "settle": 50.0, "dt": 0.1, "seed": 1}


def work(size):
    return {"run": size["duration"]}


if __name__ == "__main__":
    quick = {"exc": 2_000, "inh": 500, "duration": 200.0}
    peers = NEST if "--full" in sys.argv else [*NEST, *BRIAN2]
    sys.exit(
        run(
            "stdp", __doc__, OURS, peers, workload, work, "model ms", quick=quick, hopeless=1.5, alike={"rate_hz": 0.15}
        )
    )
