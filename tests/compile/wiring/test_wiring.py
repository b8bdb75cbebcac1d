"""Draws against their definitions: the words they are made of, their distribution, and that ranges do not matter."""

import numpy as np
import pytest
from scipy import stats

from lapicque.compile.wiring import wire
from lapicque.compile.wiring import wiring as module
from lapicque.errors import SimulationError
from lapicque.network.connectivity import (
    all_to_all,
    edges,
    fixed_in_degree,
    fixed_out_degree,
    fixed_probability,
    fixed_total_number,
    one_to_one,
    pairwise,
    small_world,
)
from lapicque.random import random_words, stream_key

KEY = stream_key(7, "a->b/sources")
RULES = [
    all_to_all(),
    all_to_all(autapses=False),
    one_to_one(),
    fixed_probability(0.2),
    fixed_probability(0.2, autapses=False),
    fixed_probability(1.0, autapses=False),
    fixed_in_degree(9),
    fixed_in_degree(70, autapses=False),
    fixed_in_degree(9, multapses=False),
    fixed_in_degree(49, multapses=False, autapses=False),
    fixed_out_degree(9),
    fixed_out_degree(9, multapses=False, autapses=False),
    fixed_total_number(300),
    fixed_total_number(300, multapses=False, autapses=False),
    pairwise("where(abs(i - j) < 3, 0.5, 0)"),
    small_world(4, 0.3),
    edges([3, 1, 3, 3], [2, 49, 0, 2]),
]


