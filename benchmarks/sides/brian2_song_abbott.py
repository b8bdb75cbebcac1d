"""Brian2's side of the competing inputs: C++ standalone, a PoissonGroup, event-driven traces.

The time is what the compiled program itself reports for its run.
"""

import tempfile

import numpy as np
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
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
from workload_song_abbott import ASYMMETRY, CELL, GROWTH, INPUTS, LARGEST, RATE, TAU, found, initial_weights, late

UNITS = {"tau_m": ms, "tau_e": ms, "e_l": mV, "e_e": mV, "v_th": mV, "v_reset": mV}


def prepare(workload):
    folder = tempfile.TemporaryDirectory(prefix="brian2-song-abbott-")
    set_device("cpp_standalone", build_on_run=False)
    threads = workload["threads"]
    prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    prefs.core.default_float_dtype = np.dtype(workload["precision"]).type
    defaultclock.dt = workload["dt"] * ms
    seed(workload["seed"])

    inputs = PoissonGroup(INPUTS, rates=RATE * Hz)
    cell = NeuronGroup(
        1,
        """
        dv/dt = (e_l - v + g_e*(e_e - v))/tau_m : volt
        dg_e/dt = -g_e/tau_e : 1
        """,
        threshold="v > v_th",
        reset="v = v_reset",
        method="exponential_euler",
        namespace={name: value * UNITS[name] for name, value in CELL.items()},
    )
    cell.v = CELL["v_reset"] * mV
    synapses = Synapses(
        inputs,
        cell,
        """
        w : 1
        dapre/dt = -apre/tau : 1 (event-driven)
        dapost/dt = -apost/tau : 1 (event-driven)
        """,
        on_pre="g_e_post += w; apre += 1; w = clip(w - asymmetry*growth*largest*apost, 0, largest)",
        on_post="apost += 1; w = clip(w + growth*largest*apre, 0, largest)",
        namespace={"tau": TAU * ms, "growth": GROWTH, "asymmetry": ASYMMETRY, "largest": LARGEST},
    )
    synapses.connect()
    synapses.w = initial_weights()
    spikes = SpikeMonitor(cell)
    simulation = Network(inputs, cell, synapses, spikes)
    simulation.run(workload["duration"] * ms, namespace={})
    device.build(run=False, compile=True, directory=folder.name)

    def simulate():
        device.run(directory=folder.name, with_output=False)
        number = (np.asarray(spikes.t / ms) >= late(workload)).sum()
        return {"seconds": device._last_run_time, **found(np.asarray(synapses.w[:]), number, workload)}

    return {"run": simulate}


if __name__ == "__main__":
    serve(prepare, ["brian2", "numpy"])
