"""
Inhibition that learns to balance excitation
============================================

A recurrent network without inhibition of its excitatory cells fires at its limit. Let the synapses from inhibitory
cells grow whenever both sides fire within 20 ms of each other, in any order, and shrink a little with each spike of
their source: then each cell arrives at the same rate, by an inhibition of its own, and the network becomes asynchronous
and irregular. Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, doi:10.1126/science.1211095; here with 4000 cells
in place of 10,000.

.. image:: /gallery_figures/vogels.png
   :alt: rasters before and after, the rate over time, and each cell's inhibition against its excitation
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/vogels.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms, mV, nS

SMOKE = "LAPICQUE_SMOKE" in os.environ
cells, seconds = (500, 4) if SMOKE else (4000, 60)

# %%
# The cell of the CUBA and COBA benchmarks; its constant current alone would make it fire.
cell = lq.Neuron(
    """
    dv/dt = (g_l*(e_l - v) + i_exc - i_inh + i_bg)/c_m : mV (unless refractory)
    dg_e/dt = -g_e/tau_e : nS
    dg_i/dt = -g_i/tau_i : nS
    i_exc = g_e*(e_e - v) : pA
    i_inh = g_i*(v - e_i) : pA
    """,
    threshold="v > v_th", reset="v = e_l", refractory="5 ms",
    parameters=dict(g_l="10 nS", e_l="-60 mV", e_e="0 mV", e_i="-80 mV", v_th="-50 mV", c_m="200 pF", i_bg="200 pA",
                    tau_e="5 ms", tau_i="10 ms"),
)  # fmt: skip

# %%
# The rule: a spike of the source costs 2 rho tau, where rho tau is the trace of a target at the rate rho on average, so
# that at this rate a weight neither grows nor shrinks.
eta = 0.2 * nS if SMOKE else 0.1 * nS
inhibitory = lq.synapses.inhibitory_stdp(eta, 3 * Hz).onto(lq.synapses.instantaneous("g_i"))

# %%
net = lq.Network()
start = dict(v=lq.uniform(-60 * mV, -50 * mV))
exc = net.population(cell, 8 * cells // 10, name="exc", initial=start)
inh = net.population(cell, 2 * cells // 10, name="inh", initial=start)
sparse = lq.fixed_probability(200 / cells)  # as many inputs as in 10,000 cells at 2 %
for target in (exc, inh):
    net.connect(exc, target, on_pre="g_e += w", w=0.3 * nS, where=sparse)
net.connect(inh, inh, on_pre="g_i += w", w=3 * nS, where=sparse)
net.connect(inh, exc, inhibitory, w=0 * nS, where=sparse)
net.record(exc, "spikes")
net.record(exc, "rate", every=100 * ms, name="rate")
net.record(exc[:400], "i_exc", "i_inh", every=10 * ms, name="current")
result = lq.simulate(net, 1000 * seconds * ms, seed=1)

# %%
# The last quarter: rates, irregularity, and the two currents, of each cell on average and of all over time.
spikes = result.spikes["exc"]
late = spikes.window(750 * seconds, 1000 * seconds)
rate, irregular = late.rate().mean(), np.nanmean(lq.spikes.cv(late))
excitation, inhibition = (result.traces[f"current.{name}"].values for name in ("i_exc", "i_inh"))
quarter = len(excitation) * 3 // 4
excitation, inhibition = excitation[quarter:], inhibition[quarter:]
between_cells = np.corrcoef(excitation.mean(0), inhibition.mean(0))[0, 1]
in_time = np.corrcoef(excitation.mean(1), inhibition.mean(1))[0, 1]

fig, axes = plt.subplots(2, 2, figsize=(9, 5.5), layout="constrained")
for ax, begin, title in ((axes[0, 0], 0, "at the start"), (axes[0, 1], 1000 * seconds - 200, "at the end")):
    lq.plot.population_raster({"exc": spikes[:, :300].window(begin, begin + 200)}, ax)
    ax.set_xticks(begin + np.array([0, 100, 200]))
    ax.set_title(title, fontsize=9)
trace = result.traces["rate"]
axes[1, 0].semilogy(np.asarray(trace.times) / 1000, trace.values)
axes[1, 0].axhline(3, color="0.5", lw=0.8, ls=":")
axes[1, 0].set(xlabel="time (s)", ylabel="rate of excitatory cells (Hz)")
axes[1, 1].plot(excitation.mean(0) + 200, inhibition.mean(0), ".", ms=3)
axes[1, 1].set(xlabel="excitation of a cell, with the constant 200 pA (pA)", ylabel="its inhibition (pA)")

# %%
merits = [
    Merit("rate of excitatory cells", rate, "3 ± 1 Hz", published="3 Hz"),
    Merit("CV of the intervals", irregular, "> 0.8", published="irregular"),
    Merit("correlation of a cell's excitation and inhibition, between cells", between_cells, "> 0.5"),
    Merit("correlation of excitation and inhibition in time", in_time, "> 0.5", published="balanced"),
]
print(merit_table(merits))
first = spikes.window(0, 500).rate().mean()
assert rate < 0.3 * first, f"inhibition should calm the network: {first:.0f} Hz at first, {rate:.0f} Hz in the end"
assert in_time > 0.5
assert SMOKE or all(merit.met for merit in merits)
