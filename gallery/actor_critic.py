"""
A spiking actor-critic: temporal differences by dopamine
========================================================

An agent looks for one rewarded place in a grid. Cells for each place excite a critic, whose rate comes to stand for the
reward that is expected from there on, and an actor, four groups of cells that compete for the next step. Dopamine
neurons compare what the critic says now with what it said a step ago, and with the reward: their rate above or below
its baseline is an error of prediction, and changes the synapses that were active a step ago. This is as fast as the
algorithm with tables, as long as there is something to be won. A rate cannot fall below zero, and with punishments
alone the network does not learn. Potjans, Morrison & Diesmann 2009, doi:10.1162/neco.2008.08-07-593, and Potjans,
Diesmann & Morrison 2011, doi:10.1371/journal.pcbi.1001133.

.. image:: /gallery_figures/actor_critic.png
   :alt: steps to the goal trial by trial, of the network and of tables, with rewards and with punishments; the values
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/actor_critic.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms

SMOKE = "LAPICQUE_SMOKE" in os.environ
size, agents, trials = (3, 4, 20) if SMOKE else (5, 10, 150)

# %%
# A step takes 200 ms. Currents of the cells of a place follow within 20 ms; after 100 ms the actor may fire, each cell
# at a rate that is exponential in its current. The first cell to fire silences those of other actions until the step is
# over: a race that each action wins with the probability proportional to its rate, a softmax.
clock = dict(period="200 ms", tau="20 ms")
place = lq.Neuron("drate/dt = 0*Hz/ms : Hz  # as it is set", threshold="hazard(rate)")
striatum = lq.Neuron(
    """
    di/dt = -i/tau : 1
    won : 1
    lost : 1
    race = 5*Hz*exp(clip(i, -3, 3))*int(t % period > 100*ms)*int(lost < 0.5) : Hz
    rate = where(critic > 0.5, 400*Hz*clip(i, 0, 2), where(won > 0.5, 200*Hz, race)) : Hz
    """,
    threshold="hazard(rate)", reset="won = 1",
    events={"step": lq.Event(threshold="t % period < 1*ms", reset="won = 0; lost = 0")},
    parameters=dict(critic=0.0, **clock),
)  # fmt: skip

# %%
# The dopamine neuron beside each of these cells stands for a pool that fires 95 spikes a second at rest. It is excited
# by the critic, inhibited by the same spikes one step later, and excited by the reward.
dopamine = lq.Neuron(
    """
    dx/dt = -x/tau : 1
    dreward/dt = 0/ms : 1  # as it is set
    """,
    threshold="hazard(max(100*Hz + 300*Hz*(x + reward), 0*Hz))", parameters=dict(tau="20 ms"),
)  # fmt: skip

# %%
# A spike of a place arrives twice: at once, as a current, and one step later as eligibility, for actors in proportion
# to their own spikes of that step. Dopamine spikes turn eligibility into weights; that there are as many as at rest has
# been subtracted beforehand.
to_critic = lq.Synapse(
    "de/dt = -e/(20*ms) : 1\nw : 1",
    on_pre="i += 0.1*w",
    on=dict(
        step_later=lq.On("pre", "e += 0.5; w -= eta*0.5*95*Hz*20*ms", delay="200 ms"),
        dopamine=lq.On("dopamine", "w += eta*e"),
    ),
    bounds=dict(w=(0, 2)), parameters=dict(eta=0.01),
)  # fmt: skip
to_actor = lq.Synapse(
    "de/dt = -e/(20*ms) : 1\ndy/dt = -y/(20*ms) : 1\nw : 1",
    on_pre="i += 0.1*w",
    on=dict(
        step_later=lq.On("pre", "e += 0.5*y; w -= eta*0.5*y*95*Hz*20*ms", delay="200 ms"),
        own=lq.On("post", "y = 1", delay="200 ms"),
        dopamine=lq.On("dopamine", "w += eta*e"),
    ),
    bounds=dict(w=(-3, 3)), parameters=dict(eta=0.1),
)  # fmt: skip

# %%
# Ten agents in one network, each with 5 cells for each place, 4 critics, and 4 cells for each of 4 actions.
pool = 4
code = lq.environments.state_cells(size**2, cells=5, rate="100 Hz")
each, cells = np.eye(agents), np.ones((len(code), 1))
net = lq.Network()
places = net.population(place, agents * len(code), name="places")


def pairs(matrix):
    """Connections between cells wherever a matrix of groups has a one."""
    return lq.edges(*np.nonzero(matrix))


critics = net.population(striatum, pool * agents, name="critics", critic=1.0)
actors = net.population(striatum, 4 * pool * agents, name="actors")
belongs = {"critics": np.kron(each, np.ones((1, pool))), "actors": np.kron(each, np.ones((1, 4 * pool)))}
for group, rule in ((critics, to_critic), (actors, to_actor)):
    mine = belongs[group.name]
    level = net.population(dopamine, group.size, name=f"dopamine_{group.name}")
    net.connect(places, group, rule, where=pairs(np.kron(mine, cells)), w=0.0, modulators=dict(dopamine=level))
    says = pairs(belongs["critics"].T @ mine)
    net.connect(critics, level, on_pre="x += 0.9*0.15/4", where=says, name=f"now_{group.name}")
    net.connect(critics, level, on_pre="x -= 0.15/4", where=says, delay=200 * ms, name=f"before_{group.name}")
together = np.ones((pool, pool))
net.connect(actors, actors, on_pre="won = 1", where=pairs(np.kron(np.eye(4 * agents), together)), name="mates")
net.connect(
    actors, actors, on_pre="lost = 1", where=pairs(np.kron(np.kron(each, 1 - np.eye(4)), together)), name="rivals"
)
net.record(actors, "spikes")


def learned(env, trials, seed):
    """Steps of each trial, (agent, trial), and the critic's weights in the end, (agent, place)."""
    rng = np.random.default_rng(seed)
    steps, number = np.zeros((agents, trials), int), np.zeros(agents, int)
    states, silent = [env.reset(rng)[0] for _ in range(agents)], np.zeros(len(code))
    with lq.Simulation(net, dt=1 * ms, seed=seed, threads=1) as sim:
        while number.min() < trials:
            rates = [silent if state.ended else code.rates(state.place) for state in states]
            sim.set("places.rate", np.concatenate(rates) * Hz)
            counts = sim.run(200 * ms).spikes["actors"].counts.reshape(agents, 4, pool).sum(2)
            rewards = np.zeros(agents)
            for k, state in enumerate(states):
                if state.ended:  # one step without a place, in which the last reward is learned, then the next trial
                    states[k] = env.reset(rng)[0]
                    continue
                action = counts[k].argmax() if counts[k].any() else rng.integers(4)
                step = env.step(state, int(action))
                states[k], rewards[k] = step.state, step.reward
                if step.ended and number[k] < trials:
                    steps[k, number[k]] = step.state.steps
                    number[k] += 1
            sim.set("dopamine_critics.reward", np.repeat(rewards, pool))
            sim.set("dopamine_actors.reward", np.repeat(rewards, 4 * pool))
        return steps, sim.get("places->critics.w").reshape(agents, pool, size**2, 5).mean((1, 3))


