"""
Supervised Hebbian learning: sums of outer products, and what they cannot do
============================================================================

Thirty pixels are to recall digits. A teacher holds the target while a digit is shown, and each weight grows by the
product of the two: after one presentation of each digit, the weights are a sum of outer products. This recalls digits
that have little in common, even with noise, and mixes those that are alike. The delta rule corrects what is wrong
instead of adding what is right: it arrives at the pseudo-inverse, and recalls both. Hagan, Demuth & Beale, Neural
Network Design, chapter 7 (https://hagan.okstate.edu/nnd.html).

.. image:: /gallery_figures/supervised_hebb.png
   :alt: digits that are alike, what each rule answers to them, and how many digits are recalled as noise grows
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/supervised_hebb.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import ms

SMOKE = "LAPICQUE_SMOKE" in os.environ

drawn = """
.###. .##.. ###.. .###. .###.
#...# ..#.. ...#. #.... #...#
#...# ..#.. ...#. ####. .###.
#...# ..#.. .##.. #...# #...#
#...# ..#.. .#... #...# #...#
.###. ..#.. .#### .###. .###.
"""
lines = [line.split() for line in drawn.split("\n") if line]
zero, one, two, six, eight = np.array([[1.0 if c == "#" else -1.0 for x in lines for c in x[k]] for k in range(5)])
sets = {"0, 1, 2": np.array([zero, one, two]), "0, 6, 8": np.array([zero, six, eight])}  # (digit, pixel)

# %%
# Rates instead of spikes: an output unit sums what the pixels send. A presentation is a step, and the rule runs once in
# it. Three rules are three synapses, which differ in one line.
pixel = lq.Neuron("p : 1 (input)", output="p")
unit = lq.Neuron("a : 1 (input)\ntarget : 1 (input)", output="a")


def rule(code):
    """A graded synapse whose weight changes by ``code`` in every presentation."""
    equations = "a = w*output : 1 (summed)\nw : 1"
    return lq.Synapse(equations, on=dict(learn=lq.Every("step", code)), parameters=dict(rate=1 / 30))


rules = {
    "Hebb": rule("w += rate*target_post*p_pre"),
    "decay": rule("w += rate*target_post*p_pre - 0.05*w"),
    "delta": rule("w += rate*(target_post - a_post)*p_pre"),
}
epochs = {"Hebb": 1, "decay": 20 if SMOKE else 300, "delta": 20 if SMOKE else 300}


def learned(synapse, digits, epochs):
    """Weights after the digits were shown, (target, source)."""
    net = lq.Network()
    image, memory = net.population(pixel, 30, name="image"), net.population(unit, 30, name="memory")
    net.connect(image, memory, synapse, into="a", w=0.0)
    shown = lq.stimuli.array(np.tile(digits, (epochs, 1)), dt=1 * ms)
    net.stimulate(image, "p", shown)
    net.stimulate(memory, "target", shown)
    return lq.simulate(net, 3 * epochs * ms, dt=1 * ms).final["image->memory"]["w"].reshape(30, 30)


def answers(weights, images):
    """What each rule's memory says to images, name -> (image, pixel)."""
    net = lq.Network()
    image = net.population(pixel, 30, name="image")
    net.stimulate(image, "p", lq.stimuli.array(images, dt=1 * ms))
    for name, matrix in weights.items():
        memory = net.population(unit, 30, name=name)
        net.connect(image, memory, lq.synapses.graded("1"), into="a", w=matrix.T)
        net.record(memory, "a", name=name)
    return {name: trace.values for name, trace in lq.simulate(net, len(images) * ms, dt=1 * ms).traces.items()}


# %%
# Recall: digits with more and more of their pixels turned over. To a digit as it is, the sum of outer products answers
# that digit and, for each other one, as much of it as the two have in common.
flips, repeats = np.arange(10), 10 if SMOKE else 300
rng = np.random.default_rng(1)
right, difference, beside = {}, {}, {}
for title, digits in sets.items():
    weights = {name: learned(synapse, digits, epochs[name]) for name, synapse in rules.items()}
    difference[title] = np.abs(weights["delta"] - digits.T @ np.linalg.pinv(digits.T)).max()
    images = np.tile(np.repeat(digits, repeats, axis=0), (len(flips), 1))
    for row, number in zip(images, np.repeat(flips, 3 * repeats), strict=True):
        row[rng.choice(30, number, replace=False)] *= -1
    said = {name: a.reshape(len(flips), 3, repeats, 30) for name, a in answers(weights, images).items()}
    right[title] = {name: (np.sign(a) == digits[:, None]).all(-1).mean((1, 2)) for name, a in said.items()}
    in_common = (digits @ digits.T / 30 - np.eye(3)) @ digits
    beside[title] = np.abs(said["Hebb"][0, :, 0] - digits - in_common).max()
print({title: {name: fraction.round(2) for name, fraction in of.items()} for title, of in right.items()})

# %%
fig, axes = plt.subplots(3, 6, figsize=(10, 3.6), layout="constrained", width_ratios=[1, 1, 1, 1, 5, 5])
for k, name in enumerate(["shown", *rules]):
    for row, digit in enumerate(digits):
        answer = digit if name == "shown" else said[name][0, row, 0]
        axes[row, k].imshow(answer.reshape(6, 5), cmap="Greys", vmin=-2, vmax=2)
        axes[row, k].set_axis_off()
    axes[0, k].set_title(name, fontsize=9)
for column, (title, of) in enumerate(right.items(), 4):
    ax = fig.add_subplot(axes[0, column].get_gridspec()[:, column])
    for row in range(3):
        axes[row, column].remove()
    for name, fraction in of.items():
        ax.plot(flips / 30, fraction, marker=".", label=name)
    ax.set(title=title, xlabel="pixels turned over", ylabel="recalled without an error", ylim=(-0.05, 1.05))
ax.legend(frameon=False)

# %%
merits = [
    Merit(
        "0, 1, 2: recall by the delta rule at 0 to 20 % noise, worst",
        100 * min(right["0, 1, 2"]["delta"][:7]),
        ">= 95 %",
    ),
    Merit("0, 6, 8: recall by the delta rule without noise", 100 * right["0, 6, 8"]["delta"][0], "= 100 %"),
    Merit("0, 6, 8: recall by Hebb's rule without noise", 100 * right["0, 6, 8"]["Hebb"][0], "< 100 %"),
    Merit("Hebb's answers minus what the digits have in common", max(beside.values()), "< 1e-9"),
    Merit("delta rule's weights minus the pseudo-inverse", max(difference.values()), "< 1e-6"),
]
print(merit_table(merits))
assert all(merit.met for merit in (merits[1:4] if SMOKE else merits))
