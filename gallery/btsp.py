"""
One plateau makes a place field
===============================

A mouse runs along a belt of 2 m, past the places that the inputs of a cell in CA1 stand for. Once, a dendritic plateau
potential of 0.3 s occurs, and from then on the cell has a place field there: not only inputs that fire with the plateau
are strengthened, but all that do within seconds of it, more of those before than after. So the field begins before the
place of the plateau, and is the wider the faster the mouse has run. Plateaus elsewhere move the field, as inputs that
were active long before or after lose. Bittner, Milstein, Grienberger, Romani & Magee 2017, doi:10.1126/science.aan3846;
Milstein, Li, Bittner, Grienberger, Soltesz, Magee & Romani 2021, doi:10.7554/eLife.73046.

.. image:: /gallery_figures/btsp.png
   :alt: place fields of five running speeds, their width against speed, and a field that is moved by plateaus elsewhere
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/btsp.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import cm, ms, pA, second

SMOKE = "LAPICQUE_SMOKE" in os.environ
belt = 200  # cm
places, copies, scale = (50, 4, 4) if SMOKE else (200, 10, 1)  # fewer and stronger inputs in the short version
speeds = np.array([20, 50, 25] if SMOKE else [10, 20, 30, 40, 50, 25])  # cm/s; in the last block, fields are moved
seconds, since, moves = (44, 34, 2) if SMOKE else (130, 110, 10)  # of running; fields are measured at the end

# %%
# Inputs fire at 40 Hz at their places, within a field of 35 cm. Each block of inputs and cells has a speed; in it, the
# cells have their plateaus at different places. The rule is that of the catalogue as it is; weights begin at a fifth of
# the largest.
place_cell = lq.Neuron(
    "away = (speed*t - centre + 1.5*length) % length - length/2 : cm  # how far the mouse is from the centre",
    threshold="hazard(peak*exp(-away**2/(2*width**2)))",
    parameters=dict(speed="1 cm/second", centre="0 cm", length=f"{belt} cm", width="15 cm", peak="40 Hz"),
)
ca1 = lq.Neuron(
    """
    dv/dt = (e_l - v)/tau_m + i_ext/c_m : mV
    i_ext : pA (input)
    induce : 1 (input)
    """,
    events=dict(plateau=lq.Event("induce > 0.5")),
    parameters=dict(e_l="-65 mV", tau_m="20 ms", c_m="200 pF"), initial=dict(v="e_l"),
)  # fmt: skip
rule = lq.synapses.btsp(10 * scale * pA, every="20 ms").onto(lq.synapses.exponential("5 ms"))

# %%
# A plateau in the second lap; in the last block one more in each later lap, 80 cm further on. Times are those of the
# middle of a plateau.
blocks = len(speeds)
at = np.tile(belt * (np.arange(copies) + 0.5) / copies, (blocks, 1))  # cm
moved = (np.arange(blocks) == blocks - 1)[:, None]
middles = [(belt + at) / speeds[:, None]]
middles += [np.where(moved, (belt * (2 + lap) + at + 80) / speeds[:, None], np.inf) for lap in range(moves)]
bins_in_time = np.arange(0, seconds, 0.05)[:, None]
induce = sum((np.abs(bins_in_time - middle.ravel()) < 0.15) * 1.0 for middle in middles)

net = lq.Network()
inputs = net.population(
    place_cell, blocks * places, name="inputs",
    speed=np.repeat(speeds, places) * cm / second, centre=np.tile(np.arange(places) * belt / places, blocks) * cm,
)  # fmt: skip
cells = net.population(ca1, blocks * copies, name="cells")
net.stimulate(cells, "induce", lq.stimuli.array(induce, dt=50 * ms))
source, target = np.nonzero(np.arange(blocks * places)[:, None] // places == np.arange(blocks * copies) // copies)
link = net.connect(inputs, cells, rule, into="i_ext", where=lq.edges(source, target), w=2.0 * scale * pA)
net.record(cells, "v", every=20 * ms, name="v")
net.record(link, "w", every=19 * second, name="w")  # first before the first plateau, then before the second
traces = lq.simulate(net, seconds * second, dt=1 * ms, seed=1, threads=1).traces

# %%
# The field: the potential over the belt, less that at the start, by the distance from the first plateau.
times, potential = np.asarray(traces["v"].times) / 1000, traces["v"].values.reshape(-1, blocks, copies)
bins = np.arange(-belt / 2, belt / 2, 5)


def field(block, begin, end):
    """Depolarisation in mV by the distance from the first plateau, the mean of the cells of a block."""
    place = np.digitize((speeds[block] * times[:, None] - at[block] + 1.5 * belt) % belt - belt / 2, bins) - 1
    raised = potential[:, block] - potential[(times > 1) & (times < 4), block].mean(0)
    lap = (times >= begin) & (times < end)
    return np.bincount(place[lap].ravel(), raised[lap].ravel()) / np.bincount(place[lap].ravel())


fields = np.array([field(block, since, seconds) for block in range(blocks - 1)])
above = fields - np.sort(fields)[:, :4].mean(1, keepdims=True)
inside = above > above.max(1, keepdims=True) / 2
width = 5 * inside.sum(1)
before, after = 5 * inside[:, bins < 0].sum(1), 5 * inside[:, bins >= 0].sum(1)
growth = np.polyfit(speeds[:-1], width, 1)[0]

# Where a field was moved from, and where to: weights of inputs by their distance from the first plateau.
weights = traces["w"].values[[1, -1]].reshape(2, blocks, copies, places)[:, -1] / scale  # (when, cell, place)
centre = (np.arange(places) * belt / places - at[-1][:, None] + 1.5 * belt) % belt - belt / 2
old, new = ((np.abs(centre - x) < 10) for x in (0, 80))
first, last = field(blocks - 1, 19 - belt / 25 / 2, 19), field(blocks - 1, since, seconds)

# %%
fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.2), layout="constrained", width_ratios=[3, 2, 3])
for speed, of, colour in zip(speeds, fields, plt.get_cmap("viridis")(np.linspace(0, 0.9, blocks - 1)), strict=False):
    axes[0].plot(bins + 2.5, of, color=colour, label=f"{speed} cm/s")
axes[0].axvline(0, color="grey", lw=0.8, ls=":")
axes[0].set(xlabel="distance from the plateau (cm)", ylabel="depolarisation (mV)", title="after one plateau")
axes[0].legend(frameon=False, fontsize=8)
axes[1].plot(speeds[:-1], width, "k.-", label="width")
axes[1].plot(speeds[:-1], before, ".--", label="before")
axes[1].plot(speeds[:-1], after, ".--", label="after the plateau")
axes[1].set(xlabel="speed (cm/s)", ylabel="width at half height (cm)", ylim=(0, None))
axes[1].legend(frameon=False, fontsize=8)
axes[2].plot(bins + 2.5, first, color="grey", label="after one plateau")
axes[2].plot(bins + 2.5, last, color="C3", label=f"after {moves} more, at 80 cm")
for x in (0, 80):
    axes[2].axvline(x, color="grey", lw=0.8, ls=":")
axes[2].set(xlabel="distance from the first plateau (cm)", ylabel="depolarisation (mV)", title="moved")
axes[2].legend(frameon=False, fontsize=8)

# %%
merits = [
    Merit("depolarisation in the field after one plateau, mean", above.max(1).mean(), "> 1 mV", published="several mV"),
    Merit("growth of the width with speed", growth, "> 0.2 cm per cm/s", published="grows"),
    Merit("field before the plateau minus after, mean", np.mean(before - after), "> 5 cm", published="begins before"),
    Merit("peak of a field that was moved by 80 cm", bins[last.argmax()] + 2.5, "50 to 90 cm", published="moves"),
    Merit("weights at the new place, change", np.diff(weights[:, new].mean(1))[0], "> 1 pA", published="grow"),
    Merit("weights at the old place, change", np.diff(weights[:, old].mean(1))[0], "< 0 pA", published="shrink"),
]
print(merit_table(merits))
assert above.max(1).min() > 1
assert width[-1] > width[0]
assert (before > after).all()
assert last.argmax() != first.argmax()
assert SMOKE or all(merit.met for merit in merits)
