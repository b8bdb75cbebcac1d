"""A wiring with everything in it, and the naive definition of rows."""

import numpy as np
import pytest

from lapicque.compile.wiring import delay_steps, synapse_values, wire
from lapicque.random import stream_key
from lapicque.units import parse_unit


@pytest.fixture
def projection():
    """Make a wiring with weights and delays; the key's name is that of the projection."""

    def make(rule, n_source, n_target, name="a->b", w=1.0, delay=1.0, dt=0.1, same=False):
        wiring = wire(rule, n_source, n_target, stream_key(1, f"{name}/sources"), same)
        weights = synapse_values(w, parse_unit("nS"), wiring, stream_key(1, f"{name}/w"))
        return wiring, weights, delay_steps(delay, wiring, stream_key(1, f"{name}/delay"), dt)

    return make


@pytest.fixture
def unpacked():
    """Read rows back, as (source, delay, target, weight) in the order in which they are stored."""

    def read(rows):
        found, n = [], len(rows.delays)
        for source in range(len(rows.starts) - 1):
            for k, at in enumerate(range(rows.starts[source], rows.starts[source + 1])):
                if rows.delay is not None:
                    delay = rows.delay[at]
                elif rows.offsets is not None:
                    offsets = rows.offsets[source * (n + 1) : (source + 1) * (n + 1)]
                    assert offsets[0] == 0
                    assert offsets[-1] == rows.starts[source + 1] - rows.starts[source]
                    delay = rows.delays[np.searchsorted(offsets, k, "right") - 1]
                else:
                    (delay,) = rows.delays
                weight = rows.weight if rows.weights is None else rows.weights[at]
                found.append((source, int(delay), int(rows.targets[at]), float(weight)))
        return found

    return read


@pytest.fixture
def expected():
    """What the rows of a partition must hold: all synapses, sorted by source and delay, otherwise as they are."""

    def naive(members, partition):
        found = []
        for m in members:
            indptr, sources = m.wiring.draw()
            w, d = m.weights.all(m.wiring), m.delays.values.all(m.wiring)
            of_source = np.arange(10**6)[m.sources] if m.sources is not None else np.arange(10**6)
            of_target = np.arange(10**6)[m.targets] if m.targets is not None else np.arange(10**6)
            for target in range(m.wiring.n_target):
                at = of_target[target]
                if m.bounds[partition] <= at < m.bounds[partition + 1]:
                    local = m.bases[partition] + at - m.bounds[partition]
                    for s in range(indptr[target], indptr[target + 1]):
                        steps = int(np.floor(d[s] / m.delays.dt + 0.5))
                        found.append((int(of_source[sources[s]]), steps, int(local), float(w[s])))
        return sorted(found, key=lambda row: row[:2])

    return naive
