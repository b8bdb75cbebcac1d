"""
Three numbers for four thousand cells, and why cells should differ
==================================================================

The mean of a network is not one of its cells. But if cells are quadratic, all receive the same, and their excitability
follows a Lorentzian distribution, then rate r and mean potential v obey closed equations, exactly for many cells
(Montbrió, Pazó & Roxin 2015, doi:10.1103/PhysRevX.5.021028). Here they are a `lapicque.Neuron` like any other, beside
the 4000 cells that they stand for. Gast, Solla & Kennedy 2023 (doi:10.1103/PhysRevE.107.024306) did the same for
Izhikevich's cells with adaptation, whose thresholds differ, and asked what the differences are good for (2024,
doi:10.1073/pnas.2311885121): cells that are alike remember a pulse, together; cells that differ forget it, and instead
each takes a way of its own, so that many functions of time can be read from them.

.. image:: /gallery_figures/mean_field.png
   :alt: phase plane of the mean field, rates of spiking networks on those of their mean fields, memory of a pulse for
         three widths of the thresholds, dimensionality and readout error against the width, and a function read out
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/mean_field.png'

import os

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import brentq

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import ms, mV, pA

SMOKE = "LAPICQUE_SMOKE" in os.environ
n, phase = (800, 100) if SMOKE else (4000, 400)  # cells; ms before, during and after a pulse

# %%
# Quadratic cells run from minus to plus infinity. As angles, v = tan(theta/2), they just turn, and no peak has to be
# chosen. All receive the mean of traces that their spikes leave.
quadratic = lq.Neuron(
    """
    dtheta/dt = (1 - cos(theta) + (1 + cos(theta))*(eta + j*tau*s + i))/tau : 1
    dx/dt = -x/tau_s : Hz
    s = mean(x) : Hz (shared)
    i : 1 (input)
    eta : 1
    """,
    threshold="theta > pi", reset="theta -= 2*pi; x += 1/tau_s",
    parameters=dict(tau="10 ms", tau_s="1 ms", j=15, eta=-5),
)  # fmt: skip
quadratic_field = lq.Neuron(
    """
    dr/dt = (delta/(pi*tau) + 2*r*v)/tau : Hz
    dv/dt = (v**2 + eta + j*tau*s + i - (pi*tau*r)**2)/tau : 1
    ds/dt = (r - s)/tau_s : Hz
    i : 1 (input)
    """,
    parameters=dict(tau="10 ms", tau_s="1 ms", j=15, eta=-5, delta=1), initial=dict(r="8 Hz", v=-2, s="8 Hz"),
)  # fmt: skip
in_the_plane = lq.Neuron(  # the trace of a spike gone at once: the same points of rest
    """
    dr/dt = (delta/(pi*tau) + 2*r*v)/tau : Hz
    dv/dt = (v**2 + eta + j*tau*r - (pi*tau*r)**2)/tau : 1
    """,
    parameters=dict(tau="10 ms", j=15, eta=-5, delta=1),
)

# %%
# The same for Izhikevich's cells, v = a_v + b_v tan(phi/2), with thresholds v_t that differ.
izhikevich = """
    dphi/dt = (k*(b_v**2*(1 - cos(phi)) + b_v*(2*a_v - v_r - v_t)*sin(phi) + (a_v - v_r)*(a_v - v_t)*(1 + cos(phi)))
               + (1 + cos(phi))*(i_ext - u + g*s*(e - a_v)) - g*s*b_v*sin(phi))/(b_v*c) : 1
    i_ext : pA (input)
    v_t : mV
    """
values = dict(c="100 pF", k="0.7 nS/mV", v_r="-60 mV", v_t="-40 mV", g="15 nS", e="0 mV", tau_s="6 ms", tau_u="33.3 ms",
              kappa="10 pA")  # fmt: skip
angle = dict(a_v="-50 mV", b_v="20 mV")
coupled = lq.Neuron(
    izhikevich + """
    dx/dt = -x/tau_s : 1
    s = mean(x) : 1 (shared)
    du_i/dt = -u_i/tau_u : pA
    u = mean(u_i) : pA (shared)
    """,
    threshold="phi > pi", reset="phi -= 2*pi; x += 1; u_i += kappa", parameters=values | angle,
)  # fmt: skip
izhikevich_field = lq.Neuron(
    """
    dr/dt = (delta*k**2*abs(v - v_r)/(pi*c) + r*(k*(2*v - v_r - v_t) - g*s))/c : Hz
    dv/dt = (k*(v - v_r)*(v - v_t) - pi*c*r*(delta*sign(v - v_r) + pi*c*r/k) - u + i_ext + g*s*(e - v))/c : mV
    du/dt = kappa*r - u/tau_u : pA
    ds/dt = r - s/tau_s : 1
    i_ext : pA (input)
    """,
    parameters=values | dict(delta="1 mV"), initial=dict(v="-60 mV"),
)  # fmt: skip


# %%
# A pulse to all cells of the spiking network, and to its mean field.
def driven(neuron, count, drive, dt, method, what, **initial):
    net = lq.Network()
    cells = net.population(neuron, count, name="cells", **initial)
    for name, stimulus in drive:
        net.stimulate(cells, name, stimulus)
    net.record(cells, what, every=None if what == "spikes" else 1 * ms)
    return lq.simulate(net, 3 * phase * ms, dt=dt * ms, method=method, progress=False)


def beside(spiking, field, drive, dt, **spread):
    """Rates in Hz of the network and of its mean field, over 1-ms bins, and how far means over phases are off (%)."""
    spikes = driven(spiking, n, drive, dt, "euler", "spikes", **spread).spikes["cells"]
    rate = 1000 * np.histogram(spikes.times, np.arange(0, 3 * phase + 1))[0] / n
    exact = driven(field, 1, drive, 0.01, "rk4", "r").traces["cells.r"].values[:, 0]
    halves = [slice(k * phase + phase // 2, (k + 1) * phase) for k in range(3)]
    means = np.array([[rate[half].mean(), exact[half].mean()] for half in halves])
    return rate, exact, means


lorentzian = np.tan(np.pi / 2 * (2 * np.arange(1, n + 1) - n - 1) / (n + 1))  # quantiles, of width 1 around 0
step = lq.stimuli.pulse(3.0, phase * ms, phase * ms)
start = dict(theta=2 * np.arctan(-2.0))
qif = beside(quadratic, quadratic_field, [("i", step)], 0.01, eta=-5 + lorentzian, initial=start)
print("quadratic cells (Hz, cells and field: before, during, after):", qif[2].round(2).tolist())
widths = (0.5, 4.0) if SMOKE else (0.5, 2.0, 4.0)
base = [("i_ext", lq.stimuli.step(50 * pA, start=0 * ms)), ("i_ext", lq.stimuli.pulse(20 * pA, phase * ms, phase * ms))]
ik = {
    delta: beside(coupled, izhikevich_field.with_(delta=delta * mV), base, 0.05 if SMOKE else 0.02,
                  v_t=(-40 + delta * lorentzian) * mV, initial=dict(phi=2 * np.arctan(-0.5)))
    for delta in widths
}  # fmt: skip
for delta, (_, _, means) in ik.items():
    print(f"Izhikevich's cells, thresholds ± {delta} mV:", means.round(2).tolist())

# %%
# Cells connected at random (a fifth of all pairs), with a little noise, of which a tenth receives a pulse. How many
# dimensions has what they do, on average over trials? How well can a function of time be read from them, by weights
# that are fitted to some trials (ridge regression) and tried on others?
sparse = lq.Neuron(
    izhikevich.replace("g*s", "g*x") + """
    dx/dt = -x/tau_s : 1
    dy/dt = -y/tau_s : 1  # what its own spikes leave
    du/dt = -u/tau_u : pA
    """,
    threshold="phi > pi", reset="phi -= 2*pi; y += 1; u += kappa", parameters=values | angle,
)  # fmt: skip
cells, trials, fitted = (200, 4, 3) if SMOKE else (1000, 20, 14)
after = np.arange(20, 300, 5)  # ms after the pulse began
target = np.sin(2 * np.pi * after / 140) * np.cos(2 * np.pi * after / 93) + np.sin(2 * np.pi * after / 280)


def ways(delta, seed):
    """What spikes leave, (trial, time, cell), after a pulse; mean rate."""
    random = np.random.default_rng(seed)
    quantile = (np.arange(cells) + 0.5) / cells
    thresholds = -40 + delta * np.tan(np.arctan(15 / delta) * (2 * quantile - 1))  # a Lorentzian, cut at 15 mV
    net = lq.Network()
    population = net.population(sparse, cells, name="cells", initial=dict(phi="-2 + 2*rand()"),
                                v_t=random.permutation(thresholds) * mV)  # fmt: skip
    net.connect(population, population, on_pre="x += w", w=5 / cells, where=lq.fixed_probability(0.2))
    net.stimulate(population, "i_ext", lq.stimuli.ornstein_uhlenbeck(mean=60 * pA, sd=1 * pA, tau=5 * ms))
    net.stimulate(population[: cells // 10], "i_ext", lq.stimuli.pulse(200 * pA, 200 * ms, 20 * ms))
    net.record(population, "y", every=5 * ms)
    net.record(population, "spikes")
    found = lq.simulate(net, 500 * ms, dt=0.05 * ms, trials=trials, seed=seed, progress=False)
    left = found.traces["cells.y"]
    chosen = np.isin(np.asarray(left.times).round(3), 200 + after)
    return left.values[chosen].transpose(1, 0, 2), found.spikes["cells"].rate().mean()


def read(activity):
    """The readout in trials that it has not seen, (trial, time)."""
    known = activity[:fitted].reshape(-1, cells)
    centre, wanted = known.mean(0), np.tile(target, fitted)
    left, size, right = np.linalg.svd(known - centre, full_matrices=False)
    readout = right.T @ (size / (size**2 + 1e-3 * size[0] ** 2) * (left.T @ (wanted - wanted.mean())))
    return (activity[fitted:] - centre) @ readout + wanted.mean()


spreads = (0.5, 4.0) if SMOKE else (0.1, 0.5, 1.0, 2.0, 4.0, 8.0)
seeds = (1,) if SMOKE else (1, 2, 3)
dimensions, errors = np.zeros((2, len(seeds), len(spreads)))
outputs = {}
for row, seed in enumerate(seeds):
    for column, delta in enumerate(spreads):
        activity, rate = ways(delta, seed)
        outputs[delta] = read(activity)
        dimensions[row, column] = lq.spikes.participation_ratio(activity.mean(0))
        errors[row, column] = ((outputs[delta] - target) ** 2).mean() / target.var()
        print(f"thresholds ± {delta} mV, network {seed}: {rate:.1f} Hz, {dimensions[row, column]:.1f} dimensions, "
              f"error {errors[row, column]:.3f}")  # fmt: skip
dimension, error = dimensions.mean(0), errors.mean(0)

# %%
fig, axes = plt.subplots(2, 3, figsize=(11, 5.8), layout="constrained")
lq.plot.phase_plane(in_the_plane, axes[0, 0], x=(0, 180), y=(-3.5, 1.5))
axes[0, 0].legend(frameon=False, loc="lower right", fontsize=7)
axes[0, 0].set_title("quadratic cells, mean field", fontsize=9)
time = np.arange(3 * phase) + 0.5
axes[0, 1].plot(time, qif[0], color="0.7", lw=0.8, label=f"{n} cells")
axes[0, 1].plot(np.arange(len(qif[1])), qif[1], lw=1, label="mean field")
axes[0, 1].set(xlabel="time (ms)", ylabel="rate (Hz)", title="quadratic cells, a pulse")
axes[0, 1].legend(frameon=False)
for colour, (delta, (rate, exact, _)) in zip(("C0", "C1", "C2"), ik.items(), strict=False):
    axes[0, 2].plot(time, rate, color="0.8", lw=0.6)
    axes[0, 2].plot(np.arange(len(exact)), exact, color=colour, lw=1, label=f"± {delta} mV")
axes[0, 2].set(xlabel="time (ms)", title="Izhikevich's cells, thresholds differ", ylim=(0, 80))
axes[0, 2].legend(frameon=False)
axes[1, 0].semilogx(spreads, dimension, "o-", color="C0")
axes[1, 0].set(xlabel="width of the thresholds (mV)", ylabel="dimensions")
axes[1, 1].loglog(spreads, error, "o-", color="C3")
axes[1, 1].set(xlabel="width of the thresholds (mV)", ylabel="error of the readout, of the variance")
axes[1, 2].plot(after, target, color="0.6", lw=3)
for delta, colour in ((0.5, "C1"), (4.0, "C0")):
    for k, output in enumerate(outputs[delta][:2]):
        axes[1, 2].plot(after, output, color=colour, lw=1, label=f"± {delta} mV" if k == 0 else None)
axes[1, 2].set(xlabel="time after the pulse (ms)", title="a function read out")
axes[1, 2].legend(frameon=False)


# %%
def off(means):
    """The largest deviation in percent."""
    return 100 * np.abs(means[:, 0] / means[:, 1] - 1).max()


def self_consistent(rate):
    """How far off a rate is, in 1/tau, that gives each of the cells what it needs to fire at that rate on average."""
    return np.sqrt(np.maximum(-5 + lorentzian + 15 * rate, 0)).mean() / np.pi - rate


rests = qif[2][0]
summed = 100 * brentq(self_consistent, 0.01, 0.2)  # Hz, with tau = 10 ms
memory = {delta: means[2, 0] / means[0, 0] for delta, (_, _, means) in ik.items()}
alike, different = spreads.index(0.5), spreads.index(4.0)
merits = [
    # before the pulse, the few that fire belong to the distribution's tail, which with 4000 cells comes to an end
    Merit("quadratic cells before a pulse, off from the mean field", 100 * abs(rests[0] / rests[1] - 1), "< 3 %"),
    Merit("... off from the sum over 4000 cells", 100 * abs(rests[0] / summed - 1), "< 1 %", published="exact"),
    Merit("... during and after it, off from the mean field", off(qif[2][1:]), "< 3 %", published="exact"),
    Merit("Izhikevich's cells before, during and after, all widths", max(off(m) for _, _, m in ik.values()), "< 3 %",
          published="exact"),
    Merit("rate after a pulse over that before it, ± 0.5 mV", memory[0.5], "> 5", published="bistable"),
    Merit("... ± 4 mV", memory[4.0], "< 1.2", published="not bistable"),
    Merit("widths that have more dimensions than the next smaller one", (np.diff(dimension) > 0).sum(), "= 5 of 5",
          published="all"),
    Merit("dimensions at ± 4 mV over those at ± 0.5 mV", dimension[different] / dimension[alike], "> 1.5"),
    Merit("error of the readout at ± 4 mV over that at ± 0.5 mV", error[different] / error[alike], "< 0.5"),
]  # fmt: skip
print(merit_table(merits))
assert off(qif[2][1:]) < 5, qif[2]
assert memory[0.5] > 2 * memory[4.0], memory
assert dimension[different] > dimension[alike], dimension
assert SMOKE or all(merit.met for merit in merits[1:])
