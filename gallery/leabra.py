"""
LEABRA: learning from what comes a moment later
===============================================

Rate units in three layers are to associate 25 random pictures of 25 pixels, 6 of them lit, with 25 others. In each
trial the network first says what it expects (75 ms); then the output is shown (25 ms). Every synapse compares the
product of its two sides' activities, averaged over the last moment, with the product of longer averages: the difference
is error-driven learning without an error signal. O'Reilly, Munakata, Frank & Hazy, Computational Cognitive Neuroscience
(https://github.com/CompCogNeuro/book); equations and task are those of https://github.com/emer/leabra, with one hidden
layer instead of two, and without normalisation and momentum of the weight changes.

.. image:: /gallery_figures/leabra.png
   :alt: the learning curves of five networks, the function that drives learning, and answers before and after
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/leabra.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import ms

SMOKE = "LAPICQUE_SMOKE" in os.environ

# %%
# A unit has a potential; above threshold its activity follows excitation directly. The layer inhibits itself: feed-
# forward by its mean excitation, and in feedback by its mean activity. Averages of the activity are a cascade, and a
# slow one is renewed at the end of each trial.
unit = lq.Neuron(
    """
    excitation : 1 (input)                                              # from other layers
    shown : 1 (input)                                                   # what the world shows
    clamped : 1 (input)                                                 # whether it does
    y = where(clamped > 0.5, shown, act) : 1                            # what others receive
    dge/dt = (excitation - ge)/tau_g : 1                                # excitatory conductance
    mean_ge = mean(ge) : 1 (shared)
    mean_y = mean(y) : 1 (shared)
    dfeedback/dt = (mean_y - feedback)/tau_g : 1
    gi = inhibition*(max(mean_ge - 0.1, 0) + feedback) : 1              # inhibitory conductance
    enough = (gi*(v_th - e_i) + g_l*(v_th - e_l))/(e_e - v_th) : 1      # excitation that balances it at threshold
    above = where(act < 0.01 and v <= v_th, v - v_th, ge - enough) : 1
    drive = 0.4*log1p(exp(min(above/0.004, 30))) : 1                    # 100 times above, rounded as by noise
    dact/dt = (drive/(1 + drive) - act)/tau_v : 1
    dv/dt = (ge*(e_e - v) + g_l*(e_l - v) + gi*(e_i - v))/tau_v : 1
    dvery_short/dt = (y - very_short)/(2*ms) : 1
    dshort/dt = (very_short - short)/(2*ms) : 1
    dmedium/dt = (short - medium)/(10*ms) : 1
    long : 1
    last = 0.9*short + 0.1*medium : 1                                   # of the outcome
    """,
    events={"renew": lq.Event(threshold="t % (100*ms) > 98.5*ms", reset="long = max(0.9*long + 0.25*medium, 0.2)")},
    output="y",
    parameters=dict(
        inhibition=1.8, g_l=0.2, e_e=1.0, e_l=0.3, e_i=0.25, v_th=0.5, tau_g="1.4 ms", tau_v="3.3 ms"
    ),
    initial=dict(v=0.4, very_short=0.15, short=0.15, medium=0.15, long=0.4),
)  # fmt: skip

# %%
# The rule: XCAL, a function of the product at the end of the trial and of a threshold. The threshold is the product of
# medium averages, which is error-driven learning, and to a small part the target's long average, which is Hebbian. The
# weight that acts is a steep function of the one that learns.
xcal = "where({x} < 1e-4, 0, where({x} > 0.1*{th}, {x} - {th}, -9*{x}))"
learns = lq.Synapse(
    f"""
    g = scale*w*y_pre : 1 (summed)
    x = last_pre*last_post : 1
    expected = medium_pre*medium_post : 1
    change = rate*({xcal.format(x="x", th="expected")} + hebb*{xcal.format(x="x", th="long_post")}) : 1
    linear : 1
    w : 1
    """,
    on=dict(
        learn=lq.Every(
            100 * ms, "linear += change*where(change > 0, 1 - linear, linear); w = 1/(1 + (1/linear - 1)**6)"
        )
    ),
    bounds=dict(linear=(1e-6, 1)),
    parameters=dict(rate=0.2, hebb=4e-4, scale=1.0),
)


def network(order, pictures, answers):
    """The three layers, shown one pair a trial, in this order."""
    net = lq.Network()
    picture, hidden = net.population(unit, 25, name="picture"), net.population(unit, 49, name="hidden")
    answer = net.population(unit, 25, name="answer", inhibition=1.4)
    net.stimulate(picture, "shown", lq.stimuli.array(pictures[order], dt=100 * ms))
    net.stimulate(picture, "clamped", 1.0)
    net.stimulate(answer, "shown", lq.stimuli.array(answers[order], dt=100 * ms))
    net.stimulate(answer, "clamped", lq.stimuli.array(np.tile([0.0, 0, 0, 1], len(order)), dt=25 * ms))
    start = dict(linear=lq.uniform(0.25, 0.75), w=0.5)
    net.connect(picture, hidden, learns, into="excitation", scale=1 / 1.2 / 6, **start)
    net.connect(answer, hidden, learns, into="excitation", scale=0.2 / 1.2 / 6, **start)
    net.connect(hidden, answer, learns, into="excitation", scale=1 / 7, hebb=0, **start)
    net.record(answer, "act", every=25 * ms, name="expected")
    return net


def pictures(rng):
    """25 pictures, 6 of 25 pixels lit, no two of them with more than 3 in common."""
    found = []
    while len(found) < 25:
        new = np.isin(np.arange(25), rng.choice(25, 6, replace=False)).astype(float)
        if all(new @ old <= 3 for old in found):
            found.append(new)
    return np.array(found)


# %%
# The function by itself: a source and targets that rest at given averages, and one change of the weights.
rest = lq.Neuron(
    "excitation : 1 (input)\nlast : 1\nmedium : 1\nlong : 1\ny = 0*last : 1",
    parameters=dict(last=1.0, medium=1.0, long=1.0),
)
x, th = np.linspace(0, 0.9, 91), 0.4
net = lq.Network()
source = net.population(rest, 1, name="source", last=1.0, medium=th)
targets = net.population(rest, len(x), name="targets", last=x, medium=1.0)
net.connect(source, targets, learns, into="excitation", rate=1.0, hebb=0.0, linear=0.5, w=0.5)
curve = 2 * (lq.simulate(net, 1 * ms, dt=1 * ms, method="euler").final["source->targets"]["linear"] - 0.5)
xcal_error = np.abs(curve - np.where(x < 1e-4, 0, np.where(x > 0.1 * th, x - th, -9 * x))).max()

# %%
# Five networks. What counts is what a network expects before it is shown the answer: a pair is wrong if any of the 25
# pixels is on the wrong side of one half.
epochs, seeds = (3, 1) if SMOKE else (50, 5)
wrong, distance = [], []
for seed in range(seeds):
    rng = np.random.default_rng(seed)
    given, wanted = pictures(rng), 0.95 * pictures(rng)
    order = np.concatenate([rng.permutation(25) for _ in range(epochs)])
    net = network(order, given, wanted)
    result = lq.simulate(net, 100 * len(order) * ms, dt=1 * ms, method="euler", wiring_seed=seed)
    expected = result.traces["expected"].values[3::4]  # at 75 ms of each trial
    errors = (expected > 0.5) != (wanted[order] > 0.5)
    wrong.append(errors.any(axis=1).reshape(epochs, 25).sum(axis=1))
    distance.append(((expected - wanted[order]) ** 2).reshape(epochs, -1).mean(axis=1))
wrong = np.array(wrong)
first = np.where((wrong == 0).any(axis=1), (wrong == 0).argmax(axis=1) + 1, np.inf)
print("first epoch without an error:", first)

# %%
fig, axes = plt.subplot_mosaic(
    [["curve", "xcal", "wanted"], ["curve", "xcal", "early"], ["curve", "xcal", "late"]],
    figsize=(9, 3), layout="constrained", width_ratios=[3, 3, 2],
)  # fmt: skip
axes["curve"].plot(np.arange(1, epochs + 1), wrong.T, lw=1)
axes["curve"].set(xlabel="epoch", ylabel="pairs that are wrong, of 25")
axes["xcal"].plot(x, curve)
axes["xcal"].axhline(0, color="grey", lw=0.8)
axes["xcal"].set(xlabel="product of the activities", ylabel="change of the weight, expected 0.4")
pairs = range(4)
early = [expected[np.flatnonzero(order == pair)[0]] for pair in pairs]
late = [expected[np.flatnonzero(order == pair)[-1]] for pair in pairs]
for name, shown in (("wanted", wanted[:4]), ("early", early), ("late", late)):
    grid = np.concatenate([np.pad(picture.reshape(5, 5), 1, constant_values=0.3) for picture in shown], axis=1)
    axes[name].imshow(grid, cmap="Greys", vmin=0, vmax=1)
    axes[name].set(ylabel=name, xticks=[], yticks=[])

# %%
merits = [
    Merit("XCAL from the synapse minus its formula", xcal_error, "< 1e-12"),
    Merit("networks that learn all 25 pairs", np.isfinite(first).sum(), "= 5 of 5 seeds"),
    Merit("first epoch without an error, slowest network", first.max(), "< 150", published="within 50"),
]
print(merit_table(merits))
assert merits[0].met
assert all(d[-1] < 0.95 * d[0] for d in distance)
assert SMOKE or all(merit.met for merit in merits)
