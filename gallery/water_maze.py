"""
Finding a hidden platform from place cells
==========================================

A rat in a pool of milky water swims until it meets a platform that it cannot see. From trial to trial, wherever it is
put, it finds it sooner. Place cells excite a critic and eight groups of cells that compete for the direction of the
next stroke; dopamine neurons signal what is better or worse than the critic expected, and modulate the plasticity of
both. Foster, Morris & Dayan 2000, doi:10.1002/(SICI)1098-1063(2000)10:1<1::AID-HIPO1>3.0.CO;2-1, with spikes as in
Fremaux, Sprekeler & Gerstner 2013, doi:10.1371/journal.pcbi.1003024.

.. image:: /gallery_figures/water_maze.png
   :alt: time to the platform trial by trial, a first and a last path, and what the critic expects in the pool
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/water_maze.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms

SMOKE = "LAPICQUE_SMOKE" in os.environ
agents, trials = (2, 3) if SMOKE else (10, 30)

# %%
# The network is that of the actor-critic in the grid world, with place cells that overlap: what is learned at one place
# is known around it. A step takes 200 ms. After 100 ms the cells of the directions may fire, each at a rate that is
# exponential in its current, and the first one to fire silences those of other directions until the step is over.
clock = dict(period="200 ms", tau="20 ms")
place = lq.Neuron("drate/dt = 0*Hz/ms : Hz  # as it is set", threshold="hazard(rate)")
striatum = lq.Neuron(
    """
    di/dt = -i/tau : 1
    won : 1
    lost : 1
    race = 10*Hz*exp(clip(i, -3, 3))*int(t % period > 100*ms)*int(lost < 0.5) : Hz
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
    on_pre="i += 0.08*w",
    on=dict(
        step_later=lq.On("pre", "e += 0.5; w -= eta*0.5*95*Hz*20*ms", delay="200 ms"),
        dopamine=lq.On("dopamine", "w += eta*e"),
    ),
    bounds=dict(w=(0, 2)), parameters=dict(eta=0.03),
)  # fmt: skip
to_actor = lq.Synapse(
    "de/dt = -e/(20*ms) : 1\ndy/dt = -y/(20*ms) : 1\nw : 1",
    on_pre="i += 0.08*w",
    on=dict(
        step_later=lq.On("pre", "e += 0.5*y; w -= eta*0.5*y*95*Hz*20*ms", delay="200 ms"),
        own=lq.On("post", "y = 1", delay="200 ms"),
        dopamine=lq.On("dopamine", "w += eta*e"),
    ),
    bounds=dict(w=(-3, 3)), parameters=dict(eta=0.3),
)  # fmt: skip

# %%
# Ten animals in one network, each with 400 place cells, 2 critics, and 2 cells for each of 8 directions. They swim
# 12 cm in a step, and keep a part of their direction.
env = lq.environments.water_maze(
    platform_radius=0.1, speed=0.6, dt=200 * ms, momentum=0.4, max_steps=100 if SMOKE else 300
)
code = lq.environments.place_cells(cells=400, rate="40 Hz")
pool, ways, each, cells = 2, 8, np.eye(agents), np.ones((len(code), 1))
net = lq.Network()
places = net.population(place, agents * len(code), name="places")


def pairs(matrix):
    """Connections between cells wherever a matrix of groups has a one."""
    return lq.edges(*np.nonzero(matrix))


critics = net.population(striatum, pool * agents, name="critics", critic=1.0)
actors = net.population(striatum, ways * pool * agents, name="actors")
belongs = {"critics": np.kron(each, np.ones((1, pool))), "actors": np.kron(each, np.ones((1, ways * pool)))}
for group, rule in ((critics, to_critic), (actors, to_actor)):
    mine = belongs[group.name]
    level = net.population(dopamine, group.size, name=f"dopamine_{group.name}")
    net.connect(places, group, rule, where=pairs(np.kron(mine, cells)), w=0.0, modulators=dict(dopamine=level))
    says = pairs(belongs["critics"].T @ mine)
    net.connect(critics, level, on_pre="x += 0.9*0.15/2", where=says, name=f"now_{group.name}")
    net.connect(critics, level, on_pre="x -= 0.15/2", where=says, delay=200 * ms, name=f"before_{group.name}")
