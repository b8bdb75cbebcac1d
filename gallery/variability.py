"""
How irregular are spikes?
=========================

A Poisson process, one that is regular (its intervals are gamma distributed) and one that is refractory have the same
rate, and differ in all that chapter 7.1 of *Neuronal Dynamics* measures (Gerstner, Kistler, Naud & Paninski 2014,
doi:10.1017/CBO9781107447615): the coefficient of variation of their intervals, what an interval says about the next
(CV2 of Holt et al. 1996, doi:10.1152/jn.1996.75.5.1806; LV and LvR of Shinomoto et al. 2003 and 2009,
doi:10.1162/089976603322518759 and doi:10.1371/journal.pcbi.1000433), the variance of their counts, and the
autocorrelogram. For each there is a formula to compare with. A neuron that is refractory for :math:`\\Delta` and then
fires at random has :math:`CV = 1 - \\nu\\Delta` at rate :math:`\\nu`: so have the trains of the generator, and those of
a simulated neuron with escape noise. Where the rate changes, CV says nothing about the process, the local measures do.

.. image:: /gallery_figures/variability.png
   :alt: rasters of three processes, their intervals, autocorrelograms, and the CV of refractory neurons at all rates
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/variability.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque import spikes
from lapicque.reports import Merit, merit_table

SMOKE = "LAPICQUE_SMOKE" in os.environ
seconds, trials = (400, 200) if SMOKE else (4000, 1000)

# %%
# Three processes of 40 Hz. Each was running long before its window began.
rate, k, dead = 40.0, 4, 10.0  # Hz, shape of the gamma distribution, ms
processes = {
    "Poisson": spikes.poisson(rate, 1000 * seconds, seed=1),
    f"gamma, k = {k}": spikes.gamma(rate, k, 1000 * seconds, seed=2),
    f"refractory, {dead:g} ms": spikes.poisson(rate, 1000 * seconds, seed=3, refractory=dead),
}
measures = {"CV": spikes.cv, "CV2": spikes.cv2, "LV": spikes.lv, "LvR": spikes.lvr}
table = {name: {m: float(f(train)[0]) for m, f in measures.items()} for name, train in processes.items()}
print(f"{'':18}" + "".join(f"{m:>7}" for m in [*measures, "Fano"]))
for name, train in processes.items():
    table[name]["Fano"] = float(spikes.fano(train, bin="1 s")[0])
    print(f"{name:18}" + "".join(f"{value:7.3f}" for value in table[name].values()))

# %%
# The refractory Poisson process at all rates: from the generator, and from a neuron that fires with a constant hazard
# when it is not refractory. Time steps make the neuron a little too regular, by half of the probability to fire in one.
rates = np.array([10, 20, 40, 60, 80.0])
cell = lq.Neuron(
    "rho : Hz (input)", threshold="hazard(rho)", refractory="t_ref", parameters=dict(t_ref=f"{dead} ms"), name="escape"
)
hazards = rates / (1 - rates * dead * 1e-3)
copies, length = 40, 25 * seconds  # ms
escaped = lq.simulate(cell, length, dt=0.05, inputs={"rho": np.repeat(hazards, copies)[None]}, seed=5).spikes


def pooled_cv(trains):
    """CV of all intervals of several trains of one neuron."""
    intervals = np.concatenate(spikes.isi(trains))
    return intervals.std() / intervals.mean()


of_trains, of_cells = [], []
for number, r in enumerate(rates):
    train = spikes.poisson(r, 1000 * seconds, seed=4, refractory=dead)
    of_trains.append((train.rate()[0], spikes.cv(train)[0]))
    mine = escaped[number * copies : (number + 1) * copies]
    of_cells.append((mine.rate().mean(), pooled_cv(mine)))
of_trains, of_cells = np.array(of_trains), np.array(of_cells)


def deviation(found):
    """Largest deviation from 1 - rate * dead time, in per cent of it."""
    expected = 1 - found[:, 0] * dead * 1e-3
    return 100 * np.abs(found[:, 1] / expected - 1).max()


# %%
# Trials in which the rate goes up and down: the PSTH and a kernel estimate find it, the CV of the intervals exceeds 1
# although spikes are as random as before, and LV does not notice.
def drive(t):
    return 40 * (1 + 0.9 * np.sin(2 * np.pi * t / 1000))


made = spikes.inhomogeneous_poisson(drive, 2000, seed=6, trains=trials)
trains = spikes.SpikeTrains(made.times, made.offsets, 0, 2000, shape=(trials, 1))
edges, histogram = spikes.psth(trains, bin="20 ms")
pooled = spikes.SpikeTrains.from_lists([np.sort(made.times)], t_stop=2000)
kernel = spikes.optimal_gaussian(pooled, edges=True)
smooth = spikes.kernel_rate(pooled, kernel, edges=True)
long = spikes.inhomogeneous_poisson(drive, 1000 * seconds, seed=7)
modulated = {m: float(f(long)[0]) for m, f in measures.items()}
psth_error = 100 * np.sqrt(
    np.mean((histogram[0] / drive((edges[1:] + edges[:-1]) / 2) - 1)[drive(edges[1:]) > 20] ** 2)
)
kernel_error = 100 * np.sqrt(np.mean((smooth.values[0] / trials - drive(smooth.times)) ** 2)) / 40
print(f"rate up and down: CV {modulated['CV']:.2f}, LV {modulated['LV']:.3f}; {kernel}; "
      f"error of the PSTH {psth_error:.1f} %, of the kernel estimate {kernel_error:.1f} %")  # fmt: skip

# %%
# The autocorrelogram, as the rate of other spikes a lag after a spike. Of the regular process it is 0 at
# first, and comes back with a small overshoot at the mean interval; of the refractory one it overshoots at once.
fig, axes = plt.subplots(2, 3, figsize=(10, 5.4), layout="constrained")
lag = np.arange(0.5, 80)
colors = ["C0", "C1", "C2"]
within = {}
for row, ((name, train), color) in enumerate(zip(processes.items(), colors, strict=True)):
    lists = [part.times - 1000 * n for n, part in enumerate(train.window(1000 * n, 1000 * n + 1000) for n in range(8))]
    for n, times in enumerate(lists):
        axes[0, 0].plot(times, np.full(len(times), 10 * row + n), "|", color=color, ms=5)
    edges_isi, density = spikes.isi_histogram(train, bin=1, longest=80)
    axes[0, 1].stairs(density[0], edges_isi, color=color, label=name)
    bins, counts = spikes.autocorrelogram(train, bin=1, lag=80)
    within[name] = counts[len(counts) // 2 + 1 :] / len(train.times) * 1e3
    axes[0, 2].plot(np.arange(1, 81), within[name], color=color)
axes[0, 1].plot(lag, rate / 1e3 * np.exp(-lag * rate / 1e3), "k:", lw=0.8)
axes[0, 1].plot(lag, (k * rate / 1e3) ** k * lag ** (k - 1) * np.exp(-k * rate / 1e3 * lag) / 6, "k:", lw=0.8)
axes[0, 0].set(xlabel="time (ms)", ylabel="seconds of each process", yticks=[], title="three processes of 40 Hz")
axes[0, 1].set(xlabel="interval (ms)", ylabel="density (1/ms)", title="intervals, and two formulas")
axes[0, 1].legend(frameon=False, fontsize=8)
axes[0, 2].set(xlabel="lag (ms)", ylabel="rate (Hz)", ylim=(0, None), title="autocorrelogram")
line = np.array([0, 90.0])
axes[1, 0].plot(line, 1 - line * dead * 1e-3, "k:", lw=0.8, label="1 - rate x dead time")
axes[1, 0].plot(*of_trains.T, "o", color="C2", label="generator")
axes[1, 0].plot(*of_cells.T, "x", color="C3", label="neuron with escape noise")
axes[1, 0].set(xlabel="rate (Hz)", ylabel="CV", ylim=(0, 1.05), title=f"refractory for {dead:g} ms")
axes[1, 0].legend(frameon=False, fontsize=8)
axes[1, 1].stairs(histogram[0], edges, color="0.7", label="PSTH")
axes[1, 1].plot(smooth.times, smooth.values[0] / trials, color="C0", label=f"Gaussian, {kernel.width:.0f} ms")
axes[1, 1].plot(smooth.times, drive(smooth.times), "k:", lw=0.8)
axes[1, 1].set(xlabel="time (ms)", ylabel="rate (Hz)", title=f"a rate from {trials} trials")
axes[1, 1].legend(frameon=False, fontsize=8, loc="lower left")
groups = [*table.items(), ("rate changes", modulated)]
for n, (name, values) in enumerate(groups):
    found = [values[m] for m in measures]
    axes[1, 2].bar(np.arange(4) + 0.2 * n - 0.3, found, 0.18, color=[*colors, "C4"][n], label=name)
axes[1, 2].axhline(1, color="k", lw=0.6)
axes[1, 2].set_xticks(range(4), list(measures))
axes[1, 2].set(title="measures of variability", ylim=(0, 3.2))
axes[1, 2].legend(frameon=False, fontsize=8, loc="upper left", ncols=2)

# %%
poisson, regular, refractory = table.values()
merits = [
    Merit("CV of a Poisson process", poisson["CV"], "1 ± 0.02", published="1"),
    Merit("its LV", poisson["LV"], "1 ± 0.02", published="1"),
    Merit("its Fano factor, counts of 1 s", poisson["Fano"], "1 ± 0.08", published="1"),
    Merit("CV of a gamma process, k = 4", regular["CV"], "0.5 ± 0.02", published="0.5"),
    Merit("its LV, 3 / (2 k + 1)", regular["LV"], "0.333 ± 0.01", published="0.333"),
    Merit("its Fano factor, CV squared", regular["Fano"], "0.25 ± 0.03", published="0.25"),
    Merit("refractory: CV off 1 - rate x dead time", deviation(of_trains), "< 2 %"),
    Merit("neuron with escape noise: the same", deviation(of_cells), "< 2 %"),
    Merit("pairs of spikes closer than the dead time", within[f"refractory, {dead:g} ms"][:9].sum(), "= 0"),
    Merit("rate goes up and down: CV", modulated["CV"], "> 1.2"),
    Merit("rate goes up and down: LV", modulated["LV"], "1 ± 0.05"),
    Merit("error of the PSTH, where the rate is above 20 Hz", psth_error, "< 5 %"),
    Merit("error of the kernel estimate, of the mean rate", kernel_error, "< 5 %"),
]
print(merit_table(merits))
assert regular["CV"] < refractory["CV"] < poisson["CV"], "a refractory process is more regular than a Poisson process"
assert modulated["CV"] > 1.2 > 1.1 > modulated["LV"], "a change of the rate raises CV, and leaves LV"
assert deviation(of_trains) < 5
assert deviation(of_cells) < 5
assert SMOKE or all(merit.met for merit in merits)
