"""Connections as arrays, sparse matrices and graphs."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.compile.wiring import connections, delay_steps, synapse_values, wire
from lapicque.units import nS, parse_unit


def read(rule, n_source, n_target, w=None, delay=1.5, unit=nS):
    wiring = wire(rule, n_source, n_target, 1)
    weights = None if w is None else synapse_values(w, unit, wiring, 2)
    return connections(wiring, weights, unit, delay_steps(delay, wiring, 3, dt=0.1))


def test_synapse_order():
    found = read(lq.edges([2, 0, 1], [1, 1, 0]), 3, 2, [1.0, 2.0, 3.0], [0.1, 0.22, 0.3])
    assert found.sources.tolist() == [1, 2, 0]
    assert found.targets.tolist() == [0, 1, 1]
    assert found.weights.tolist() == [3, 1, 2]
    assert np.allclose(found.delays, [0.3, 0.1, 0.2])
    assert len(found) == 3


def test_weights_are_given_back_in_their_unit():
    assert read(lq.one_to_one(), 2, 2, 0.3, unit=parse_unit("uS")).weights.tolist() == [0.3, 0.3]


def test_a_matrix_comes_back_as_it_was():
    matrix = np.where(np.random.default_rng(1).random((7, 5)) < 0.4, np.random.default_rng(2).random((7, 5)), 0)
    rule = lq.dense(matrix)
    assert np.array_equal(read(rule, 7, 5, rule.weights).to_sparse().toarray(), matrix)
    assert np.array_equal(read(rule, 7, 5).to_sparse().toarray(), matrix != 0)


def test_several_synapses_of_a_pair():
    found = read(lq.edges([0, 0, 1], [1, 1, 0]), 2, 2, [1.0, 2.0, 5.0], [1.0, 2.0, 3.0])
    assert found.to_sparse().toarray().tolist() == [[0, 3], [5, 0]]
    assert found.to_sparse("count").toarray().tolist() == [[0, 2], [1, 0]]
    assert np.allclose(found.to_sparse("delays").toarray(), [[0, 1.5], [3, 0]])
    with pytest.raises(ValueError, match="'weights', 'delays' or 'count'"):
        found.to_sparse("weight")


def test_graphs():
    found = read(lq.edges([0, 0, 1], [1, 1, 0]), 2, 2, [1.0, 2.0, 5.0])
    graph = found.to_networkx(same=True)
    assert sorted(graph.edges(data="weight")) == [(0, 1, 1.0), (0, 1, 2.0), (1, 0, 5.0)]
    assert found.to_networkx().number_of_nodes() == 4
    again = lq.graph(graph, weight="weight")
    assert again.weights.tolist() == [1, 2, 5]


def test_repr():
    assert repr(read(lq.one_to_one(), 2, 2)) == "<Connections: 2 synapses, 2 x 2, delays 1.5 ms>"
    assert repr(read(lq.edges([], []), 2, 2, 1.0)) == "<Connections: 0 synapses, 2 x 2>"
