"""
Reading movements from spikes with spikes
=========================================

Ninety-six units of a motor cortex fire more for their preferred direction, and 100 ms before the hand moves. From what
they fire, 64 leaky cells that feed themselves and each other have to say in every moment how fast the hand moves, at
less than 10 Hz on average: what an implant could afford. Time constants of membranes and synaptic currents are learned
for each cell, a mean of more than 10 Hz costs, and in the end 60 % of all weights are taken away step by step, the
smallest first, while the others go on learning; what that costs is measured from a network that goes on learning as
long with all its weights. How the cells share their spikes is left to them, and they do not share
them evenly: a few fire at 40 Hz, and more than a third never.

The opponent is what is usually taken: ridge regression on the counts of the last eight bins, whose width and penalty
are chosen on a part of the training data.

The cortex is made up: a generalised linear model for each unit, with an exponential rate and a refractory history, for
a minute of smooth movement. A network learns so little by heart, and what counted most was to keep it from that: in
each sample a fifth of the units are silenced at random, and the others shifted by up to 25 ms. Synaptic currents
counted as well; without them decoded movements are rough. The task, the tiny network, its learned time constants, the
bound on rates and the pruning are those of Liu, Gygax, Rossbroich, Chua, Zhang & Zenke 2024, arXiv:2409.01762, who
decode the fingers of monkeys.

.. image:: /gallery_figures/decode_movement.png
   :alt: spikes of units and of cells, velocities wanted and decoded, R squared against ridge, and time constants
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/decode_movement.png'

import copy
import os
import time

import matplotlib.pyplot as plt
import numpy as np
import torch

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.train import constraints

SMOKE = "LAPICQUE_SMOKE" in os.environ
seconds, recordings, learning, pruning = (15, (2,), 70, 10) if SMOKE else (60, (2, 3, 4), 400, 300)
units, cells, dt, lead = 96, 64, 5, 100  # ms
torch.set_num_threads(1)


# %%
# A minute of movement is noise that is smoothed twice; a unit's rate is that of the velocity 100 ms later.
def movement(draw):
    """Return velocities, (time in ms, 2), with a standard deviation of 1."""
    noise, fading = draw.standard_normal((1000 * seconds + 2000, 2)), np.exp(-np.arange(2000) / 150)
    smooth = [np.convolve(np.convolve(one, fading), fading)[1000 : 1000 * (seconds + 1)] for one in noise.T]
    return np.stack([one / one.std() for one in smooth], 1)


unit = lq.Neuron(
    """
    dh/dt = -h/(20*ms) : 1  # of its own spikes
    v_x : 1 (input)
    v_y : 1 (input)
    log_rate : 1
    k_x : 1
    k_y : 1
    """,
    threshold="hazard(Hz*exp(log_rate + k_x*v_x + k_y*v_y - h))", reset="h += 2",
    parameters=dict(log_rate=2.3, k_x=0.5, k_y=0.0), name="unit",
)  # fmt: skip


def record(seed):
    """Return spikes (step, unit) and velocities (step, 2)."""
    draw = np.random.default_rng(seed)
    velocity = movement(draw)
    direction, depth = draw.uniform(0, 2 * np.pi, units), draw.uniform(0.25, 0.8, units)
    cortex = unit.with_(
        log_rate=np.log(10) + 0.5 * draw.standard_normal(units),
        k_x=depth * np.cos(direction), k_y=depth * np.sin(direction),
    )  # fmt: skip
    ahead, steps = velocity[lead:], (1000 * seconds - lead) // dt
    made = lq.simulate(
        cortex, f"{dt * steps} ms", dt="1 ms", n=units, inputs=dict(v_x=ahead[:, 0], v_y=ahead[:, 1]), seed=seed
    )
    counts = lq.spikes.bin_counts(made.spikes, dt).values.T
    return torch.tensor(counts).float(), torch.tensor(velocity[dt - 1 : dt * steps : dt]).float()


def r_squared(said, true):
    return float((1 - (said - true).square().sum(0) / (true - true.mean(0)).square().sum(0)).mean())


# %%
# Ridge regression, with the best of four widths of bins and five penalties.
def lagged(counts, width):
    """Return counts in the last eight bins, (step, 8 x unit + 1)."""
    total = torch.cat([torch.zeros(1, units), counts.cumsum(0)])
    last = torch.arange(1, len(counts) + 1)
    edges = [total[(last - lag * width // dt).clamp(min=0)] for lag in range(9)]
    return torch.cat([edges[lag] - edges[lag + 1] for lag in range(8)] + [torch.ones(len(counts), 1)], 1).double()


def ridge(counts, velocity, cut):
    """Return what it says of all steps, having learned from those before the cut."""
    best = (-np.inf,)
    part = 3 * cut // 4
    for width in (10, 20, 40, 80):
        columns = lagged(counts, width)
        for penalty in (1, 10, 100, 1000, 10_000):
            weights = [
                torch.linalg.solve(
                    columns[:end].T @ columns[:end] + penalty * torch.eye(columns.shape[1]).double(),
                    columns[:end].T @ velocity[:end].double(),
                )
                for end in (part, cut)
            ]
            score = r_squared(columns[part:cut] @ weights[0], velocity[part:cut])
            best = max(best, (score, width, penalty, columns @ weights[1]), key=lambda one: one[0])
    print(f"ridge: bins of {best[1]} ms, penalty {best[2]}")
    return best[3]


# %%
# The network. Readouts are the same cells without a threshold.
membrane = """
    dv/dt = (i_syn - v)/tau_m : 1
    di_syn/dt = -i_syn/tau_syn : 1
