"""Brian2's side of a fitting round: a population of AdEx neurons with different parameters under one noisy current.

C++ standalone, forward Euler. The time is what the compiled program itself reports for its run: neither generating
and compiling the code (set up) nor loading the arrays and writing the results counts.
"""

import tempfile

import numpy as np
from brian2 import (
    Hz,
    NeuronGroup,
    SpikeMonitor,
    TimedArray,
    defaultclock,
    device,
    ms,
    mV,
    nS,
    pA,
    pF,
    prefs,
    run,
    set_device,
)
from serve import serve
from workload_adex import currents, parameters

UNITS = {"c_m": pF, "g_l": nS, "e_l": mV, "v_th": mV, "delta_t": mV, "a": nS, "b": pA, "tau_w": ms}

EQUATIONS = """
dv/dt = (g_l*(e_l - v) + g_l*delta_t*exp((v - v_th)/delta_t) - w + i_ext(t))/c_m : volt
dw/dt = (a*(v - e_l) - w)/tau_w : amp
c_m : farad (constant)
g_l : siemens (constant)
e_l : volt (constant)
v_th : volt (constant)
delta_t : volt (constant)
a : siemens (constant)
b : amp (constant)
tau_w : second (constant)
"""


def prepare(workload):
    folder = tempfile.TemporaryDirectory(prefix="brian2-adex-")
    set_device("cpp_standalone", build_on_run=False)
    threads = workload["threads"]
    prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    prefs.core.default_float_dtype = np.dtype(workload["precision"]).type
    defaultclock.dt = workload["dt"] * ms

    i_ext = TimedArray(currents(workload) * pA, dt=workload["dt"] * ms)
    neurons = NeuronGroup(
        workload["neurons"],
        EQUATIONS,
        threshold="v > -20*mV",
        reset="v = -58*mV; w += b",
        method="euler",
        namespace={"i_ext": i_ext},
    )
    for name, values in parameters(workload).items():
        setattr(neurons, name, values * UNITS[name])
    neurons.v = -70 * mV
    spikes = SpikeMonitor(neurons)
    run(workload["duration"] * ms, namespace={})
    device.build(run=False, compile=True, directory=folder.name)

    def simulate():
        device.run(directory=folder.name, with_output=False)
        rate = spikes.num_spikes / workload["neurons"] / (workload["duration"] * ms)
        return {"seconds": device._last_run_time, "rate_hz": float(rate / Hz)}

    return {"round": simulate}


if __name__ == "__main__":
    serve(prepare, ["brian2", "numpy"])
