"""
Inputs that compete for a cell's spikes
=======================================

A thousand excitatory inputs fire at random onto a cell, and every synapse follows the window of spike timing. Strong
inputs make the cell fire and grow with it; the more of them there are, the less each one matters, and as depression
outweighs potentiation a little, those without effect shrink. In the end the weights are near one of the two bounds, and
the cell fires more slowly and less regularly than it had: it is balanced without anything that measures
its rate. Song, Miller & Abbott 2000, doi:10.1038/78829.

.. image:: /gallery_figures/song_abbott.png
   :alt: the distribution of weights before and after, the output rate, and the irregularity of the output over time
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/song_abbott.png'

import itertools
import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms

SMOKE = "LAPICQUE_SMOKE" in os.environ
seconds = 15 if SMOKE else 100

# %%
# Conductances are in units of the leak. A pair changes a weight by a hundredth of the largest one, or less.
cell = lq.Neuron(
    """
    dv/dt = (e_l - v + g_e*(e_e - v))/tau_m : mV
    dg_e/dt = -g_e/tau_e : 1
    """,
    threshold="v > v_th", reset="v = v_reset", initial=dict(v="v_reset"),
    parameters=dict(tau_m="10 ms", tau_e="5 ms", e_l="-74 mV", e_e="0 mV", v_th="-54 mV", v_reset="-60 mV"),
)  # fmt: skip
w_max, eta = 0.01, 0.03 if SMOKE else 0.01
stdp = lq.synapses.stdp(w_max, a_plus=eta, a_minus=1.05 * eta).onto(lq.synapses.instantaneous("g_e"))

# %%
# Four cells hear the same inputs and begin with weights of their own.
net = lq.Network()
trains = lq.spikes.poisson(15 * Hz, 1000 * seconds, seed=1, trains=1000, refractory=0.2 * ms)  # one a step at most
inputs = net.spikes(trains, name="inputs")
cells = net.population(cell, 4, name="cells")
net.connect(inputs, cells, stdp, w=lq.uniform(0, w_max))
net.record(cells, "spikes")
result = lq.simulate(net, 1000 * seconds * ms, seed=1)
weights = result.final["inputs->cells"]["w"] / w_max
spikes = result.spikes["cells"]

# %%
bins = 1000 * np.linspace(0, seconds, 11)
parts = [spikes.window(*both) for both in itertools.pairwise(bins)]
rates = np.array([part.rate() for part in parts])  # Hz, (part, cell)
irregular = np.array([lq.spikes.cv(part) for part in parts])
outer = float(((weights < 0.2) | (weights > 0.8)).mean())

fig, axes = plt.subplots(1, 3, figsize=(10, 3), layout="constrained")
axes[0].hist(weights, 20, range=(0, 1))
axes[0].axhline(200, color="0.5", lw=0.8, ls=":")
axes[0].set(xlabel="weight / largest", ylabel="synapses", title=f"after {seconds} s; dotted: before")
for ax, values, label in ((axes[1], rates, "output rate (Hz)"), (axes[2], irregular, "CV of the intervals")):
    ax.plot((bins[1:] + bins[:-1]) / 2000, values, marker=".", color="C0", lw=0.8)
    ax.set(xlabel="time (s)", ylabel=label, ylim=(0, None))

# %%
merits = [
    Merit("weights in the lowest and the highest fifth", 100 * outer, "> 60 %", published="two peaks at the bounds"),
    Merit("output rate at the end", rates[-1].mean(), "10 to 30 Hz", published="10 to 30 Hz"),
    Merit("CV of the output's intervals at the end", irregular[-1].mean(), "0.8 to 1.2", published="close to 1"),
]
print(merit_table(merits))
assert outer > 0.45, "more weights should be near the bounds than at the start, when they were 0.4"
assert (rates[-1] < rates[0]).all(), "the cells should calm down"
assert SMOKE or all(merit.met for merit in merits)
