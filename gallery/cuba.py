"""
A balanced network with current synapses: CUBA
==============================================

Cells rest above threshold, so that the network would fire without end if inhibition did not hold it: 3,200 excitatory
and 800 inhibitory cells, each connected to a fiftieth of all. What remains is irregular firing that no input sustains.
The network of Vogels & Abbott 2005, doi:10.1523/JNEUROSCI.3508-05.2005, as the current-based benchmark of Brette et
al. 2007, doi:10.1007/s10827-007-0038-6.

.. image:: /gallery_figures/cuba.png
   :alt: raster of excitatory and inhibitory cells, the rates of both, and the network as a graph
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/cuba.png'

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.units import ms, mV

# %%
# A synapse adds its weight to a variable of the target, which decays: currents in the unit of the voltage.
cell = lq.Neuron(
    """
    dv/dt = (e_l - v + g_e + g_i)/tau_m : mV (unless refractory)  # membrane potential
    dg_e/dt = -g_e/tau_e : mV                                     # excitation
    dg_i/dt = -g_i/tau_i : mV                                     # inhibition
    """,
    threshold="v > v_th", reset="v = v_reset", refractory="5 ms",
    parameters=dict(e_l="-49 mV", v_th="-50 mV", v_reset="-60 mV", tau_m="20 ms", tau_e="5 ms", tau_i="10 ms"),
)  # fmt: skip

net = lq.Network()
start = dict(v="v_reset + (v_th - v_reset)*rand()")
exc = net.population(cell, 3200, name="exc", initial=start)
inh = net.population(cell, 800, name="inh", initial=start)
for target in (exc, inh):
    net.connect(exc, target, on_pre="g_e += w", w=1.62 * mV, where=lq.fixed_probability(0.02))
    net.connect(inh, target, on_pre="g_i += w", w=-9 * mV, where=lq.fixed_probability(0.02))
net.record(exc, "spikes")
net.record(inh, "spikes")

result = lq.simulate(net, 2000 * ms, dt=0.1 * ms, seed=1, wiring_seed=1)
print(result)

# %%
fig, axes = plt.subplot_mosaic(
    [["raster", "graph"], ["rates", "graph"]], figsize=(10, 4), layout="constrained", width_ratios=[5, 4],
    height_ratios=[2, 1],
)  # fmt: skip
lq.plot.population_raster(result, axes["raster"], window=(0, 500), most=300)
lq.plot.population_rates(result, axes["rates"], sigma=2 * ms).set_xlim(0, 500)
lq.plot.network(net, axes["graph"])

# %%
# Between 0.1 and 0.5 s the cells fire at 5 to 6 Hz. They fire irregularly, although nothing but the connections and the
# start is random.
rate = sum(len(trains.window(100, 500).times) for trains in result.spikes.values()) / (4000 * 0.4)
cv = np.nanmean(lq.spikes.cv(result.spikes["exc"].window(100, 2000)))
print(f"{rate:.2f} Hz, CV {cv:.2f}")
assert 5.0 < rate < 7.0
assert cv > 0.4
