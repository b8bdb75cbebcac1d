"""
BCM: a threshold that slides makes cells selective
==================================================

A synapse grows when its cell fires above a threshold, and shrinks when it fires below. The threshold follows the square
of the cell's own rate: whoever fires much finds it harder to strengthen anything. Shown ten patterns at random, each
cell ends up with one to which it responds, and its weights neither grow without end nor vanish. Bienenstock, Cooper &
Munro 1982, doi:10.1523/JNEUROSCI.02-01-00032.1982.

.. image:: /gallery_figures/bcm.png
   :alt: tuning curves before and after, sliding thresholds, and the function that drives learning
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/bcm.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import ms

SMOKE = "LAPICQUE_SMOKE" in os.environ

# %%
# Ten patterns over twenty inputs, bumps on a ring, as edges of ten orientations would be. Each is shown for a step.
inputs, cells, step = 20, 10, 10 * ms
distance = np.abs(np.arange(inputs) - 2 * np.arange(10)[:, None])
patterns = np.exp(-(np.minimum(distance, inputs - distance) ** 2) / (2 * 2**2))  # (pattern, input)

afferent = lq.Neuron("x : 1 (input)", output="x")
cell = lq.Neuron(
    """
    total : 1 (input)
    y = max(total, 0) : 1                # rate
    dth/dt = (y**2 - th)/tau : 1         # threshold
    """,
    parameters=dict(tau="1000 ms"), output="y",
)  # fmt: skip
bcm = lq.Synapse(
    """
    dw/dt = rate*x_pre*y_post*(y_post - th_post) : 1 (clock-driven)
    total = w*x_pre : 1 (summed)
    """,
    bounds=dict(w=(-10, 10)), parameters=dict(rate="1e-4 1/ms"),
)  # fmt: skip


def grown(seed, duration):
    """Selectivity and responses (pattern, cell) at the beginning and at the end, and thresholds."""
    rng = np.random.default_rng(seed)
    net = lq.Network()
    eye, cortex = net.population(afferent, inputs, name="eye"), net.population(cell, cells, name="cortex")
    start = rng.uniform(0, 0.2, (inputs, cells))
    net.connect(eye, cortex, bcm, into="total", w=start)
    net.stimulate(eye, "x", lq.stimuli.array(patterns[rng.integers(0, 10, int(duration / 10))], dt=step))
    net.record(cortex, "th", every=duration / 100 * ms, name="th")
    result = lq.simulate(net, duration * ms, dt=step, method="euler")
    end = result.final["eye->cortex"]["w"].reshape(cells, inputs).T
    before, after = np.maximum(patterns @ start, 0), np.maximum(patterns @ end, 0)
    return before, after, result.traces["th"]


def selectivity(responses):
    """1 - mean/largest response, (cell,): 0 if all patterns give the same, 0.9 if one of ten does all."""
    return 1 - responses.mean(axis=0) / responses.max(axis=0)


# %%
# Five cortices of ten cells, each with its own sequence of patterns and its own beginning.
duration, seeds = (60_000, 1) if SMOKE else (1_000_000, 5)
runs = [grown(seed, duration) for seed in range(seeds)]
reached = np.array([selectivity(after).min() for _, after, _ in runs])
print("least selective cell of each cortex:", reached.round(3))

# %%
before, after, thresholds = runs[0]
fig, axes = plt.subplots(1, 4, figsize=(11, 2.9), layout="constrained")
for ax, responses, title in ((axes[0], before, "before"), (axes[1], after, "after")):
    ax.plot(responses, lw=1)
    ax.set(title=title, xlabel="pattern", ylabel="response")
axes[2].plot(thresholds.times / 1000, thresholds.values, lw=1)
axes[2].set(xlabel="time (s)", ylabel="threshold")
y = np.linspace(0, 3, 100)
for th in (0.8, 1.6, 2.4):
    axes[3].plot(y, y * (y - th), label=f"threshold {th:g}")
axes[3].axhline(0, color="grey", lw=0.8)
axes[3].set(xlabel="response", ylabel="change of an active synapse")
axes[3].legend(frameon=False, fontsize=7)

# %%
# A cell that responds to one pattern of ten has selectivity 0.9, the largest there is. Where learning rests, response
# and threshold are equal, and the threshold is a tenth of the response squared: so the response to that pattern is 10.
merits = [
    Merit("cortices in which all cells are selective (index > 0.85)", (reached > 0.85).sum(), "= 5 of 5 seeds"),
    Merit("selectivity of the least selective cell", reached.min(), "> 0.85", published="0.9, the largest"),
    Merit("response to the preferred pattern", after.max(axis=0).mean(), "8 to 12", published="10"),
]
print(merit_table(merits))
assert selectivity(after).mean() > selectivity(before).mean() + 0.1
assert thresholds.values[-1].min() > 2 * thresholds.values[1].max()
assert SMOKE or all(merit.met for merit in merits)
