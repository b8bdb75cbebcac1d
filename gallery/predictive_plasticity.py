"""
A synapse that predicts: sequences are anticipated, and spike timing follows
============================================================================

A cell whose voltage is to predict its own inputs strengthens those that come first, and weakens those that they
predict. So its spike moves to the beginning of a sequence; and the windows of spike timing need not be put in, they
come out: Saponati & Vinck 2023, doi:10.1038/s41467-023-40651-w.

.. image:: /gallery_figures/predictive_plasticity.png
   :alt: spikes and weights over learning, the window of spike timing, and its dependence on the frequency of pairs
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/predictive_plasticity.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import ms

SMOKE = "LAPICQUE_SMOKE" in os.environ

# %%
# In each step the voltage v predicts the inputs x as w v. The weights follow the gradient of the squared error
# e = x - w v, which has a part that passes through the voltage's past, p: w += eta w (v e + (w.e) p). The factor w
# keeps a weight positive.
source = lq.Neuron(
    "fire : 1\nx[n+1] = x - x*dt/tau_x : 1",
    threshold="fire > 0.5", reset="fire = 0; x += 1", parameters=dict(tau_x="2 ms"),
)  # fmt: skip
cell = lq.Neuron(
    "drive : 1 (input)\nv[n+1] = v - v*dt/tau_m + drive : 1",
    threshold="v > v_th", reset="v -= v_th", parameters=dict(tau_m="10 ms", v_th=2),
)  # fmt: skip
predictive = lq.synapses.predictive()
print(predictive)

# %%
# Three experiments, each with two inputs to a cell of its own, all in one network. A sequence: the second input 4 ms
# after the first, with three initial weights. Pairs at many delays: the weight of the weak input, where the strong one
# comes later or earlier. Bursts of five pairs at three frequencies, in which the weak input is 6 ms late.
trains, weights, cells = [], [], []


def experiment(times, repetitions, period, w, eta, tau_m=10.0, v_th=2.0):
    """Add a cell whose two inputs fire at times (ms), again and again after a period."""
    again = period * np.arange(repetitions)[:, None]
    trains.extend((again + np.atleast_1d(t)).ravel() for t in times)
    weights.extend(w)
    cells.append((tau_m, v_th, eta))


epochs = 40 if SMOKE else 300
starts = [0.05] if SMOKE else [0.005, 0.03, 0.05]
for start in starts:
    experiment([4, 8], epochs, 100, [start, start], eta=5e-4)
delays = np.array([5, 10, 20]) if SMOKE else np.array([2, 3, 4, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50])
pairings = 10 if SMOKE else 60
for tau_m in (10.0, 15.0, 20.0):
    for initial in ([0.001, 0.11], [0.11, 0.001]):
        for delay in delays:
            experiment([10, 10 + delay], pairings, 200, initial, eta=2e-4, tau_m=tau_m)
frequencies = np.array([10, 50, 100])
for frequency in frequencies:
    burst = 10 + np.arange(5) * 1000 / frequency
    experiment([burst, burst + 6], 4 if SMOKE else 40, 600, [0.12, 0.005], eta=3.4e-5, tau_m=16.0, v_th=2.2)

# %%
tau_m, v_th, eta = np.transpose(cells)
number = np.arange(len(trains))
net = lq.Network()
inputs = net.population(source, len(trains), name="inputs")
targets = net.population(cell, len(cells), name="targets", tau_m=tau_m, v_th=v_th)
net.connect(net.spikes(trains), inputs, on_pre="fire += 1", where=lq.one_to_one())
pairs = lq.edges(number, number // 2)
own = dict(w=np.array(weights), eta=np.repeat(eta, 2), tau_m=np.repeat(tau_m, 2))  # of each synapse
net.connect(inputs, targets, predictive, into="drive", where=pairs, **own)
net.record(targets[: len(starts)], "spikes", name="sequence")
result = lq.simulate(net, 100 * epochs * ms, dt=0.05 * ms)
final = result.final["inputs->targets"]["w"].reshape(-1, 2)
sequence, window, bursts = np.split(final, [len(starts), len(starts) + 6 * len(delays)])
window = window.reshape(3, 2, len(delays), 2)  # (tau_m, order, delay, input)
grown, shrunk = window[:, 0, :, 0] / 0.001, window[:, 1, :, 1] / 0.001
late = bursts[:, 1] / 0.005
trains = [result.spikes["sequence"][0, k].times for k in range(len(starts))]
latency = trains[-1] % 100 - 4  # ms, from the first input

# %%
fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
for start, times in zip(starts, trains, strict=True):
    axes[0].plot(times // 100, times % 100 - 4, ".", ms=2, label=f"weights begin at {start:g}")
axes[0].axhline(4, color="0.5", lw=0.8, ls=":")
axes[0].set(xlabel="repetition", ylabel="output spike after the first input (ms)", ylim=(0, None))
for ax in axes[1:]:
    ax.axhline(1, color="0.7", lw=0.8)
for k, tau in enumerate((10, 15, 20)):
    axes[1].plot(delays, grown[k], marker=".", ms=4, color=f"C{k}", label=f"$\\tau_m$ = {tau} ms")
    axes[1].plot(-delays, shrunk[k], marker=".", ms=4, color=f"C{k}")
axes[1].set(xlabel="strong input minus weak input (ms)", ylabel="weight of the weak input / initial")
axes[2].plot(frequencies, late, marker="o", label="weak input 6 ms late")
axes[2].errorbar([10, 50, 100], [0.7, 0.99, 1.3], [0.05, 0.05, 0.1], fmt="ks", capsize=3, label="Froemke et al. 2006")
axes[2].set(xlabel="pairs per second", ylabel="weight of the weak input / initial")
for ax in axes:
    ax.legend(frameon=False, fontsize=8)

# %%
# The first input wins whatever the weights were; a weak input grows before a strong one and shrinks after it, at every
# delay; and in bursts the same order weakens at 10 Hz and strengthens at 100 Hz, as Froemke, Tsay, Raad, Long & Dan
# 2006, doi:10.1152/jn.00910.2005, had measured.
merits = [
    Merit("weight of the first input over that of the second", (sequence[:, 0] / sequence[:, 1]).min(), "> 2", "grows"),
    Merit("output spike at the end, after the first of two inputs 4 ms apart", latency[-1], "< 4 ms", "anticipates"),
    Merit("weak before strong, smallest change", 100 * (grown.min() - 1), "> 0 %", "potentiation"),
    Merit("weak after strong, largest change", 100 * (shrunk.max() - 1), "< 0 %", "depression"),
    Merit("bursts at 10 Hz, weak input late", late[0], "< 0.9", "0.7 ± 0.05"),
    Merit("bursts at 50 Hz", late[1], "0.99 ± 0.1", "0.99 ± 0.05"),
    Merit("bursts at 100 Hz", late[2], "> 1.1", "1.3 ± 0.1"),
]
print(merit_table(merits))
assert latency[-1] < latency[0]
assert sequence[-1, 0] > starts[-1] > sequence[-1, 1]
assert all(merit.met for merit in (merits[2:4] if SMOKE else merits))
