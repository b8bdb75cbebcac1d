"""Brian2's side of Brunel's network: C++ standalone, the drive as one PoissonInput.

The time is what the compiled program itself reports for its run, after the network has settled.
"""

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
    prefs,
    seed,
    set_device,
)
from serve import serve
from workload_brunel import DELAY, REFRACTORY, RELATIVE, TAU, THRESHOLD, WEIGHT, drive, sizes


def prepare(workload):
    folder = tempfile.TemporaryDirectory(prefix="brian2-brunel-")
    set_device("cpp_standalone", build_on_run=False)
    threads = workload["threads"]
    prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    prefs.core.default_float_dtype = np.dtype(workload["precision"]).type
    defaultclock.dt = workload["dt"] * ms
    seed(workload["seed"])

    cells, inputs = sizes(workload)
    everybody = cells["exc"] + cells["inh"]
    neurons = NeuronGroup(
        everybody,
        "dv/dt = -v/tau : volt (unless refractory)",
        threshold="v > threshold",
        reset="v = 0*mV",
        refractory=REFRACTORY * ms,
        method="exact",
        namespace={"tau": TAU * ms, "threshold": THRESHOLD * mV},
    )
    noise = PoissonInput(neurons, "v", inputs["exc"], rate=drive() / inputs["exc"] * Hz, weight=WEIGHT * mV)
    generator = np.random.default_rng(workload["seed"])
    synapses = []
    for kind, first, weight in (("exc", 0, WEIGHT), ("inh", cells["exc"], -RELATIVE * WEIGHT)):
        connected = Synapses(neurons, neurons, "", on_pre="v += w", delay=DELAY * ms, namespace={"w": weight * mV})
        sources = generator.integers(first, first + cells[kind], everybody * inputs[kind])
        connected.connect(i=sources, j=np.repeat(np.arange(everybody), inputs[kind]))
        synapses.append(connected)
    spikes = SpikeMonitor(neurons)
    simulation = Network(neurons, noise, synapses, spikes)
    simulation.run(workload["settle"] * ms, namespace={})
    simulation.run(workload["duration"] * ms, namespace={})
    device.build(run=False, compile=True, directory=folder.name)

    def simulate():
        device.run(directory=folder.name, with_output=False)
        late = np.asarray(spikes.t / ms) >= workload["settle"]
        rate = late.sum() / everybody / workload["duration"] * 1000
        return {"seconds": device._last_run_time, "rate_hz": float(rate)}

    return {"run": simulate}


if __name__ == "__main__":
    serve(prepare, ["brian2", "numpy"])
