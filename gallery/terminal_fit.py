"""
A genetic fit, watched in a terminal
====================================

On a server there is no screen, and a fit that goes wrong shows first in the raster. SpikeNetOpt.jl draws it with
Unicode letters while its genetic algorithm looks for the parameters of a cell; so can a few lines here. A cell is
driven by eight noisy currents, four of its parameters are forgotten, and the search has the spikes alone. It is judged
by what the cell says to eight others.

The cell is the adaptive exponential neuron of Brette & Gerstner 2005, doi:10.1152/jn.00686.2005; the algorithm that of
SpikeNetOpt.jl (https://github.com/russelljjarvis/SpikeNetOpt.jl): parents by linear ranking, intermediate
recombination, uniform mutation, an eighth of the population kept (Mühlenbein & Schlierkamp-Voosen 1993,
doi:10.1162/evco.1993.1.1.25); the mutations shrink, which is ours.

.. image:: /gallery_figures/terminal_fit.png
   :alt: as text: raster of data and model, the loss against evaluations, and the membrane potential of both
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/terminal_fit.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import ms, mV, nS, pA, pF

SMOKE = "LAPICQUE_SMOKE" in os.environ
stimuli, budget = (4, 1_500) if SMOKE else (8, 12_000)
truth = lq.neurons.adex.with_(c_m=180 * pF, g_l=11 * nS, b=60 * pA, v_reset=-54 * mV)

# %%
# Eight currents of half a second to learn from and eight to be judged by, smoothed over 5 ms, and their spikes.
noise = np.random.default_rng(1).normal(size=(2 * stimuli, 5000 + 200))
kernel = np.exp(-np.arange(200) / 50) / np.sqrt(25)
currents = 550 + 250 * np.array([np.convolve(row, kernel, "valid")[:5000] for row in noise])
run = dict(dt=0.1 * ms, record="v")
answers = [lq.simulate(truth, 500 * ms, inputs={"i_ext": current * pA}, **run) for current in currents]
trials = [lq.fit.Trial(current, answer.spikes, dt=0.1 * ms) for current, answer in zip(currents, answers, strict=True)]
known, unseen = trials[:stimuli], slice(stimuli, None)

# %%
# The search: a genetic algorithm on four parameters, for spikes that coincide within 4 ms.
problem = lq.fit.Problem(
    lq.neurons.adex, known, free=dict(c_m=(50, 400) * pF, g_l=(2, 30) * nS, b=(0, 200) * pA, v_reset=(-65, -45) * mV),
    distance=lq.distances.coincidence(4 * ms),
)  # fmt: skip
found = lq.fit.minimize(problem, lq.optimizers.genetic(population=128), budget=budget, seed=1)
answers = answers[unseen]
fitted = [lq.simulate(found.neuron, 500 * ms, inputs={"i_ext": current * pA}, **run) for current in currents[unseen]]


# %%
# What came out for the currents that the search did not see, as text. A line of the raster is a stimulus, a column
# some 9 ms.
def rows(answers):
    return lq.spikes.SpikeTrains.from_lists([answer.spikes.times for answer in answers], t_stop=500)


raster = lq.plot.terminal_raster({"data": rows(answers), "model": rows(fitted)}, width=66)
loss = lq.plot.terminal_trace(found.history[:, 1], width=66, height=4, label="generations")
voltage = [lq.plot.terminal_trace(part[0].traces["v"], width=66, height=4) for part in (answers, fitted)]
page = "\n\n".join([raster, f"loss\n{loss}", f"membrane potential, data\n{voltage[0]}", f"and model\n{voltage[1]}"])
print(page)

fig = plt.figure(figsize=(6.4, 7.4))
fig.text(0.03, 0.98, page, family="DejaVu Sans Mono", size=8.3, va="top", linespacing=1.05)

# %%
# Four numbers from spikes alone: how well they are known is another question than how well the spikes are met.
gamma = np.mean([
    lq.distances.coincidence(4 * ms)(model.spikes, data.spikes)
    for model, data in zip(fitted, answers, strict=True)
])  # fmt: skip
values = found.parameters
print(found)
merits = [
    Merit("coincidence within 4 ms, mean of unseen currents", gamma, ">= 0.95"),
    Merit("capacitance, 180 pF were forgotten", values["c_m"].value, "180 ± 18 pF"),
    Merit("spikes of data and model differ by", abs(sum(len(m.spikes.times) - len(d.spikes.times) for m, d in
          zip(fitted, answers, strict=True))) / sum(len(d.spikes.times) for d in answers) * 100, "< 3 %"),
]  # fmt: skip
print(merit_table(merits))
assert SMOKE or all(merit.met for merit in merits)
assert gamma > 0.7, "the search should come near the data's spikes"
assert raster.count("│") == 2 * stimuli
