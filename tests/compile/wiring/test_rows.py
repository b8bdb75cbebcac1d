"""Delivery rows against their naive definition."""

import numpy as np
import pytest

from lapicque.compile.wiring import Member, in_synapse_order, pack
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


def test_many_delays_in_short_rows_are_kept_by_synapse(projection, unpacked, expected):
    d = np.random.default_rng(1).integers(0, 300, 40 * 7) / 10
    members = [Member(*projection(fixed_in_degree(7), 30, 40, "a", 1.0, d), *PARTITIONS[3])]
    rows = pack(members, 30)
    assert all(r.offsets is None and r.delay.dtype == np.uint16 for r in rows)
    check(rows, members, expected, unpacked)


def test_delays_beyond_16_bits(projection, unpacked, expected):
    d = np.random.default_rng(1).integers(0, 2, 40 * 7) * 7000.0
    members = [Member(*projection(fixed_in_degree(7), 30, 40, "a", 1.0, d), *PARTITIONS[1])]
    rows = pack(members, 30)
    assert rows[0].delays.tolist() == [0, 70000]
    check(rows, members, expected, unpacked)


@pytest.mark.parametrize(("base", "dtype"), [(65496, np.uint16), (65497, np.uint32)])
def test_wide_partitions_have_wide_targets(base, dtype, projection, unpacked, expected):
    members = [Member(*projection(fixed_in_degree(7), 30, 40), [0, 40], [base])]
    rows = pack(members, 30)
    assert rows[0].targets.dtype == dtype
    check(rows, members, expected, unpacked)


@pytest.mark.parametrize(("n", "dtype"), [(65535, np.uint16), (65536, np.uint32)])
def test_long_rows_have_wide_offsets(n, dtype, projection):
    d = np.full((1, n), 0.1)
    d[0, 1::2] = 0.2
    members = [Member(*projection(all_to_all(), 1, n, delay=d), [0, n], [0])]
    (rows,) = pack(members, 1)
    assert rows.offsets.dtype == dtype
    assert rows.offsets.tolist() == [0, (n + 1) // 2, n]
    assert rows.delays.tolist() == [1, 2]
    assert np.array_equal(rows.targets, [*range(0, n, 2), *range(1, n, 2)])


@pytest.mark.parametrize("rule", [fixed_probability(0.0), fixed_in_degree(0), edges([], [])])
def test_no_synapses(rule, projection):
    w = distribution.normal(1, 0.1)
    rows = pack([Member(*projection(rule, 30, 40, w=w), *PARTITIONS[3])], 30)
    assert [r.count for r in rows] == [0, 0, 0]
    assert all(np.array_equal(r.starts, np.zeros(31)) for r in rows)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_results_do_not_depend_on_threads(threads, projection):
    w, d = distribution.normal(2, 1), distribution.uniform(0, 3)
    members = [Member(*projection(fixed_probability(0.5), 200, 40, w=w, delay=d), *PARTITIONS[3])]
    for one, other in zip(pack(members, 200, threads=1), pack(members, 200, threads=threads), strict=True):
        for name in ("starts", "delays", "offsets", "targets", "weights"):
            assert np.array_equal(getattr(one, name), getattr(other, name))


def test_extras_travel_along_and_return_in_synapse_order(projection):
    w, d = distribution.normal(2, 1), distribution.uniform(0, 3)
    first = projection(fixed_probability(0.5), 30, 40, "a", w, d)
    second = projection(fixed_in_degree(3), 30, 20, "b", w, 0.5)
    members = [
        Member(*first, *PARTITIONS[3], extras={"p": first[1]}),
        Member(*second, *PARTITIONS[3], targets=slice(39, 19, -1), extras={"p": second[1], "q": second[1]}),
    ]
    rows = pack(members, 30)
    assert all(np.array_equal(r.extras["p"], r.weights) for r in rows)
    for name, expected in (("weights", [first[1], second[1]]), ("q", [None, second[1]])):
        packed = [r.weights if name == "weights" else r.extras[name] for r in rows]
        for member, values, found in zip(members, expected, in_synapse_order(members, rows, packed), strict=True):
            naive = np.zeros(member.wiring.count) if values is None else values.all(member.wiring)
            assert np.array_equal(found, naive)


def test_single_precision(projection):
    w = distribution.normal(2, 1)
    members = [Member(*projection(fixed_in_degree(7), 30, 40, w=w), *PARTITIONS[1])]
    (single,), (double,) = pack(members, 30, np.float32), pack(members, 30, np.float64)
    assert single.weights.dtype == np.float32
    assert np.allclose(single.weights, double.weights, rtol=1e-5, atol=1e-5)
    assert single.nbytes < double.nbytes
