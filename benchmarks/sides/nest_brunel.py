"""NEST's side of Brunel's network: iaf_psc_delta and synapses that share their weight.

Building (case "build") is creating, connecting and NEST's own preparation; the time of a run is that of `nest.Run`.
"""

import time

import nest
from serve import serve
from workload_brunel import DELAY, REFRACTORY, RELATIVE, TAU, THRESHOLD, WEIGHT, drive, sizes

nest.verbosity = nest.VerbosityLevel.ERROR


def prepare(workload):
    cells, inputs = sizes(workload)
    everybody = cells["exc"] + cells["inh"]
    recorders = []

    def build():
        start = time.perf_counter()
        nest.ResetKernel()
        nest.set(local_num_threads=workload["threads"], resolution=workload["dt"], rng_seed=workload["seed"])
        cell = {
            "C_m": 1.0,
            "tau_m": TAU,
            "t_ref": REFRACTORY,
            "E_L": 0.0,
            "V_reset": 0.0,
            "V_m": 0.0,
            "V_th": THRESHOLD,
        }
        neurons = nest.Create("iaf_psc_delta", everybody, params=cell)
        noise = nest.Create("poisson_generator", params={"rate": drive()})
        recorders[:] = [nest.Create("spike_recorder")]
        nest.CopyModel("static_synapse_hom_w", "exc", {"weight": WEIGHT, "delay": DELAY})
        nest.CopyModel("static_synapse_hom_w", "inh", {"weight": -RELATIVE * WEIGHT, "delay": DELAY})
        nest.Connect(noise, neurons, syn_spec="exc")
        nest.Connect(neurons, recorders[0])
        sources = {"exc": neurons[: cells["exc"]], "inh": neurons[cells["exc"] :]}
        for kind, indegree in inputs.items():
            nest.Connect(sources[kind], neurons, {"rule": "fixed_indegree", "indegree": indegree}, kind)
        nest.Prepare()
        seconds = time.perf_counter() - start
        nest.Run(workload["settle"])
        return {"seconds": seconds, "synapses": nest.num_connections}

    def simulate():
        start, before = time.perf_counter(), recorders[0].n_events
        nest.Run(workload["duration"])
        seconds = time.perf_counter() - start
        spikes = recorders[0].n_events - before
        return {"seconds": seconds, "rate_hz": spikes / everybody / workload["duration"] * 1000}

    build()
    return {"build": build, "run": simulate}


if __name__ == "__main__":
    serve(prepare, ["nest-simulator", "numpy"])
