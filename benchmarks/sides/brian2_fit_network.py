"""Brian2's side of a round of fitting a network: C++ standalone, compiled once and run for every candidate.

The values of a candidate go to the compiled program as arguments (``run_args``) before the synapses are drawn. Several
programs run at once, in folders of their own for their results, as the documentation of Brian2 proposes. The time is
that from the first start to the last end, with nothing but numbers of spikes read: no loss is computed.
"""

import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    defaultclock,
    device,
    ms,
    prefs,
    seed,
    set_device,
    start_scope,
)
from serve import serve
from workload_fit_network import DELAY, EXC, INH, NOISE, P_I, W_I, values

EQUATIONS = """
dv/dt = (0.04*v**2 + 5*v + 140 - u + mean)/ms + sd*sqrt(2/ms)*xi : 1
du/dt = a*(b*v - u)/ms : 1
w_e : 1 (shared)
w_i : 1 (shared)
p_e : 1 (shared)
p_i : 1 (shared)
"""


def prepare(workload):
    set_device("cpp_standalone", build_on_run=False)
    prefs.core.default_float_dtype = np.dtype(workload["precision"]).type
    return {name: case(workload, dt) for name, dt in workload["steps"].items()}


def case(workload, dt):
    """Compile the network for steps of so many milliseconds, and return what runs it for every candidate."""
    device.reinit()
    device.activate(build_on_run=False)
    start_scope()
    folder = tempfile.TemporaryDirectory(prefix="brian2-fit-network-")
    defaultclock.dt = dt * ms
    seed(1)
    groups, monitors = {}, {}
    for name, size, cell in (("exc", workload["exc"], EXC), ("inh", workload["inh"], INH)):
        group = NeuronGroup(
            size, EQUATIONS, threshold="v >= 30", reset="v = c; u += d", method="euler", name=name,
            namespace={**cell, "mean": NOISE[0], "sd": NOISE[1]},
        )  # fmt: skip
        group.v, group.u = -65, -65 * cell["b"]
        groups[name], monitors[name] = group, SpikeMonitor(group, name=f"of_{name}")
    exc, inh = groups["exc"], groups["inh"]
    exc.w_e, exc.w_i, exc.p_e, exc.p_i = 1.0, 2.0, 0.4, 0.5
    device.apply_run_args()
    synapses = []
    for source, target, w, p in (
        (exc, exc, "w_e_pre", "p_e_pre"), (exc, inh, "w_i_pre", "p_i_pre"), (inh, exc, W_I, P_I), (inh, inh, W_I, P_I)
    ):  # fmt: skip
        made = Synapses(source, target, on_pre=f"v_post += {w}", delay=DELAY * ms, name=f"{source.name}_{target.name}")
        made.connect(p=p)
        synapses.append(made)
    Network(*groups.values(), *monitors.values(), *synapses).run(workload["duration"] * ms, namespace={})
    device.build(run=False, compile=True, directory=folder.name)
    found = values(workload)
    names = {"w_ee": "exc.w_e", "p_ee": "exc.p_e", "w_ei": "exc.w_i", "p_ei": "exc.p_i"}

    def candidate(number):
        results = Path(folder.name) / f"results_{number}"
        results.mkdir(exist_ok=True)
        arguments = [f"{names[name]}={float(array[number])!r}" for name, array in found.items()]
        command = ["./main", "--results_dir", f"{results}/", *arguments]
        ran = subprocess.run(command, cwd=folder.name, check=True, capture_output=True, text=True)
        if ran.stderr:  # a value that could not be read is left as it was, and the program goes on
            raise RuntimeError(ran.stderr)
        spikes = next(results.glob("_dynamic_array_of_exc_i*"))
        return spikes.stat().st_size // 4

    def evaluate():
        with ThreadPoolExecutor(workload["processes"]) as pool:
            counts = list(pool.map(candidate, range(workload["candidates"])))
        return {"rate_hz": float(np.mean(counts[:16]) / workload["exc"] / (workload["duration"] * 1e-3))}

    candidate(0)
    return evaluate


if __name__ == "__main__":
    serve(prepare, ["brian2", "numpy"])
