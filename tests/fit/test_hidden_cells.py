"""Hidden cells: AdEx neurons whose parameters the search does not know, from four seconds of jittered spikes."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.fit import Problem, Trial, minimize, score
from lapicque.spikes import SpikeTrains

GAMMA = lq.distances.coincidence("4 ms")
BOX = dict(
    c_m=(80, 400), g_l=(4, 25), delta_t=(0.8, 4), v_reset=(-70, -50), a=(0, 8), b=(5, 150), tau_w=(30, 300),
    t_ref=(1, 4),
)  # fmt: skip
BUDGET = 30_000  # what a user gets who asks for nothing, within the search ranges of the catalogue


@pytest.fixture(scope="module")
def stimuli(noisy_current):
    return [noisy_current(40_000, seed=seed) for seed in (1, 2)]


@pytest.fixture(scope="module")
def cells(stimuli, spikes_of):
    """Ten cells of 4 to 40 Hz with their spikes."""
    random = np.random.default_rng(5)
    found = []
    while len(found) < 10:
        values = {
            name: np.exp(random.uniform(*np.log((low, high)))) if low > 0 else random.uniform(low, high)
            for name, (low, high) in BOX.items()
        }
        cell = lq.neurons.adex.with_(**values)
        spikes = spikes_of(cell, stimuli[0])
        if 4 < spikes.rate()[0] < 40:
            found.append((cell, spikes))
    return found


def unseen_gamma(cell, spikes, stimuli, spikes_of, seed, budget):
    """Fit to a jittered answer to one stimulus; Gamma with the answer to another."""
    jitter = np.random.default_rng(100 + seed).normal(0, 1, len(spikes.times))
    data = SpikeTrains.from_lists([np.sort(np.clip(spikes.times + jitter, 0, 4000))], t_stop=4000)
    found = minimize(Problem(lq.neurons.adex, [Trial(stimuli[0], data)], distance=GAMMA), budget=budget, seed=seed)
    return score(found, [Trial(stimuli[1], spikes_of(cell, stimuli[1]))]).gamma


def test_two_hidden_cells(cells, stimuli, spikes_of):
    for n in (0, 5):
        assert unseen_gamma(*cells[n], stimuli, spikes_of, seed=n, budget=BUDGET) >= 0.86


@pytest.mark.crosscheck
def test_ten_hidden_cells(cells, stimuli, spikes_of):
    found = [unseen_gamma(*cell, stimuli, spikes_of, seed=n, budget=BUDGET) for n, cell in enumerate(cells)]
    print(np.round(found, 3))
    assert sum(gamma >= 0.86 for gamma in found) >= 8
    assert min(found) >= 0.7
