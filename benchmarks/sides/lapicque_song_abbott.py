"""Our side of the competing inputs: a list of Poisson trains, one cell, a rule with two traces.

The time is that of drawing the trains, making the simulation and running it; the kernels are compiled before.
"""

import time

import numpy as np
from serve import serve
from workload_song_abbott import ASYMMETRY, CELL, GROWTH, INPUTS, LARGEST, RATE, TAU, found, initial_weights, late

import lapicque as lq
from lapicque.units import Hz, ms, mV

UNITS = {"tau_m": ms, "tau_e": ms, "e_l": mV, "e_e": mV, "v_th": mV, "v_reset": mV}

NEURON = lq.Neuron(
    """
    dv/dt = (e_l - v + g_e*(e_e - v))/tau_m : mV
    dg_e/dt = -g_e/tau_e : 1
    """,
    threshold="v > v_th",
    reset="v = v_reset",
    parameters={name: value * UNITS[name] for name, value in CELL.items()},
    initial=dict(v="v_reset"),
)
SYNAPSE = lq.Synapse(
    """
    dapre/dt = -apre/tau : 1 (event-driven)
    dapost/dt = -apost/tau : 1 (event-driven)
    w : 1
    """,
    on_pre="g_e += w; apre += 1; w -= asymmetry*growth*largest*apost",
    on_post="apost += 1; w += growth*largest*apre",
    bounds=dict(w=(0, "largest")),
    parameters=dict(tau=TAU * ms, growth=GROWTH, asymmetry=ASYMMETRY, largest=LARGEST),
)


def described(workload, duration):
    # a source spikes once in a step at most, as the others' do
    once = dict(refractory=1.000001 * workload["dt"] * ms)
    trains = lq.spikes.poisson(RATE * Hz, duration * ms, seed=workload["seed"], trains=INPUTS, **once)
    net = lq.Network()
    inputs = net.spikes(trains, name="inputs")
    cell = net.population(NEURON, 1, name="cell")
    net.connect(inputs, cell, SYNAPSE, w=np.array(initial_weights()))
    net.record(cell, "spikes")
    return net


def prepare(workload):
    options = {name: workload[name] for name in ("dt", "seed", "precision", "threads")}

    def simulate(duration=workload["duration"]):
        start = time.perf_counter()
        with lq.Simulation(described(workload, duration), progress=False, **options) as simulation:
            spikes = simulation.run(duration).spikes["cell"]
            seconds = time.perf_counter() - start
            weights = simulation.get("inputs->cell.w")
        return {"seconds": seconds, **found(weights, (spikes.times >= late(workload)).sum(), workload)}

    simulate(100.0)
    return {"run": simulate}


if __name__ == "__main__":
    serve(prepare, ["lapicque", "numba", "llvmlite", "numpy"])
