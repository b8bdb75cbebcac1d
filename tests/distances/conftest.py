from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from lapicque.spikes import SpikeTrains


@pytest.fixture(scope="session")
def pairs():
    """Random pairs of trains with ties, repeated spikes, few spikes, none, and spikes at the edges."""
    random = np.random.default_rng(7)
    window = {"t_start": -20.0, "t_stop": 80.0}

    def train():
        times = random.uniform(-20, 80, random.choice([0, 1, 2, 5, 20]))
        if random.random() < 0.5:
            times = np.round(times)
        if random.random() < 0.3:
            times = np.concatenate([times, times[:2]])
        edges = [-20.0] * (random.random() < 0.2) + [80.0] * (random.random() < 0.2)
        return np.sort(np.concatenate([times, edges]))

    return [SpikeTrains.from_lists([train(), train()], **window) for _ in range(150)]


@pytest.fixture(scope="session")
def one():
    """A single train from its spike times, in a window of 1000 ms."""
    return lambda *times, t_stop=1000.0: SpikeTrains.from_lists([np.sort(np.asarray(times, float))], t_stop=t_stop)


@pytest.fixture(scope="session")
def nodes():
    """Nodes and intervals of the measures that are made of intervals, spelled out."""
    return SimpleNamespace(around=around, corners=corners, pieces=pieces)


def corners(train, edges):
    """Distinct spikes as the interval measures see them, and the auxiliary node before and after them."""
    spikes = sorted(set(train.times.tolist()))
    if not spikes or edges == "real":
        spikes = sorted({*spikes, train.t_start, train.t_stop})
    if len(spikes) == 1:
        return spikes, train.t_start, train.t_stop
    return (
        spikes,
        min(train.t_start, spikes[0] - (spikes[1] - spikes[0])),
        max(train.t_stop, spikes[-1] + (spikes[-1] - spikes[-2])),
    )


def around(t, spikes, before, after):
    """The nodes before and after an instant that is not a node."""
    nodes = [before, *spikes, after]
    k = next(k for k, node in enumerate(nodes) if node > t)
    return nodes[k - 1], nodes[k]


def pieces(a, b, edges):
    """Beginning and end of each piece of time without a spike inside."""
    times = sorted({a.t_start, a.t_stop, *corners(a, edges)[0], *corners(b, edges)[0]})
    return list(pairwise(times))