# %%
# Two tasks: a reward of 1 at the goal, and instead a punishment for every step that does not lead there.
tasks = {
    "reward": (lq.environments.grid_world(size=size, max_steps=300), trials),
    "punishment": (lq.environments.grid_world(size=size, reward=0, step_reward=-0.2, max_steps=300), trials // 3),
}
tables = lq.environments.tabular_actor_critic()
steps, last = {}, {}
for name, (env, number) in tasks.items():
    network, values = learned(env, number, seed=1)
    tabular = np.array([tables.learn(env, trials=number, seed=seed).steps for seed in range(10)])
    steps[name] = dict(network=network, tables=tabular)
    last[name] = {who: of[:, -number // 5 :].mean() for who, of in steps[name].items()}
    if name == "reward":
        value = values.mean(0).reshape(size, size)
print({name: {who: round(float(mean), 2) for who, mean in of.items()} for name, of in last.items()})

fig, axes = plt.subplots(1, 3, figsize=(10, 3), layout="constrained", width_ratios=[4, 4, 3])
for ax, (name, of) in zip(axes, steps.items(), strict=False):
    for who, colour in dict(network="C0", tables="0.5").items():
        ax.plot(of[who].mean(0), colour, lw=1, label=who)
    ax.set(xlabel="trial", ylabel="steps to the goal", title=name, yscale="log")
axes[0].legend(frameon=False)
fig.colorbar(axes[2].imshow(value), ax=axes[2])
axes[2].set(title="what the critic expects", xticks=[], yticks=[])

# %%
ratio = {name: of["network"] / of["tables"] for name, of in last.items()}
first = steps["punishment"]["network"][:, : trials // 15].mean()
merits = [
    Merit("reward: steps in the last fifth of trials, network / tables", ratio["reward"], "< 1.5", published="as fast"),
    Merit("punishment: the same", ratio["punishment"], "> 3", published="breaks down"),
    Merit("punishment: steps of the network, last fifth / first fifth", last["punishment"]["network"] / first, "> 0.5"),
]
print(merit_table(merits))
assert SMOKE or all(merit.met for merit in merits)
assert value[-2, -1] + value[-1, -2] > 1.2 * (value[0, 0] + value[0, 1])
assert last["reward"]["network"] < 0.7 * steps["reward"]["network"][:, : trials // 5].mean()
