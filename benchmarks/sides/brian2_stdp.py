"""Brian2's side of the network that learns: C++ standalone, the drive as one PoissonInput.

The traces are event-driven variables of each synapse, as Brian2's documentation writes STDP. The time is what the
compiled program itself reports for its run, after the network has settled.
"""

import math
import tempfile

import numpy as np
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonInput,
    SpikeMonitor,
    Synapses,
    defaultclock,
    device,
    ms,
    mV,
    pA,
    pF,
    prefs,
    seed,
    set_device,
)
from serve import serve
from workload_stdp import CELL, DELAY, RULES, V_MEAN, V_SD, drive, largest, moments, weight

TRACES = """
w : amp
dapre/dt = -apre/tau_plus : 1 (event-driven)
dapost/dt = -apost/tau_minus : 1 (event-driven)
"""
#: What the spikes of the source and of the target do to the weight.
CHANGES = {
    "additive": (
        "w = clip(w - asymmetry*rate*largest*apost, 0*amp, largest)",
        "w = clip(w + rate*largest*apre, 0*amp, largest)",
    ),
    "power law": ("w = clip(w - asymmetry*rate*w*apost, 0*amp, inf*amp)", "w += rate*pA*(w/pA)**exponent*apre"),
}


def prepare(workload):
    folder = tempfile.TemporaryDirectory(prefix="brian2-stdp-")
    set_device("cpp_standalone", build_on_run=False)
    threads = workload["threads"]
    prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    prefs.core.default_float_dtype = np.dtype(workload["precision"]).type
    defaultclock.dt = workload["dt"] * ms
    seed(workload["seed"])

    cells = workload["exc"] + workload["inh"]
    neurons = NeuronGroup(
        cells,
        """
        dv/dt = -v/tau_m + i_syn/c_m : volt (unless refractory)
        di_syn/dt = (rise - i_syn)/tau_syn : amp
        drise/dt = -rise/tau_syn : amp
        """,
        threshold="v > v_th",
        reset="v = 0*mV",
        refractory=CELL["t_ref"] * ms,
        method="exact",
        namespace={
            "c_m": CELL["c_m"] * pF,
            "tau_m": CELL["tau_m"] * ms,
            "tau_syn": CELL["tau_syn"] * ms,
            "v_th": CELL["v_th"] * mV,
        },
    )
    neurons.v = f"({V_MEAN} + {V_SD}*randn())*mV"
    number = workload["exc_inputs"]
    noise = PoissonInput(neurons, "rise", number, rate=drive(workload) / number * Hz, weight=math.e * weight() * pA)
    plastic, others = connect(neurons, workload)
    spikes = SpikeMonitor(neurons)
    simulation = Network(neurons, noise, plastic, others, spikes)
    simulation.run(workload["settle"] * ms, namespace={})
    simulation.run(workload["duration"] * ms, namespace={})
    device.build(run=False, compile=True, directory=folder.name)

    def simulate():
        device.run(directory=folder.name, with_output=False)
        late = np.asarray(spikes.t / ms) >= workload["settle"]
        rate = late.sum() / cells / workload["duration"] * 1000
        weights = np.asarray(plastic.w[:]) / float(pA)
        return {"seconds": device._last_run_time, "rate_hz": float(rate), **moments(weights)}

    return {"run": simulate}


def connect(neurons, workload):
    """The synapses that learn, and the others: those onto inhibitory cells and those from them."""
    exc, cells = workload["exc"], len(neurons)
    rule = dict(RULES[workload["rule"]], e_1=math.e, largest=largest() * pA, pA=pA)
    rule.update({name: rule[name] * ms for name in ("tau_plus", "tau_minus")})
    before, after = CHANGES[workload["rule"]]
    plastic = Synapses(
        neurons,
        neurons,
        TRACES,
        on_pre=f"{before}; apre += 1; rise_post += e_1*w",
        on_post=f"apost += 1; {after}",
        namespace=rule,
        name="plastic",
    )
    generator = np.random.default_rng(workload["seed"])
    wire(plastic, generator, (0, exc), (0, exc), workload["exc_inputs"])
    plastic.w = weight() * pA
    plastic.pre.delay = DELAY * ms
    plastic.post.delay = 2 * DELAY * ms
    others = []
    for name, sources, targets, inputs, relative in (
        ("exc", (0, exc), (exc, cells), "exc_inputs", 1.0),
        ("inh", (exc, cells), (0, cells), "inh_inputs", -workload["inhibition"]),
    ):
        namespace = {"jump": relative * math.e * weight() * pA}
        synapses = Synapses(neurons, neurons, on_pre="rise += jump", delay=DELAY * ms, namespace=namespace, name=name)
        wire(synapses, generator, sources, targets, workload[inputs])
        others.append(synapses)
    return plastic, others


def wire(synapses, generator, sources, targets, inputs):
    number = targets[1] - targets[0]
    drawn = generator.integers(*sources, number * inputs)
    synapses.connect(i=drawn, j=np.repeat(np.arange(*targets), inputs))


if __name__ == "__main__":
    serve(prepare, ["brian2", "numpy"])
