"""
Four states of a network of excitation and inhibition
=====================================================

Brunel 2000, doi:10.1023/A:1008925309027: leaky cells, each with inputs from a tenth of all others, delta synapses, and
a Poisson drive. Two numbers decide what the network does: g, how much stronger inhibition is than excitation, and eta,
how strong the drive is, relative to what would just hold a cell at threshold.

.. image:: /gallery_figures/brunel.png
   :alt: rasters of four states, regular and irregular, synchronous and asynchronous, with the population's rate
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/brunel.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.units import Hz, ms, mV

SMOKE = "LAPICQUE_SMOKE" in os.environ

cell = lq.Neuron(
    "dv/dt = -v/tau : mV (unless refractory)",
    threshold="v > theta", reset="v = v_reset", refractory="t_ref",
    parameters=dict(tau="20 ms", theta="20 mV", v_reset="10 mV", t_ref="2 ms"),
)  # fmt: skip


# %%
# A smaller network keeps its mean input, with fewer and stronger synapses.
def brunel(g, eta, n=2500 if SMOKE else 12500):
    inputs = n * 4 // 50  # excitatory synapses of a cell
    j = 100 / inputs  # mV; eta = 1 is theta/(j inputs tau), with theta/tau = 1 mV/ms
    net = lq.Network()
    cells = net.population(cell, n, name="cells", initial=dict(v="v_reset*rand()"))
    exc, inh = cells[: n * 4 // 5], cells[n * 4 // 5 :]
    net.connect(exc, cells, on_pre="v += w", w=j * mV, delay=1.5 * ms, where=lq.fixed_in_degree(inputs), name="exc")
    net.connect(inh, cells, on_pre="v += w", w=-g * j * mV, delay=1.5 * ms, where=lq.fixed_in_degree(inputs // 4),
                name="inh")  # fmt: skip
    net.stimulate(cells, "v", lq.stimuli.poisson(eta / (j * inputs) * 1000 * Hz, w=j * mV, n=inputs))
    net.record(cells, "spikes")
    return net


states = {
    "synchronous regular": (3.0, 2.0),
    "fast, synchronous irregular": (6.0, 4.0),
    "asynchronous irregular": (5.0, 2.0),
    "slow, synchronous irregular": (4.5, 0.9),
}
duration = 300 if SMOKE else 600
spikes = {
    name: lq.simulate(brunel(g, eta), duration * ms, seed=1, precision="float32").spikes["cells"].window(100, duration)
    for name, (g, eta) in states.items()
}

# %%
fig, axes = plt.subplots(4, 2, figsize=(9, 6), layout="constrained", height_ratios=[2, 1, 2, 1])
places = [(axes[row, column], axes[row + 1, column]) for row in (0, 2) for column in (0, 1)]
for (raster, rates), (name, trains) in zip(places, spikes.items(), strict=True):
    lq.plot.population_raster({"": trains[:, :40]}, raster, window=(100, 300)).set_xlabel("")
    raster.set_yticks([])
    raster.set_title("{}: g = {}, η = {}".format(name, *states[name]), fontsize=9)
    lq.plot.rate(trains, rates, sigma=0.5 * ms).set_xlim(100, 300)


# %%
# How irregular a cell fires, and how much more than by chance the number of spikes in a millisecond varies.
def synchrony(trains):
    counts = np.histogram(trains.times, np.arange(100, duration + 1))[0]
    return counts.var() / counts.mean()


rate = {name: trains.rate().mean() for name, trains in spikes.items()}
cv = {name: np.nanmean(lq.spikes.cv(trains)) for name, trains in spikes.items()}
for name, trains in spikes.items():
    print(f"{name}: {rate[name]:.1f} Hz, CV {cv[name]:.2f}, synchrony {synchrony(trains):.0f}")
regular, fast, asynchronous, slow = spikes.values()
assert rate["synchronous regular"] > 200
assert rate["slow, synchronous irregular"] < rate["asynchronous irregular"] < rate["fast, synchronous irregular"]
assert cv["synchronous regular"] < 0.1 < 0.3 < cv["asynchronous irregular"]
assert synchrony(regular) > synchrony(asynchronous)
