"""The synapses of circuits side by side: sorted by target, then by circuit, each circuit's in its own order."""

import numpy as np
import pytest

from lapicque.compile.beside import count_spikes, put_spikes
from lapicque.compile.copies import _Synapses
from lapicque.compile.wiring import synapse_values, wire
from lapicque.compile.wiring.nested import Chances
from lapicque.compile.wiring.values import Constant, Listed
from lapicque.network.connectivity import fixed_in_degree, fixed_probability
from lapicque.network.distributions import uniform
from lapicque.random import stream_key
from lapicque.units import mV, parse_unit

COPIES, KEY, MV = 64, stream_key(3, "a->b/sources"), parse_unit("mV")


def nested():
    ends = wire(fixed_probability(0.5, nested=True), 7, 5, KEY).ends
    chances = Chances(fixed_probability(0.5, nested=True), ends, KEY)
    return [chances.below(p) for p in (0.5, 0.0, 1.0, 0.2, 0.5)]


def others():
    """Two drawings, one of them twice, and a wiring without random numbers of pairs."""
    return [*nested()[:2], *nested()[2:4], wire(fixed_in_degree(2), 7, 5, KEY)]


WIRINGS = {"one": lambda: [wire(fixed_in_degree(3), 7, 5, KEY)] * 5, "nested": nested, "different": others}


def by_hand(wirings, each):
    """Return the sources and values of all copies' synapses, by the definition."""
    found = []
    for target in range(5):
        for c, (wiring, values) in enumerate(zip(wirings, each, strict=True)):
            indptr, sources = wiring.draw()
            own = slice(indptr[target], indptr[target + 1])
            found += [(s * COPIES + c, v) for s, v in zip(sources[own], values[own], strict=True)]
    return [s for s, _ in found], [v for _, v in found]


@pytest.mark.parametrize("name", WIRINGS)
def test_synapses_of_all_copies_are_those_of_the_definition(name):
    wirings = WIRINGS[name]()
    together = _Synapses(wirings, COPIES)
    own = [synapse_values(uniform(0 * mV, 1 * mV), MV, w, stream_key(c, "w")) for c, w in enumerate(wirings)]
    sources, values = by_hand(wirings, [v.all(w) for v, w in zip(own, wirings, strict=True)])
    np.testing.assert_array_equal(together.wiring.draw()[1], sources)
    np.testing.assert_array_equal(together.values(own).all(together.wiring), values)
    degrees = together.wiring.in_degrees.reshape(5, COPIES)
    np.testing.assert_array_equal(degrees[:, :5].T, [w.in_degrees for w in wirings])
    assert not degrees[:, 5:].any()


@pytest.mark.parametrize("name", WIRINGS)
def test_one_number_a_copy_is_that_of_its_synapses(name):
    wirings = WIRINGS[name]()
    together, numbers = _Synapses(wirings, COPIES), [1.0, 2.0, 3.0, 2.0, -1.0]
    _, values = by_hand(wirings, [np.full(w.count, x) for w, x in zip(wirings, numbers, strict=True)])
    found = together.values([Constant(x) for x in numbers])
    assert isinstance(found, Listed)
    np.testing.assert_array_equal(found.values, values)
    assert together.values([Constant(4.0)] * 5).constant == 4.0


def test_spikes_of_a_stream_are_sorted_by_train_and_stay_in_their_order():
    rng = np.random.default_rng(2)
    log = np.stack([rng.integers(0, 2, 400), rng.integers(0, 6, 400), np.arange(400)], axis=1).astype(np.int32)
    trains = np.array([2, -1, 0, 3, -1, 1])
    offsets = np.zeros(5, np.int64)
    count_spikes(log, 1, trains, offsets)
    offsets = np.cumsum(offsets)
    steps = np.empty(offsets[-1], np.int64)
    put_spikes(log, 1, trains, offsets[:-1].copy(), steps)
    for train in range(4):
        mine = log[(log[:, 0] == 1) & (trains[log[:, 1]] == train), 2]
        np.testing.assert_array_equal(steps[offsets[train] : offsets[train + 1]], mine)
