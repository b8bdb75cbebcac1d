"""Our side of Brunel's network: leaky cells and bare synapses, written for this benchmark.

Building (case "build") is describing the network and making the simulation; the time of a run is that of `run`.
"""

from network_cases import build_and_run
from serve import serve
from workload_brunel import DELAY, REFRACTORY, RELATIVE, TAU, THRESHOLD, WEIGHT, drive, sizes

import lapicque as lq
from lapicque.units import Hz, ms, mV


def described(workload):
    number, inputs = sizes(workload)
    cell = lq.Neuron(
        "dv/dt = -v/tau : mV (unless refractory)",
        threshold="v > threshold",
        reset="v = 0*mV",
        refractory="t_ref",
        parameters=dict(tau=TAU * ms, threshold=THRESHOLD * mV, t_ref=REFRACTORY * ms),
    )
    net = lq.Network()
    cells = net.population(cell, sum(number.values()), name="cells")
    sources = {"exc": cells[: number["exc"]], "inh": cells[number["exc"] :]}
    for kind, weight in (("exc", WEIGHT), ("inh", -RELATIVE * WEIGHT)):
        where = lq.fixed_in_degree(inputs[kind])
        net.connect(sources[kind], cells, on_pre="v += w", where=where, w=weight * mV, delay=DELAY * ms, name=kind)
    rate = drive() / inputs["exc"] * Hz
    net.stimulate(cells, "v", lq.stimuli.poisson(rate, w=WEIGHT * mV, n=inputs["exc"]))
    net.record(cells, "spikes")
    return net


def prepare(workload):
    return build_and_run(described, workload)


if __name__ == "__main__":
    serve(prepare, ["lapicque", "numba", "llvmlite", "numpy"])
