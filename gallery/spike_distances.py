"""
Distances between spike trains
==============================

How far two spike trains are apart depends on what should count: numbers of spikes, their times at one scale or at all
scales, intervals, or which neuron spiked. One after the other: the profile of the SPIKE-distance (Kreuz et al. 2013,
doi:10.1152/jn.00873.2012) as SpikeSynchrony.jl has it; six distances of the same jittered trains, the ISI-distance
(Kreuz et al. 2007, doi:10.1016/j.jneumeth.2007.05.031), SPIKE-synchronisation (Kreuz, Mulansky & Bozanic 2015,
doi:10.1152/jn.00848.2014), Victor & Purpura 1996, doi:10.1152/jn.1996.76.2.1310, van Rossum 2001,
doi:10.1162/089976601300014321, and the coincidence factor among them; a profile of many trains in time; and responses
of a population, in which it may matter which neuron spiked (Aronov 2003, doi:10.1016/S0165-0270(03)00006-2).

.. image:: /gallery_figures/spike_distances.png
   :alt: profile of two spikes, distances against jitter, profile of 20 trains in time, decoding against relabel cost
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/spike_distances.png'

import os
import time

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.distances import coincidence, isi, populations, spike, spike_synchronization, van_rossum, victor_purpura
from lapicque.reports import Merit, merit_table
from lapicque.spikes import SpikeTrains

SMOKE = "LAPICQUE_SMOKE" in os.environ

# %%
# One spike at 1, one at 2, in a window from 0 to 3: S goes from 0 to 5/9, jumps to 3/8, and back.
a, b = SpikeTrains.from_lists([[1.0], [2.0]], t_stop=3.0)
profile = spike(edges="real").profile(a, b)
corners = np.column_stack([profile.after, profile.before]).ravel()
published = np.array([0, 5 / 9, 3 / 8, 3 / 8, 5 / 9, 0])

# %%
# A single spike that is moved by d: half of van Rossum's squared distance is ``1 - exp(-d / tau)``.
tau, shifts = 10.0, np.linspace(0, 60, 61)
moved = SpikeTrains.from_lists((200 + shifts)[:, None], t_stop=400)
squares = van_rossum(tau).batch(moved, moved[0])[:, 0] ** 2 / 2
rossum = np.abs(squares - (1 - np.exp(-shifts / tau))).max()

# %%
# The same Poisson train, each spike moved by a normal jitter: six opinions on how far that is. Each is divided by what
# two independent trains of this rate are apart, so that 1 means that nothing is left.
distances = {
    "ISI": isi(),
    "SPIKE": spike(),
    "1 - SPIKE-synchronisation": spike_synchronization(),
    "1 - coincidence, 4 ms": coincidence(4.0),
    "van Rossum, 10 ms": van_rossum(10.0),
    "Victor-Purpura, 0.1/ms": victor_purpura(0.1),
}
copies, window = (5, 5_000.0) if SMOKE else (40, 20_000.0)
original, other = (lq.spikes.poisson("20 Hz", window, seed=seed, trains=copies, refractory="5 ms") for seed in (1, 2))
jitters = np.array([0.25, 0.5, 1, 2, 4, 8, 16, 32, 64])
jittered = [lq.spikes.jitter(original, sd, seed=3) for sd in jitters]


def apart(distance, model, data):
    found = distance.pairs(model, data)
    return (1 - found if distance.similarity else found).mean()


curves = {
    name: np.array([apart(distance, model, original) for model in jittered]) / apart(distance, other, original)
    for name, distance in distances.items()
}
half = {name: float(np.interp(0.5, curve, jitters)) for name, curve in curves.items()}
print({name: f"half way at a jitter of {sd:.2g} ms" for name, sd in half.items()})

# %%
# Twenty trains, whose common events are jittered more and more with time: the profile of all pairs sees when.
events = np.arange(50.0, 2000, 100)
random = np.random.default_rng(4)
blurred = SpikeTrains.from_lists(
    np.sort(np.clip(events + random.normal(size=(20, 20)) * np.linspace(0.5, 30, 20), 0, 2000)), t_stop=2000
)
in_time = spike().profile(blurred)
early, late = in_time.during((0, 500)), in_time.during((1500, 2000))

# %%
# Two stimuli, to which two neurons answer with two spikes each, in turn: A first to the one, B first to the other.
# Spikes are jittered by 5 ms, and a quarter of them are given to the wrong neuron, as spike sorting may do. Each
# response is attributed to the stimulus whose other responses are nearer on average. Pooled, both stimuli are the same.
trials = 30 if SMOKE else 100


def responses(stimulus, seed):
    draw = np.random.default_rng(seed)
    times = np.array([100.0, 120, 140, 160]) + draw.normal(0, 5, (trials, 4))
    neuron = np.array([0, 1, 0, 1]) ^ stimulus ^ (draw.random((trials, 4)) < 0.25)
    return [np.sort(row[who == k]) for row, who in zip(times, neuron, strict=True) for k in (0, 1)]


both = SpikeTrains.from_lists(responses(0, 5) + responses(1, 6), t_stop=260, shape=(2 * trials, 2))
stimulus = np.repeat([0, 1], trials)


def decoded(distance):
    matrix = distance.matrix(both)
    np.fill_diagonal(matrix, np.nan)
    nearer = np.array([np.nanmean(matrix[:, stimulus == s], axis=1) for s in (0, 1)]).argmin(axis=0)
    return 100 * np.mean(nearer == stimulus)


prices = np.array([0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2])
right = np.array([decoded(populations.victor_purpura(0.05, price)) for price in prices])
print({f"relabel {price:g}": f"{share:.0f} %" for price, share in zip(prices, right, strict=True)})

# %%
# How fast it is: 10,000 pairs of 100 spikes, on one thread and on two.
many = 500 if SMOKE else 10_000
model, data = (lq.spikes.poisson("10 Hz", "10 s", seed=seed, trains=many) for seed in (7, 8))


def seconds(threads):
    begun = time.perf_counter()
    found = spike().pairs(model, data, threads=threads)
    return time.perf_counter() - begun, found


alone, together = (min((seconds(threads) for _ in range(9)), key=lambda run: run[0]) for threads in (1, 2))
print(f"{many} pairs: {1e3 * alone[0]:.1f} ms on one thread, {1e3 * together[0]:.1f} ms on two")

# %%
fig, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
(first, second), (third, fourth) = axes
first.plot(np.repeat(profile.times, 2)[1:-1], corners, label="SPIKE profile")
first.vlines([1, 2], 0, 0.6, color="0.8", lw=0.8, label="the two spikes")
first.set(xlabel="time (ms)", ylabel="S", title="one spike each")
for name, curve in curves.items():
    second.semilogx(jitters, curve, marker=".", label=name)
second.axhline(1, color="0.8", lw=0.8)
second.set(xlabel="jitter (ms)", ylabel="distance / that of independent trains", title="jittered Poisson trains, 20 Hz")
lq.plot.raster(blurred, third)
third.plot(np.linspace(0, 2000, 2001), 19.5 - 40 * in_time(np.linspace(0, 2000, 2001)), label="mean SPIKE profile, up")
third.set(title="events that blur with time", ylabel="train")
fourth.plot(prices, right, marker=".")
fourth.axhline(50, color="0.8", lw=0.8)
fourth.set(xlabel="cost of relabelling a spike", ylabel="decoded stimuli (%)", title="population responses")
for ax in (first, second, third):
    ax.legend(frameon=False, fontsize=7)

# %%
# The last row is a property of the machine, and of how busy it is: with two cores at rest it is met.
merits = [
    Merit("SPIKE profile of the example minus the fractions", np.abs(corners - published).max(), "< 1e-14", "0"),
    Merit("its mean", profile.mean(), "0.310185 ± 1e-6", "0.310185"),
    Merit("half of van Rossum's square minus 1 - exp(-d/tau)", rossum, "< 1e-12", "0"),
    Merit("SPIKE of independent Poisson trains", spike().pairs(model, data).mean(), "0.295 ± 0.01", "0.295"),
    Merit("SPIKE profile, blurred events over sharp ones", late / early, "> 3"),
    Merit("stimuli decoded, between pooling and labelled lines", right[(prices > 0) & (prices < 2)].max(), ">= 80 %"),
    Merit("one thread over two, 10,000 pairs", alone[0] / together[0], ">= 1.5"),
]
print(merit_table(merits))
np.testing.assert_array_equal(alone[1], together[1])
assert np.all(np.diff([half[name] for name in half]) != 0), "each distance has an opinion of its own"
assert right[0] < right[1:].max(), "pooled responses hold no order of neurons"
assert SMOKE or all(merit.met for merit in merits[:-1])
