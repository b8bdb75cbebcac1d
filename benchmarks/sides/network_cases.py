"""Two cases of our networks: making a simulation, and running the one made last."""

import gc
import resource
import time

import lapicque as lq


def build_and_run(described, workload):
    """Return the cases "build" and "run" of the network that `described` makes of the workload.

    A run goes on where the one before has ended, after the network has settled. Results are the mean rate, that of each
    population where there are several, and the most memory that the process has held.
    """
    options = {name: workload[name] for name in ("dt", "seed", "precision", "threads")}
    made = {}

    def build():
        made.clear()
        gc.collect()  # one network at a time in memory
        start = time.perf_counter()
        simulation = made["simulation"] = lq.Simulation(described(workload), progress=False, **options)
        seconds = time.perf_counter() - start
        simulation.run(workload["settle"])
        return {"seconds": seconds}

    def run():
        start = time.perf_counter()
        answer = made["simulation"].run(workload["duration"])
        seconds = time.perf_counter() - start
        return {"seconds": seconds, **rates(answer.spikes, workload["duration"]), "gib": memory()}

    build()
    return {"build": build, "run": run}


def rates(spikes, duration):
    """Spikes a second of a neuron: of all, and of each population if there are several."""
    number = {name: len(trains.times) for name, trains in spikes.items()}
    size = {name: len(trains.offsets) - 1 for name, trains in spikes.items()}
    found = {"rate_hz": 1000 * sum(number.values()) / sum(size.values()) / duration}
    several = {name: 1000 * number[name] / size[name] / duration for name in number}
    return {**found, **several} if len(several) > 1 else found


def memory():
    """The most memory that this process has held, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
