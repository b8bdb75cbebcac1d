"""NEST's side of the network that learns: iaf_psc_alpha, plastic synapses that share their parameters.

Building (case "build") is creating, connecting and NEST's own preparation; the time of a run is that of `nest.Run`,
once the network has settled. Every run starts from a network of its own, so that all sides have the same weights.
"""

import time

import nest
import numpy as np
from serve import serve
from workload_stdp import CELL, DELAY, RULES, V_MEAN, V_SD, drive, largest, moments, weight

nest.verbosity = nest.VerbosityLevel.ERROR


def rule(name):
    """NEST's model of a rule and its parameters; those of the target's trace are the cell's."""
    given = RULES[name]
    shared = {"tau_plus": given["tau_plus"], "lambda": given["rate"], "alpha": given["asymmetry"], "delay": DELAY}
    if name == "additive":
        return "stdp_synapse_hom_hpc", {**shared, "mu_plus": 0.0, "mu_minus": 0.0, "Wmax": largest()}
    return "stdp_pl_synapse_hom_hpc", {**shared, "mu": given["exponent"]}


def prepare(workload):
    made = {}

    def build():
        start = time.perf_counter()
        made.update(network(workload))
        nest.Prepare()
        return {"seconds": time.perf_counter() - start, "synapses": nest.num_connections}

    def simulate():
        build()
        nest.Run(workload["settle"])
        before, start = made["recorder"].n_events, time.perf_counter()
        nest.Run(workload["duration"])
        seconds = time.perf_counter() - start
        spikes = made["recorder"].n_events - before
        rate = 1000 * spikes / len(made["cells"]) / workload["duration"]
        some = nest.GetConnections(made["cells"][: 200_000 // workload["exc_inputs"]], synapse_model="plastic")
        return {"seconds": seconds, "rate_hz": rate, **moments(np.asarray(some.weight))}

    return {"build": build, "run": simulate}


def network(workload):
    nest.ResetKernel()
    nest.set(local_num_threads=workload["threads"], resolution=workload["dt"], rng_seed=workload["seed"])
    cell = {
        "C_m": CELL["c_m"],
        "tau_m": CELL["tau_m"],
        "tau_syn_ex": CELL["tau_syn"],
        "tau_syn_in": CELL["tau_syn"],
        "t_ref": CELL["t_ref"],
        "E_L": 0.0,
        "V_reset": 0.0,
        "V_th": CELL["v_th"],
        "tau_minus": RULES[workload["rule"]]["tau_minus"],
    }
    cells = nest.Create("iaf_psc_alpha", workload["exc"] + workload["inh"], params=cell)
    cells.V_m = nest.random.normal(V_MEAN, V_SD)
    exc, inh = cells[: workload["exc"]], cells[workload["exc"] :]
    noise = nest.Create("poisson_generator", params={"rate": drive(workload)})
    recorder = nest.Create("spike_recorder")
    model, parameters = rule(workload["rule"])
    nest.CopyModel(model, "plastic", {"weight": weight(), **parameters})
    nest.CopyModel("static_synapse_hpc", "exc", {"weight": weight(), "delay": DELAY})
    nest.CopyModel("static_synapse_hpc", "inh", {"weight": -workload["inhibition"] * weight(), "delay": DELAY})
    nest.Connect(noise, cells, syn_spec="exc")
    nest.Connect(cells, recorder)
    for sources, targets, inputs, synapse in (
        (exc, exc, "exc_inputs", "plastic"),
        (exc, inh, "exc_inputs", "exc"),
        (inh, cells, "inh_inputs", "inh"),
    ):
        connect = {"rule": "fixed_indegree", "indegree": workload[inputs], "allow_autapses": False}
        nest.Connect(sources, targets, connect, synapse)
    return {"cells": cells, "recorder": recorder}


if __name__ == "__main__":
    serve(prepare, ["nest-simulator", "numpy"])
