"""
Inhibition that learns selects what is replayed
===============================================

An animal runs along a track. Place cells fire at their places; cue cells fire wherever a cue appears, another place in
each lap. Both kinds fire equally much, and synapses among them grow whenever two cells fire together within some 60 ms.
At rest, a short kick makes the network replay a sequence of places, yet cue cells stay silent: as they fire all at once
they recruit inhibition, whose synapses onto them have grown by the same rule with a window of 5 ms. With inhibition
that does not choose, cue cells join in. Liao, Terada, Raikov, Hadjiabadi, Szoboszlay, Soltesz & Losonczy 2024,
doi:10.1038/s41593-024-01745-w, in 9000 cells; here are 500.

.. image:: /gallery_figures/replay.png
   :alt: weights among place cells, inhibition of each kind of cell, and replay with inhibition that learned and without
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/replay.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import cm, ms, second

SMOKE = "LAPICQUE_SMOKE" in os.environ
cells, basket_cells, track, speed = 500, 50, 200, 20  # cm, cm/s
number = np.arange(cells)
kinds = {"place": number < 250, "cue": (number >= 250) & (number < 300), "other": number >= 300}
place, cue, other = kinds.values()
centre = np.where(place, number * track / place.sum(), 0.0)
laps, faster = (
    (6, 3) if SMOKE else (20, 1)
)  # in the short version there is less to learn from, and each pair counts more

# %%
# Running. Cells fire at 20 Hz in their field of 20 cm, or for the second that a cue lasts, else at 0.1 Hz.
runner = lq.Neuron(
    """
    away = (speed*t - centre + 1.5*length) % length - length/2 : cm  # how far the animal is from the centre
    active = where(is_place > 0.5, int(abs(away) < field/2), is_cue*cue) : 1
    cue : 1 (input)
    """,
    threshold="hazard(where(active > 0.5, inside, outside))",
    parameters=dict(speed=f"{speed} cm/second", length=f"{track} cm", field="20 cm", inside="20 Hz", outside="0.1 Hz",
                    centre="0 cm", is_place=0, is_cue=0),
)  # fmt: skip
basket = lq.Neuron("dv/dt = -v/(5*ms) : 1", threshold="v > 1", reset="v = 0", refractory="2 ms")
together = lq.Synapse(
    """
    dx/dt = -x/tau : 1  # trace of the source
    dy/dt = -y/tau : 1  # trace of the target
    w : 1
    """,
    on_pre="x += 1; w += a*y", on_post="y += 1; w += a*x", bounds=dict(w=(0, 1)),
    parameters=dict(tau="62.5 ms", a=0.0015 * faster),
)  # fmt: skip
cues = 10 * np.arange(laps) + np.random.default_rng(1).uniform(0, 9, laps)  # s
grid = np.arange(0, 10 * laps, 0.1)[:, None]
net = lq.Network()
exc = net.population(runner, cells, name="exc", centre=centre * cm, is_place=place * 1.0, is_cue=cue * 1.0)
inh = net.population(basket, basket_cells, name="inh")
net.stimulate(exc, "cue", lq.stimuli.array(((grid >= cues) & (grid < cues + 1)).any(1) * 1.0, dt=100 * ms))
net.connect(exc, exc, together, w=0.0, name="excitation")
net.connect(exc, inh, on_pre="v += w", w=0.25, where=lq.fixed_probability(0.25))
net.connect(inh, exc, together.with_(tau=5 * ms, a=0.02 * faster), w=0.0, name="inhibition")
net.record(exc, "spikes")
ran = lq.simulate(net, 10 * laps * second, dt=1 * ms, seed=1, threads=1)
excitation = ran.final["excitation"]["w"].reshape(cells, cells)  # (target, source)
inhibition = ran.final["inhibition"]["w"].reshape(cells, basket_cells)
rates = {kind: ran.spikes["exc"].rate()[of].mean() for kind, of in kinds.items()}

# %%
# Rest. The same cells, now with a potential and with adaptation; what was learned is fixed. Every 1.5 s some place
# cells are kicked, four groups next to each other in 15 ms, which gives a direction. A cell that spikes between 25 and
# 200 ms after that takes part. Inhibition that does not choose has the same weight everywhere, the mean of what was
# learned. (Cells of neither kind have hardly any inhibition; where it has learned, some of them join late.)
resting = lq.Neuron(
    """
    dv/dt = (g_e - g_i - a - v)/(20*ms) : 1
    dg_e/dt = -g_e/(5*ms) : 1
    dg_i/dt = -g_i/(10*ms) : 1
    da/dt = -a/(300*ms) : 1  # adaptation
    """,
    threshold="v > 1", reset="v = 0; a += 5", refractory="3 ms",
)  # fmt: skip
events, apart = (4 if SMOKE else 20), 1500.0
begins = apart * np.arange(events) + 50
at = np.random.default_rng(3).uniform(0, track, events)
kicked = (
    np.abs((centre - at[:, None, None] - 5 * np.arange(4)[:, None] + 100) % track - 100) < 4
)  # (event, group, cell)
when = begins[:, None] + 5 * np.arange(4)
kicks = [when[kicked[..., k]] if place[k] else [] for k in number]


def replay(inhibition):
    """Parts of each kind that take part in an event, (event, kind); order, (event,); spikes."""
    net = lq.Network()
    exc, inh = net.population(resting, cells, name="exc"), net.population(basket, basket_cells, name="inh")
    net.connect(exc, exc, on_pre="g_e += w", where=lq.dense(1.5 * excitation.T), delay=1 * ms)
    net.connect(exc, inh, on_pre="v += w", w=0.25, where=lq.fixed_probability(0.25), delay=1 * ms)
    net.connect(inh, exc, on_pre="g_i += w", where=lq.dense(0.9 * inhibition.T), delay=1 * ms)
    net.connect(net.spikes(kicks, name="kicks"), exc, on_pre="v = 1.1", where=lq.one_to_one())
    net.record(exc, "spikes")
    spikes = lq.simulate(net, apart * events * ms, dt=0.5 * ms, seed=1, threads=1).spikes["exc"]
    who, times = np.repeat(number, spikes.counts), spikes.times
    parts, orders = [], []
    for begin in begins:
        late = (times > begin + 25) & (times < begin + 200)
        parts.append([np.isin(number[of], who[late]).mean() for of in kinds.values()])
        seen = late & place[who]
        bins, which = np.unique(times[seen] // 5, return_inverse=True)
        angles = np.exp(2j * np.pi * centre[who[seen]] / track)
        decoded = np.unwrap(np.angle(np.bincount(which, angles.real) + 1j * np.bincount(which, angles.imag)))
        ranks = np.argsort(np.argsort(decoded))
        orders.append(abs(np.corrcoef(np.arange(len(bins)), ranks)[0, 1]) if len(bins) > 3 else 0.0)
    return np.array(parts), np.array(orders), (who, times)


chosen, order, raster = replay(inhibition)
uniform, _, other_raster = replay(np.full_like(inhibition, inhibition.mean()))
ratio, ratio_uniform = (of.mean(0)[1] / of.mean(0)[0] for of in (chosen, uniform))
for name, of in (("learned", chosen), ("uniform", uniform)):
    parts = zip(kinds, 100 * of.mean(0), strict=True)
    print(f"{name} inhibition:", ", ".join(f"{part:.0f} % of {kind} cells" for kind, part in parts))

# %%
fig, axes = plt.subplots(1, 4, figsize=(11, 3.2), layout="constrained", width_ratios=[2, 1, 2, 2])
axes[0].imshow(excitation[:300:3, :300:3], origin="lower", cmap="Greys", vmin=0, vmax=1, extent=(0, 300, 0, 300))
axes[0].set(xlabel="source: 250 place, 50 cue cells", ylabel="target", title="excitation")
axes[1].bar(list(kinds), [inhibition[of].mean() for of in kinds.values()], color=["C0", "C3", "grey"])
axes[1].set(ylabel="weight", title="inhibition")
for ax, (who, times), title in zip(
    axes[2:], (raster, other_raster), ("replay, learned", "replay, uniform inhibition"), strict=True
):
    for kind, colour in (("place", "C0"), ("cue", "C3")):
        ax.plot(times[kinds[kind][who]], who[kinds[kind][who]], ".", ms=2, color=colour, label=f"{kind} cells")
    ax.set(xlim=(begins[1] - 50, begins[1] + 250), ylim=(0, 300), xlabel="time (ms)", ylabel="cell", title=title)
axes[3].legend(frameon=False, fontsize=8, loc="upper right")

# %%
merits = [
    Merit("rate of cue cells / that of place cells, running", rates["cue"] / rates["place"], "0.8 to 1.2"),
    Merit("place cells that take part in an event", 100 * chosen[:, 0].mean(), "> 20 %"),
    Merit("participation of cue / place cells, learned", ratio, "< 0.3", published="cue cells suppressed"),
    Merit("participation of cue / place cells, uniform inhibition", ratio_uniform, "> 0.7", published="both replayed"),
    Merit("rank correlation of time and decoded place", order.mean(), "> 0.7", published="sequences"),
]
print(merit_table(merits))
assert ratio < 0.3
assert ratio_uniform > ratio + 0.3
assert order.mean() > 0.7
assert SMOKE or all(merit.met for merit in merits)
