"""
Products of two signals: synapses that multiply, gates, and dendrites
=====================================================================

A network that must compute x*y needs no detour through many cells if synapses can multiply. Three ways to write it: two
sums that meet in the equation of the target, here in a hundred spiking cells that follow the Lorenz system (Nardin,
Phillips, Podlaski & Keemink 2021, doi:10.24072/pcjournal.69); a gate that each target holds and by which an arriving
spike is multiplied, here attention that chooses between two streams; and NMDA channels in a dendrite, which conduct
only where something else depolarises it (Jahr & Stevens 1990, doi:10.1523/JNEUROSCI.10-09-03178.1990; Mel 1993,
doi:10.1152/jn.1993.70.3.1086).

.. image:: /gallery_figures/multiplicative_gates.png
   :alt: the Lorenz attractor in spikes, what targets of two streams follow, responses to both inputs of a dendrite
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/multiplicative_gates.png'

import os

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import nnls

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms, nS, second

SMOKE = "LAPICQUE_SMOKE" in os.environ

# %%
# Two sums that meet in an equation. Each cell is sent the estimates x, y and z, sums over the spikes of all cells, and
# multiplies them itself; its potential is how far the estimate is behind the dynamics, seen along its own direction. A
# spike moves the estimate by that direction, and tells the others at once. The one that is furthest behind spikes.
cells, seconds = 100, 0.5 if SMOKE else 3
toward = np.random.default_rng(1).normal(size=(3, cells))
toward *= 0.1 / np.linalg.norm(toward, axis=0)
begin = np.array([-11.40057002, -14.01987468, 27.49928125])  # on the attractor
follower = lq.Neuron(
    """
    dv/dt = -leak*v + p*dx + q*dy + s*dz : 1    # what is missing along (p, q, s)
    dr/dt = -leak*r : 1                         # filtered spikes
    dx = leak*x + sigma*(y - x) : 1/second
    dy = leak*y + speed*(rho*x - y - x*z) : 1/second
    dz = leak*z + speed*(x*y - beta*z) : 1/second
    x : 1 (input)
    y : 1 (input)
    z : 1 (input)
    """,
    threshold="v > 0.005 and rank(v) < 1", reset="r += 1",
    parameters=dict(leak=0.75 / second, sigma=10 / second, speed=1 / second, rho=28, beta=8 / 3, p=0, q=0, s=0),
)  # fmt: skip
net = lq.Network()
p, q, s = toward
crowd = net.population(follower, cells, name="crowd", p=p, q=q, s=s, initial=dict(r=nnls(toward, begin)[0]))
for name, direction in zip("xyz", toward, strict=True):
    net.connect(crowd, crowd, lq.Synapse("sum = w*r_pre : 1 (summed)"), into=name, w=np.tile(direction, (cells, 1)).T)
net.connect(crowd, crowd, on_pre="v -= w", w=toward.T @ toward)
net.record(crowd[:1], "x", "y", "z", name="estimate")
net.record(crowd, "spikes")
result = lq.simulate(net, seconds * second, dt=0.1 * ms, threads=1)
estimate = np.hstack([result.traces[f"estimate.{name}"].values for name in "xyz"])
times = np.arange(len(estimate)) * 1e-4
lorenz = solve_ivp(
    lambda _, u: (10 * (u[1] - u[0]), u[0] * (28 - u[2]) - u[1], u[0] * u[1] - 8 / 3 * u[2]),
    (0, times[-1]), estimate[0], t_eval=times, rtol=1e-10, atol=1e-10,
).y.T  # fmt: skip
error = np.linalg.norm(estimate - lorenz, axis=1)[times < 1].max()

# %%
# A gate of each target. Two streams of Poisson spikes reach all targets; a population of gates, one for each target and
# stream, multiplies what arrives. Half the targets attend to the first stream, half to the second, and a cue exchanges
# them every half a second.
turns, group = (4, 20) if SMOKE else (40, 50)
poisson = lq.Neuron("rate : Hz (input)", threshold="hazard(rate)")
gate = lq.Neuron("dx/dt = (cue - x)/(10*ms) : 1\ncue : 1 (input)", name="gate")
target = lq.Neuron("dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", name="target")
rng = np.random.default_rng(2)
rates = np.repeat(rng.uniform(2, 20, (5 * turns, 2)), 2, axis=0)  # of the streams, new every 100 ms, in bins of 50 ms
side = np.arange(2 * group) // group
open_to = (np.arange(turns)[:, None] + side) % 2  # which stream a target attends to, (turn, target)
net = lq.Network()
targets = net.population(target, 2 * group, name="targets")
for stream in (0, 1):
    source = net.population(poisson, 100, name=f"stream_{stream}")
    net.stimulate(source, "rate", lq.stimuli.array(np.tile(rates[:, [stream]], 100) * Hz, dt=50 * ms))
    gates = net.population(gate, 2 * group, name=f"gates_{stream}")
    net.stimulate(gates, "cue", lq.stimuli.array((open_to == stream) * 1.0, dt=500 * ms))
    net.connect(
        source, targets, on_pre="v += w*x_gate", w=0.1, where=lq.fixed_probability(0.8), modulators=dict(gate=gates)
    )
net.record(targets, "spikes")
spikes = lq.simulate(net, 500 * turns * ms, dt=0.5 * ms, seed=1).spikes["targets"]
edges = np.arange(len(rates) + 1) * 50.0
answers = np.array([np.histogram(spikes[of].times, edges)[0] for of in (side == 0, side == 1)]).T / group * 20  # Hz
settled = np.arange(len(rates)) % 10 > 0
attended = np.take_along_axis(rates, np.repeat(open_to[:, [0, -1]], 10, axis=0), 1)
ignored = np.take_along_axis(rates, np.repeat(1 - open_to[:, [0, -1]], 10, axis=0), 1)
follows, leaks = (np.corrcoef(answers[settled].ravel(), of[settled].ravel())[0, 1] for of in (attended, ignored))
nearer = 100 * np.mean(
    [
        np.corrcoef(answers[turn : turn + 10, k], attended[turn : turn + 10, k])[0, 1]
        > np.corrcoef(answers[turn : turn + 10, k], ignored[turn : turn + 10, k])[0, 1]
        for turn in range(0, len(rates), 10)
        for k in (0, 1)
    ]
)

# %%
# A dendrite is a compartment of the target with an input of its own, which projections name. Two groups of sources end
# there, on NMDA channels or on AMPA channels alone; the soma adds up what the dendrite passes on.
two = lq.Neuron(
    """
    dv/dt = (g_l*(e_l - v) + g_c*(v_dend - v) + i_soma)/c_m : mV
    dv_dend/dt = (g_l*(e_l - v_dend) + g_c*(v - v_dend) + i_dend)/c_m : mV
    i_soma : pA (input)
    i_dend : pA (input)
    """,
    parameters=dict(c_m="100 pF", g_l="5 nS", g_c="5 nS", e_l="-75 mV"), initial=dict(v="e_l", v_dend="e_l"),
)  # fmt: skip
levels = np.linspace(0, 200, 3 if SMOKE else 6)  # spikes/s of a group
first, second_ = (grid.ravel() for grid in np.meshgrid(levels, levels, indexing="ij"))
channels = {
    "NMDA": (lq.synapses.nmda(v="v_dend"), 0.9 * nS),
    "AMPA": (lq.synapses.conductance("5 ms", "0 mV", v="v_dend"), 1.2 * nS),
}
net = lq.Network()
groups = [net.population(poisson, len(first), name=f"group_{k}") for k in (1, 2)]
for source, rate in zip(groups, (first, second_), strict=True):
    net.stimulate(source, "rate", rate * Hz)
for name, (synapse, w) in channels.items():
    dendrites = net.population(two, len(first), name=name)
    for source in groups:
        net.connect(source, dendrites, synapse, into="i_dend", w=w, where=lq.one_to_one())
    net.record(dendrites, "v", every=1 * ms, name=name)
traces = lq.simulate(net, (2 if SMOKE else 10) * second, dt=0.1 * ms, seed=1).traces
raised = {name: (traces[f"{name}"].values[300:].mean(0) + 75).reshape(2 * levels.shape) for name in channels}
gain = {name: of[-1, -1] / (of[-1, 0] + of[0, -1]) for name, of in raised.items()}

# %%
fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.3), layout="constrained")
axes[0].plot(estimate[::20, 0], estimate[::20, 2], lw=1, label="spikes")
axes[0].plot(lorenz[::20, 0], lorenz[::20, 2], "k:", lw=0.8, label="equation")
axes[0].set(xlabel="x", ylabel="z", title="products of sums")
axes[0].legend(frameon=False, fontsize=8)
axes[1].plot(attended[settled].ravel(), answers[settled].ravel(), ".", ms=2, label="attended")
axes[1].plot(ignored[settled].ravel(), answers[settled].ravel(), ".", ms=2, label="ignored")
axes[1].set(xlabel="rate of the stream (Hz)", ylabel="rate of the targets (Hz)", title="gates at the targets")
axes[1].legend(frameon=False, fontsize=8)
for name, line in (("NMDA", "-"), ("AMPA", ":")):
    for colour, k in enumerate((0, len(levels) // 2, -1)):
        axes[2].plot(levels, raised[name][:, k], f"C{colour}{line}", label=f"{name}, {levels[k]:.0f} Hz")
axes[2].set(xlabel="rate of one group (Hz)", ylabel="depolarisation of the soma (mV)", title="a dendrite, two groups")
axes[2].legend(frameon=False, fontsize=7)

# %%
merits = [
    Merit("Lorenz: largest error in the first second", error, "< 0.15"),
    Merit("Lorenz: spikes in a step, at most", np.max(np.bincount(result.spikes["crowd"].steps)), "<= 1"),
    Merit("attention: correlation with the attended stream", follows, "> 0.9"),
    Merit("attention: correlation with the ignored stream", leaks, "-0.1 to 0.1"),
    Merit("attention: turns in which the attended stream is followed", nearer, ">= 90 %"),
    Merit("NMDA: response to both groups, in parts of the sum", gain["NMDA"], "> 1.3", published="more than the sum"),
    Merit("AMPA: response to both groups, in parts of the sum", gain["AMPA"], "< 1", published="less than the sum"),
]
print(merit_table(merits))
assert error < 0.15
assert follows > 0.8
assert gain["NMDA"] > 1.1 > gain["AMPA"]
assert SMOKE or all(merit.met for merit in merits)
