"""Our side of the network that learns: leaky cells and a rule, written for this benchmark.

Building (case "build") is describing the network and making the simulation; the time of a run is that of `run`, once
the network has settled. Every run starts from a network of its own, so that all sides have the same weights.
"""

import gc
import math
import time

from network_cases import memory, rates
from serve import serve
from workload_stdp import CELL, DELAY, RULES, V_MEAN, V_SD, drive, largest, moments, weight

import lapicque as lq
from lapicque.units import Hz, ms, mV, pA, pF

UNITS = {"c_m": pF, "tau_m": ms, "tau_syn": ms, "t_ref": ms, "v_th": mV}

NEURON = lq.Neuron(
    """
    dv/dt = -v/tau_m + i_syn/c_m : mV (unless refractory)
    di_syn/dt = (rise - i_syn)/tau_syn : pA
    drise/dt = -rise/tau_syn : pA
    """,
    threshold="v > v_th",
    reset="v = 0*mV",
    refractory="t_ref",
    parameters={name: value * UNITS[name] for name, value in CELL.items()},
)
TRACES = """
dapre/dt = -apre/tau_plus : 1 (event-driven)
dapost/dt = -apost/tau_minus : 1 (event-driven)
"""
#: What the spikes of the source and of the target do to the weight.
CHANGES = {
    "additive": ("w -= asymmetry*rate*largest*apost", "w += rate*largest*apre"),
    "power law": ("w -= asymmetry*rate*w*apost", "w += rate*pA*(w/pA)**exponent*apre"),
}


def plastic(name):
    """The synapse of a rule."""
    given = dict(RULES[name])
    given |= {trace: given[trace] * ms for trace in ("tau_plus", "tau_minus")}
    before, after = CHANGES[name]
    if name == "additive":
        given["largest"] = largest() * pA
    return lq.Synapse(
        TRACES + "w : pA",
        on_pre=f"{before}; apre += 1; rise += exp(1)*w",
        on=dict(dendritic=lq.On("post", f"apost += 1; {after}", delay=2 * DELAY * ms)),
        bounds=dict(w=("0 pA", "largest" if name == "additive" else None)),
        parameters=given,
        name="plastic",
    )


def described(workload):
    net = lq.Network()
    v = lq.normal(V_MEAN * mV, V_SD * mV)
    exc = net.population(NEURON, workload["exc"], name="exc", initial=dict(v=v))
    inh = net.population(NEURON, workload["inh"], name="inh", initial=dict(v=v))
    several = lq.fixed_in_degree(workload["exc_inputs"], autapses=False)
    net.connect(exc, exc, plastic(workload["rule"]), where=several, w=weight() * pA, delay=DELAY * ms)
    static = dict(on_pre="rise += exp(1)*w", delay=DELAY * ms)
    net.connect(exc, inh, **static, where=several, w=weight() * pA)
    several = lq.fixed_in_degree(workload["inh_inputs"], autapses=False)
    number = workload["exc_inputs"]
    noise = lq.stimuli.poisson(drive(workload) / number * Hz, w=math.e * weight() * pA, n=number)
    for target in (exc, inh):
        net.connect(inh, target, **static, where=several, w=-workload["inhibition"] * weight() * pA)
        net.stimulate(target, "rise", noise)
        net.record(target, "spikes")
    return net


def prepare(workload):
    options = {name: workload[name] for name in ("dt", "seed", "precision", "threads")}
    made = {}

    def build():
        made.clear()
        gc.collect()  # one network at a time in memory
        start = time.perf_counter()
        made["simulation"] = lq.Simulation(described(workload), progress=False, **options)
        return {"seconds": time.perf_counter() - start}

    def simulate():
        build()
        simulation = made["simulation"]
        simulation.run(workload["settle"])
        start = time.perf_counter()
        answer = simulation.run(workload["duration"])
        seconds = time.perf_counter() - start
        rate = rates(answer.spikes, workload["duration"])["rate_hz"]
        return {"seconds": seconds, "rate_hz": rate, **moments(simulation.get("exc->exc.w")), "gib": memory()}

    build()
    made["simulation"].run(workload["settle"])  # compiles
    return {"build": build, "run": simulate}


if __name__ == "__main__":
    serve(prepare, ["lapicque", "numba", "llvmlite", "numpy"])
