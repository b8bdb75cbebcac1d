"""NEST's side of the competing inputs: iaf_cond_exp, whose steps are adaptive, and stdp_synapse_hom.

Devices cannot have plastic synapses: each input is a parrot that repeats a Poisson train. The shortest delay is one
step. Spikes that meet in the same step make a pair of lag 0 on the other sides, where the weight grows, and none in
NEST: its asymmetry is less by that much, without which the cell's rate would be another sixth lower. The time is that
of `nest.Run`.
"""

import math
import time

import nest
import numpy as np
from serve import serve
from workload_song_abbott import ASYMMETRY, CELL, GROWTH, INPUTS, LARGEST, RATE, TAU, found, initial_weights, late

nest.verbosity = nest.VerbosityLevel.ERROR

LEAK = 20.0  # nS: NEST's conductances are not relative


def prepare(workload):
    def simulate():
        nest.ResetKernel()
        nest.set(local_num_threads=workload["threads"], resolution=workload["dt"], rng_seed=workload["seed"])
        parameters = {
            "C_m": LEAK * CELL["tau_m"],
            "g_L": LEAK,
            "E_L": CELL["e_l"],
            "E_ex": CELL["e_e"],
            "V_th": CELL["v_th"],
            "V_reset": CELL["v_reset"],
            "V_m": CELL["v_reset"],
            "t_ref": 0.0,
            "tau_syn_ex": CELL["tau_e"],
            "tau_minus": TAU,
        }
        cell = nest.Create("iaf_cond_exp", params=parameters)
        noise = nest.Create("poisson_generator", params={"rate": RATE})
        inputs = nest.Create("parrot_neuron", INPUTS)
        recorder = nest.Create("spike_recorder", params={"start": late(workload)})
        largest, lag_0 = LARGEST * LEAK, 1 - math.exp(-workload["dt"] / TAU)
        rule = {
            "tau_plus": TAU,
            "lambda": GROWTH,
            "alpha": ASYMMETRY - lag_0,
            "mu_plus": 0.0,
            "mu_minus": 0.0,
            "Wmax": largest,
        }
        nest.CopyModel("stdp_synapse_hom", "plastic", rule)
        nest.Connect(noise, inputs)
        synapse = {"synapse_model": "plastic", "weight": LEAK * np.array([initial_weights()]), "delay": workload["dt"]}
        nest.Connect(inputs, cell, syn_spec=synapse)
        nest.Connect(cell, recorder)
        nest.Prepare()
        start = time.perf_counter()
        nest.Run(workload["duration"])
        seconds = time.perf_counter() - start
        weights = np.asarray(nest.GetConnections(inputs, cell).weight) / LEAK
        return {"seconds": seconds, **found(weights, recorder.n_events, workload)}

    return {"run": simulate}


if __name__ == "__main__":
    serve(prepare, ["nest-simulator", "numpy"])
