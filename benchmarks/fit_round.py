"""One round of a fit: 4,096 AdEx neurons with different parameters under one noisy current, 2 s in steps of 0.1 ms.

Forward Euler on both sides, spikes of every neuron kept. The peer is Brian2's C++ standalone mode, in both precisions,
with one OpenMP thread and with one a core; the fastest counts. `--full`: 16,384 neurons for 10 s.
"""

import os
import sys

from harness import Side, run

OURS = [Side(f"lapicque {precision}", "lapicque_adex.py", precision=precision) for precision in ("float32", "float64")]
BRIAN2 = [
    Side(
        f"Brian2 C++ {precision}, {threads} thread{'s' * (threads > 1)}",
        "brian2_adex.py",
        peer="brian2",
        options={"threads": threads},
        precision=precision,
    )
    for precision in ("float32", "float64")
    for threads in sorted({1, os.cpu_count() or 1})
]


def workload(full):
    size = {"neurons": 16_384, "duration": 10_000.0} if full else {"neurons": 4_096, "duration": 2_000.0}
    return {**size, "dt": 0.1, "seed": 0}


def work(size):
    return {"round": size["neurons"] * round(size["duration"] / size["dt"])}


if __name__ == "__main__":
    sys.exit(run("fit_round", __doc__, OURS, BRIAN2, workload, work, unit="neuron-steps"))
