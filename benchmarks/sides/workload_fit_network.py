"""The candidates of a round of fitting a network: the same numbers for every side."""

import numpy as np

#: What is free and between which bounds: weights in mV, probabilities.
FREE = {"w_ee": (0.0, 2.0), "p_ee": (0.1, 0.9), "w_ei": (0.0, 4.0), "p_ei": (0.1, 0.9)}
#: What is not: weights in mV, probability, delay in ms, mean and standard deviation of the noise in pA, with 1 ms.
W_I, P_I, DELAY, NOISE = -2.0, 0.5, 1.0, (3.0, 5.0)
EXC = {"a": 0.02, "b": 0.2, "c": -65.0, "d": 8.0}
INH = {"a": 0.1, "b": 0.2, "c": -65.0, "d": 2.0}


def points(workload):
    """Return the candidates, (candidate, parameter), in the unit cube."""
    return np.random.default_rng(workload["seed"]).random((workload["candidates"], len(FREE)))


def values(workload):
    """Return the candidates' values by name, (candidate,) each."""
    cube = points(workload)
    return {name: low + (high - low) * cube[:, n] for n, (name, (low, high)) in enumerate(FREE.items())}
