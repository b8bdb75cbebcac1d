"""The population and the current of a fitting round: the same numbers for every side, from the workload's seed."""

import numpy as np

# Uniform between the two, in pF, nS, mV, mV, mV, nS, pA, ms.
BOX = {
    "c_m": (100.0, 300.0),
    "g_l": (5.0, 20.0),
    "e_l": (-75.0, -65.0),
    "v_th": (-55.0, -45.0),
    "delta_t": (1.0, 4.0),
    "a": (0.0, 5.0),
    "b": (0.0, 100.0),
    "tau_w": (50.0, 200.0),
}


def steps(workload):
    """Number of time steps of a round."""
    return round(workload["duration"] / workload["dt"])


def currents(workload):
    """Gaussian current held for 5 ms at a time, mean 300 pA, SD 200 pA: (step,), pA."""
    held = round(5.0 / workload["dt"])
    levels = np.random.default_rng(workload["seed"]).standard_normal(-(-steps(workload) // held))
    return np.repeat(300.0 + 200.0 * levels, held)[: steps(workload)]


def parameters(workload):
    """Parameters of every neuron by name: (neuron,) each."""
    generator = np.random.default_rng(workload["seed"] + 1)
    return {name: generator.uniform(low, high, workload["neurons"]) for name, (low, high) in BOX.items()}
