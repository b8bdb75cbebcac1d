"""
A network of Hodgkin-Huxley cells: COBAHH
=========================================

Cells with sodium and potassium channels, connected by conductances: benchmark 3 of Brette et al. 2007,
doi:10.1007/s10827-007-0038-6, with the cells of Traub & Miles 1991, doi:10.1017/CBO9780511895401. A fifth of the cells
inhibits the others; the activity sustains itself.

.. image:: /gallery_figures/coba_hh.png
   :alt: membrane potentials of two cells with spikes, and a raster of both populations
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/coba_hh.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.units import ms, mV, nS

SMOKE = "LAPICQUE_SMOKE" in os.environ

# %%
# A conductance lives once in each target neuron, whatever the number of its synapses. Those at the start are drawn.
n = 400 if SMOKE else 4000
excitation, inhibition = np.array([[4], [20]]) + np.array([[1.5], [12]]) * np.random.default_rng(1).normal(size=(2, n))
ampa = lq.synapses.conductance(tau=5 * ms, e=0 * mV).with_(initial=dict(g=10 * excitation * nS), name="ampa")
gaba = lq.synapses.conductance(tau=10 * ms, e=-80 * mV).with_(initial=dict(g=10 * inhibition * nS), name="gaba")

net = lq.Network()
cells = net.population(lq.neurons.traub, n, name="cells", initial=dict(v="e_l + 5*mV*(randn() - 1)"))
exc, inh = cells[: n * 4 // 5], cells[n * 4 // 5 :]
net.connect(exc, cells, ampa, into="i_ext", w=6 * nS, where=lq.fixed_in_degree(64), name="exc")
net.connect(inh, cells, gaba, into="i_ext", w=67 * nS, where=lq.fixed_in_degree(16), name="inh")
net.record(exc, "spikes", name="excitatory")
net.record(inh, "spikes", name="inhibitory")
net.record(exc[:2], "v", every=0.2 * ms, name="membrane")

duration = 150 if SMOKE else 500
result = lq.simulate(net, duration * ms, dt=(0.05 if SMOKE else 0.02) * ms, seed=1, wiring_seed=1)
print(result)

# %%
fig, (above, below) = plt.subplots(2, 1, figsize=(8, 4.6), sharex=True, layout="constrained", height_ratios=[1, 2])
lq.plot.traces(result.traces["membrane"], above)
lq.plot.population_raster(result, below, most=200)

# %%
# Spikes overshoot, as the channels make them; firing goes on to the end, without a common rhythm.
rates = {name: trains.window(50, duration).rate().mean() for name, trains in result.spikes.items()}
print({name: f"{rate:.1f} Hz" for name, rate in rates.items()})
assert result.traces["membrane"].values.max() > 20
assert all(2 < rate < 80 for rate in rates.values())
assert np.histogram(result.spikes["excitatory"].times, 5, (duration - 50, duration))[0].min() > 0
