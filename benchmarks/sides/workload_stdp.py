"""A balanced random network that learns: the same numbers for every side.

Leaky cells with alpha-shaped currents, a Poisson drive, and plastic synapses between excitatory cells. NEST counts the
whole delay of a synapse as dendritic: a spike of the source meets the weight at once, one of the target a delay later.
Where delays are axonal, as Brian2's and ours are, both come one delay later still, and what arrives is the same. NEST
changes weights when the source spikes; what the target's spikes have done since is missing in the weights that it
tells at the end: 0.3 pA in the mean.

``workload["rule"]``: "additive", bounded by 0 and the largest weight; or "power law", that of the benchmark for
supercomputers, hpc_benchmark, whose cells and drive these are.

References
----------
Morrison, Aertsen & Diesmann 2007, doi:10.1162/neco.2007.19.6.1437; Kunkel et al. 2014, doi:10.3389/fninf.2014.00078;
Song, Miller & Abbott 2000, doi:10.1038/78829.
"""

import math

#: pF, ms, mV.
CELL = {"c_m": 250.0, "tau_m": 10.0, "tau_syn": 0.32582722403722841, "t_ref": 0.5, "v_th": 20.0}
RISE = 1.700759  # from a spike to the peak of the membrane potential, ms: what tau_syn was chosen for
V_MEAN, V_SD = 5.7, 7.2  # membrane potential at the start, mV
PEAK = 0.14  # of the membrane potential after an excitatory spike, mV
DELAY = 1.5  # ms

RULES = {
    # The weight grows by rate*largest for a pair at lag 0, and shrinks by asymmetry times as much.
    "additive": {"tau_plus": 20.0, "tau_minus": 20.0, "rate": 0.02, "asymmetry": 1.05, "largest": 2.0},
    # It grows by rate*w**exponent and shrinks by asymmetry*rate*w: w in pA.
    "power law": {"tau_plus": 15.0, "tau_minus": 30.0, "rate": 0.1, "asymmetry": 0.0513, "exponent": 0.4},
}


def weight():
    """Excitatory weight, the peak of the current in pA: what makes the membrane potential rise to its peak."""
    tau_m, tau_syn = CELL["tau_m"], CELL["tau_syn"]
    b = 1 / tau_syn - 1 / tau_m
    slow, fast = math.exp(-RISE / tau_m), math.exp(-RISE / tau_syn)
    return PEAK * tau_syn * CELL["c_m"] * b / math.e / ((slow - fast) / b - RISE * fast)


def largest():
    """Largest weight of the additive rule, pA."""
    return RULES["additive"]["largest"] * weight()


def drive(workload):
    """Rate of the Poisson spikes that a cell receives, in Hz: relative to what alone would hold it at the threshold."""
    charge = weight() * math.e * CELL["tau_syn"]
    return 1000 * workload["drive"] * CELL["v_th"] * CELL["c_m"] / (CELL["tau_m"] * charge)


def moments(weights):
    """Mean and standard deviation of the weights in pA, for the table."""
    return {"w_mean": float(weights.mean()), "w_sd": float(weights.std())}
