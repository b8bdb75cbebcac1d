"""
A closed loop: holding a network at a rate
==========================================

Between two stretches of a run, Python looks at the spikes and changes a current: an integral controller that keeps a
population at 10 Hz, while the excitability of the cells is taken away from them. Wagenaar, Madhavan, Pine & Potter
2005, doi:10.1523/JNEUROSCI.4209-04.2005, did this to living cultures.

.. image:: /gallery_figures/closed_loop.png
   :alt: the rate returns to 10 Hz after the disturbance, as the controlling current rises
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/closed_loop.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.units import ms, mV, pA

SMOKE = "LAPICQUE_SMOKE" in os.environ

net = lq.Network()
cells = net.population(lq.neurons.lif, 200, name="cells", initial=dict(v=lq.uniform(-70 * mV, -50 * mV)))
net.stimulate(cells, "i_ext", lq.stimuli.ornstein_uhlenbeck(mean=0 * pA, sd=100 * pA, tau=5 * ms), name="noise")
net.stimulate(cells, "i_ext", lq.stimuli.step(-60 * pA, start=1000 * ms), name="disturbance")
net.record(cells, "spikes")

# %%
# Every 20 ms: run, count, adjust.
current, history = 100.0, []  # pA
with lq.Simulation(net, dt=(0.5 if SMOKE else 0.1) * ms, seed=1) as simulation:
    for _ in range(100):
        simulation.set("cells.i_ext", current * pA)
        rate = simulation.run(20 * ms).spikes["cells"].rate().mean()
        current += 0.8 * (10 - rate)
        history.append((simulation.time, rate, current))
times, rates, currents = np.array(history).T

fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4), sharex=True, layout="constrained")
above.plot(times, rates)
above.axhline(10, color="grey", lw=0.8)
above.set_ylabel("rate (Hz)")
below.plot(times, currents, color="C1")
below.set_ylabel("control (pA)")
below.set_xlabel("time (ms)")

# %%
# The rate falls when the cells lose 60 pA, and returns as the controller gives them back.
print(rates[40:50].mean(), rates[50:54].mean(), rates[-20:].mean())
assert abs(rates[40:50].mean() - 10) < 2
assert rates[50:54].mean() < 7
assert abs(rates[-20:].mean() - 10) < 2
assert abs(currents[-20:].mean() - currents[40:50].mean() - 60) < 15
