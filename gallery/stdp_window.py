"""
The window of spike-timing dependent plasticity
===============================================

A pair of spikes changes a synapse: source before target strengthens it, target before source weakens it, and less the
further they are apart (Bi & Poo 1998, doi:10.1523/JNEUROSCI.18-24-10464.1998; Song, Miller & Abbott 2000,
doi:10.1038/78829). For a pair alone this is all that can be said. In trains it matters which spikes make a pair, and
rules that share one window part: Morrison, Diesmann & Gerstner 2008, doi:10.1007/s00422-008-0233-1.

.. image:: /gallery_figures/stdp_window.png
   :alt: the window after 100 pairs, and what five ways of pairing make of the same Poisson trains
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/stdp_window.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import ms

SMOKE = "LAPICQUE_SMOKE" in os.environ
tau, a_plus, a_minus = 20.0, 0.01, -0.0105  # ms, and changes at lag 0

# %%
# Two traces, and five ways to use them. A trace that grows by one at each spike remembers all of them, one that is set
# to one only the last; and a trace that the other side's spike uses up makes a pair with the first of those only.
# Weights are far from their bounds.
Pairing = lq.synapses.Pairing
pairings = {
    "all to all": Pairing.all_to_all,
    "nearest": Pairing.nearest,
    "source-centred": Pairing.pre_centred,
    "target-centred": Pairing.post_centred,
    "neighbours only": Pairing.reduced,
}
rules = {
    name: lq.synapses.stdp(100.0, a_plus / 100, -a_minus / 100, tau * ms, tau * ms, pairing=pairing)
    for name, pairing in pairings.items()
}

# %%
# Every lag is a source and a target of its own, and so are ten Poisson trains for each of some rates of the target.
pairs = 10 if SMOKE else 100
lags = np.linspace(-50, 50, 41)
first = [100 + 500 * np.arange(pairs)] * len(lags)
second = [times + lag for times, lag in zip(first, lags, strict=True)]
rates, copies, seconds = np.array([5, 10, 20, 30, 40, 50]), 10, pairs / 2
for number, rate in enumerate(rates):
    for seed, (trains, hertz) in enumerate([(first, 10), (second, rate)], 2 * number):
        drawn = lq.spikes.poisson(hertz, 1000 * seconds, seed=seed, trains=copies)
        trains += [np.unique(np.round(times, 1)) for times in drawn.to_lists()]

relay = lq.Neuron("x : 1", threshold="x > 0.5", reset="x -= 1")  # spikes one step after a spike that it receives
net = lq.Network()
sources, targets = (net.population(relay, len(first), name=name) for name in ("sources", "targets"))
for cells, trains in ((sources, first), (targets, second)):
    net.connect(net.spikes(trains), cells, on_pre="x += 1", where=lq.one_to_one())
for name, rule in rules.items():
    net.connect(sources, targets, rule, where=lq.one_to_one(), w=50.0, name=name)
final = lq.simulate(net, 200 * ms + 500 * pairs * ms, seed=1).final
change = {name: final[name]["w"] - 50 for name in pairings}


# %%
# What it should be, from the definition: a sum over pairs. Where both fire in the same step, the source comes first.
def defined(pairing, source, target):
    lag = np.subtract.outer(target, source)  # ms, (spike of the target, spike of the source)
    after = lag > -1e-6
    size = np.exp(-np.abs(lag) / tau)
    last_source, next_source = np.cumsum(after[:, ::-1], 1)[:, ::-1] == 1, np.cumsum(~after, 1) == 1
    last_target, next_target = np.cumsum(~after[::-1], 0)[::-1] == 1, np.cumsum(after, 0) == 1
    grow, shrink = {
        "all to all": (after, ~after),
        "nearest": (last_source, last_target),
        "source-centred": (next_target, last_target),
        "target-centred": (last_source, next_source),
        "neighbours only": (last_source & next_target, last_target & next_source),
    }[pairing]
    return a_plus * size[grow].sum() + a_minus * size[shrink].sum()


expected = {name: np.array([defined(name, *both) for both in zip(first, second, strict=True)]) for name in pairings}
window = pairs * np.where(lags >= 0, a_plus * np.exp(-lags / tau), a_minus * np.exp(lags / tau))

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
left.axhline(0, color="0.7", lw=0.8)
for side in (lags < 0, lags >= 0):
    left.plot(lags[side], window[side], color="0.6", label="closed form" if side[0] else None)
left.plot(lags, change["all to all"][: len(lags)], ".", label=f"{pairs} pairs, every 500 ms")
left.set(xlabel="target's spike minus source's (ms)", ylabel="change of the weight")
right.axhline(0, color="0.7", lw=0.8)
for name in pairings:
    right.plot(rates, change[name][len(lags) :].reshape(-1, copies).mean(1) / seconds, marker=".", label=name)
right.set(xlabel="rate of the target (Hz)", ylabel="change per second", title="Poisson trains, source at 10 Hz")
for ax in (left, right):
    ax.legend(frameon=False, fontsize=8)

# %%
# For single pairs every way of pairing gives the same window, to rounding; in trains each gives its own.
curve = change["all to all"][: len(lags)]
area = -curve[lags < 0].sum() / curve[lags > 0].sum()
at_window = max(np.abs(change[name][: len(lags)] - window).max() for name in pairings)
in_trains = max(np.abs(change[name] - expected[name])[len(lags) :].max() for name in pairings)
merits = [
    Merit("window minus closed form, largest of five pairings", at_window, "< 1e-9", published="0"),
    Merit("trains minus the sum over pairs, largest of five pairings", in_trains, "< 1e-9", published="0"),
    Merit("area of depression over that of potentiation", area, "1.05 ± 1e-6", published="1.05"),
]
print(merit_table(merits))
assert all(merit.met for merit in merits)
spread = np.ptp([change[name][-copies:] for name in pairings], axis=0)
assert spread.mean() > 0.005 * seconds, "the five ways of pairing should differ in Poisson trains"
