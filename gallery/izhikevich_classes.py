"""
Eight classes of cells from one model
=====================================

Izhikevich 2003, doi:10.1109/TNN.2003.820440: two equations and four numbers, which make cells that adapt, burst,
chatter, resonate or rebound. The eight cells are one population whose parameters are arrays.

.. image:: /gallery_figures/izhikevich_classes.png
   :alt: membrane potentials of eight classes of neurons that answer a current step
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/izhikevich_classes.png'

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.units import ms, mV, pA

# %%
# Parameters a, b, c, d of the paper, the current before the step, and during it.
classes = {
    "regular spiking": (0.02, 0.2, -65, 8, 0, 10),
    "intrinsically bursting": (0.02, 0.2, -55, 4, 0, 10),
    "chattering": (0.02, 0.2, -50, 2, 0, 10),
    "fast spiking": (0.1, 0.2, -65, 2, 0, 10),
    "thalamo-cortical": (0.02, 0.25, -65, 0.05, 0, 1),
    "thalamo-cortical, rebound": (0.02, 0.25, -65, 0.05, -10, 0),
    "resonator": (0.1, 0.26, -65, 2, 0, 0.5),
    "low-threshold spiking": (0.02, 0.25, -65, 2, 0, 10),
}
a, b, c, d, before, during = np.array(list(classes.values()), dtype=float).T
neurons = lq.neurons.izhikevich.with_(a=a, b=b, c=c * mV, d=d)

steps, dt = 6000, 0.05
current = np.where(np.arange(steps)[:, None] * dt < 100, before, during)
answer = lq.simulate(neurons, steps * dt * ms, dt=dt * ms, inputs=dict(i_ext=current * pA), record="v", every=0.2 * ms)

fig, axes = plt.subplots(4, 2, figsize=(8, 6.5), sharex=True, sharey=True, layout="constrained")
trace = answer.traces["v"]
for n, (ax, name) in enumerate(zip(axes.flat, classes, strict=True)):
    lq.plot.voltage(trace.times, trace.values[:, n], ax, spikes=answer.spikes[n].times, peak=30)
    ax.set_title(name, fontsize=9)
    ax.set_ylabel("v (mV)")
for ax in axes[:-1].flat:
    ax.set_xlabel("")

# %%
# Intervals tell the classes apart: growing, a burst first, bursts again and again, short and even; and a cell that
# fires when a negative current ends.
intervals = dict(zip(classes, lq.spikes.isi(answer.spikes), strict=True))
counts = dict(zip(classes, answer.spikes.counts.tolist(), strict=True))
print(counts)
assert intervals["regular spiking"][-1] > 2 * intervals["regular spiking"][0]
assert intervals["intrinsically bursting"][0] < 6 < 15 < intervals["intrinsically bursting"][-1]
assert (intervals["chattering"] < 6).sum() >= 6
assert (intervals["chattering"] > 15).sum() >= 3
assert np.ptp(intervals["fast spiking"][2:]) < 2
assert counts["fast spiking"] > 2 * counts["regular spiking"]
assert counts["thalamo-cortical"] > 0
assert answer.spikes[5].times.min() > 100
assert counts["low-threshold spiking"] > counts["regular spiking"]
