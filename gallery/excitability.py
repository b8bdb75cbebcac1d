"""
Two ways to begin to fire
=========================

A fixed point can lose its stability (class 2: firing sets in with a rate well above 0) or meet a saddle and vanish
(class 1: firing sets in as slowly as one likes). Both live in one model, that of Morris & Lecar 1981,
doi:10.1016/S0006-3495(81)84782-0, with two sets of parameters after Rinzel & Ermentrout 1998. The phase planes are
drawn from the model's symbols.

.. image:: /gallery_figures/excitability.png
   :alt: phase planes with nullclines and fixed points of both classes, and their f-I curves
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/excitability.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.units import pA

SMOKE = "LAPICQUE_SMOKE" in os.environ

class_2 = lq.neurons.morris_lecar
class_1 = class_2.with_(g_ca="4 mS/cm2", v_3="12 mV", v_4="17.4 mV", phi="0.067 1/ms")

fig, axes = plt.subplots(2, 2, figsize=(8, 6), layout="constrained")
found = {}
for row, (name, neuron, first, last) in enumerate([("class 1", class_1, 350, 500), ("class 2", class_2, 850, 1000)]):
    plane, curve = axes[row]
    lq.plot.phase_plane(neuron, plane, x=(-75, 45), y=(-0.1, 1), inputs=dict(i_ext=first * pA))
    plane.set_title(f"{name}, {first} pA", fontsize=9)
    currents = np.linspace(first, last, 16 if SMOKE else 31)
    lq.plot.fi_curve(neuron, currents, curve, duration="1.5 s" if SMOKE else "4 s", skip="500 ms")
    found[name] = curve.lines[0].get_ydata()
    kinds = [text.get_text() for text in plane.get_legend().get_texts()[2:]]
    print(name, kinds, found[name].round(1))
    found[name + " points"] = kinds

# %%
# Below threshold the first has a node and a saddle, about to meet, and fires slowly at first; the second has a focus,
# and jumps.
onset = {name: found[name][found[name] > 0].min() for name in ("class 1", "class 2")}
assert "saddle" in found["class 1 points"]
assert "saddle" not in found["class 2 points"]
assert "stable focus" in found["class 2 points"]
assert onset["class 1"] < 4 < 7 < onset["class 2"]