def word(a, target):
    """The random word of synapse a of a target."""
    with np.errstate(over="ignore"):
        words = random_words(*(np.array([n], np.uint64) for n in (KEY, a // 4, 2 * target, 0)))
    return int(words[a % 4][0])


def pairs(wiring):
    indptr, sources = wiring.draw()
    return sources, np.repeat(np.arange(wiring.n_target), np.diff(indptr))


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_ranges_and_chunks_do_not_matter(rule, monkeypatch):
    wiring = wire(rule, 50, 50, KEY, same=True)
    indptr, sources = wiring.draw()
    assert np.array_equal(np.diff(indptr), wiring.in_degrees)
    assert np.array_equal(indptr, wiring.starts)
    assert wiring.count == len(sources)
    assert sources.dtype == np.int32
    monkeypatch.setattr(module, "CHUNK", 16)
    again = wire(rule, 50, 50, KEY, same=True)
    for first, last in [(0, 50), (0, 1), (13, 31), (49, 50), (20, 20)]:
        some = again.draw(first, last)
        assert np.array_equal(some[0], indptr[first : last + 1] - indptr[first])
        assert np.array_equal(some[1], sources[indptr[first] : indptr[last]])
    scattered = np.array([30, 2, 3, 49, 3])
    drawn = [(t.copy(), np.diff(p), s.copy()) for t, p, s in again.chunks(scattered)]
    assert np.array_equal(np.concatenate([t for t, _, _ in drawn]), scattered)
    expected = [sources[indptr[t] : indptr[t + 1]] for t in scattered]
    assert np.array_equal(np.concatenate([s for _, _, s in drawn]), np.concatenate(expected))


@pytest.mark.parametrize("rule", [r for r in RULES if getattr(r, "autapses", True) is False], ids=repr)
def test_no_autapses(rule):
    sources, targets = pairs(wire(rule, 50, 50, KEY, same=True))
    assert len(sources)
    assert not (sources == targets).any()


def test_autapses_of_parts_of_one_population():
    itself = np.array([3, -1, 0, -1])  # which source each target is
    for rule in (all_to_all(autapses=False), fixed_probability(1, autapses=False)):
        indptr, sources = wire(rule, 4, 4, KEY, same=itself).draw()
        found = [sources[indptr[t] : indptr[t + 1]].tolist() for t in range(4)]
        assert found == [[0, 1, 2], [0, 1, 2, 3], [1, 2, 3], [0, 1, 2, 3]]
    for rule in (
        fixed_in_degree(3, False, False),
        fixed_out_degree(2, False, False),
        fixed_total_number(14, False, False),
    ):
        sources, targets = pairs(wire(rule, 4, 4, KEY, same=itself))
        assert not (sources == itself[targets]).any()
        assert len({*zip(sources.tolist(), targets.tolist(), strict=True)}) == len(sources)


@pytest.mark.parametrize(
    "rule",
    [fixed_in_degree(4, False, False), fixed_out_degree(4, False, False), fixed_total_number(15, False, False)],
    ids=repr,
)
def test_parts_of_one_population_that_have_too_few_pairs(rule):
    with pytest.raises(SimulationError, match="there are"):
        wire(rule, 4, 4, KEY, same=np.array([3, -1, 0, -1]))


def test_fixed_in_degree_by_definition():
    wiring = wire(fixed_in_degree(11), 30, 6, KEY)
    expected = [[(word(a, t) * 30) >> 32 for a in range(11)] for t in range(6)]
    assert wiring.draw()[1].reshape(6, 11).tolist() == expected


def test_fixed_in_degree_without_autapses_by_definition():
    wiring = wire(fixed_in_degree(11, autapses=False), 30, 30, KEY, same=True)
    drawn = [[(word(a, t) * 29) >> 32 for a in range(11)] for t in range(30)]
    expected = [[s + (s >= t) for s in row] for t, row in enumerate(drawn)]
    assert wiring.draw()[1].reshape(30, 11).tolist() == expected


def test_different_sources_by_definition():
    wiring = wire(fixed_in_degree(11, multapses=False), 12, 6, KEY)
    for t, found in enumerate(wiring.draw()[1].reshape(6, 11)):
        deck = list(range(12))
        for a in range(11):
            b = a + ((word(a, t) * (12 - a)) >> 32)
            deck[a], deck[b] = deck[b], deck[a]
        assert found.tolist() == deck[:11]


@pytest.mark.parametrize("p", [0.01, 0.3, 0.97])
def test_fixed_probability_by_definition(p):
    n = 200
    indptr, sources = wire(fixed_probability(p), n, 3, KEY).draw()
    for t in range(3):
        assert (np.diff(sources[indptr[t] : indptr[t + 1]]) > 0).all()
    # within one group of draws, gaps follow the words
    u = (word(0, 1) + 0.5) / 2**32
    first = int(np.floor(np.log(u) / np.log1p(-p)))
    found = sources[indptr[1] : indptr[2]]
    assert first >= n if not len(found) else found[0] == first


def test_fixed_probability_is_binomial():
    wiring = wire(fixed_probability(0.1), 300, 2000, KEY)
    sources, _ = pairs(wiring)
    edges = stats.binom(300, 0.1).ppf(np.linspace(0.05, 0.95, 10))
    cells = np.searchsorted(edges, wiring.in_degrees)
    expected = np.diff([0, *stats.binom(300, 0.1).cdf(edges), 1]) * 2000
    assert stats.chisquare(np.bincount(cells, minlength=11), expected).pvalue > 1e-3
    assert stats.chisquare(np.bincount(sources, minlength=300)).pvalue > 1e-3
    assert abs(wiring.count - 60_000) < 4 * np.sqrt(60_000 * 0.9)


@pytest.mark.parametrize("multapses", [True, False])
@pytest.mark.parametrize(
    "rule", [fixed_in_degree, fixed_out_degree, fixed_total_number], ids=["in-degree", "out-degree", "total"]
)
def test_pairs_are_drawn_evenly(rule, multapses):
    n = 4000 if rule is fixed_total_number else 40
    sources, targets = pairs(wire(rule(n, multapses=multapses), 100, 100, KEY))
    assert len(sources) == 4000
    for side, degree in ((sources, fixed_out_degree), (targets, fixed_in_degree)):
        counts = np.bincount(side, minlength=100)
        if rule is degree:
            assert (counts == 40).all()
        else:
            spread = 1 if multapses else 0.6  # of 100, 40 are taken
            assert 0.001 < stats.chi2(99).cdf(stats.chisquare(counts).statistic / spread) < 0.999
    number = np.unique(100 * targets + sources).size
    assert number == 4000 if not multapses else 3200 < number < 3400  # 10^4 (1 - exp(-0.4)) = 3297


def test_keys_make_a_difference():
    one, other = (wire(fixed_in_degree(5), 100, 100, stream_key(seed, "a")).draw()[1] for seed in (1, 2))
    assert (one == other).mean() < 0.05


def test_listed_synapses_keep_their_order_inside_a_target():
    wiring = wire(edges([5, 4, 3, 2, 1], [1, 0, 1, 0, 1]), 6, 3, KEY)
    assert wiring.draw()[1].tolist() == [4, 2, 5, 3, 1]
    assert wiring.in_degrees.tolist() == [2, 3, 0]
    assert wiring.given_order.tolist() == [1, 3, 0, 2, 4]
    assert wire(edges([1, 0], [0, 2]), 6, 3, KEY).given_order is None


def test_long_lists_are_sorted_in_compiled_code(monkeypatch):
    random = np.random.default_rng(1)
    rule = edges(random.integers(0, 300, 5000), random.integers(0, 300, 5000))
    short = wire(rule, 300, 300, KEY)
    monkeypatch.setattr(module, "CHUNK", 100)
    long = wire(rule, 300, 300, KEY)
    assert np.array_equal(short.given_order, long.given_order)
    assert np.array_equal(short.draw()[1], long.draw()[1])
