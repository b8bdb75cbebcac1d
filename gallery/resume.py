"""
ReSuMe: a cell that learns to spike at given times
==================================================

A teacher's spikes come at the times that a cell shall learn. Each of them strengthens the synapses whose inputs were
active just before, and each spike of the cell weakens them in the same way: where both coincide, nothing changes. The
rule needs neither an error to be computed nor a gradient. Ponulak & Kasinski 2010, doi:10.1162/neco.2009.11-08-901.

.. image:: /gallery_figures/resume.png
   :alt: spikes of one cell epoch by epoch until they are where they are wanted, and the distance of ten cells
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/resume.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms, mV

SMOKE = "LAPICQUE_SMOKE" in os.environ
epochs = 25 if SMOKE else 100

# %%
# The teacher is a third party: it has spikes, at which the synapses run code, and nothing else. One rule more with the
# same text about teacher and cell is PSD (Yu, Tang, Tan & Li 2013, doi:10.1371/journal.pone.0078318): there is no part
# that all synapses share, and the trace is the current that an input has left, which rises before it falls.
resume = lq.Synapse(
    """
    dx/dt = -x/tau : 1  # what a spike of the input leaves behind
    w : mV
    """,
    on_pre="i += w; x += 1",
    on_post="w -= eta*(a + x)",
    on=dict(teach=lq.On("teacher", "w += eta*(a + x)")),
    parameters=dict(a=0.05, tau="10 ms", eta="1.2 mV"),
    reference="Ponulak & Kasinski 2010, doi:10.1162/neco.2009.11-08-901",
)
psd = lq.Synapse(
    """
    dx/dt = -x/(10*ms) : 1
    dy/dt = -y/(2.5*ms) : 1
    w : mV
    """,
    on_pre="i += w; x += 2.1; y += 2.1",
    on_post="w -= eta*(x - y)",
    on=dict(teach=lq.On("teacher", "w += eta*(x - y)")),
    parameters=dict(eta="0.8 mV"),
    reference="Yu, Tang, Tan & Li 2013, doi:10.1371/journal.pone.0078318",
)
cell = lq.Neuron(
    "dv/dt = (i - v)/(10*ms) : mV\ndi/dt = -i/(5*ms) : mV", threshold="v > v_th", reset="v = 0*mV",
    parameters=dict(v_th="15 mV"),
)  # fmt: skip

# %%
# Ten tasks at once, each with a cell, 500 Poisson inputs and a teacher of its own: in every epoch of 400 ms the inputs
# fire the same random spikes, and 8 spikes are wanted, no two closer than 20 ms. All fades in the 100 ms between two
# epochs.
dt, period, cells, per_cell, wanted = 0.5, 500.0, 10, 500, 8
rng = np.random.default_rng(1)
starts = period * np.arange(epochs)
once = lq.spikes.poisson(5 * Hz, 400 * ms, seed=1, trains=cells * per_cell, refractory=dt * ms)
free = np.sort(rng.uniform(0, 400 - 40 - 20 * (wanted - 1), (cells, wanted)), axis=1)
targets = np.floor((free + 40 + 20 * np.arange(wanted)) / dt) * dt  # (cell, spike), ms


def again(times):
    """Spikes of an epoch, in each epoch."""
    return (starts[:, None] + times).ravel()


def learned(synapse):
    """Spikes of the ten cells."""
    net = lq.Network()
    inputs = net.spikes([again(once[k].times) for k in range(cells * per_cell)], name="inputs")
    teachers = net.spikes([again(times) for times in targets], name="teachers")
    outputs = net.population(cell, cells, name="outputs")
    own = lq.edges(np.arange(cells * per_cell), np.repeat(np.arange(cells), per_cell))
    start = lq.normal(0.6 * mV, 0.6 * mV)
    net.connect(inputs, outputs, synapse, where=own, w=start, modulators=dict(teacher=teachers))
    net.record(outputs, "spikes")
    return lq.simulate(net, period * epochs * ms, dt=dt * ms, seed=1, threads=1).spikes["outputs"]


# %%
# How far the spikes are from what is wanted, in every epoch: the van Rossum distance with 10 ms, and whether each
# wanted spike is there within 2 ms, and none besides.
van_rossum = lq.distances.van_rossum(10 * ms)


def compared(spikes):
    """Distances and matches, (cell, epoch)."""
    distance, match = np.zeros((cells, epochs)), np.zeros((cells, epochs), bool)
    for k, goal in enumerate(targets):
        found = np.split(spikes[k].times, np.searchsorted(spikes[k].times, starts[1:]))
        for epoch, (times, start) in enumerate(zip(found, starts, strict=True)):
            both = lq.spikes.SpikeTrains.from_lists([goal, times - start], t_stop=period)
            distance[k, epoch] = van_rossum.matrix(both)[0, 1]
            match[k, epoch] = len(times) == wanted and np.abs(times - start - goal).max() <= 2
    return distance, match


spikes = {"ReSuMe": learned(resume), "PSD": learned(psd)}
results = {name: compared(of) for name, of in spikes.items()}
left = {name: 100 * (distance.min(1) / distance[:, 0]) for name, (distance, _) in results.items()}
matched = {name: int(match[:, -1].sum()) for name, (_, match) in results.items()}
print({name: (of.round(1), matched[name]) for name, of in left.items()})

# %%
fig, (raster, curve) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", width_ratios=[3, 2])
times = spikes["ReSuMe"][0].times
raster.vlines(targets[0], 0, epochs, color="C1", lw=3, alpha=0.4, label="wanted")
raster.plot(times % period, times // period, "k.", ms=2, label="spikes of a cell")
raster.set(xlabel="time (ms)", ylabel="epoch", xlim=(0, 400), ylim=(0, epochs))
raster.legend(loc="upper left")
for (name, (distance, _)), colour in zip(results.items(), ["C0", "0.6"], strict=True):
    curve.plot(distance.T, colour, lw=0.4)
    curve.plot(distance.mean(0), colour, lw=2, label=name)
curve.set(xlabel="epoch", ylabel="van Rossum distance", ylim=(0, None))
curve.legend(frameon=False)

# %%
merits = [
    Merit("ReSuMe: cells that come below 5 % of the first distance", int((left["ReSuMe"] < 5).sum()), ">= 9 of 10"),
    Merit("ReSuMe: cells with all spikes within 2 ms at the end", matched["ReSuMe"], ">= 9 of 10", published="exact"),
    Merit("PSD: cells with all spikes within 2 ms at the end", matched["PSD"], ">= 9 of 10"),
]
print(merit_table(merits))
assert SMOKE or all(merit.met for merit in merits)
assert results["ReSuMe"][0][:, -1].mean() < 0.3 * results["ReSuMe"][0][:, 0].mean()
