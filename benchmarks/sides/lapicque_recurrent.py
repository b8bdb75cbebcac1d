"""Our side of the networks in `workload_recurrent.py`.

The time is that of running a simulation that is ready: making it comes before, and its kernels are compiled by a short
run (set up).
"""

import time

from serve import serve
from workload_recurrent import IN_DEGREE, NETWORKS, sizes

import lapicque as lq


def described(workload):
    given = NETWORKS[workload["network"]]
    exc, number = sizes(workload)
    varied = given.get("varied", {})
    cell = lq.Neuron(
        given["equations"],
        threshold=given["threshold"],
        reset=given["reset"],
        refractory=given["refractory"],
        parameters={**given["parameters"], **dict.fromkeys(varied, 0.0)},
    )
    net = lq.Network()
    cells = net.population(cell, number, name="cells", initial=given["initial"], **varied)
    delay = lq.uniform(*given["delays"]) if "delays" in given else "0 ms"
    for kind, sources, variable in (("exc", cells[:exc], "g_e"), ("inh", cells[exc:], "g_i")):
        where = lq.fixed_in_degree(IN_DEGREE[kind])
        weight = given["weights"][kind]
        net.connect(sources, cells, on_pre=f"{variable} += w", where=where, w=weight, delay=delay, name=kind)
    net.record(cells, "spikes")
    return net, given["method"]


def prepare(workload):
    net, method = described(workload)
    dt, seed = workload["dt"], workload["seed"]
    options = {name: workload[name] for name in ("precision", "threads")}

    def simulate(duration=workload["duration"]):
        start = time.perf_counter()
        with lq.Simulation(net, dt=dt, seed=seed, method=method, progress=False, **options) as simulation:
            ready = time.perf_counter()
            steps = simulation.run(duration).spikes["cells"].steps
            seconds = time.perf_counter() - ready
        late = int((steps * dt >= workload["settle"]).sum())
        span = (workload["duration"] - workload["settle"]) / 1000
        return {"seconds": seconds, "rate_hz": late / workload["neurons"] / span, "build_s": ready - start}

    simulate(1.0)
    return {f"{workload['neurons']} neurons": simulate}


if __name__ == "__main__":
    serve(prepare, ["lapicque", "numba", "llvmlite", "numpy"])
