"""
A synfire chain: only packets of spikes that are strong and short enough travel
===============================================================================

Ten groups of 100 cells, each cell connected to all of the next group. Every cell is also bombarded by 20,000 synapses,
so that it fires now and then by itself. A volley of spikes at the first group either becomes sharper from group to
group, or dissolves: Diesmann, Gewaltig & Aertsen 1999, doi:10.1038/990101.

.. image:: /gallery_figures/synfire_chain.png
   :alt: raster of the ten groups with packets that travel or vanish, and their paths in the plane of size and width
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/synfire_chain.png'

import matplotlib.pyplot as plt
import numpy as np
import scipy.sparse

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms, mV

# %%
# Currents are alpha functions, in the unit of the voltage they drive. Each of the 20,000 synapses of the background,
# 88 of 100 excitatory at 2 Hz, the others inhibitory at 12.5 Hz, gives a potential of 0.14 mV.
cell = lq.Neuron(
    "dv/dt = (e_l - v + i)/tau_m : mV (unless refractory)\ni : mV (input)",
    threshold="v > v_th", reset="v = e_l", refractory="1 ms",
    parameters=dict(e_l="-70 mV", v_th="-55 mV", tau_m="10 ms"),
)  # fmt: skip
alpha = lq.synapses.alpha(tau=0.325 * ms, unit="mV")
w, groups, size = 1.79 * mV, 10, 100
feed_forward = scipy.sparse.kron(np.eye(groups, k=1), np.ones((size, size)))

# %%
# Packets of a spikes, normally spread with standard deviation sigma (ms), come every 100 ms.
packets = [(100, 1.0), (80, 2.0), (60, 0.5), (40, 4.0), (40, 1.0)]
rng = np.random.default_rng(3)
volleys = [[] for _ in range(size)]
for number, (a, sigma) in enumerate(packets):
    for source in rng.choice(size, a, replace=False):
        volleys[source].append(50 + 100 * number + rng.normal(0, sigma))

net = lq.Network()
chain = net.population(cell, groups * size, name="chain", initial=dict(v=lq.uniform(-70 * mV, -56 * mV)))
start = net.spikes(volleys, name="start")
net.connect(start, chain[:size], alpha, into="i", w=w, delay=5 * ms)
net.connect(chain, chain, alpha, into="i", w=w, delay=5 * ms, where=lq.sparse(feed_forward))
net.stimulate(chain, "alpha.x", lq.stimuli.poisson(2 * Hz, w=w, n=17600), name="excitation")
net.stimulate(chain, "alpha.x", lq.stimuli.poisson(12.5 * Hz, w=-w, n=2400), name="inhibition")
net.record(chain, "spikes")
result = lq.simulate(net, 100 * len(packets) * ms, seed=1)
spikes = result.spikes["chain"]

# %%
# The path of a packet: how many cells of a group fire around the time it should arrive there, and how widely spread.
# Quartiles leave out the few cells that fire by themselves; of normally spread spikes they are 1.349 sigma apart.
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", width_ratios=[2, 1])
lq.plot.population_raster({"chain": spikes}, left, most=1000)
left.set_yticks(np.arange(groups) * size + size / 2, [f"group {k + 1}" for k in range(groups)])
arrived, width = [], []
for number, (a, sigma) in enumerate(packets):
    path = [(sigma, a)]
    for group in range(groups):
        trains = spikes[:, group * size : (group + 1) * size]
        expected = 50 + 100 * number + 5 + 5.5 * group
        times = trains.times[np.abs(trains.times - expected - 3) < 6]
        quarter, three = np.quantile(times, [0.25, 0.75]) if len(times) > 1 else (np.nan, np.nan)
        path.append(((three - quarter) / 1.349, len(times)))
    arrived.append(path[-1][1])
    width.append(path[-1][0])
    right.plot(*zip(*path, strict=True), marker=".", lw=0.8, label=f"{a} spikes, σ = {sigma:g} ms")
right.set_xlabel("σ (ms)")
right.set_ylabel("spikes in the packet")
right.legend(frameon=False, fontsize=7)

# %%
# Full packets arrive with nearly all cells, wide or weak ones are lost in the background: a line divides the plane of
# size and width, and all packets on one side of it end as the same sharp one.
merits = [
    Merit("cells that (a=80, σ=2 ms) reaches in group 10", arrived[1], "> 90", published="the packet propagates"),
    Merit("its σ there", width[1], "< 0.5 ms", published="it sharpens"),
    Merit("cells that (a=40, σ=4 ms) reaches in group 10", arrived[3], "< 10", published="the packet dies"),
]
print(merit_table(merits))
assert all(merit.met for merit in merits)
assert min(arrived[:3]) > 80
assert max(arrived[3:]) < 30
