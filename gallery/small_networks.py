"""
Six neurons, six networks, a few lines each
===========================================

The small examples that SpikingNeuralNetworks.jl (https://github.com/AStupidBear/SpikingNeuralNetworks.jl) made popular
in Julia: integrate-and-fire cells in a balanced network, the same with noise, Poisson cells that drive others,
Izhikevich's cells, Hodgkin and Huxley's, and units whose rate is a hyperbolic tangent.

.. image:: /gallery_figures/small_networks.png
   :alt: rasters of five spiking networks and traces of rate units
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/small_networks.png'

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.units import ms, mV, nS, pA

fig, axes = plt.subplots(3, 2, figsize=(9, 6.5), layout="constrained")


def drawn(ax, title, result):
    lq.plot.population_raster(result, ax, most=200)
    ax.set_title(title, fontsize=9)
    return {name: trains.rate().mean() for name, trains in result.spikes.items()}


# %%
# Integrate-and-fire cells: 80 of 100 excite, all are connected at random, a constant current drives them.
excitation, inhibition = lq.synapses.exponential(tau=6 * ms), lq.synapses.exponential(tau=20 * ms)


def balanced(cells, drive):
    net = lq.Network()
    exc = net.population(cells, 400, name="exc", initial=dict(v=lq.uniform(-70 * mV, -50 * mV)))
    inh = net.population(cells, 100, name="inh", initial=dict(v=lq.uniform(-70 * mV, -50 * mV)))
    for target in (exc, inh):
        net.connect(exc, target, excitation, into="i_ext", w=20 * pA, where=lq.fixed_probability(0.1), delay=1 * ms)
        net.connect(inh, target, inhibition, into="i_ext", w=-80 * pA, where=lq.fixed_probability(0.1), delay=1 * ms)
        net.stimulate(target, "i_ext", drive)
        net.record(target, "spikes")
    return net


regular = drawn(axes[0, 0], "integrate and fire", lq.simulate(balanced(lq.neurons.lif, 350 * pA), 300 * ms))

# %%
# The same with noise: a current that fluctuates, instead of one that is constant.
noise = lq.stimuli.ornstein_uhlenbeck(mean=200 * pA, sd=150 * pA, tau=5 * ms)
noisy = drawn(axes[0, 1], "integrate and fire, with noise", lq.simulate(balanced(lq.neurons.lif, noise), 300 * ms))

# %%
# Cells that fire by chance alone, with a rate that waxes and wanes, drive cells that integrate.
net = lq.Network()
poisson = lq.Neuron("rate = 20*Hz*(1 + sin(2*pi*5*Hz*t)) : Hz", threshold="hazard(rate)", reset="")
source = net.population(poisson, 200, name="poisson")
target = net.population(lq.neurons.lif, 50, name="lif")
net.connect(source, target, excitation, into="i_ext", w=20 * pA, where=lq.fixed_probability(0.5), delay=1 * ms)
net.record(source, "spikes")
net.record(target, "spikes")
driven = drawn(axes[1, 0], "Poisson cells", lq.simulate(net, 400 * ms, seed=1))

# %%
# Izhikevich's cells, regular and fast spiking.
net = lq.Network()
exc = net.population(lq.neurons.izhikevich, 80, name="regular")
inh = net.population(lq.neurons.izhikevich, 20, name="fast", a="0.1 1/ms", d="2 mV/ms")
for cells in (exc, inh):
    net.connect(exc, cells, on_pre="v += w", w=0.6 * mV, where=lq.fixed_probability(0.3), delay=1 * ms)
    net.connect(inh, cells, on_pre="v += w", w=-1 * mV, where=lq.fixed_probability(0.3), delay=1 * ms)
    net.stimulate(cells, "i_ext", lq.stimuli.white_noise(5 * pA, 5 * pA))
    net.record(cells, "spikes")
izhikevich = drawn(axes[1, 1], "Izhikevich", lq.simulate(net, 400 * ms, dt=0.25 * ms, method="euler", seed=1))

# %%
# Hodgkin and Huxley's squid axons in a ring, each exciting the next: one spike goes round.
net = lq.Network()
ring = net.population(lq.neurons.hodgkin_huxley, 30, name="ring")
numbers = np.arange(30)
ampa = lq.synapses.conductance(tau=1 * ms, e=0 * mV)
net.connect(ring, ring, ampa, into="i_ext", w=10 * nS, delay=1 * ms, where=lq.edges(numbers, (numbers + 1) % 30))
net.stimulate(ring[:1], "i_ext", lq.stimuli.pulse(200 * pA, start=2 * ms, duration=1 * ms))
net.record(ring, "spikes")
result = lq.simulate(net, 300 * ms, dt=0.05 * ms)
hodgkin_huxley = drawn(axes[2, 0], "Hodgkin and Huxley", result)

# %%
# Units without spikes: each reads the weighted sum of the others' rates in every step. With strong random weights the
# network is chaotic (Sompolinsky, Crisanti & Sommers 1988, doi:10.1103/PhysRevLett.61.259).
unit = lq.Neuron("dx/dt = (-x + field)/tau : 1\nfield : 1 (input)", parameters=dict(tau="10 ms"), output="tanh(x)")
net = lq.Network()
units = net.population(unit, 200, name="units", initial=dict(x=lq.normal(0, 1)))
weights = 2 / np.sqrt(200) * np.random.default_rng(3).standard_normal((200, 200))
net.connect(units, units, lq.synapses.graded("1"), into="field", w=weights)
net.record(units[:6], "x", name="x")
x = lq.simulate(net, 400 * ms, dt=0.2 * ms).traces["x"]
lq.plot.traces(x, axes[2, 1]).set_title("rate units", fontsize=9)

# %%
# Every network is active without running away; the noisy one is less regular; the spike in the ring keeps going.
print(regular, noisy, driven, izhikevich, hodgkin_huxley)
for rates in (regular, noisy, driven, izhikevich):
    assert all(0.5 < rate < 150 for rate in rates.values())
assert abs(driven["poisson"] - 20) < 2
assert result.spikes["ring"].counts.min() >= 2
assert x.values[1000:].std(axis=0).min() > 0.3
