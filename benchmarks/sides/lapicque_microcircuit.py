"""Our side of the microcircuit: cells with one exponential current, synapses with weights and delays of their own.

Building (case "build") is describing the network and making the simulation; the time of a run is that of `run`.
"""

import workload_microcircuit as circuit
from network_cases import build_and_run
from serve import serve

import lapicque as lq
from lapicque.units import Hz, ms, mV, pA, pF

UNITS = {"c_m": pF, "tau_m": ms, "tau_syn": ms, "t_ref": ms, "e_l": mV, "v_th": mV, "v_reset": mV}

CELL = lq.Neuron(
    """
    dv/dt = (e_l - v)/tau_m + i_syn/c_m : mV (unless refractory)
    di_syn/dt = -i_syn/tau_syn : pA
    """,
    threshold="v > v_th",
    reset="v = v_reset",
    refractory="t_ref",
    parameters={name: value * UNITS[name] for name, value in circuit.CELL.items()},
)


def described(workload):
    net, populations = lq.Network(), {}
    v = lq.normal(circuit.V_MEAN * mV, circuit.V_SD * mV)
    for (name, number), inputs in zip(circuit.sizes(workload).items(), circuit.EXTERNAL, strict=True):
        population = populations[name] = net.population(CELL, number, name=name, initial=dict(v=v))
        noise = lq.stimuli.poisson(circuit.EXTERNAL_RATE * Hz, w=circuit.WEIGHT * pA, n=inputs)
        net.stimulate(population, "i_syn", noise)
        net.record(population, "spikes")
    for source, target, number, weight, delay in circuit.projections(workload):
        weights = lq.normal(weight * pA, abs(weight) * circuit.WEIGHT_SD * pA)
        delays = lq.normal(delay * ms, delay * circuit.DELAY_SD * ms)
        net.connect(
            populations[source],
            populations[target],
            on_pre="i_syn += w",
            where=lq.fixed_total_number(number),
            w=weights.clipped(*((0 * pA, None) if weight > 0 else (None, 0 * pA))),
            delay=delays.clipped(low=workload["dt"] * ms),
        )
    return net


def prepare(workload):
    return build_and_run(described, workload)


if __name__ == "__main__":
    serve(prepare, ["lapicque", "numba", "llvmlite", "numpy"])
