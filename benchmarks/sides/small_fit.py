"""A small fit of a model that is in no catalogue: what `benchmarks/startup.py` times as a whole process."""

import numpy as np

import lapicque as lq

NEURON = lq.Neuron(
    """
    dv/dt = (g_l*(e_l - v) + g_n*n*(e_n - v) + i_ext)/c_m : mV (unless refractory)
    dn/dt = (sigmoid((v - v_half)/slope) - n)/tau_n : 1
    dtheta/dt = (v_th - theta)/tau_theta : mV
    i_ext : pA (input)
    """,
    threshold="v > theta",
    reset="v = e_l; theta += jump",
    refractory="2 ms",
    parameters=dict(
        c_m="150 pF",
        g_l="10 nS",
        e_l="-70 mV",
        g_n="5 nS",
        e_n="-80 mV",
        v_half="-60 mV",
        slope="4 mV",
        tau_n="20 ms",
        v_th="-52 mV",
        tau_theta="50 ms",
        jump="4 mV",
    ),
    initial=dict(v="e_l", theta="v_th"),
    name="startup",
)


def main():
    generator = np.random.default_rng(1)
    stimulus = 250.0 + 150.0 * np.repeat(generator.standard_normal(200), 50)  # pA, 1 s in steps of 0.1 ms
    times = np.sort(generator.uniform(0.0, 1000.0, 20))
    spikes = lq.spikes.SpikeTrains.from_lists([times], t_start=0.0, t_stop=1000.0)
    problem = lq.fit.Problem(
        NEURON,
        [lq.fit.Trial(stimulus, spikes)],
        free=dict(c_m=("50 pF", "400 pF"), g_l=("2 nS", "40 nS")),
        distance=lq.distances.coincidence("4 ms"),
        dt="0.1 ms",
    )
    lq.fit.minimize(problem, lq.optimizers.cma_es(population=64), budget=640, seed=1)


if __name__ == "__main__":
    main()
