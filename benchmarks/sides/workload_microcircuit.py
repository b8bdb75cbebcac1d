"""The cortical microcircuit of Potjans and Diesmann: the same numbers for every side.

At a scale below 1 each population is smaller and every cell keeps its number of inputs; the drive is Poisson.

Reference: Potjans & Diesmann 2014, doi:10.1093/cercor/bhs358, tables 4 and 5.
"""

import math

POPULATIONS = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
CELLS = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
#: Probability that two cells are connected: (target, source).
PROBABILITY = (
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
    (0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443),
)
EXTERNAL = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)  # inputs of a cell from outside, at 8 Hz each
EXTERNAL_RATE = 8.0
#: pF, ms, mV.
CELL = {"c_m": 250.0, "tau_m": 10.0, "tau_syn": 0.5, "t_ref": 2.0, "e_l": -65.0, "v_th": -50.0, "v_reset": -65.0}
V_MEAN, V_SD = -58.0, 10.0  # membrane potential at the start, mV
WEIGHT, WEIGHT_SD = 87.8, 0.1  # pA; standard deviation relative to the mean
INHIBITION = -4.0  # weight of inhibitory synapses relative to that of excitatory ones
DELAY, DELAY_SD = {"E": 1.5, "I": 0.75}, 0.5  # ms; standard deviation relative to the mean


def sizes(workload):
    """Number of cells of each population."""
    return {name: round(cells * workload["scale"]) for name, cells in zip(POPULATIONS, CELLS, strict=True)}


def projections(workload):
    """Source, target, number of synapses, mean weight in pA and mean delay in ms of each projection."""
    found = []
    for i, target in enumerate(POPULATIONS):
        for j, source in enumerate(POPULATIONS):
            number = round(workload["scale"] * synapses(PROBABILITY[i][j], CELLS[j], CELLS[i]))
            if number:
                weight = WEIGHT * (INHIBITION if source.endswith("I") else 1.0)
                if (source, target) == ("L4E", "L23E"):
                    weight *= 2
                found.append((source, target, number, weight, DELAY[source[-1]]))
    return found


def synapses(probability, sources, targets):
    """How many synapses, drawn with replacement, connect two cells with the given probability."""
    return round(math.log1p(-probability) / math.log1p(-1 / (sources * targets)))
