"""Brian2's side: the same neurons in Brian2's words. Arguments: file of currents (npz), file for the spikes (npz).

Run by the interpreter of Brian2's own environment; the file of currents names the models, see test_brian2.py.
"""

import sys

import numpy as np
from brian2 import (
    Hz,
    NeuronGroup,
    SpikeMonitor,
    TimedArray,
    clip,
    defaultclock,
    ms,
    mV,
    nS,
    pA,
    pF,
    prefs,
    run,
    start_scope,
    volt,
)

prefs.codegen.target = "numpy"
prefs.core.default_float_dtype = np.float64

LEAK = dict(c_m=200 * pF, g_l=10 * nS, e_l=-70 * mV, v_th=-50 * mV, v_reset=-70 * mV, t_ref=2 * ms)
MODELS = {
    "lif": dict(
        model="dv/dt = (g_l*(e_l - v) + i_ext)/c_m : volt (unless refractory)",
        threshold="v > v_th",
        reset="v = v_reset",
        refractory=2 * ms,
        namespace=LEAK,
        initial=dict(v=-70 * mV),
    ),
    "lif_exp": dict(
        model="""
        dv/dt = (g_l*(e_l - v) + i_syn + i_ext)/c_m : volt (unless refractory)
        di_syn/dt = -i_syn/tau_syn : amp
        """,
        threshold="v > v_th",
        reset="v = v_reset; i_syn += 20*pA",
        refractory=2 * ms,
        namespace={**LEAK, "tau_syn": 5 * ms},
        initial=dict(v=-70 * mV, i_syn=100 * pA),
    ),
    "mat": dict(
        model="""
        dv/dt = (g_l*(e_l - v) + i_ext)/c_m : volt
        dtheta_1/dt = -theta_1/tau_1 : volt
        dtheta_2/dt = -theta_2/tau_2 : volt
        """,
        threshold="v > v_th + theta_1 + theta_2",
        reset="theta_1 += alpha_1; theta_2 += alpha_2",
        refractory=2 * ms,
        namespace=dict(c_m=100 * pF, g_l=20 * nS, e_l=-70 * mV, v_th=-51 * mV, alpha_1=37 * mV, alpha_2=2 * mV,
                       tau_1=10 * ms, tau_2=200 * ms),
        initial=dict(v=-70 * mV),
    ),
    "adex": dict(
        model="""
        dv/dt = (g_l*(e_l - u) + g_l*delta_t*exp((u - v_th)/delta_t) - w + i_ext)/c_m : volt (unless refractory)
        dw/dt = (a*(u - e_l) - w)/tau_w : amp
        u = clip(v, -10*volt, v_peak) : volt
        """,
        threshold="v > v_peak",
        reset="v = v_reset; w += b",
        refractory=2 * ms,
        namespace=dict(c_m=281 * pF, g_l=30 * nS, e_l=-70.6 * mV, v_th=-50.4 * mV, delta_t=2 * mV, v_peak=20 * mV,
                       v_reset=-70.6 * mV, a=4 * nS, b=80.5 * pA, tau_w=144 * ms, clip=clip, volt=volt),
        initial=dict(v=-70.6 * mV),
    ),
    "izhikevich": dict(
        model="""
        dv/dt = (0.04/ms/mV)*v**2 + (5/ms)*v + 140*mV/ms - u + i_ext/(1*pF) : volt
        du/dt = (0.02/ms)*((0.2/ms)*v - u) : volt/second
        """,
        threshold="v >= 30*mV",
        reset="v = -65*mV; u += 8*mV/ms",
        refractory=False,
        namespace={},
        initial=dict(v=-65 * mV, u=-13 * mV / ms),
    ),
    "traub": dict(
        model="""
        dv/dt = (i_ext - g_na*m**3*h*(v - e_na) - g_k*n**4*(v - e_k) - g_l*(v - e_l))/c_m : volt
        dm/dt = alpha_m*(1 - m) - beta_m*m : 1
        dh/dt = alpha_h*(1 - h) - beta_h*h : 1
        dn/dt = alpha_n*(1 - n) - beta_n*n : 1
        alpha_m = 0.32*(4*mV)/exprel((13*mV - v + v_shift)/(4*mV))/(mV*ms) : Hz
        beta_m = 0.28*(5*mV)/exprel((v - v_shift - 40*mV)/(5*mV))/(mV*ms) : Hz
        alpha_h = 0.128*exp((17*mV - v + v_shift)/(18*mV))/ms : Hz
        beta_h = 4/(1 + exp((40*mV - v + v_shift)/(5*mV)))/ms : Hz
        alpha_n = 0.032*(5*mV)/exprel((15*mV - v + v_shift)/(5*mV))/(mV*ms) : Hz
        beta_n = 0.5*exp((10*mV - v + v_shift)/(40*mV))/ms : Hz
        """,
        threshold="v > -20*mV",
        reset="",
        refractory=3 * ms,
        namespace=dict(c_m=200 * pF, g_na=20000 * nS, g_k=6000 * nS, g_l=10 * nS, e_na=50 * mV, e_k=-90 * mV,
                       e_l=-60 * mV, v_shift=-63 * mV, Hz=Hz),
        initial=dict(v=-60 * mV, m="alpha_m/(alpha_m + beta_m)", h="alpha_h/(alpha_h + beta_h)",
                     n="alpha_n/(alpha_n + beta_n)"),
    ),
}  # fmt: skip


def spikes(name, method, current, dt):
    """Steps and neurons of the spikes under a current (step, neuron) in pA."""
    start_scope()
    defaultclock.dt = dt * ms
    given = dict(MODELS[name])
    initial = given.pop("initial")
    given["model"] += "\ni_ext : amp"
    given["namespace"] = {**given["namespace"], "samples": TimedArray(current * pA, dt=dt * ms)}
    group = NeuronGroup(current.shape[1], method=method, dt=dt * ms, **given)
    # a parameter, which the stages of a Runge-Kutta step all see alike; samples(t) would be another at t + dt
    group.run_regularly("i_ext = samples(t, i)", when="start", dt=dt * ms)
    for variable, value in initial.items():
        setattr(group, variable, value)
    monitor = SpikeMonitor(group)
    run(len(current) * dt * ms, namespace={})
    return np.rint(monitor.t / ms / dt).astype(int), np.asarray(monitor.i)


def main():
    given, written = sys.argv[1:]
    asked, found = np.load(given), {}
    for case in asked["cases"]:
        name, method, dt = case.split()
        found[f"{case} steps"], found[f"{case} neurons"] = spikes(name, method, asked[f"{case} current"], float(dt))
    np.savez(written, **found)


if __name__ == "__main__":
    main()
