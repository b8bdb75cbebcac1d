"""
Spike timing makes a sliding rule of rates: from STDP to BCM
============================================================

Bienenstock, Cooper and Munro's rule of rates weakens a synapse while its target fires slowly, and strengthens it above
a threshold. Spike timing gives just this if every spike of the source makes pairs with the target's spikes next to it,
the last before and the first after; if all spikes make pairs, the sign is the same at every rate. Izhikevich & Desai
2003, doi:10.1162/089976603321891783, with the window that Froemke & Dan 2002, doi:10.1038/416433a, had measured.

.. image:: /gallery_figures/stdp_to_bcm.png
   :alt: change of the weight against the rate of the target, which changes its sign for nearest neighbours only
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/stdp_to_bcm.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms

SMOKE = "LAPICQUE_SMOKE" in os.environ
w_max = 1e6  # no bound is near
window = dict(a_plus=1.03 / w_max, a_minus=0.51 / w_max, tau_plus=13.3 * ms, tau_minus=34.5 * ms)

# %%
# Potentiation is shorter and stronger than depression. The source's trace is used up by the target's spike, so that
# only the first one after each of the source's counts; the target's remembers its last spike, or all of them.
nearest = lq.synapses.stdp(w_max, **window, pairing=lq.synapses.Pairing.pre_centred)
every = lq.synapses.stdp(w_max, **window, pairing=lq.synapses.Pairing.all_to_all)

# %%
# Poisson cells on both sides, every source with every target: 1000 pairs of independent trains for each rate.
rates = np.array([2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20, 25, 30, 40])
copies, duration = 20, 5000 if SMOKE else 100_000  # ms
cell = lq.Neuron("rate : Hz", threshold="hazard(rate)", reset="", parameters=dict(rate=10 * Hz))
net = lq.Network()
sources = net.population(cell, 50, name="sources")
targets = net.population(cell, copies * len(rates), name="targets", rate=np.repeat(rates, copies))
for name, rule in (("nearest", nearest), ("every", every)):
    net.connect(sources, targets, rule, w=w_max / 2, name=name)
net.record(sources, "spikes")
result = lq.simulate(net, duration * ms, dt=0.05 * ms, seed=1)
counted = result.spikes["sources"].counts.sum() * copies  # spikes of the sources that act on the targets of one rate
change = {n: (result.final[n]["w"] - w_max / 2).reshape(len(rates), -1).sum(1) / counted for n in ("nearest", "every")}


# %%
# The mean change at a spike of the source: intervals to the spikes next to it are exponentially distributed.
def expected(rate):
    hertz = rate / 1000
    return {
        "nearest": hertz * (1.03 / (1 / 13.3 + hertz) - 0.51 / (1 / 34.5 + hertz)),
        "every": hertz * (1.03 * 13.3 - 0.51 * 34.5),
    }


theta = -1000 * (1.03 / 34.5 - 0.51 / 13.3) / (1.03 - 0.51)
curve = change["nearest"]
last = np.flatnonzero(curve < 0).max()  # the last rate that weakens
crossover = float(np.interp(0, curve[last : last + 2], rates[last : last + 2]))

fig, ax = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
ax.axhline(0, color="0.7", lw=0.8)
ax.axvline(theta, color="0.7", lw=0.8, ls=":")
fine = np.linspace(0, 41, 200)
labels = {"nearest": "nearest neighbours", "every": "all to all"}
for name, label in labels.items():
    ax.plot(rates, change[name], ".", label=label)
    ax.plot(fine, expected(fine)[name], color="0.4", lw=0.8, label="closed form" if name == "every" else None)
ax.set(xlabel="rate of the target (Hz)", ylabel="change per spike of the source", ylim=(-0.12, 0.08))
ax.legend(frameon=False, fontsize=8)

# %%
# Depression below 16 Hz, potentiation above, and nothing of the kind where all spikes count.
merits = [
    Merit("rate where the sign changes, nearest neighbours", crossover, "16.3 ± 1.5 Hz", published=f"{theta:.2f} Hz"),
    Merit("curve minus closed form, largest, nearest", np.abs(curve - expected(rates)["nearest"]).max(), "< 0.003"),
    Merit("rates at which all to all strengthens", int((change["every"] > 0).sum()), "= 0", published="none"),
]
print(merit_table(merits))
assert curve[rates <= 7.5].max() < 0 < curve[rates >= 30].min()
assert (change["every"][rates >= 10] < 0).all()
assert SMOKE or all(merit.met for merit in merits)
