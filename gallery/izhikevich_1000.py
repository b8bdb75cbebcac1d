"""
A thousand spiking neurons that oscillate
=========================================

Izhikevich's network of 2003, doi:10.1109/TNN.2003.820440: 800 excitatory cells between regular spiking and chattering,
200 inhibitory cells between fast and low-threshold spiking, all connected to all with random weights, and noise from
the thalamus. Without any pacemaker the cells fall into rhythms of about 10 and 40 Hz.

.. image:: /gallery_figures/izhikevich_1000.png
   :alt: raster with vertical bands, the potential of one cell, and the power spectrum of the rate
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/izhikevich_1000.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.units import ms, mV, pA

duration = 1000 if "LAPICQUE_SMOKE" in os.environ else 2000

# %%
# Two cells are never alike: a random number r moves each along the line between two classes, more cells towards the
# first. The paper's step of 1 ms, with two steps of 0.5 ms for the voltage, is here 0.5 ms for all.
rng = np.random.default_rng(1)
r_e, r_i = rng.random(800) ** 2, rng.random(200)
rates = dict(a="0.02 1/ms", b="0.2 1/ms")
net = lq.Network()
exc = net.population(lq.neurons.izhikevich, 800, name="exc", c=(-65 + 15 * r_e) * mV, d=8 - 6 * r_e, **rates)
inh = net.population(lq.neurons.izhikevich, 200, name="inh", a=0.02 + 0.08 * r_i, b=0.25 - 0.05 * r_i, c=-65 * mV, d=2)
for target in (exc, inh):
    net.connect(exc, target, on_pre="v += w", w=lq.uniform(0 * mV, 0.5 * mV), delay=1 * ms)
    net.connect(inh, target, on_pre="v += w", w=lq.uniform(-1 * mV, 0 * mV), delay=1 * ms)
net.stimulate(exc, "i_ext", lq.stimuli.white_noise(0 * pA, 5 * pA, tau=0.5 * ms))
net.stimulate(inh, "i_ext", lq.stimuli.white_noise(0 * pA, 2 * pA, tau=0.5 * ms))
net.record(exc, "spikes")
net.record(inh, "spikes")
net.record(exc[:1], "v", name="membrane")
result = lq.simulate(net, duration * ms, dt=0.5 * ms, method="euler", seed=1)
print(result)

# %%
fig, axes = plt.subplot_mosaic([["raster", "raster"], ["membrane", "spectrum"]], figsize=(8, 5), layout="constrained",
                               height_ratios=[2, 1])  # fmt: skip
lq.plot.population_raster(result, axes["raster"], window=(0, 1000), most=400)
lq.plot.traces(result.traces["membrane"], axes["membrane"]).set_xlim(0, 1000)
lq.plot.spectrum(result.spikes["exc"], axes["spectrum"], bin=2 * ms, highest="100 Hz")

# %%
# The number of spikes in a few milliseconds varies much more than by chance; the strongest rhythm is slow.
counts = np.histogram(result.spikes["exc"].times, np.arange(0, duration + 1, 5))[0]
frequency, power = axes["spectrum"].lines[0].get_data()
strongest = frequency[np.argmax(power)]
print(f"variance over mean of the counts {counts.var() / counts.mean():.0f}, strongest rhythm {strongest:.0f} Hz")
assert counts.var() > 5 * counts.mean()
assert 2 <= strongest <= 50
