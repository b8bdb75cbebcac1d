"""
Oja's rule and FORCE: what a readout can learn
==============================================

One unit that reads many learns in two ways. Left to itself, with Oja's rule, it finds the direction in which its inputs
vary most, and its weights stay of length 1 (Oja 1982, doi:10.1007/BF00275687). With a teacher, and fed back to 1,000
spiking cells that it reads, it turns their chaos into a clock: by recursive least squares the readout follows a sine
from the first moments on, and goes on by itself when learning ends (Nicola & Clopath 2017,
doi:10.1038/s41467-017-01827-3).

.. image:: /gallery_figures/oja_and_force.png
   :alt: Oja's weights turning to the first principal component; spikes and readout before, during and after learning
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/oja_and_force.png'

import os

import matplotlib.pyplot as plt
import numpy as np
import scipy.linalg
import scipy.sparse

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import ms, mV

SMOKE = "LAPICQUE_SMOKE" in os.environ

# %%
# Oja: Hebbian growth, and decay by the square of the output. Each step brings a new sample of twenty inputs.
channel = lq.Neuron("x : 1 (input)", output="x")
linear = lq.Neuron("y : 1 (input)")
oja = lq.Synapse(
    """
    dw/dt = rate*y_post*(x_pre - y_post*w) : 1 (clock-driven)
    y = w*x_pre : 1 (summed)
    """,
    parameters=dict(rate="0.0005 1/ms"),
)
rng = np.random.default_rng(1)
steps, n = 2000 if SMOKE else 20_000, 20
directions = np.linalg.qr(rng.standard_normal((n, n)))[0]
samples = rng.standard_normal((steps, n)) * np.geomspace(2, 0.2, n) @ directions.T
net = lq.Network()
inputs, unit = net.population(channel, n, name="inputs"), net.population(linear, 1, name="unit")
net.connect(inputs, unit, oja, into="y", w=rng.normal(0, 0.1, (n, 1)), name="oja")
net.stimulate(inputs, "x", lq.stimuli.array(samples, dt=1 * ms))
net.record(net["oja"], "w", every=20 * ms, name="w")
w = lq.simulate(net, steps * ms, dt=1 * ms, method="euler").traces["w"].values
component = np.linalg.eigh(samples.T @ samples)[1][:, -1]
cosine = np.abs(w @ component) / np.linalg.norm(w, axis=1)
print("cosine with the first principal component:", cosine[-1])

# %%
# FORCE: cells in a random network, each synapse a current with rise and decay. The same filter of a cell's own spikes
# is what the readout reads, ``r``.
size, chance, begin, end, duration = (400, 0.1, 100, 350, 400) if SMOKE else (1000, 0.1, 1000, 5000, 7000)
cell = lq.Neuron(
    """
    dv/dt = (v_th - v + current + feedback)/tau_m : mV (unless refractory)
    feedback : mV (input)                                    # what the readout sends back
    dcurrent/dt = -current/tau_rise + h : mV
    dh/dt = -h/tau_decay : mV/ms
    dr/dt = -r/tau_rise + s : Hz
    ds/dt = -s/tau_decay : Hz/ms
    dgain/dt = 0 : second                                    # of learning, see below
    """,
    threshold="v > v_th", reset="v = -65*mV; s += 1/(tau_rise*tau_decay)", refractory="2 ms",
    parameters=dict(v_th="-40 mV", tau_m="10 ms", tau_rise="2 ms", tau_decay="20 ms"),
)  # fmt: skip
reader = lq.Neuron(
    """
    total : 1 (input)
    z[n+1] = total : 1
    error = z - sin(2*pi*5*Hz*t) : 1
    """,
    output="z",
)
force = lq.Synapse(
    """
    total = phi*r_pre : 1 (summed)
    phi : second
    """,
    on=dict(learn=lq.Every(2.5 * ms, "phi -= gain_pre*error_post")),
)
net = lq.Network()
cells = net.population(cell, size, name="cells", initial=dict(v=lq.uniform(-65 * mV, 30 * mV)))
readout = net.population(reader, 1, name="readout")
random = scipy.sparse.random_array((size, size), density=chance, rng=rng, data_sampler=rng.standard_normal)
strength = 0.04 / (np.sqrt(size) * chance) * 1000 / (2 * 20)  # mV/ms
net.connect(cells, cells, lq.Synapse("w : mV/ms (weight)", on_pre="h += w"), where=lq.sparse(strength * random))
net.connect(readout, cells, lq.synapses.graded("mV"), into="feedback", w=rng.uniform(-20, 20, (1, size)) * mV)
net.connect(cells, readout, force, into="total", phi=0.0, name="phi")

# %%
# The rule needs one thing that no synapse knows: how the rates of all cells vary together. Python keeps the inverse of
# their correlation and hands each cell its gain, at the moments at which its synapse learns.
inverse = np.asfortranarray(1e-5 * np.eye(size))


def renew(sim):
    """Recursive least squares: one more sample of the rates."""
    gain = np.zeros(size)
    if begin <= sim.time < end:
        r = sim.get("cells.r")
        along = inverse @ r
        gain = along / (1 + r @ along)
        scipy.linalg.blas.dger(-1.0, along, gain, a=inverse, overwrite_a=True)
    sim.set("cells.gain", gain)


net.operation(renew, every=2.5 * ms)
net.record(readout, "z", every=1 * ms, name="z")
net.record(cells[:40], "spikes", name="raster")
result = lq.simulate(net, duration * ms, dt=0.1 * ms)
z, t = result.traces["z"].values[:, 0], result.traces["z"].times
target = np.sin(2 * np.pi * 5 * t / 1000)


def error(start, stop):
    """Root mean square of the readout minus the target, in standard deviations of a sine."""
    inside = (t >= start) & (t < stop)
    return np.sqrt(2 * ((z - target)[inside] ** 2).mean())


before, during, after = error(0, begin), error(begin + 20, end), error(end, duration)
print(f"error before {before:.2f}, while learning {during:.2f}, after {after:.2f}")

# %%
fig, (first, second, third) = plt.subplots(1, 3, figsize=(11, 3), layout="constrained", width_ratios=[2, 3, 3])
first.plot(np.arange(len(w)) * 20 / 1000, cosine, label="cosine with the component")
first.plot(np.arange(len(w)) * 20 / 1000, np.linalg.norm(w, axis=1), label="length of the weights")
first.set(xlabel="time (s)", title="Oja")
first.legend(frameon=False, fontsize=7)
for ax, middle, title in ((second, begin, "FORCE: learning begins"), (third, end, "learning ends")):
    lq.plot.raster(result.spikes["raster"], ax, color="0.7")
    over = ax.twinx()
    over.plot(t, target, color="C1", lw=0.8)
    over.plot(t, z, color="C0", lw=1)
    over.axvline(middle, color="grey", lw=0.8)
    over.set(ylim=(-3, 1.5), yticks=[-1, 0, 1])
    ax.set(xlim=(middle - 400, middle + 800), ylabel="", yticks=[], title=title)

# %%
# What remains after learning is a slow drift of the clock's phase, which differs from network to network.
merits = [
    Merit("Oja: cosine with the first principal component", cosine[-1], "> 0.99"),
    Merit("FORCE: error while learning, in standard deviations", during, "< 0.1"),
    Merit("FORCE: error in the second after learning", error(end, end + 1000), "< 0.2"),
]
print(merit_table(merits))
assert cosine[-1] > 0.9
assert abs(np.linalg.norm(w[-1]) - 1) < 0.1
assert during < 0.6 * before
assert SMOKE or all(merit.met for merit in merits)
