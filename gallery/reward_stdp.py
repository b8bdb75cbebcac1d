"""
Reward that modulates STDP: XOR, and a reward that comes late
=============================================================

Spike-timing-dependent plasticity does not change a weight at once, but proposes to: what pairs of spikes have proposed
becomes a change when a reward says that it was good, and the opposite when it was bad. This is enough for a hidden
layer to learn XOR. An eligibility trace at each synapse remembers proposals for some time: with it a reward that comes
late still finds those that earned it. Florian 2007, doi:10.1162/neco.2007.19.6.1468.

.. image:: /gallery_figures/reward_stdp.png
   :alt: responses to the four inputs of XOR as both rules learn, learning with late rewards, and one weight
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/reward_stdp.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms, mV

SMOKE = "LAPICQUE_SMOKE" in os.environ


# %%
# A synapse keeps the traces p and q of both sides' spikes. z is the eligibility, which pairs of spikes change as in
# STDP and which fades with tau_z; a spike of the critic turns it into a change of the weight, in the direction of the
# critic's label. Two rules are one text: modulated STDP (MSTDP) has the shortest memory there is, one step of 1 ms;
# with 25 ms it is MSTDPET. Learning rates are those of the paper.
def rule(delay):
    return lq.Synapse(
        """
        dp/dt = -p/(20*ms) : 1    # spikes of the source
        dq/dt = -q/(20*ms) : 1    # spikes of the target
        dz/dt = -z/tau_z : 1      # eligibility
        w : mV
        """,
        on_pre="v += w; p += 1; z -= q*ms/tau_z",
        on_post="q += 1; z += p*ms/tau_z",
        on=dict(reward=lq.On("critic", "w += gamma*label_critic*z", delay=delay)),
        bounds=dict(w=("w_min", "w_max")),
        parameters=dict(tau_z="25 ms", gamma="0.625 mV", w_min="0 mV", w_max="5 mV"),
        reference="Florian 2007, doi:10.1162/neco.2007.19.6.1468",
    )


rules = {"MSTDP": dict(tau_z=1 * ms, gamma=0.1 * mV), "MSTDPET": dict(tau_z=25 * ms, gamma=0.625 * mV)}
poisson = lq.Neuron("rate : Hz (input)", threshold="hazard(rate)")
cell = lq.Neuron(
    "dv/dt = (e_l - v)/tau_m : mV\nlabel : 1 (input)  # what a spike earns",
    threshold="v > v_th", reset="v = e_l",
    parameters=dict(e_l="-70 mV", v_th="-54 mV", tau_m="20 ms"), initial=dict(v="e_l"),
)  # fmt: skip

# %%
# XOR. Two bits are the rates of 30 Poisson neurons each, 0 or 40 Hz, half of them inhibitory; 60 hidden cells; one
# output cell, each of whose spikes earns 1 if exactly one bit is set, else -1: the output is its own critic. An epoch
# shows the four inputs in random order for 500 ms each.
bits = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
wanted = np.where(bits.sum(1) == 1, 1.0, -1.0)
epochs, seeds = (16, 1) if SMOKE else (200, 10)


def xor(which, seed):
    """Rates of the output, (epoch, input)."""
    rng = np.random.default_rng(seed)
    order = np.array([rng.permutation(4) for _ in range(epochs)])
    excites, inhibits = (
        rule("0 ms").with_(**rules[which]),
        rule("0 ms").with_(w_min=-5 * mV, w_max=0 * mV, **rules[which]),
    )
    net = lq.Network()
    inputs = net.population(poisson, 60, name="input")
    hidden, output = net.population(cell, 60, name="hidden"), net.population(cell, 1, name="output")
    rates = 40.0 * bits[order.ravel()][:, np.arange(60) % 2]
    net.stimulate(inputs, "rate", lq.stimuli.array(rates * Hz, dt=500 * ms))
    net.stimulate(output, "label", lq.stimuli.array(wanted[order.ravel()], dt=500 * ms))
    critic = dict(critic=output)
    net.connect(inputs[:30], hidden, excites, w="5*mV*rand()", delay=1 * ms, modulators=critic)
    net.connect(inputs[30:], hidden, inhibits, w="-5*mV*rand()", delay=1 * ms, modulators=critic)
    net.connect(hidden, output, excites, w="5*mV*rand()", delay=1 * ms, modulators=critic)
    net.record(output, "spikes")
    times = (
        lq.simulate(net, 2000 * epochs * ms, dt=1 * ms, seed=seed, wiring_seed=seed, threads=1).spikes["output"].times
    )
    found = np.zeros((epochs, 4))
    shown = np.histogram(times, np.arange(4 * epochs + 1) * 500.0)[0].reshape(epochs, 4) / 0.5
    np.put_along_axis(found, order, shown, axis=1)
    return found


responses = {which: np.array([xor(which, seed) for seed in range(seeds)]) for which in rules}  # (seed, epoch, input)
last = {which: of[:, -epochs // 4 :].mean(1) for which, of in responses.items()}
solved = {which: int((of[:, 1:3].min(1) > 2 * of[:, [0, 3]].max(1)).sum()) for which, of in last.items()}
print({which: (solved[which], of.mean(0).round(1)) for which, of in last.items()})

# %%
# A late reward. Two groups of 20 inputs take turns to fire a volley every 200 ms; an answer to the first one is
# rewarded, to the second one punished, up to 100 ms later. Without a memory, reward and proposal no longer meet.
delays = np.array([0.0, 25.0]) if SMOKE else np.array([0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0])
trials, copies = (60, 10) if SMOKE else (600, 10)
volleys = np.random.default_rng(1).normal(20, 3, (40, trials)) + 200 * np.arange(trials)
turns = [volleys[k, k // 20 :: 2] for k in range(40)]


def late(which, delay):
    """Whether each of ten output cells answers the volleys, (cell, volley)."""
    net = lq.Network()
    inputs = net.spikes(turns, name="inputs")
    outputs = net.population(cell, copies, name="output")
    net.stimulate(outputs, "label", lq.stimuli.array(np.array([1.0, -1.0] * (trials // 2)), dt=200 * ms, after="hold"))
    synapse = rule(delay * ms).with_(w_max=2 * mV, **rules[which])
    net.connect(inputs, outputs, synapse, w="2*mV*rand()", delay=1 * ms, modulators=dict(critic=outputs))
    net.stimulate(outputs, "v", lq.stimuli.poisson(20 * Hz, w=1 * mV, n=10))
    net.record(outputs, "spikes")
    spikes = lq.simulate(net, 200 * trials * ms, dt=1 * ms, seed=1, threads=1).spikes["output"]
    edges = 200.0 * np.arange(trials + 1)
    return np.array([np.histogram(spikes[k].times, edges)[0] for k in range(copies)]) > 0


answers = {which: np.array([late(which, delay) for delay in delays]) for which in rules}  # (delay, cell, volley)
tail = trials // 4 // 2 * 2
gains = {which: of[..., -tail::2].mean(-1) - of[..., 1 - tail :: 2].mean(-1) for which, of in answers.items()}
print({which: dict(zip(delays, gain.mean(1).round(2), strict=True)) for which, gain in gains.items()})

# %%
# The demonstration of PySNN (https://github.com/BasBuller/PySNN, ``mstdpet_example.py``): one synapse, where the reward
# is a signal that is always there, 1 for 50 ms and then -1. The weight follows an equation.
steady = lq.Synapse(
    """
    dp/dt = -p/tau : 1
    dq/dt = -q/tau : 1
    dz/dt = -z/tau : 1
    dw/dt = 0.1*z*value_reward/ms : 1 (clock-driven)
    """,
    on_pre="v += 0.3*w; p += 1; z -= q", on_post="q += 1; z += p", parameters=dict(tau="4.5 ms"),
)  # fmt: skip
unit = lq.Neuron("dv/dt = -v/(4.5*ms) : 1", threshold="v > 1", reset="v = 0", refractory="3 ms")
net = lq.Network()
one = net.spikes([np.cumsum(np.random.default_rng(2).integers(3, 6, 25))], name="one")
other, reward = net.population(unit, 1, name="other"), net.signal("reward", at=[0, 50] * ms, values=[1, -1])
link = net.connect(one, other, steady, w=3.0, modulators=dict(reward=reward))
net.record(link, "w", name="weight")
weight = lq.simulate(net, 100 * ms, dt=1 * ms).traces["weight"].values[:, 0]

# %%
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3), layout="constrained", width_ratios=[3, 2, 2])
for which, line in (("MSTDPET", "-"), ("MSTDP", ":")):
    for k, label in enumerate(["00", "01", "10", "11"]):
        left.plot(responses[which][..., k].mean(0), f"C{k}{line}", lw=1, label=label if line == "-" else None)
    middle.plot(delays, gains[which].mean(1), f"k{line}", marker=".", label=which)
left.set(xlabel="epoch", ylabel="rate of the output (Hz)", title="XOR")
left.legend(frameon=False, title="input", ncols=2)
middle.set(xlabel="delay of the reward (ms)", ylabel="rewarded minus punished answers", title="late rewards")
middle.legend(frameon=False)
right.plot(weight)
right.axvline(50, color="grey", lw=0.8)
right.set(xlabel="time (ms)", ylabel="weight", title="reward 1, then -1")

# %%
gain = {which: of[delays == (25 if SMOKE else 50)].mean() for which, of in gains.items()}
merits = [
    Merit("MSTDP: networks that solve XOR", solved["MSTDP"], ">= 8 of 10", published="learned"),
    Merit("MSTDPET: networks that solve XOR", solved["MSTDPET"], ">= 8 of 10", published="learned"),
    Merit("MSTDPET, reward 50 ms late: rewarded - punished answers", gain["MSTDPET"], "> 0.5", published="learned"),
    Merit("MSTDP, reward 50 ms late: rewarded - punished answers", gain["MSTDP"], "< 0.15", published="not learned"),
    Merit("one synapse: change while rewarded", weight[50] - weight[0], "> 0", published="rises"),
    Merit("one synapse: change while punished", weight[-1] - weight[50], "< 0", published="falls"),
]
print(merit_table(merits))
assert all(merit.met for merit in (merits[4:] if SMOKE else merits))
assert last["MSTDPET"][0, 1:3].min() > 1.5 * last["MSTDPET"][0, [0, 3]].max()
assert gain["MSTDPET"] > 0.1 + gain["MSTDP"]
