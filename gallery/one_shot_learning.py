r"""
One trial is enough: initial weights that were learned for learning
===================================================================

A sine wave is shown once, for a second; a recurrent spiking network hears a clock while it lasts, and draws what it
can. e-prop (Bellec et al. 2020, doi:10.1038/s41467-020-17236-y) then changes all of its weights by one step of gradient
descent. In the next trial it has to draw the wave by itself, with a clock whose spikes are new. Random networks are
not there after thirty such steps.

Learning to learn has two loops. The inner one is that single update. The outer one asks how wrong the network still is
after it, and changes the weights that the inner one begins with, over many waves of a family: amplitudes from
0.5 to 1.5, 1 to 3 periods, any phase. Its gradient comes back through time at the updated weights and is applied to the
initial ones, which leaves out how the update itself depends on them: first-order MAML (Finn, Abbeel & Levine 2017,
arXiv:1703.03400; Nichol, Achiam & Schulman 2018, arXiv:1803.02999). Readouts begin at zero for each wave, so
that nothing about a wave can be known before it has been shown; what the outer loop makes are cells whose spikes
carry any wave of the family, and most of the one update is then the readout's. The price of such a stride is that there
is no second one: updates of the same size that follow make it worse. Nor is one trial enough for every wave: a quarter
of the new ones are drawn with errors above 0.05, which is where the mean has to be. Learning to learn with e-prop is
Scherr, Stöckl & Maass 2020, doi:10.1101/2020.06.17.156513, who learn the learning signals as well.

.. image:: /gallery_figures/one_shot_learning.png
   :alt: error after one update during the outer loop, four waves drawn after one update, and errors by updates
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/one_shot_learning.png'

import os
import time

import matplotlib.pyplot as plt
import numpy as np
import torch

import lapicque as lq
from lapicque.reports import Merit, merit_table

SMOKE = "LAPICQUE_SMOKE" in os.environ
cells, clock, steps, dt = (60, 40, 200, 5) if SMOKE else (100, 40, 200, 5)  # ms
rounds, tasks, seeds, new = (40, 4, (1,), 8) if SMOKE else (300, 8, (1, 2, 3), 40)
torch.set_num_threads(1)

# %%
# Cells and readout of the examples of e-prop. A spike takes v_th away from v in the step after it.
cell = lq.Neuron(
    """
    dv/dt = (i - v)/tau_m : 1
    i : 1 (input)
    """,
    threshold="v > v_th", reset="v -= v_th*exp(dt/tau_m)", parameters=dict(tau_m="30 ms", v_th=0.03), name="cell",
)  # fmt: skip
leaky = lq.Neuron(
    """
    dy/dt = (i - y)/tau_out : 1
    i : 1 (input)
    """,
    parameters=dict(tau_out="30 ms"), name="readout",
)  # fmt: skip


def network(seed):
    torch.manual_seed(seed)
    net = lq.train.Sequential(
        lq.train.Linear(clock, cells, bias=False),
        lq.train.Recurrent(
            cell, cells, dt=f"{dt} ms", surrogate=0.3 * lq.train.Triangle(), threshold_scale=0.03, detach_reset="v"
        ),
        lq.train.Linear(cells, 1, bias=False),
        lq.train.Spiking(leaky, 1, dt=f"{dt} ms"),
    )
    with torch.no_grad():
        for layer in net[:2]:
            layer.weight.normal_().div_(layer.weight.shape[1] ** 0.5)
        net[2].weight.zero_()
    return net


# %%
# The clock: each of its cells fires around a time of its own, up to 200 Hz, at random. Waves are (time, 1, 1).
second = torch.arange(steps) / steps
bumps = torch.exp(-0.5 * ((second[:, None] - (torch.arange(clock) + 0.5) / clock) / 0.05) ** 2)


def ticks(draw):
    return (torch.rand(steps, clock, generator=draw) < 0.2 * dt * bumps).float()[:, None]


def wave(draw):
    amplitude, frequency, phase = torch.rand(3, generator=draw) * torch.tensor([1, 2, 6.2832]) + torch.tensor(
        [0.5, 1, 0]
    )
    return (amplitude * torch.sin(6.2832 * frequency * second + phase))[:, None, None]


class Learner:
    """A network, its e-prop, and the weights that it begins each wave with."""

    def __init__(self, net):
        self.net, self.first = net, [weight.detach().clone() for weight in net.parameters()]
        self.rule = lq.train.EProp(net, feedback=lq.train.eprop.Random(seed=1), average=True, chunk=steps)

    def forget(self):
        with torch.no_grad():
            for weight, first in zip(self.net.parameters(), self.first, strict=True):
                weight.copy_(first)

    def learn(self, wanted, draw, rate=1.0):
        """One trial, one update of all weights, those of the readout ten times as fast as the others."""
        groups = [dict(params=self.net[:2].parameters(), lr=0.1 * rate), dict(params=self.net[2].parameters(), lr=rate)]
        self.rule.learn(ticks(draw), wanted, torch.optim.SGD(groups), every=steps)

    def error(self, wanted, draw):
        """Mean square, in a trial whose clock has not been heard before."""
        return (self.net(ticks(draw))[0] - wanted).square().mean()


def after(net, rate, updates=1, seed=99):
    """Return mean squared errors, (new wave, update), without any update first."""
    learner, draw = Learner(net), torch.Generator().manual_seed(seed)
    errors = np.zeros((new, updates + 1))
    for row in errors:
        learner.forget()
        wanted = wave(draw)
        for update in range(updates + 1):
            if update:
                learner.learn(wanted, draw, rate)
            with torch.no_grad():
                row[update] = float(learner.error(wanted, draw))
    learner.forget()
    return errors


# %%
def outer_loop(seed):
    """Return a network that has learned to learn, and the error after one update by round."""
    net, draw = network(seed), torch.Generator().manual_seed(seed)
    learned = list(net[:2].parameters())
    optimiser = torch.optim.Adam(learned, lr=2e-3)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, rounds)
    curve = []
    for _ in range(rounds):
        learner, gradients = Learner(net), [torch.zeros_like(weight) for weight in learned]
        curve.append(0.0)
        for _ in range(tasks):
            wanted = wave(draw)
            learner.learn(wanted, draw)
            loss = learner.error(wanted, draw)
            for total, gradient in zip(gradients, torch.autograd.grad(loss, learned), strict=True):
                total.add_(gradient, alpha=1 / tasks)
            curve[-1] += float(loss.detach()) / tasks
            learner.forget()
        for weight, gradient in zip(learned, gradients, strict=True):
            weight.grad = gradient
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        slower.step()
    return net, curve


started = time.perf_counter()
nets, curves = zip(*[outer_loop(seed) for seed in seeds], strict=True)
print(f"{time.perf_counter() - started:.0f} s for the outer loops")
once = [after(net, 1.0) for net in nets]  # (wave, before and after)

# %%
# Random weights are given the learning rate that suits them best.
rates = (0.02, 0.05, 0.1, 0.2, 0.5)
random_once = {rate: np.mean([after(network(seed), rate)[:, 1].mean() for seed in seeds]) for rate in rates}
best_rate = min(random_once, key=random_once.get)
trials = 4 if SMOKE else 30
courses = {
    "outer loop": after(nets[0], 1.0, 4),
    "random weights, rate 0.05": after(network(seeds[0]), 0.05, trials),
    "random weights, rate 0.02": after(network(seeds[0]), 0.02, trials),
}
for name, course in courses.items():
    print(f"{name}: {course.mean(0).round(3)}")
print(f"after one update {100 * np.mean([errors[:, 1] < 0.05 for errors in once]):.0f} % of new waves are below 0.05")

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 3.3), layout="constrained")
for curve in curves:
    axes[0].semilogy(curve, color="C0", lw=0.7)
axes[0].axhline(random_once[best_rate], color="0.5", ls="--", label="random weights")
axes[0].axhline(0.05, color="0.7", lw=0.8)
axes[0].set(xlabel="round of the outer loop", ylabel="mean squared error", title="new wave, after one update")
axes[0].legend(frameon=False)
learner, draw = Learner(nets[0]), torch.Generator().manual_seed(5)
for n in range(4):
    learner.forget()
    wanted = wave(draw)
    learner.learn(wanted, draw)
    with torch.no_grad():
        drawn = learner.net(ticks(draw))[0]
    axes[1].plot(second, wanted[:, 0, 0] - 3.2 * n, color="0.7", lw=3)
    axes[1].plot(second, drawn[:, 0, 0] - 3.2 * n, color="C0", lw=1)
learner.forget()
axes[1].set(xlabel="time (s)", yticks=[], title="shown once (grey), drawn")
for (name, course), colour in zip(courses.items(), ("C0", "0.5", "0.75"), strict=True):
    axes[2].semilogy(course.mean(0), "o-", ms=3, lw=1, color=colour, label=name)
axes[2].set(xlabel="updates by e-prop", title="mean of new waves")
axes[2].legend(frameon=False)

# %%
learned = [float(errors[:, 1].mean()) for errors in once]
untaught = float(np.mean([errors[:, 0].mean() for errors in once]))
merits = [
    Merit(f"error after one update, worst of {len(seeds)} networks", max(learned), "< 0.05"),
    Merit("the same with random weights, at the best of 5 rates", random_once[best_rate], "> 0.2"),
    Merit("the same without an update", untaught, "> 0.2"),
]
print(merit_table(merits))
assert max(learned) < 0.85 * random_once[best_rate], "what was learned for learning should learn faster"
assert SMOKE or all(merit.met for merit in merits)
