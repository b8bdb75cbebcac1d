"""
How a search converges: four optimisers, one cell, and a film
=============================================================

A cell is fitted by proposing candidates and keeping what matches its spikes, and there are many ways to propose.
SpikeNetOpt.jl uses a genetic algorithm (parents by linear ranking, intermediate recombination, uniform mutation, an
elite of an eighth); particle swarms (Kennedy & Eberhart 1995, doi:10.1109/ICNN.1995.488968), differential evolution
with adaptive steps (Zhang & Sanderson 2009, doi:10.1109/TEVC.2009.2014613) and CMA-ES (Hansen & Ostermeier 2001,
doi:10.1162/106365601750190398) are the usual others. Here all of them search for the eight parameters of a hidden
adaptive exponential cell, with the same number of candidates. Every optimiser is a value with the same two verbs, and
every search keeps some of its generations: one call makes a film of them. A search that is stopped in the middle goes
on from its checkpoint as if nothing had happened.

.. image:: /gallery_figures/convergence.png
   :alt: best loss against evaluations for four optimisers, candidates of one search closing in on a parameter, spikes
         of the data and of the best candidates along the way
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/convergence.png'

import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import lfilter

import lapicque as lq
from lapicque.reports import Merit, merit_table

SMOKE = "LAPICQUE_SMOKE" in os.environ
folder = Path(tempfile.mkdtemp())

# %%
# The hidden cell adapts; it is driven by a current that fluctuates with a time constant of 5 ms, once to fit it and
# once to see what the fit is worth. With one second of spikes the loss of several models is exactly 0; here are three.
# The bounds are those of the catalogue.
cell = lq.neurons.adex.with_(a="4 nS", b="60 pA", tau_w="80 ms")
samples = 5_000 if SMOKE else 30_000  # of 0.1 ms


def recorded(seed):
    """A current, and what the cell says to it."""
    white = np.random.default_rng(seed).standard_normal(samples)
    keep = np.exp(-0.1 / 5)
    current = 800 + 400 * lfilter([np.sqrt(1 - keep**2)], [1, -keep], white)
    return lq.fit.Trial(current, lq.simulate(cell, f"{samples / 10} ms", inputs={"i_ext": current}).spikes)


problem = lq.fit.Problem(lq.neurons.adex, [recorded(1)], distance=lq.distances.coincidence("4 ms"))
print(problem)

# %%
# Four optimisers with the same budget, five times each.
optimizers = {
    "CMA-ES": lq.optimizers.cma_es(population=64),
    "differential evolution": lq.optimizers.differential_evolution(population=64),
    "particle swarm": lq.optimizers.particle_swarm(population=64),
    "genetic algorithm": lq.optimizers.genetic(population=64, cooling=1),  # as SpikeNetOpt.jl has it
}
budget, seeds = (640, range(1)) if SMOKE else (19_200, range(5))
fits = {name: [lq.fit.minimize(problem, o, budget, seed=seed) for seed in seeds] for name, o in optimizers.items()}
reached = {name: np.median([fit.loss for fit in found]) for name, found in fits.items()}
unseen = recorded(2)
gamma = {name: np.median([lq.fit.score(fit, [unseen]).gamma for fit in found]) for name, found in fits.items()}
print({name: f"loss {reached[name]:.3f}, Gamma on an unseen current {gamma[name]:.3f}" for name in fits})

pairs = zip(fits["CMA-ES"], fits["genetic algorithm"], strict=True)
ahead = sum(fit.loss < other.loss for fit, other in pairs)

# %%
# One call writes the film: a page with a slider, which needs no other file, or a GIF.
fit = fits["CMA-ES"][0]
page = lq.plot.animate_search(fit, folder / "search.html", frames=2 if SMOKE else 48)
film = lq.plot.animate_search(fit, folder / "search.gif", frames=2 if SMOKE else 24)
elsewhere = page.read_text().count("http://") + page.read_text().count("https://")
print(f"{page} has {page.stat().st_size / 1e6:.1f} MB, {film} {film.stat().st_size / 1e6:.1f} MB")


# %%
# The same search again, which is interrupted half-way, as by Ctrl-C, and then goes on from its checkpoint.
def interrupt(done, best):
    if done >= budget // 2:
        raise KeyboardInterrupt


checkpoint = folder / "search.json"
half = lq.fit.minimize(
    problem, optimizers["CMA-ES"], budget, seed=0, checkpoint=checkpoint, on_generation=interrupt
)  # fmt: skip
resumed = lq.fit.minimize(problem, optimizers["CMA-ES"], budget, seed=0, checkpoint=checkpoint)
assert half.stopped == "interrupted"
differences = int(np.sum(resumed.point != fit.point) + np.sum(resumed.history != fit.history))
differences += sum(
    not np.array_equal(a.points, b.points) for a, b in zip(resumed.generations, fit.generations, strict=True)
)

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 3.3), layout="constrained", width_ratios=[1.2, 1, 1.2])
for colour, (name, found) in zip(("C0", "C1", "C2", "C3"), fits.items(), strict=True):
    for run in found:
        axes[0].plot(run.history[:, 0], run.history[:, 1], color=colour, lw=0.6, alpha=0.5)
    axes[0].plot([], [], color=colour, label=f"{name}: {reached[name]:.3f}")
axes[0].set(xlabel="evaluations", ylabel="best loss so far", yscale="log", ylim=(1e-3, 1), title="five searches each")
axes[0].legend(frameon=False, fontsize="small", title="median at the end", title_fontsize="small")
shown = "tau_w"
column = [free.name for free in problem.free].index(shown)
done = np.concatenate([np.full(len(g.points), g.evaluations) for g in fit.generations])
values = problem.values(np.concatenate([g.points for g in fit.generations]))[shown]
axes[1].plot(done, values, ".", ms=1.5, color="C0", alpha=0.4)
axes[1].axhline(80, color="C3", lw=1)
axes[1].set(
    xlabel="evaluations", ylabel=f"{shown} (ms)", yscale="log", title="candidates of one search (red: the cell)"
)
spikes = problem.trials[0].spikes.times
axes[2].eventplot(spikes, lineoffsets=0, linelengths=0.7, colors="k")
stages = [fit.generations[k] for k in (0, len(fit.generations) // 8, -1)]
best = [g.points[g.losses.argmin()] for g in stages[:-1]] + [fit.point]
for row, point in enumerate(best, start=1):
    axes[2].eventplot(problem.respond(point[None]).times, lineoffsets=row, linelengths=0.7, colors="C0")
axes[2].set_yticks(range(4), ["data", *(f"{g.evaluations:,}" for g in stages)])
axes[2].invert_yaxis()
axes[2].set(xlabel="time (ms)", xlim=(0, 1000), ylabel="evaluations", title="spikes of the best candidate")

# %%
merits = [
    Merit("what a resumed search has otherwise", differences, "= 0 numbers"),
    Merit("addresses elsewhere in the page of the film", elsewhere, "= 0"),
    Merit("size of the page (MB)", page.stat().st_size / 1e6, "< 3"),
    Merit("CMA-ES: loss, median of five searches", reached["CMA-ES"], "< 0.1"),
    Merit("CMA-ES: Gamma on an unseen current", gamma["CMA-ES"], "> 0.86", published="0.86 (a competition's best)"),
    Merit("searches of five that end below the genetic algorithm's", ahead, ">= 4"),
]
print(merit_table(merits))
assert differences == 0
assert SMOKE or all(merit.met for merit in merits)
