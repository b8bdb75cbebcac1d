"""Spike trains to be compared: the same for every side, from the workload's seed."""

import time

import numpy as np


def spike_times(workload):
    """Homogeneous Poisson trains: a list of (spike,) in ms."""
    return _poisson(workload, workload["trains"], workload["seed"])


def paired_times(workload):
    """Two sets of such trains."""
    return [_poisson(workload, workload["pairs"], workload["seed"] + k) for k in (1, 2)]


def _poisson(workload, trains, seed):
    generator = np.random.default_rng(seed)
    window, mean = workload["window"], workload["spikes"]
    return [np.sort(generator.uniform(0.0, window, generator.poisson(mean))) for _ in range(trains)]


def repeated(matrix, least=0.2):
    """Run a short piece of work for a while: mean time of a call, and the mean of the matrix that it returns."""

    def measure():
        start, calls = time.perf_counter(), 0
        while calls < 1 or time.perf_counter() - start < least:
            found = matrix()
            calls += 1
        return {"seconds": (time.perf_counter() - start) / calls, "mean": float(np.mean(found))}

    return measure
