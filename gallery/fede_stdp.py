"""
A rule with a resting point of its own, and cells that learn directions of motion
=================================================================================

At each spike of a cell its weights are drawn up by the traces of their sources and down by what these traces lack, and
the further a weight has gone, the less it goes on. So every trace has a weight that belongs to it, and nothing needs
to be clipped or scaled. Cells that inhibit each other and are reached from each pixel through synapses of several
delays then learn how bars move: a cell keeps those delays by which all events of a motion arrive at once.
Paredes-Vallés, Scheper & de Croon 2020, doi:10.1109/TPAMI.2019.2903179.

.. image:: /gallery_figures/fede_stdp.png
   :alt: weights that come to their resting points, kernels of the cells over position and delay, and their responses
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/fede_stdp.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import ms

SMOKE = "LAPICQUE_SMOKE" in os.environ

# %%
# Sources fire at fixed times before a cell, so that their traces are the same at each of its spikes. The weight that
# belongs to the trace x is w_init + log((exp(x) - a)/(exp(1 - x) - a))/2.
lags = np.array([0.5, 2, 5, 10, 15, 20, 30, 50])
told = lq.Neuron("v : 1", threshold="v > 0", reset="v = 0")
rounds = np.arange(100, 40_000, 200.0)
net = lq.Network()
sources, command = (
    net.spikes([rounds - lag for lag in lags], name="sources"),
    net.spikes([rounds - 0.5], name="command"),
)
ends = {}
for a in (0, 0.5):
    cell = net.population(told, 1, name=f"cell_{len(ends)}")
    net.connect(command, cell, on_pre="v = 1")
    ends[a] = net.connect(sources, cell, lq.synapses.fede_stdp(eta=0.02, a=a), w=0.5, name=f"link_{len(ends)}")
    net.record(ends[a], "w", every=200 * ms, name=f"weights_{len(ends) - 1}")
traces = lq.simulate(net, 40_000 * ms, dt=0.5 * ms, threads=1).traces
x = np.exp(-lags / 20)
belongs = {a: 0.5 + np.log((np.exp(x) - a) / (np.exp(1 - x) - a)) / 2 for a in ends}
paths = {a: traces[f"weights_{k}"].values for k, a in enumerate(ends)}
off = max(np.abs(paths[a][-1] - belongs[a]).max() for a in ends)

# %%
# Bars cross 8 x 8 pixels to the right, left, top and bottom, a pixel in 10 ms; each pixel that a bar enters fires, with
# a jitter of 1 ms, and at random besides.
size, cells, sweeps, trials = 8, 8, (120 if SMOKE else 600), 80
steps, sweep = np.arange(size) * 10.0, 250.0
row, column = np.divmod(np.arange(size**2), size)
position = np.stack([column, size - 1 - column, size - 1 - row, row])  # of each pixel on the way, (direction, pixel)


def events(directions, seed):
    """Times at which each pixel fires."""
    rng = np.random.default_rng(seed)
    begins = sweep * np.arange(len(directions)) + 20
    bar = begins[:, None] + 10 * position[directions] + rng.normal(0, 1, (len(directions), size**2))
    noise = rng.uniform(0, sweep * len(directions), (len(directions) // 4, size**2))  # 1 Hz
    return [np.unique(np.round(times / 0.5)) * 0.5 for times in np.concatenate([bar, noise]).T]  # one spike a step


# A cell is driven by what arrives, less a trace of what has arrived lately. It tires of spiking, and silences the
# others; only the one that is nearest to its threshold may spike.
fede = lq.Neuron(
    """
    dv/dt = -(v + g*h)/tau_m : 1
    dh/dt = -h/tau_h : 1               # trace of the input
    dtheta/dt = -theta/tau_theta : 1   # how tired the cell is
    """,
    threshold="v > v_th + theta and rank(v - theta) < 1", reset="v = 0; theta += tires", refractory="60 ms",
    parameters=dict(tau_m="10 ms", tau_h="30 ms", g=0.2, v_th=20, tau_theta="20 second", tires=0.3),
)  # fmt: skip
transmits = lq.Synapse(on_pre="v += w; h += w")
pixel, delay = (part.ravel() for part in np.meshgrid(np.arange(size**2), steps, indexing="ij"))


def watch(directions, seed, eta, w, theta):
    """Spikes of each cell in each sweep, (sweep, cell); weights (cell, pixel, delay) and thresholds at the end."""
    net = lq.Network()
    sources = net.spikes(events(directions, seed), name="pixels")
    layer = net.population(
        fede if eta else fede.with_(tires=0, tau_theta=1e12 * ms), cells, name="cells", initial=dict(theta=theta)
    )
    rule = lq.synapses.fede_stdp(eta=eta).onto(transmits)
    edges = lq.edges(np.tile(pixel, cells), np.repeat(np.arange(cells), len(pixel)))
    link = net.connect(sources, layer, rule, where=edges, w=w.ravel(), delay=np.tile(delay, cells) * ms)
    net.connect(layer, layer, on_pre="v = v - w", w=60.0, where=lq.all_to_all(autapses=False))
    net.record(layer, "spikes")
    result = lq.simulate(net, sweep * len(directions) * ms, dt=0.5 * ms, seed=seed, threads=1)
    edges = sweep * np.arange(len(directions) + 1)
    counts = np.array([np.histogram(train, edges)[0] for train in result.spikes["cells"].to_lists()]).T
    return counts, result.final[link.name]["w"].reshape(cells, size**2, size), result.final["cells"]["theta"]


shown = np.arange(trials) % 4
seeds, alike, all_four = (1 if SMOKE else 5), [], 0
for seed in range(seeds):
    order = np.random.default_rng(seed).integers(0, 4, sweeps)
    start = np.random.default_rng(100 + seed).uniform(0.4, 0.6, (cells, size**2, size))
    _, kernels, theta = watch(order, seed, 0.02, start, np.zeros(cells))
    tested = watch(shown, 1000 + seed, 0, kernels, theta)[0]
    response = np.array([tested[shown == direction].mean(0) for direction in range(4)])  # (direction, cell)
    best = np.sort(response, axis=0)
    alike.append((best[-1] - best[-2]) / np.maximum(best[-1] + best[-2], 1e-9))
    all_four += len(set(response.argmax(0)[best[-1] > 0])) == 4
selectivity = np.concatenate(alike)

# %%
names = ["right", "left", "up", "down"]
fig = plt.figure(figsize=(10.5, 3.4), layout="constrained")
left, middle, right = fig.subfigures(1, 3, width_ratios=[3, 3, 2])
ax = left.subplots()
for a, line in ((0, "-"), (0.5, ":")):
    for k in range(len(lags)):
        ax.plot(np.arange(len(paths[a])), paths[a][:, k], f"C{k}{line}", lw=1)
        ax.plot(len(paths[a]), belongs[a][k], f"C{k}.")
ax.set(xlabel="spikes of the cell", ylabel="weight", title="a = 0 (lines), a = 0.5 (dots)")
for ax, direction in zip(middle.subplots(2, 2).ravel(), range(4), strict=True):
    kernel = kernels[response[direction].argmax()].reshape(size, size, size).mean(0 if direction < 2 else 1)
    ax.imshow(kernel.T, origin="lower", cmap="Greys", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[], xlabel="column" if direction < 2 else "row", ylabel="delay")
    ax.set_title(names[direction], fontsize=9)
ax = right.subplots()
ax.imshow(response.T, cmap="Greys", vmin=0)
ax.set(xticks=range(4), yticks=range(cells), ylabel="cell", title="response")
ax.set_xticklabels(names, rotation=45)

# %%
merits = [
    Merit("largest distance of a weight from its resting point", off, "< 0.001", published="converges"),
    Merit("networks with cells for all four directions", all_four, f"= {seeds} of {seeds} seeds"),
    Merit("direction selectivity, mean of the cells", selectivity.mean(), "> 0.9", published="selective"),
    Merit("direction selectivity, least selective cell", selectivity.min(), "> 0.5"),
]
print(merit_table(merits))
assert off < 1e-3
assert selectivity.mean() > 0.5
assert all_four > 0
assert SMOKE or all(merit.met for merit in merits)
