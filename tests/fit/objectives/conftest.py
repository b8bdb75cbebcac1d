import numpy as np
import pytest

import lapicque as lq
from lapicque.fit.objectives import Block
from lapicque.spikes import SpikeTrains


@pytest.fixture(scope="session")
def block():
    """Candidates' spikes as a scorer gets them; beyond the capacity they are counted only."""

    def make(*trains, capacity=None):
        capacity = capacity or max(1, *(len(t) for t in trains))
        times = np.full((len(trains), capacity), np.nan)
        counts = np.array([len(t) for t in trains])
        for row, train in zip(times, trains, strict=True):
            row[: min(capacity, len(train))] = train[:capacity]
        return Block(times.ravel(), capacity, counts, np.minimum(counts, capacity))

    return make


@pytest.fixture(scope="session")
def trial():
    """A trial of a second without a stimulus to speak of, from lists of spike times."""

    def make(*trains, **more):
        spikes = SpikeTrains.from_lists(trains, t_stop=1000, shape=(len(trains), 1))
        return lq.fit.Trial(np.zeros(1000), spikes, dt="1 ms", **more)

    return make


@pytest.fixture(scope="session")
def losses(block):
    """The losses of candidates' spike trains under an objective in a trial."""

    def compute(objective, trial, *trains, capacity=None):
        scorer = objective.prepare(trial)
        made = block(*trains, capacity=capacity)
        return scorer.score(made, np.zeros((scorer.sums, len(trains))))

    return compute
