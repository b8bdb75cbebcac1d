"""
A cubic millimetre of cortex: the microcircuit of Potjans and Diesmann
======================================================================

Four layers, each with excitatory and inhibitory cells, connected with probabilities that were measured between layers.
All cells are alike; that the layers fire at different rates comes from their connections. Potjans & Diesmann 2014,
doi:10.1093/cercor/bhs358 (tables 4 and 5).

``SCALE = 1`` is the whole circuit, 77,169 cells and 299 million synapses. A smaller one has fewer cells that keep their
number of inputs, so that pairs of cells share more of them: rates are near those of the whole, correlations are larger.

.. image:: /gallery_figures/microcircuit.png
   :alt: raster of the eight populations, and their rates beside those published
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/microcircuit.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.units import Hz, ms, mV, pA

SMOKE = "LAPICQUE_SMOKE" in os.environ
SCALE = 0.02 if SMOKE else 0.1

# %%
# Cells of each population; probability that two are connected, from the column's to the row's; inputs from outside, at
# 8 Hz each; and the rates that the paper reports (Hz, table 6).
cells = dict(L23E=20683, L23I=5834, L4E=21915, L4I=5479, L5E=4850, L5I=1065, L6E=14395, L6I=2948)
probability = [
    [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0000, 0.0076, 0.0000],
    [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0000, 0.0042, 0.0000],
    [0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0000],
    [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0000, 0.1057, 0.0000],
    [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0000],
    [0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0000],
    [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
    [0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443],
]
outside = dict(L23E=1600, L23I=1500, L4E=2100, L4I=1900, L5E=2000, L5I=1900, L6E=2900, L6I=2100)
published = dict(L23E=0.86, L23I=2.80, L4E=4.45, L4I=5.93, L5E=7.59, L5I=8.64, L6E=1.09, L6I=7.88)

cell = lq.Neuron(
    """
    dv/dt = (e_l - v)/tau_m + i_syn/c_m : mV (unless refractory)  # membrane potential
    di_syn/dt = -i_syn/tau_syn : pA                               # current of all synapses
    """,
    threshold="v > v_th", reset="v = e_l", refractory="2 ms",
    parameters=dict(e_l="-65 mV", v_th="-50 mV", tau_m="10 ms", tau_syn="0.5 ms", c_m="250 pF"),
)  # fmt: skip

# %%
# Weights and delays differ from synapse to synapse. Inhibition is four times as strong as excitation and twice as fast.
net = lq.Network()
for name, number in cells.items():
    start = dict(v=lq.normal(-58 * mV, 10 * mV))
    population = net.population(cell, round(SCALE * number), name=name, initial=start)
    net.stimulate(population, "i_syn", lq.stimuli.poisson(8 * Hz, w=87.8 * pA, n=outside[name]))
    net.record(population, "spikes")
for target, row in zip(cells, probability, strict=True):
    for source, p in zip(cells, row, strict=True):
        # so many synapses, drawn with replacement, connect two cells with probability p
        synapses = np.log1p(-p) / np.log1p(-1 / (cells[source] * cells[target]))
        if round(SCALE * synapses):
            excitatory = source.endswith("E")
            w = 87.8 * (1 if excitatory else -4) * (2 if (source, target) == ("L4E", "L23E") else 1)
            delay = 1.5 if excitatory else 0.75
            net.connect(
                net[source], net[target], on_pre="i_syn += w",
                where=lq.fixed_total_number(round(SCALE * synapses)),
                w=lq.normal(w * pA, abs(w) / 10 * pA), delay=lq.normal(delay * ms, delay / 2 * ms).clipped(0.1 * ms),
            )  # fmt: skip

duration = 300 if SMOKE else 1000
result = lq.simulate(net, duration * ms, seed=1, wiring_seed=1, precision="float32")
print(result)

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained", width_ratios=[2, 1])
lq.plot.population_raster(result, left, window=(duration - 200, duration), most=500)
rates = {name: result.spikes[name].window(100, duration).rate().mean() for name in cells}
places = np.arange(8)
right.barh(places - 0.2, rates.values(), 0.4, label=f"here, scale {SCALE:g}")
right.barh(places + 0.2, published.values(), 0.4, color="lightgrey", label="published")
right.set_yticks(places, cells)
right.set_xlabel("rate (Hz)")
right.invert_yaxis()
right.legend(frameon=False)

# %%
# Inhibitory cells fire more than excitatory ones; of these, layer 5 is loud and layer 6 is quiet.
print({name: f"{rate:.2f} Hz" for name, rate in rates.items()})
for layer in ("L23", "L4", "L6"):
    assert rates[layer + "E"] < rates[layer + "I"]
assert rates["L6E"] < rates["L4E"] < rates["L5E"]
assert SMOKE or all(abs(rates[name] - published[name]) < 0.5 * published[name] + 0.5 for name in cells)
