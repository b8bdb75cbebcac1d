"""A round of fitting a network: 256 candidates of 100 + 25 Izhikevich cells with noise, 1 s each in steps of 0.1 ms.

Two weights and two probabilities are free. Ours is `NetworkProblem.losses`: wiring, simulation, statistics and losses.
The peer is Brian2's C++ standalone mode, compiled once and started for every candidate (``run_args``), one program a
core, wiring and simulation without any statistics; the faster of both precisions counts. Steps of 0.5 ms are a row of
their own: there Brian2's program takes little longer than to start. `--full`: 1,024 candidates.
"""

import os
import sys

from harness import Side, run

OURS = [
    Side(f"lapicque {precision}", "lapicque_fit_network.py", precision=precision)
    for precision in ("float64", "float32")
]
BRIAN2 = [
    Side(
        f"Brian2 C++ {precision}, {os.cpu_count() or 1} programs at a time",
        "brian2_fit_network.py",
        peer="brian2",
        options={"processes": os.cpu_count() or 1},
        precision=precision,
    )
    for precision in ("float64", "float32")
]


def workload(full):
    return {
        "candidates": 1024 if full else 256, "exc": 100, "inh": 25, "duration": 1000.0,
        "steps": {"0.1 ms": 0.1, "0.5 ms": 0.5}, "seed": 0,
    }  # fmt: skip


def work(size):
    return dict.fromkeys(size["steps"], size["candidates"])


if __name__ == "__main__":
    sys.exit(run("fit_network", __doc__, OURS, BRIAN2, workload, work, unit="candidates"))
