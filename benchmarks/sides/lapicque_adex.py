"""Our side of a fitting round: a population of AdEx neurons with different parameters under one noisy current.

The time is that of the public call, from parameters in to spike trains out; the kernel is compiled by a short run
before (set up).
"""

from serve import serve
from workload_adex import currents, parameters, steps

import lapicque as lq
from lapicque.units import ms, mV, nS, pA, pF

UNITS = {"c_m": pF, "g_l": nS, "e_l": mV, "v_th": mV, "delta_t": mV, "a": nS, "b": pA, "tau_w": ms}


def prepare(workload):
    values = {name: numbers * UNITS[name] for name, numbers in parameters(workload).items()}
    neurons = lq.neurons.adex.with_(**values, v_peak=-20 * mV, v_reset=-58 * mV, t_ref=0 * ms, initial={"v": "-70 mV"})
    current = currents(workload)

    def simulate(length):
        answer = lq.simulate(
            neurons,
            length * workload["dt"],
            dt=workload["dt"],
            inputs={"i_ext": current[:length]},
            method="euler",
            precision=workload["precision"],
            progress=False,
        )
        return {"rate_hz": float(answer.spikes.rate().mean())}

    simulate(100)
    return {"round": lambda: simulate(steps(workload))}


if __name__ == "__main__":
    serve(prepare, ["lapicque", "numba", "llvmlite", "numpy"])
