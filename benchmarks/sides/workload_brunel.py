"""Brunel's network with delta synapses in its asynchronous irregular state: the same numbers for every side.

``workload["order"]`` is the number of inhibitory cells, a fifth of all; each cell has a tenth of either population as
inputs. Cells reset to 0 mV.

Reference: Brunel 2000, doi:10.1023/A:1008925309027.
"""

TAU, THRESHOLD, REFRACTORY, DELAY = 20.0, 20.0, 2.0, 1.5  # ms, mV, ms, ms
WEIGHT, RELATIVE, DRIVE = 0.1, 5.0, 2.0  # J in mV, g, eta


def sizes(workload):
    """Cells and inputs of a cell: of the excitatory, of the inhibitory population."""
    order = workload["order"]
    return {"exc": 4 * order, "inh": order}, {"exc": 4 * order // 10, "inh": order // 10}


def drive():
    """Rate of the Poisson spikes that a cell receives, in Hz: eta times what alone would hold it at the threshold."""
    return 1000.0 * DRIVE * THRESHOLD / (WEIGHT * TAU)
