"""
Short-term plasticity: what a train of pulses tells about a synapse
===================================================================

A spike releases a part of what a synapse has in store. The store fills up again within tens or hundreds of
milliseconds, and the part that is released grows with each spike and falls back between them: so some synapses tire and
others warm up. Tsodyks, Pawelzik & Markram 1998, doi:10.1162/089976698300017502. Eight pulses at several rates and one
later, as in the survey of local connections of Campagnola et al. 2022, doi:10.1126/science.abj5861, are enough to find
the three constants of a synapse again. Their recordings are not part of this example: the data are made here, with
noise.

.. image:: /gallery_figures/short_term_plasticity.png
   :alt: responses of three kinds of synapses to eight pulses, fitted constants, and the probability of a connection
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/short_term_plasticity.png'

import os

import matplotlib.pyplot as plt
import numpy as np
import scipy.optimize

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import ms, um

SMOKE = "LAPICQUE_SMOKE" in os.environ

# %%
# Between spikes the store recovers and facilitation decays, exactly, whatever the step.
tsodyks_markram = lq.Synapse(
    """
    dstore/dt = (1 - store)/tau_d : 1 (event-driven)   # what is available
    du/dt = -u/tau_f : 1 (event-driven)                # the part of it that a spike releases
    U : 1
    tau_d : ms
    tau_f : ms
    released : 1                                       # by the last spike
    """,
    on_pre="u += U*(1 - u); released = u*store; store -= released",
    initial=dict(store=1), name="tsodyks_markram",
)  # fmt: skip

# %%
# Eight pulses at five rates, and a ninth 250 ms later. All candidates of a search are synapses of one network: sources
# are the trains, targets the candidates.
rates = [10, 20, 50, 100, 200]  # Hz
trains = np.array([[*(10 + 1000 // f * np.arange(8)), 10 + 7000 // f + 250] for f in rates])  # ms


def responses(constants):
    """What synapses with these U, tau_d, tau_f, (synapse, 3), release at each pulse, (synapse, train, pulse)."""
    net = lq.Network()
    fibres = net.spikes(trains.astype(float).tolist(), name="fibres")
    cells = net.population(lq.Neuron("x : 1", parameters=dict(x=0)), len(constants), name="cells")
    matrices = {name: np.tile(value, (len(rates), 1)) for name, value in zip(names, constants.T, strict=True)}
    synapses = net.connect(fibres, cells, tsodyks_markram, **matrices)
    net.record(synapses, "released", every=1 * ms, name="released")
    released = lq.simulate(net, trains.max() + 10, dt=1 * ms).traces["released"].values
    released = released.reshape(len(released), len(constants), len(rates))  # a pulse is seen one step after it
    return np.stack([released[trains[k] + 1, :, k] for k in range(len(rates))]).transpose(2, 0, 1)


names = ("U", "tau_d", "tau_f")
kinds = {"depressing": (0.5, 400, 80), "facilitating": (0.08, 80, 500), "both": (0.25, 200, 150)}
exact = responses(np.array(list(kinds.values())))
U, tau_d, tau_f = np.array(list(kinds.values())).T[..., None]
gap = 1000 / np.array(rates)
left = U * np.exp(-gap / tau_f)
ratio = (left + U * (1 - left)) * (1 - U * np.exp(-gap / tau_d)) / U
ratio_error = np.abs(exact[:, :, 1] / exact[:, :, 0] - ratio).max()

# %%
# The data: an amplitude that is not known, and 2 % noise. The search looks at a logarithmic box of constants.
rng = np.random.default_rng(1)
data = 40 * exact * rng.normal(1, 0.02, exact.shape)  # pA
low, high = np.log([[0.01, 10, 10], [0.95, 2000, 2000]])


def found(measured, generations):
    """Constants of the synapse that explains the responses best, whatever its amplitude."""
    search = lq.optimizers.cma_es(population=64).start(3, seed=1)
    for _ in range(generations):
        points = search.ask()
        model = responses(np.exp(low + (high - low) * points)) / measured
        amplitude = model.sum((1, 2)) / (model**2).sum((1, 2))
        search.tell(points, ((amplitude[:, None, None] * model - 1) ** 2).sum((1, 2)))
    return np.exp(low + (high - low) * search.best_point)


fits = {kind: found(measured, 1 if SMOKE else 60) for kind, measured in zip(kinds, data, strict=True)}
worst = max(np.abs(fits[kind] / kinds[kind] - 1).max() for kind in kinds)
for kind in kinds:
    print(f"{kind:12}", fits[kind].round(3), "made with", kinds[kind])

# %%
# The other half of such a survey: who is connected. Pairs are tested at all distances, and the probability is fitted by
# its two constants.
p_max, sigma, size = 0.3, 80.0, 100 if SMOKE else 1000
net = lq.Network()
sheet = net.population(lq.neurons.lif, size, name="sheet", positions=rng.uniform(0, 500, (size, 2)) * um)
rule = lq.pairwise_gaussian(p_max, sigma * um, autapses=False)
synapses = net.connect(sheet, sheet, on_pre="v += w", w="1 mV", where=rule)
connected = lq.connections(synapses, wiring_seed=1).to_sparse().toarray() != 0
distance = np.linalg.norm(sheet.positions[:, None] - sheet.positions, axis=-1)
tested = ~np.eye(size, dtype=bool)
x, yes = distance[tested], connected[tested]


def surprise(constants):
    """Minus the logarithm of the likelihood of what was found, by pair."""
    p = np.clip(constants[0] * np.exp(-(x**2) / (2 * constants[1] ** 2)), 1e-12, 1 - 1e-12)
    return -np.where(yes, np.log(p), np.log1p(-p)).mean()


fitted = scipy.optimize.minimize(surprise, [0.5, 150], method="Nelder-Mead").x
print("connection probability", fitted.round(3), "made with", (p_max, sigma))

# %%
fig, (left_ax, middle, right_ax) = plt.subplots(1, 3, figsize=(10, 3), layout="constrained")
fifty = rates.index(50)
for kind, of in zip(kinds, data, strict=True):
    (line,) = left_ax.plot(trains[fifty] - 10, of[fifty], "o", ms=4, label=kind)
    model = responses(fits[kind][None])[0, fifty]
    left_ax.plot(trains[fifty] - 10, model * (of[fifty] @ model) / (model @ model), color=line.get_color(), lw=0.8)
left_ax.set(xlabel="time (ms), pulses at 50 Hz", ylabel="response (pA)")
left_ax.legend(frameon=False, fontsize=7)
for k, name in enumerate(names):
    middle.plot([kinds[kind][k] for kind in kinds], [fits[kind][k] for kind in kinds], "o", ms=4, label=name)
middle.plot([0.05, 600], [0.05, 600], color="grey", lw=0.8)
middle.set(xscale="log", yscale="log", xlabel="made with (ms; U: 1)", ylabel="found")
middle.legend(frameon=False, fontsize=7)
bins = np.arange(0, 320, 20)
right_ax.stairs(np.histogram(x[yes], bins)[0] / np.histogram(x, bins)[0], bins)
right_ax.plot(bins, fitted[0] * np.exp(-(bins**2) / (2 * fitted[1] ** 2)))
right_ax.set(xlabel="distance (µm)", ylabel="probability of a connection")

# %%
merits = [
    Merit("ratio of the second pulse to the first minus its formula", ratio_error, "< 1e-12"),
    Merit("U, tau_d and tau_f of three synapses, worst error", 100 * worst, "< 10 %"),
    Merit(
        "probability and range of connections, worst error", 100 * np.abs(fitted / (p_max, sigma) - 1).max(), "< 10 %"
    ),
]
print(merit_table(merits))
assert exact[0, fifty, 7] < 0.5 * exact[0, fifty, 0]
assert exact[1, fifty, 7] > 2 * exact[1, fifty, 0]
assert all(merit.met for merit in (merits[:1] if SMOKE else merits))
