"""Delivery rows against their naive definition."""

import numpy as np
import pytest

from lapicque.compile.wiring import Member, pack
from lapicque.model import distribution
from lapicque.network.connectivity import all_to_all, edges, fixed_in_degree, fixed_probability

PARTITIONS = {1: ([0, 40], [5]), 3: ([0, 13, 14, 40], [5, 0, 7])}


def check(rows, members, expected, unpacked):
    for partition, found in enumerate(rows):
        assert unpacked(found) == expected(members, partition)


@pytest.mark.parametrize("partitions", PARTITIONS)
@pytest.mark.parametrize("delay", [1.0, 0.0])
@pytest.mark.parametrize(
    "rule", [fixed_probability(0.3), fixed_in_degree(7), all_to_all(), edges([29, 3, 3], [39, 0, 0])]
)
def test_one_delay(rule, delay, partitions, projection, unpacked, expected):
    members = [Member(*projection(rule, 30, 40, delay=delay), *PARTITIONS[partitions])]
    rows = pack(members, 30)
    assert all(r.offsets is None and r.delay is None and r.weights is None for r in rows)
    check(rows, members, expected, unpacked)


@pytest.mark.parametrize("partitions", PARTITIONS)
def test_delays_and_weights_of_single_synapses(partitions, projection, unpacked, expected):
    random = np.random.default_rng(1)
    w, d = random.random(40 * 7), random.integers(0, 12, 40 * 7) / 10
    members = [Member(*projection(fixed_in_degree(7), 30, 40, w=w, delay=d), *PARTITIONS[partitions])]
    check(pack(members, 30), members, expected, unpacked)


def test_several_projections_with_different_delays(projection, unpacked, expected):
    w = np.random.default_rng(1).random(40 * 7)
    members = [
        Member(*projection(fixed_in_degree(7), 30, 40, "a", w, 0.5), *PARTITIONS[3]),
        Member(*projection(fixed_probability(0.5), 30, 12, "b", 2.0, 0.1), [0, 2, 2, 12], [0, 1, 20]),
        Member(*projection(all_to_all(), 30, 12, "c", 3.0, 0.5), [0, 2, 2, 12], [0, 1, 20]),
    ]
    rows = pack(members, 30)
    assert [r.delays.tolist() for r in rows] == [[1, 5], [5], [1, 5]]
    check(rows, members, expected, unpacked)


@pytest.mark.parametrize("targets", [slice(3, 33), slice(1, 37, 3), np.array([39, 0, 20, 20, 13, 14])])
@pytest.mark.parametrize("sources", [slice(5, 15), slice(20, 0, -2), np.array([7, 3, 3, 29, 0, 1, 2, 4, 5, 6])])
def test_parts_of_populations(sources, targets, projection, unpacked, expected):
    n = len(np.arange(40)[targets])
    w, d = np.arange(5.0 * n), np.arange(5 * n) % 4
    members = [Member(*projection(fixed_in_degree(5), 10, n, "a", w, d), *PARTITIONS[3], sources, targets)]
    check(pack(members, 30), members, expected, unpacked)


def test_drawn_weights_and_delays(projection, unpacked, expected):
    w = distribution.normal("2 nS", "1 nS").clipped(low=0)
    d = distribution.normal("1.5 ms", "0.75 ms").clipped(low="0.1 ms")
    members = [
        Member(*projection(fixed_in_degree(70), 30, 40, "a", w, d), *PARTITIONS[3]),
        Member(*projection(fixed_probability(0.5), 30, 40, "b", w, 0.2), *PARTITIONS[3]),
    ]
    check(pack(members, 30), members, expected, unpacked)