"""
cell = lq.Neuron(
    membrane, threshold="v > 1", reset="v -= 1", parameters=dict(tau_m="20 ms", tau_syn="10 ms"), name="cell"
)
integrator = lq.Neuron(membrane, parameters=dict(tau_m="100 ms", tau_syn="20 ms"), name="integrator")


def network(seed):
    torch.manual_seed(seed)
    options = dict(dt=f"{dt} ms", input="i_syn", learn=dict(tau_m="neuron", tau_syn="neuron"))
    net = lq.train.Sequential(
        lq.train.Linear(units, cells),
        lq.train.Recurrent(cell, cells, surrogate=lq.train.FastSigmoid(5.0), detach_reset=True, **options),
        lq.train.Linear(cells, 2), lq.train.Spiking(integrator, 2, scale=2, output="v", **options),
    )  # fmt: skip
    with torch.no_grad():
        net[0].weight.mul_(2)
        net[1].weight.mul_(0.3)
    return net


window, warm, batch = 150 if SMOKE else 300, 60, 32  # steps, samples
too_many = lq.train.losses.sparsity(10 * window * dt / 1000, power=2)  # spikes of a cell, on average


def sample(counts, velocity, cut):
    """Return pieces from before the cut, some units silent and the others a little early or late."""
    steps = torch.randint(0, cut - window, (batch,)) + torch.arange(window)[:, None]
    shifted = (steps[:, :, None] + torch.randint(-25 // dt, 25 // dt + 1, (1, batch, units))).clamp(0, cut - 1)
    heard = (torch.rand(batch, units) > 0.2) / 0.8
    return counts[shifted, torch.arange(units)] * heard, velocity[steps]


def train(net, data, updates, rate, sparser=None):
    taus = [weight for name, weight in net.named_parameters() if "raw" in name]
    weights = [weight for name, weight in net.named_parameters() if "raw" not in name]
    optimiser = torch.optim.Adam([dict(params=weights), dict(params=taus)], lr=rate)
    rising = torch.optim.lr_scheduler.OneCycleLR(optimiser, [rate, 5 * rate], total_steps=updates)
    for update in range(updates):
        if sparser is not None:
            for layer in net[:3]:
                constraints.prune(layer, sparser(update))
        x, wanted = sample(*data)
        spikes = net[1](net[0](x))[0]
        said = net[3](net[2](spikes))[0]
        loss = (said - wanted)[warm:].square().mean() + 0.01 * too_many(spikes)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        rising.step()


def decode(net, counts):
    """Return velocities and spikes, (step, 2) and (step, cell), in one go."""
    with torch.no_grad():
        spikes = net[1](net[0](counts[:, None]))[0]
        return net[3](net[2](spikes))[0][:, 0], spikes[:, 0]


# %%
# The last quarter of a recording is new to all. All that was chosen was chosen on another recording than these.
found, started = [], time.process_time()
for seed in recordings:
    counts, velocity = record(seed)
    cut = 3 * len(counts) // 4
    data = (counts, velocity, cut)
    net = network(seed)
    scores = {"ridge": r_squared(ridge(*data)[cut:], velocity[cut:])}
    train(net, data, learning, 2e-3)
    said, spikes = decode(net, counts)
    scores["network"], rate = r_squared(said[cut:], velocity[cut:]), 1000 / dt * float(spikes[cut:].mean())
    unpruned = copy.deepcopy(net)  # which learns on as long as the one that is pruned, from the same samples
    for one, sparser in ((unpruned, None), (net, constraints.cubic(0.6, steps=pruning // 2))):
        torch.manual_seed(seed)
        train(one, data, pruning, 1e-3, sparser)
    scores["learned on"] = r_squared(decode(unpruned, counts)[0][cut:], velocity[cut:])
    left, after = decode(net, counts)
    scores["pruned"], less = r_squared(left[cut:], velocity[cut:]), 1000 / dt * float(after[cut:].mean())
    found.append((scores, rate, less, min(constraints.sparsity(layer) for layer in net[:3])))
    shown = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
    busiest, silent = 1000 / dt * float(after[cut:].mean(0).max()), int((after[cut:].sum(0) == 0).sum())
    print(f"recording {seed}: R2 {shown}; {rate:.1f} Hz, pruned {less:.1f} Hz, at most {busiest:.0f}, {silent} silent")
print(f"{time.process_time() - started:.0f} s of a processor")

# %%
fig, axes = plt.subplots(1, 4, figsize=(13, 3.3), layout="constrained", width_ratios=[1, 1.4, 0.8, 0.8])
shown = slice(cut, cut + 3000 // dt)
at = dt / 1000 * np.arange(3000 // dt)
for trains, place, colour in ((counts, 0, "0.5"), (after, units + 6, "C0")):
    when, which = trains[shown].nonzero().T
    axes[0].plot(at[when], which + place, "|", color=colour, ms=2)
axes[0].set(xlabel="time (s)", yticks=[units / 2, units + 6 + cells / 2], yticklabels=["units", "cells"])
for n in range(2):
    axes[1].plot(at, velocity[shown, n] - 5 * n, color="0.7", lw=3, label="hand" if n == 0 else None)
    axes[1].plot(at, left[shown, n] - 5 * n, color="C0", lw=1, label="decoded, 60 % pruned" if n == 0 else None)
axes[1].set(xlabel="time (s)", yticks=[0, -5], yticklabels=["right", "ahead"], ylim=(-9, 5), title="velocity")
axes[1].legend(frameon=False, ncols=2, loc="upper right")
for scores, *_ in found:
    axes[2].plot(["ridge", "network", "pruned"], [scores[name] for name in ("ridge", "network", "pruned")], "o-", ms=4)
axes[2].set(ylim=(0.75, 1), title="$R^2$, a line a recording")
for name, colour in (("tau_m", "C0"), ("tau_syn", "C1")):
    learned = getattr(net[1].neurons, name).detach().sort().values
    axes[3].plot(learned, color=colour, label=name)
    axes[3].axhline(getattr(network(0)[1].neurons, name).detach()[0], color=colour, lw=0.8, ls=":")
axes[3].set(xlabel="cell", ylabel="ms", ylim=(0, None), title="learned, and at first")
axes[3].legend(frameon=False)

# %%
worst = {name: min(scores[name] for scores, *_ in found) for name in ("ridge", "network")}
behind = min(scores["network"] - scores["ridge"] for scores, *_ in found)
lost = max(max(scores["network"], scores["learned on"]) - scores["pruned"] for scores, *_ in found)
merits = [
    Merit(f"R squared on new data, worst of {len(recordings)} recordings", worst["network"], ">= 0.75"),
    Merit("the same minus that of ridge regression, worst", behind, ">= -0.02"),
    Merit("mean rate of the cells, worst", max(rate for _, *rates, _ in found for rate in rates), "< 10 Hz"),
    Merit("weights that are pruned", round(100 * min(one[3] for one in found), 1), ">= 60 %"),
    Merit("R squared that pruning costs, at the most", lost, "< 0.02"),
]
print(merit_table(merits))
assert worst["network"] > (0.25 if SMOKE else 0.75), found
assert SMOKE or all(merit.met for merit in merits)
