"""NEST's side of the microcircuit: iaf_psc_exp, synapses with weights and delays of their own.

Building (case "build") is creating, connecting and NEST's own preparation; the time of a run is that of `nest.Run`.
"""

import time

import nest
import workload_microcircuit as circuit
from serve import serve

nest.verbosity = nest.VerbosityLevel.ERROR

PARAMETERS = {
    "C_m": "c_m",
    "tau_m": "tau_m",
    "tau_syn_ex": "tau_syn",
    "tau_syn_in": "tau_syn",
    "t_ref": "t_ref",
    "E_L": "e_l",
    "V_th": "v_th",
    "V_reset": "v_reset",
}


def prepare(workload):
    cells, recorders = circuit.sizes(workload), {}

    def build():
        start = time.perf_counter()
        nest.ResetKernel()
        nest.set(local_num_threads=workload["threads"], resolution=workload["dt"], rng_seed=workload["seed"])
        parameters = {theirs: circuit.CELL[ours] for theirs, ours in PARAMETERS.items()}
        populations = {}
        for name, inputs in zip(circuit.POPULATIONS, circuit.EXTERNAL, strict=True):
            population = populations[name] = nest.Create("iaf_psc_exp", cells[name], params=parameters)
            population.V_m = nest.random.normal(circuit.V_MEAN, circuit.V_SD)
            noise = nest.Create("poisson_generator", params={"rate": circuit.EXTERNAL_RATE * inputs})
            nest.Connect(noise, population, syn_spec={"weight": circuit.WEIGHT, "delay": 1.5})
            recorders[name] = nest.Create("spike_recorder")
            nest.Connect(population, recorders[name])
        for source, target, number, weight, delay in circuit.projections(workload):
            rule = {"rule": "fixed_total_number", "N": number}
            nest.Connect(populations[source], populations[target], rule, synapse(weight, delay, workload["dt"]))
        nest.Prepare()
        seconds = time.perf_counter() - start
        nest.Run(workload["settle"])
        return {"seconds": seconds, "synapses": nest.num_connections}

    def simulate():
        before = {name: recorder.n_events for name, recorder in recorders.items()}
        start = time.perf_counter()
        nest.Run(workload["duration"])
        seconds = time.perf_counter() - start
        spikes = {name: recorder.n_events - before[name] for name, recorder in recorders.items()}
        rates = {name: 1000 * spikes[name] / cells[name] / workload["duration"] for name in cells}
        mean = 1000 * sum(spikes.values()) / sum(cells.values()) / workload["duration"]
        return {"seconds": seconds, "rate_hz": mean, **rates}

    build()
    return {"build": build, "run": simulate}


def synapse(weight, delay, shortest):
    """Weights and delays drawn from normal distributions, cut off where a weight would change its sign."""
    weights = nest.random.normal(weight, abs(weight) * circuit.WEIGHT_SD)
    weights = nest.math.max(weights, 0.0) if weight > 0 else nest.math.min(weights, 0.0)
    delays = nest.math.max(nest.random.normal(delay, delay * circuit.DELAY_SD), shortest)
    return {"weight": weights, "delay": delays}


if __name__ == "__main__":
    serve(prepare, ["nest-simulator", "numpy"])
