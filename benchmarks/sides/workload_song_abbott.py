"""Poisson inputs that compete for one cell: the same numbers for every side.

Conductances are relative to the cell's leak. The weights start evenly spread between 0 and the largest.

Reference: Song, Miller & Abbott 2000, doi:10.1038/78829.
"""

INPUTS, RATE = 1_000, 15.0  # Hz
#: ms, mV.
CELL = {"tau_m": 10.0, "tau_e": 5.0, "e_l": -74.0, "e_e": 0.0, "v_th": -54.0, "v_reset": -60.0}
TAU, LARGEST = 20.0, 0.01  # of both traces, ms; largest weight
GROWTH, ASYMMETRY = 0.01, 1.05  # for a pair at lag 0, relative to the largest weight; how much more it shrinks


def initial_weights():
    """Weight of every input at the start."""
    return [LARGEST * (i + 0.5) / INPUTS for i in range(INPUTS)]


def late(workload):
    """When the counting of output spikes begins, ms: the weights have parted by then."""
    return workload["duration"] / 2


def found(weights, spikes, workload):
    """The cell's rate in the second half, and the share of weights in the lowest and in the highest fifth."""
    relative = weights / LARGEST
    return {
        "rate_hz": 1000 * int(spikes) / (workload["duration"] - late(workload)),
        "low": float((relative < 0.2).mean()),
        "high": float((relative > 0.8).mean()),
    }
