"""
Balancing a pole by what went before its fall
=============================================

A pole on a cart is pushed to the left or to the right every 20 ms; nothing is said about how, only that it fell. Two
groups of cells compete for the push. Their spikes make the synapses that drove them eligible, those of their rivals the
opposite, and this fades within 60 ms: the punishment of a fall reaches what was done just before it,
and turns it round. Modulated STDP with an eligibility trace, Florian 2007, doi:10.1162/neco.2007.19.6.1468, in the task
of Barto, Sutton & Anderson 1983, doi:10.1109/TSMC.1983.6313077.

.. image:: /gallery_figures/cart_pole.png
   :alt: length of the episodes as ten agents learn, and the pushes that an agent prefers for angles and velocities
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/cart_pole.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms

SMOKE = "LAPICQUE_SMOKE" in os.environ
agents, episodes = (10, 12) if SMOKE else (10, 80)
env = lq.environments.cart_pole(max_steps=200)

# %%
# Angle and angular velocity are the place of a bump of activity among 10 x 10 cells. The cells of the two pushes fire
# at rates that are exponential in their currents; the push with more spikes in 20 ms is made.
code = lq.environments.population_code([-0.2, -2.5], [0.2, 2.5], cells=10, rate="150 Hz", joint=True)
sensor = lq.Neuron("drate/dt = 0*Hz/ms : Hz  # as it is set", threshold="hazard(rate)")
motor = lq.Neuron("di/dt = -i/(10*ms) : 1", threshold="hazard(100*Hz*exp(clip(i, -2, 2)))")
teacher = lq.Neuron("dreward/dt = 0/ms : 1  # as it is set", threshold="abs(reward) > 0", reset="reward = 0")
mstdpet = lq.Synapse(
    """
    dp/dt = -p/(10*ms) : 1
    dz/dt = -z/tau_z : 1
    w : 1
    """,
    on_pre="i += 0.5*w; p += 1",
    on_post="z += p",
    on=dict(rival=lq.On("rival", "z -= p"), reward=lq.On("teacher", "w += gamma*reward_teacher*z; z = 0")),
    bounds=dict(w=(-1, 1)), parameters=dict(tau_z="60 ms", gamma=0.2),
)  # fmt: skip

# %%
# Ten agents in one network. Each pair of rivals is one of left with one of right.
pool, each = 4, np.eye(agents)
net = lq.Network()
sensors = net.population(sensor, agents * len(code), name="sensors")
motors = net.population(motor, agents * 2 * pool, name="motors")
teachers = net.population(teacher, motors.size, name="teachers")
opposite = np.arange(motors.size).reshape(agents, 2, pool)[:, ::-1].ravel()
third = dict(rival=motors[opposite], teacher=teachers)
own = lq.edges(*np.nonzero(np.kron(each, np.ones((len(code), 2 * pool)))))
net.connect(sensors, motors, mstdpet, where=own, w=0.0, modulators=third)
net.record(motors, "spikes")


def balanced(seed):
    """Length of each episode, (agent, episode), and the weights in the end, (agent, push, cell)."""
    rng = np.random.default_rng(seed)
    lengths, number = np.zeros((agents, episodes), int), np.zeros(agents, int)
    begun = [env.reset(rng) for _ in range(agents)]
    states, seen = [state for state, _ in begun], [observation for _, observation in begun]
    with lq.Simulation(net, dt=1 * ms, seed=seed, threads=1) as sim:
        while number.min() < episodes:
            sim.set("sensors.rate", code.rates(np.array(seen)[:, 2:]).ravel() * Hz)
            counts = sim.run(20 * ms).spikes["motors"].counts.reshape(agents, 2, pool).sum(2)
            fell = np.zeros(agents)
            for k in range(agents):
                left, right = counts[k]
                push = int(right > left) if right != left else int(rng.integers(2))
                step = env.step(states[k], push)
                states[k], seen[k], fell[k] = step.state, step.observation, -float(step.terminated)
                if step.ended:
                    if number[k] < episodes:
                        lengths[k, number[k]] = step.state.steps
                    number[k] += 1
                    states[k], seen[k] = env.reset(rng)
            if fell.any():
                sim.set("teachers.reward", np.repeat(fell, 2 * pool))
        return lengths, sim.get("sensors->motors.w").reshape(agents, 2, pool, len(code)).mean(2)


lengths, weights = balanced(seed=1)
random_lengths = [
    len(lq.environments.run_episode(env, lambda _, random: env.action_space.sample(random), seed=seed))
    for seed in range(100)
]
chance = np.mean(random_lengths)
print("random", chance, "learned", lengths.mean(0).round(0))

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained", width_ratios=[3, 2])
left.plot(lengths.T, "C0", lw=0.3, alpha=0.5)
left.plot(lengths.mean(0), "C0", lw=2, label="ten agents, and their mean")
left.axhline(chance, color="grey", ls=":", label="random pushes")
left.set(xlabel="episode", ylabel="steps of 20 ms", title="until the pole falls, at most 200 steps")
left.legend(frameon=False, loc="upper right", bbox_to_anchor=(1, 0.9))
preference = (weights[:, 1] - weights[:, 0]).mean(0).reshape(10, 10)  # (angle, velocity)
largest = np.abs(preference).max()
drawn = right.imshow(preference.T, origin="lower", extent=(-11.5, 11.5, -2.5, 2.5), aspect="auto", cmap="RdBu_r",
                     vmin=-largest, vmax=largest)  # fmt: skip
right.set(xlabel="angle (degrees)", ylabel="angular velocity (1/s)", title="weights for right minus left")
fig.colorbar(drawn, ax=right)

# %%
# The agents learn to push to where the pole falls, in a few episodes. They also go on learning from falls that could
# not be avoided any more, and are not told about the cart's position; what they reach is good, not perfect.
ends = lengths[:, -10:].mean()
merits = [
    Merit("mean return of 100 episodes, the last 10 of 10 agents", ends, "> 66", published="tuned for each task"),
    Merit("the same, over that of random pushes", ends / chance, ">= 3"),
    Merit("agents that are twice as good as random", int((lengths[:, -10:].mean(1) > 2 * chance).sum()), ">= 8 of 10"),
]
print(merit_table(merits))
assert SMOKE or all(merit.met for merit in merits)
assert lengths[:, -5:].mean() > 1.5 * chance
