"""Our side of `benchmarks/scaling.py`: leaky cells that fire at about 10 Hz whatever the size of the network.

Each has a constant drive; synapses are delivered like any others, but so weak that they change nothing. Memory is what
the process holds at most, beyond what it holds once a small network has been compiled and run.
"""

import time

from network_cases import memory, rates
from serve import serve

import lapicque as lq
from lapicque.units import ms, mV, pA


def described(neurons, in_degree):
    net = lq.Network()
    cells = net.population(lq.neurons.lif, neurons, name="cells", initial=dict(v=lq.uniform(-70 * mV, -50 * mV)))
    net.stimulate(cells, "i_ext", 202 * pA)
    if in_degree:
        where = lq.fixed_in_degree(in_degree)
        net.connect(cells, cells, on_pre="v += w", where=where, w=1e-9 * mV, delay=1.5 * ms)
    net.record(cells, "spikes")
    return net


def prepare(workload):
    neurons, in_degree, duration = workload["neurons"], workload["in_degree"], workload["duration"]
    options = dict(precision="float32", progress=False)
    with lq.Simulation(described(100, min(in_degree, 10)), **options) as small:
        small.run(10 * ms)
    before = memory()

    def simulate():
        start = time.perf_counter()
        with lq.Simulation(described(neurons, in_degree), seed=1, **options) as simulation:
            built = time.perf_counter() - start
            simulation.run(5 * ms)  # the first touch of what was made
            start = time.perf_counter()
            answer = simulation.run(duration)
            seconds = time.perf_counter() - start
        return {"seconds": seconds, "build": built, "gib": memory() - before, **rates(answer.spikes, duration)}

    return {"run": simulate}


if __name__ == "__main__":
    serve(prepare, ["lapicque", "numba", "llvmlite", "numpy"])
