"""
Assemblies that grow from nothing: how learning begins where there is no synapse
================================================================================

Spike-timing dependent plasticity changes synapses; so how does it begin if there are none? Axons and dendrites that
touch form silent synapses, of weight 0, at random: more where both cells have been active and are near each other. A
spike goes through a silent synapse for the learning rule alone. What learning does not strengthen is pruned. Here 100
cells begin without any synapse among them, four groups of 20 are driven together now and then, and assemblies grow that
complete their pattern. The excitability of each cell holds its rate (after Butz & van Ooyen 2013,
doi:10.1371/journal.pcbi.1003259, whose synapses come and go by activity, with the learning rule of Vogels et al. 2011,
doi:10.1126/science.1211095, made excitatory).

.. image:: /gallery_figures/structural_plasticity.png
   :alt: the number of synapses in time, the matrix of weights, rates of all cells and the recall of each pattern
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/structural_plasticity.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms, mV, second, um

SMOKE = "LAPICQUE_SMOKE" in os.environ
learning = 8.0 if SMOKE else 60.0  # seconds
groups, size, cells_in_all, target = 4, 20, 100, 4.0  # the last 20 cells belong to no group; Hz
dt = 0.5e-3

# %%
# Every cell holds its rate: ``h`` rises while the trace ``r`` of its spikes is below the target. Calcium ``ca`` is a
# faster trace of the same spikes, which growth reads.
cell = lq.Neuron(
    """
    dv/dt = (e_l - v + g + h)/tau_m : mV (unless refractory)
    dg/dt = -g/(5*ms) : mV
    dh/dt = gain*(target - r) : mV         # excitability
    dr/dt = -r/(2*second) : Hz             # rate
    dca/dt = -ca/(100*ms) : 1              # calcium
    """,
    threshold="v > v_th", reset="v = e_l; r += 1/(2*second); ca += 1", refractory="3 ms",
    parameters=dict(e_l="-70 mV", v_th="-55 mV", tau_m="20 ms", gain="0.3 mV", target=target * Hz),
    initial=dict(v="-70 mV", h="5 mV", r=target * Hz),
)  # fmt: skip

# %%
# Weights grow when both cells fire within 20 ms, and fall a little at each spike of the source: alone, or with cells
# that fire at other times, a synapse stays silent.
hebbian = lq.Synapse(
    """
    dx/dt = -x/(20*ms) : 1
    dy/dt = -y/(20*ms) : 1
    w : mV
    """,
    on_pre="x += 1; w += eta*(y - alpha); g += w",
    on_post="y += 1; w += eta*x",
    bounds=dict(w=("0 mV", "5 mV")),
    parameters=dict(eta="0.1 mV", alpha=0.4),
)

# %%
# Input: each cell hears one train of spikes. In the course of learning a random group is driven every 200 ms for 40 ms;
# before and after, the first half of one group at a time is cued, harder.
rng = np.random.default_rng(1)
quiet, pause, drive = 1.0, 0.2, 0.04
probes = quiet + learning
starts = np.concatenate([np.arange(groups) * pause, np.arange(quiet, probes, pause),
                         probes + np.arange(5 * groups) * pause])  # fmt: skip
cued = np.concatenate([np.arange(groups), rng.integers(groups, size=len(np.arange(quiet, probes, pause))),
                       np.arange(5 * groups) % groups])  # fmt: skip
half = (starts < quiet - 1e-9) | (starts > probes - 1e-9)
duration = starts[-1] + pause
trains = []
for k in range(cells_in_all):
    mine = (cued == k // size) & ~(half & (k % size >= size // 2))
    drives = zip(np.where(half[mine], 300, 120), starts[mine], strict=True)  # Hz: cues are stronger
    times = [start + rng.uniform(0, drive, rng.poisson(hertz * drive)) for hertz, start in drives]
    noise = rng.uniform(0, duration, rng.poisson(8 * duration))
    trains.append(np.unique(np.floor(np.concatenate([*times, noise]) / dt)) * dt * 1e3)  # ms, one spike a step

net = lq.Network()
space = rng.uniform(0, 300, (cells_in_all, 2))
cells = net.population(cell, cells_in_all, name="cells", positions=space)
net.connect(net.spikes(trains, name="input"), cells, on_pre="g += w", where=lq.one_to_one(), w=50 * mV)
inhibition = net.population(cell, 20, name="inhibition", gain=0 * mV)
net.connect(cells, inhibition, on_pre="g += w", w=2 * mV, delay=1 * ms)
net.connect(inhibition, cells, on_pre="g -= w", w=3 * mV, delay=1 * ms)
wires = net.connect(cells, cells, hebbian, where=lq.edges([], []), w=0 * mV, delay=2 * ms, name="wires")
net.restructure(wires, lq.structure.growth(rate=0.3 * Hz, reach=300 * um, pre="ca", post="ca"), every=100 * ms)
net.restructure(wires, lq.structure.pruning(below=0.05 * mV, chance=0.1), every=500 * ms)
counted = []
net.operation(lambda sim: counted.append((sim.time, len(sim.synapses("wires")))), every=200 * ms)
net.record(cells, "spikes")
result = lq.simulate(net, duration * second, dt=dt * second, seed=1)
spikes, found = result.spikes["cells"], result.synapses["wires"]


# %%
# Recall: which share of the other half fires within 60 ms, when one half of a group is driven.
def recalled(first, last):
    """Return the share of uncued members, and of all other cells, that answer to the cues between two times."""
    inside, outside = [], []
    for start, group in zip(starts, cued, strict=True):
        if first <= start < last:
            answer = spikes.window(start * 1e3, (start + 0.06) * 1e3).counts > 0
            of_group = np.arange(cells_in_all) // size == group
            inside.append(answer[of_group & (np.arange(cells_in_all) % size >= size // 2)].mean())
            outside.append(answer[~of_group].mean())
    return np.mean(inside), np.mean(outside)


before, after = recalled(0, quiet - 1e-9), recalled(probes - 1e-9, duration)
rates = spikes.window((probes - min(20, learning / 2)) * 1e3, probes * 1e3).rate()
grouped = (found.sources // size == found.targets // size) & (found.sources < groups * size)
strong = found["w"] > 1

# %%
# Synapses come and go everywhere, but only those within a group become strong, and a half then calls up the other. All
# candidates elsewhere are silent, and some of them are pruned at any time.
fig, axes = plt.subplots(1, 4, figsize=(11, 2.9), layout="constrained")
axes[0].plot(*(np.array(counted).T * [[1e-3], [1]]))
axes[0].set(xlabel="time (s)", ylabel="synapses")
axes[1].imshow(found.to_sparse().toarray(), cmap="Greys", interpolation="nearest")
axes[1].set(xlabel="target", ylabel="source", title="weights")
axes[2].bar(np.arange(cells_in_all), rates, 1.0)
axes[2].axhline(target, color="k", lw=0.8)
axes[2].set(xlabel="cell", ylabel="rate (Hz)")
axes[3].bar(np.arange(4), [before[0], after[0], before[1], after[1]], color=["C0", "C0", "0.6", "0.6"])
axes[3].set_xticks(np.arange(4), ["before", "after", "before\n(others)", "after\n(others)"], fontsize=7)
axes[3].set(ylabel="share that answers", ylim=(0, 1))

# %%
# Pruning most weights of a network that was trained by gradients is another matter, and not shown here.
merits = [
    Merit("synapses at the beginning", counted[0][1], "= 0"),
    Merit("synapses that became strong", strong.sum(), "> 200"),
    Merit("of them within a group", grouped[strong].mean(), "> 0.95"),
    Merit("rate of the cells", rates.mean(), "4 ± 0.8 Hz", published="4 Hz, the target"),
]
if not SMOKE:
    merits.append(Merit("recall: uncued members that answer", after[0], "> 0.7"))
    merits.append(Merit("other cells that do", after[1], "< 0.15"))
print(merit_table(merits))
assert all(merit.met for merit in merits)
