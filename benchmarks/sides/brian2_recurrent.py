"""Brian2's side of the networks in `workload_recurrent.py`: C++ standalone.

The time is what the compiled program itself reports for its run: neither generating and compiling the code (set up)
nor making the synapses and writing the results counts.
"""

import tempfile

import brian2
import numpy as np
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, defaultclock, device, ms, prefs, seed, set_device
from serve import serve
from workload_recurrent import IN_DEGREE, NETWORKS, sizes


def quantity(text):
    number, unit = text.split()
    return float(number) * getattr(brian2, unit)


def prepare(workload):
    folder = tempfile.TemporaryDirectory(prefix="brian2-recurrent-")
    set_device("cpp_standalone", build_on_run=False)
    threads = workload["threads"]
    prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    prefs.core.default_float_dtype = np.dtype(workload["precision"]).type
    defaultclock.dt = workload["dt"] * ms
    seed(workload["seed"])

    network = NETWORKS[workload["network"]]
    exc, cells = sizes(workload)
    neurons = NeuronGroup(
        cells,
        network["equations"],
        threshold=network["threshold"],
        reset=network["reset"],
        refractory=quantity(network["refractory"]),
        method=network["method"],
        namespace={name: quantity(text) for name, text in network["parameters"].items()},
    )
    for name, text in {**network.get("varied", {}), **network["initial"]}.items():
        setattr(neurons, name, text)
    generator = np.random.default_rng(workload["seed"])
    synapses = [
        connect(neurons, "g_e", (0, exc), "exc", network, generator),
        connect(neurons, "g_i", (exc, cells), "inh", network, generator),
    ]
    spikes = SpikeMonitor(neurons)
    simulation = Network(neurons, synapses, spikes)  # objects in a list are not found by Brian2's own collection
    simulation.run(workload["duration"] * ms, namespace={})
    device.build(run=False, compile=True, directory=folder.name)

    def simulate():
        device.run(directory=folder.name, with_output=False)
        late = np.asarray(spikes.t / ms) >= workload["settle"]
        span = (workload["duration"] - workload["settle"]) / 1000
        return {"seconds": device._last_run_time, "rate_hz": float(late.sum() / cells / span)}

    return {f"{workload['neurons']} neurons": simulate}


def connect(neurons, variable, sources, kind, network, generator):
    cells, inputs = len(neurons), IN_DEGREE[kind]
    weight = {"w": quantity(network["weights"][kind])}
    synapses = Synapses(neurons, neurons, on_pre=f"{variable} += w", namespace=weight, name=f"from_{kind}")
    synapses.connect(i=generator.integers(*sources, cells * inputs), j=np.repeat(np.arange(cells), inputs))
    if "delays" in network:
        low, high = map(quantity, network["delays"])
        synapses.delay = low + (high - low) * generator.random(cells * inputs)
    return synapses


if __name__ == "__main__":
    serve(prepare, ["brian2", "numpy"])
