"""
Eight firing patterns of the adaptive exponential neuron
========================================================

One model, eight parameter sets, a current step each: tonic spiking, adaptation, bursts, delayed and irregular spiking.
The parameters are adapted to the figures of Naud, Marcille, Clopath & Gerstner 2008,
doi:10.1007/s00422-008-0264-7. The
eight neurons are one population whose parameters are arrays.

.. image:: /gallery_figures/adex_firing_patterns.png
   :alt: membrane potential of eight neurons that answer a current step in eight different ways
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/adex_firing_patterns.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.units import ms, mV, nS, pA, pF

SMOKE = "LAPICQUE_SMOKE" in os.environ

# %%
# Capacitance (pF), leak (nS), rest (mV), a (nS), time constant of w (ms), b (pA), reset (mV), current (pA).
patterns = {
    "tonic spiking": (200, 10, -70, 2, 30, 0, -58, 500),
    "adaptation": (200, 12, -70, 2, 300, 60, -58, 500),
    "initial burst": (130, 18, -58, 4, 150, 120, -50, 400),
    "regular bursting": (200, 10, -58, 2, 120, 100, -46, 210),
    "delayed accelerating": (200, 12, -70, -10, 300, 0, -58, 300),
    "delayed regular bursting": (100, 10, -65, -10, 90, 30, -47, 110),
    "transient spiking": (100, 10, -65, 10, 90, 100, -47, 180),
    "irregular spiking": (100, 12, -60, -11, 130, 30, -48, 160),
}
c_m, g_l, e_l, a, tau_w, b, v_reset, current = np.array(list(patterns.values()), dtype=float).T
neurons = lq.neurons.adex.with_(
    c_m=c_m * pF, g_l=g_l * nS, e_l=e_l * mV, a=a * nS, tau_w=tau_w * ms, b=b * pA, v_reset=v_reset * mV,
    v_th="-50 mV", delta_t="2 mV", v_peak="0 mV", t_ref="0 ms",
)  # fmt: skip

# %%
# The step begins after 50 ms; the recording is every 0.2 ms.
duration, dt = (300 if SMOKE else 600), 0.02
steps = round(duration / dt)
step = np.where(np.arange(steps)[:, None] * dt >= 50, current, 0.0)
answer = lq.simulate(neurons, duration * ms, dt=dt * ms, inputs={"i_ext": step * pA}, record="v", every=0.2 * ms)

fig, axes = plt.subplots(4, 2, figsize=(8, 7), sharex=True, sharey=True, layout="constrained")
trace = answer.traces["v"]
for n, (axis, name) in enumerate(zip(axes.flat, patterns, strict=True)):
    membrane = trace.values[:, n].copy()
    membrane[np.searchsorted(trace.times, answer.spikes[n].times).clip(max=len(membrane) - 1)] = (
        0.0  # spikes reach 0 mV
    )
    axis.plot(trace.times, membrane, lw=0.7)
    axis.set_title(name, fontsize=9)
for axis in axes[-1]:
    axis.set_xlabel("time (ms)")
fig.supylabel("membrane potential (mV)")

# %%
# What the names promise, in numbers: intervals grow under adaptation, and a transient neuron falls silent.
intervals = {name: np.diff(train.times) for name, train in zip(patterns, answer.spikes, strict=True)}
print({name: len(train.times) for name, train in zip(patterns, answer.spikes, strict=True)})
assert np.ptp(intervals["tonic spiking"][-4:]) < 0.2
assert intervals["adaptation"][-1] > 2 * intervals["adaptation"][0]
assert intervals["delayed accelerating"][-1] < intervals["delayed accelerating"][0]
assert answer.spikes[list(patterns).index("transient spiking")].times.max() < 200