together = np.ones((pool, pool))
net.connect(actors, actors, on_pre="won = 1", where=pairs(np.kron(np.eye(ways * agents), together)), name="mates")
net.connect(
    actors, actors, on_pre="lost = 1", where=pairs(np.kron(np.kron(each, 1 - np.eye(ways)), together)), name="rivals"
)
net.record(actors, "spikes")


def escapes(seed):
    """Strokes until the platform in each trial, (agent, trial), paths of the first agent, and the critic's weights."""
    rng = np.random.default_rng(seed)
    strokes, number = np.zeros((agents, trials), int), np.zeros(agents, int)
    begun = [env.reset(rng)[0] for _ in range(agents)]
    states, paths = begun, [[] for _ in range(trials + 1)]
    with lq.Simulation(net, dt=1 * ms, seed=seed, threads=1) as sim:
        while number.min() < trials:
            rates = code.rates(np.array([(state.x, state.y) for state in states]))
            rates[[state.ended for state in states]] = 0
            sim.set("places.rate", rates.ravel() * Hz)
            counts = sim.run(200 * ms).spikes["actors"].counts.reshape(agents, ways, pool).sum(2)
            rewards = np.zeros(agents)
            for k, state in enumerate(states):
                if state.ended:  # one step without a place, in which the last reward is learned, then the next trial
                    states[k] = env.reset(rng)[0]
                    continue
                way = counts[k].argmax() if counts[k].any() else rng.integers(ways)
                step = env.step(state, int(way))
                states[k], rewards[k] = step.state, step.reward
                if k == 0:
                    paths[min(number[0], trials)] += [(state.x, state.y), (step.state.x, step.state.y)]
                if step.ended:
                    if number[k] < trials:
                        strokes[k, number[k]] = step.state.steps
                    number[k] += 1
            sim.set("dopamine_critics.reward", np.repeat(rewards, pool))
            sim.set("dopamine_actors.reward", np.repeat(rewards, ways * pool))
        return strokes, paths, sim.get("places->critics.w").reshape(agents, pool, -1).mean((0, 1))


strokes, paths, weights = escapes(seed=1)
early, late = strokes[:, :5].mean(1), strokes[:, -5:].mean(1)
print("time to the platform (s), first and last five trials", (0.2 * early).round(1), (0.2 * late).round(1))

# %%
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained", width_ratios=[4, 3, 4])
left.plot(np.arange(trials) + 1, 0.2 * strokes.T, "C0", lw=0.3, alpha=0.5)
left.plot(np.arange(trials) + 1, 0.2 * strokes.mean(0), "C0", lw=2)
left.set(xlabel="trial", ylabel="time to the platform (s)", title="ten animals, and their mean", ylim=(0, None))
for trial, colour in ((0, "0.6"), (trials - 1, "C3")):
    middle.plot(*np.array(paths[trial]).T, colour, lw=1, label=f"trial {trial + 1}")
for centre, radius in (((0, 0), env.radius), (env.platform, env.platform_radius)):
    middle.add_patch(plt.Circle(centre, radius, fill=False))
middle.set(title="paths of one of them", aspect="equal", xticks=[], yticks=[])
middle.legend(frameon=False, fontsize=7, loc="lower left")
drawn = right.scatter(*code.centres.T, c=weights, s=25)
right.set(title="what the critic expects", aspect="equal", xticks=[], yticks=[])
fig.colorbar(drawn, ax=right)

# %%
merits = [
    Merit("animals that escape twice as fast in trials 26-30 as in 1-5", int((late < early / 2).sum()), ">= 7 of 10"),
    Merit("time to the platform, trials 26-30", 0.2 * late.mean(), "< 10 s"),
    Merit("the same, over that in trials 1-5", late.mean() / early.mean(), "< 0.5", published="falls within 20 trials"),
]
print(merit_table(merits))
near = np.hypot(*(code.centres - env.platform).T) < 0.3
assert SMOKE or all(merit.met for merit in merits)
assert weights[near].mean() > 2 * weights[~near].mean()  # the surroundings of the platform are worth more
