"""Connectivity rules as values, and what they refuse."""

import networkx
import numpy as np
import pytest
from scipy import sparse

import lapicque as lq
from lapicque.errors import LapicqueError, ModelError, SimulationError
from lapicque.network.connectivity import Connectivity, Ends, Pairs
from lapicque.units import nS

RULES = {
    "all_to_all()": lambda: lq.all_to_all(),
    "all_to_all(autapses=False)": lambda: lq.all_to_all(autapses=False),
    "one_to_one()": lambda: lq.one_to_one(),
    "fixed_probability(p=0.1)": lambda: lq.fixed_probability(0.1),
    "fixed_in_degree(k=10, multapses=False)": lambda: lq.fixed_in_degree(10, multapses=False),
    "fixed_out_degree(k=10)": lambda: lq.fixed_out_degree(10.0),
    "fixed_total_number(n=10)": lambda: lq.fixed_total_number(np.int32(10)),
    "pairwise(p='exp(-d/(1*um))', periodic=(1000.0,))": lambda: lq.pairwise("exp(-d/(1*um))", periodic="1 mm"),
    "small_world(k=4, p=0.5)": lambda: lq.small_world(4, 0.5),
    "edges(sources=<2 values>, targets=<2 values>)": lambda: lq.edges([0, 1], [1, 0]),
    "edges(sources=<1 values>, targets=<1 values>, given=<1 values>, unit=<Unit nS>, shape=(1, 1))": lambda: lq.dense(
        [[1.0]] * nS
    ),
    "convolution(kernel=<1 x 1 x 3 values>, shape_in=(1, 8), stride=(2,), padding=(0,), dilation=(1,))": lambda: (
        lq.convolution([1.0, 2.0, 3.0], [8], stride=2)
    ),
}


def pairs(rule, n_source, n_target, **ends):
    plan = rule.plan(Ends(n_source, n_target, **ends), np.random.default_rng(1))
    assert isinstance(plan, Pairs)
    return list(zip(plan.sources.tolist(), plan.targets.tolist(), strict=True))


@pytest.mark.parametrize("text", RULES)
def test_rules_are_values(text):
    rule, same = RULES[text](), RULES[text]()
    assert isinstance(rule, Connectivity)
    assert repr(rule) == text
    assert rule == same
    assert hash(rule) == hash(same)
    assert [other for other in RULES if RULES[other]() == rule] == [text]
    assert rule != text


def test_rules_are_frozen():
    given = np.array([0, 1])
    rule = lq.edges(given, [1, 0])
    given[0] = 5
    assert rule.sources.tolist() == [0, 1]
    with pytest.raises(ValueError, match="read-only"):
        rule.sources[0] = 1
    with pytest.raises(AttributeError):
        lq.fixed_probability(0.1).p = 0.2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lq.fixed_probability(1.5), r"fixed_probability: p is 1\.5, but a probability from 0 to 1"),
        (lambda: lq.fixed_probability(-0.1), "p is -0.1, but a probability"),
        (lambda: lq.fixed_probability(np.nan), "p is nan"),
        (lambda: lq.fixed_probability("0.1"), "p is '0.1'"),
        (lambda: lq.fixed_in_degree(-1), "fixed_in_degree: k is -1, but it cannot be below 0"),
        (lambda: lq.fixed_in_degree(1.5), r"k is 1\.5, but a whole number is expected"),
        (lambda: lq.fixed_out_degree(np.nan), "fixed_out_degree: k is nan"),
        (lambda: lq.fixed_total_number([1]), r"fixed_total_number: n is \[1\]"),
        (lambda: lq.small_world(3, 0.1), "k is 3, but half of the neighbours are on either side; write 2 or 4"),
        (lambda: lq.pairwise(0.1), r"an expression or a function of distance is expected; .* lq.fixed_probability"),
        (lambda: lq.pairwise("d", periodic=1), "probability"),
        (lambda: lq.pairwise("dd/um"), "dd"),
        (lambda: lq.pairwise("exp(-d/um)*xi"), "xi"),
        (lambda: lq.pairwise("exp(-d/um)", periodic=-1), "periodic is -1.0, but a positive length"),
        (lambda: lq.pairwise_gaussian(0.1, "0 um"), "pairwise_gaussian: sigma is '0 um', but a positive length"),
        (lambda: lq.pairwise_exponential(2, "1 um"), "pairwise_exponential: p is 2"),
        (lambda: lq.edges([0, 1], [1]), "edges: 2 sources, but 1 targets; give as many"),
        (lambda: lq.edges([0, -1], [1, 1]), r"edges: sources\[1\] is -1, but neurons are numbered from 0"),
        (lambda: lq.edges([0.5], [1]), "sources holds float64 values, but whole numbers"),
        (lambda: lq.edges([[0]], [1]), r"sources has shape \(1, 1\)"),
        (lambda: lq.edges([0], [1], [1.0, 2.0]), "1 sources, but 2 weights"),
        (lambda: lq.dense([[1.0, np.nan]]), r"dense: the matrix is NaN at \[0, 1\]; write 0"),
        (lambda: lq.dense([1.0]), r"dense: the matrix has shape \(1,\)"),
        (lambda: lq.sparse(np.eye(2)), r"ndarray is no scipy sparse matrix; for an array: lq.dense"),
        (lambda: lq.graph([(0, 1)]), "list is no networkx graph"),
        (lambda: lq.graph(networkx.path_graph(2), "weight"), "the edge from 0 to 1 has no attribute 'weight'"),
        (lambda: lq.convolution(np.ones((2, 3, 3, 3)), (2, 9, 9)), "3 input channels, but shape_in has 2"),
        (lambda: lq.convolution(np.ones((3, 3)), (2, 9, 9)), "are expected"),
        (lambda: lq.convolution(np.ones((3, 3)), (2, 2)), "a kernel of 3 x 3 does not fit into 2 x 2"),
        (lambda: lq.convolution(np.ones((3, 3)), (9, 9), stride=0), "stride is 0, but it cannot be below 1"),
        (lambda: lq.convolution(np.ones((3, 3)), (9, 9), padding=(1, 1, 1)), "padding has 3 numbers"),
        (lambda: lq.convolution([np.nan, 1], (9,)), r"the kernel is NaN at \[0, 0, 0\]"),
    ],
)
def test_refused_when_made(make, message):
    with pytest.raises(LapicqueError, match=message) as error:
        make()
    assert isinstance(error.value, (SimulationError, ModelError))


@pytest.mark.parametrize(
    ("rule", "sizes", "message"),
    [
        (lq.one_to_one(), (3, 4), r"3 neurons and the target 4; select as many of each, for example target\[:3\]"),
        (
            lq.fixed_in_degree(11, multapses=False),
            (10, 99),
            "11 different sources are wanted for each target, but there",
        ),
        (lq.fixed_in_degree(10, False, False), (10, 10), "there are 9 without the neuron itself; lower k, or allow"),
        (lq.fixed_in_degree(1), (0, 10), "1 sources are wanted for each target, but there are 0"),
        (lq.fixed_in_degree(1, autapses=False), (1, 1), "autapses=True"),
        (lq.fixed_out_degree(11, multapses=False), (99, 10), "11 different targets are wanted for each source"),
        (lq.fixed_total_number(101, multapses=False), (10, 10), "101 different pairs are wanted, but there are 100"),
        (lq.fixed_total_number(91, False, False), (10, 10), "but there are 90"),
        (lq.small_world(4, 0.1), (10, 11), "a ring has as many"),
        (lq.small_world(4, 0.1), (4, 4), "4 neighbours are wanted, but there are 3 others; lower k"),
        (lq.edges([1, 10], [0, 0]), (10, 1), r"edges: sources\[1\] is 10, but the source has 10 neurons, 0 to 9"),
        (lq.edges([0], [1]), (10, 1), r"targets\[0\] is 1, but the target has 1 neurons"),
        (lq.dense(np.ones((3, 4))), (4, 3), r"shape \(3, 4\), .*; it is \(target, source\): transpose it, matrix\.T"),
        (lq.sparse(sparse.eye_array(3)), (3, 4), r"the matrix has shape \(3, 3\)"),
        (lq.graph(networkx.path_graph(5)), (4, 4), "the graph has 5 nodes"),
        (lq.convolution([1.0, 1.0], (5,)), (5, 5), r"5 sources \(1 x 5\) make 4 targets \(1 x 4\)"),
    ],
)
def test_refused_when_connected(rule, sizes, message):
    with pytest.raises(SimulationError, match=message):
        rule.check(*sizes, same=sizes[0] == sizes[1])


def test_what_fits_is_not_refused():
    lq.fixed_in_degree(10, multapses=False).check(10, 5, same=False)
    lq.fixed_in_degree(9, False, False).check(10, 10, same=True)
    lq.fixed_in_degree(100).check(1, 1, same=True)
    lq.fixed_total_number(90, False, False).check(10, 10, same=True)
    lq.edges([], []).check(0, 0, same=False)


def test_fixed_total_number_of_very_many_pairs(monkeypatch):
    counts = {}
    for limit in (10**9, 0):
        monkeypatch.setattr("lapicque.network.connectivity.degrees._MANY_PAIRS", limit)
        rule = lq.fixed_total_number(3000, multapses=False, autapses=False)
        plan = rule.plan(
            Ends(100, 50, own=np.arange(50) * (np.arange(50) < 5) - (np.arange(50) >= 5)), np.random.default_rng(1)
        )
        assert plan.counts.sum() == 3000
        assert plan.counts.max() <= 99
        counts[limit] = plan.counts
    # of 5000 pairs, 3000 are taken: the in-degree of each target has the variance 100 * 0.6 * 0.4
    for found in counts.values():
        assert 0.5 < found.var() / 24 < 1.6


def test_small_world_is_a_ring_without_chance():
    expected = {((t + s) % 10, t) for t in range(10) for s in (-2, -1, 1, 2)}
    found = pairs(lq.small_world(4, 0.0), 10, 10)
    assert len(found) == 40
    assert set(found) == expected


@pytest.mark.parametrize("p", [0.2, 1.0])
def test_small_world_replaces_neighbours(p):
    ring = set(pairs(lq.small_world(6, 0.0), 500, 500))
    found = pairs(lq.small_world(6, p), 500, 500)
    assert len(set(found)) == 3000  # no pair twice
    assert all(source != target for source, target in found)
    assert np.bincount([t for _, t in found]).tolist() == [6] * 500
    assert abs(len(set(found) - ring) - 3000 * p) < 4 * np.sqrt(3000 * p * (1 - p)) + 50


def test_everyone_is_a_neighbour_in_a_small_world_of_all():
    assert len(set(pairs(lq.small_world(4, 0.7), 5, 5))) == 20


def test_pairwise_probabilities():
    x = np.linspace(0, 400, 300)[:, None]
    ends = dict(source_positions=x, target_positions=x)
    found = np.array(pairs(lq.pairwise_gaussian(0.5, "100 um"), 300, 300, **ends))
    probability = 0.5 * np.exp(-((x - x.T) ** 2) / (2 * 100**2))
    near = np.abs(x - x.T) < 50
    made = np.zeros((300, 300), bool)
    made[tuple(found.T)] = True
    for cells in (near, ~near):
        spread = np.sqrt((probability * (1 - probability))[cells].sum())
        assert abs(made[cells].sum() - probability[cells].sum()) < 4 * spread
    text = pairs(lq.pairwise("0.5*exp(-d**2/(2*(100*um)**2))"), 300, 300, **ends)
    function = pairs(lq.pairwise(lambda d: 0.5 * np.exp(-(d**2) / (2 * 100**2))), 300, 300, **ends)
    assert function == text


def test_pairwise_exponential_is_its_formula():
    x = np.arange(50.0)[:, None]
    ends = dict(source_positions=x, target_positions=x)
    one = pairs(lq.pairwise_exponential(0.9, 20), 50, 50, **ends)
    assert one == pairs(lq.pairwise("0.9*exp(-d/(20*um))"), 50, 50, **ends)


def test_pairwise_without_autapses():
    own = np.arange(6)
    found = pairs(lq.pairwise("1", autapses=False), 6, 6, own=own)
    assert found == [(s, t) for t in range(6) for s in range(6) if s != t]


@pytest.mark.parametrize("p", ["2", "-0.1", "log(-d/um)"])
def test_probabilities_of_pairs_are_probabilities(p):
    ends = dict(source_positions=np.ones((3, 1)), target_positions=np.zeros((3, 1)))
    with (
        np.errstate(invalid="ignore"),
        pytest.raises(SimulationError, match="for source 0 and target 0, but one from 0"),
    ):
        pairs(lq.pairwise(p), 3, 3, **ends)


def test_distances_in_space_need_the_same_dimensions():
    ends = dict(source_positions=np.ones((3, 1)), target_positions=np.zeros((3, 2)))
    with pytest.raises(SimulationError, match="have 1 dimensions and those of the target 2"):
        pairs(lq.pairwise("exp(-d/um)"), 3, 3, **ends)
    with pytest.raises(SimulationError, match="'y_pre' is read, but the positions have 1 dimensions"):
        pairs(lq.pairwise("where(y_pre > 0*um, 1, 0)"), 3, 3, **ends)
    ends["source_positions"] = np.zeros((3, 2))
    with pytest.raises(SimulationError, match="periodic has 3 lengths, but the positions have 2 dimensions"):
        pairs(lq.pairwise("exp(-d/um)", periodic=[1, 2, 3]), 3, 3, **ends)


def test_graphs():
    graph = networkx.Graph([("a", "b"), ("b", "c"), ("c", "c")])
    assert sorted(pairs(lq.graph(graph), 3, 3)) == [(0, 1), (1, 0), (1, 2), (2, 1), (2, 2)]
    directed = networkx.MultiDiGraph()
    directed.add_nodes_from([5, 3])
    directed.add_edge(3, 5, weight=2.5)
    directed.add_edge(3, 5, weight=0.5)
    rule = lq.graph(directed, weight="weight", unit="nS")
    assert pairs(rule, 2, 2) == [(1, 0), (1, 0)]
    assert rule.weights.magnitude.tolist() == [2.5, 0.5]
    assert pairs(lq.graph(networkx.Graph()), 0, 0) == []


def test_matrices():
    matrix = np.array([[0, 0.5, 0], [2, 1, 0]])
    rule = lq.dense(matrix)
    assert pairs(rule, 2, 3) == [(1, 0), (0, 1), (1, 1)]
    assert rule.weights.tolist() == [2, 0.5, 1]
    for kind in (sparse.csr_array, sparse.csc_array, sparse.coo_array, sparse.csr_matrix):
        assert lq.sparse(kind(matrix)) == rule
    stored = sparse.coo_array(([1.0, 0.0, 3.0], ([0, 1, 0], [0, 0, 0])), shape=(2, 1))
    assert pairs(lq.sparse(stored), 2, 1) == [(0, 0), (0, 0), (1, 0)]
    assert lq.sparse(stored, unit="nS").weights.magnitude.tolist() == [1, 3, 0]


@pytest.mark.parametrize(
    "options", [{}, {"stride": 2}, {"padding": 1}, {"stride": (2, 1), "padding": (0, 2), "dilation": 2}]
)
def test_convolutions_by_definition(options):
    kernel = np.random.default_rng(1).random((3, 2, 3, 2))
    rule = lq.convolution(kernel, (2, 7, 6), **options)
    image = np.random.default_rng(2).random((2, 7, 6))
    (s, s2), (q, q2), (e, e2) = (
        np.broadcast_to(options.get(name, default), 2)
        for name, default in (("stride", 1), ("padding", 0), ("dilation", 1))
    )
    expected = np.zeros(rule.shape_out)
    for c, y, x in np.ndindex(*rule.shape_out):
        for b, u, v in np.ndindex(2, 3, 2):
            row, column = y * s - q + u * e, x * s2 - q2 + v * e2
            if 0 <= row < 7 and 0 <= column < 6:
                expected[c, y, x] += kernel[c, b, u, v] * image[b, row, column]
    found = np.zeros(expected.size)
    for (source, target), w in zip(pairs(rule, image.size, expected.size), rule.weights, strict=True):
        found[target] += w * image.reshape(-1)[source]
    assert np.allclose(found.reshape(rule.shape_out), expected)
    targets = [target for _, target in pairs(rule, image.size, expected.size)]
    assert targets == sorted(targets)  # synapse order


def test_convolutions_without_channels():
    rule = lq.convolution([[1.0, 2.0]] * nS, (2, 3))
    assert rule.shape_out == (1, 2, 2)
    assert pairs(rule, 6, 4) == [(0, 0), (1, 0), (1, 1), (2, 1), (3, 2), (4, 2), (4, 3), (5, 3)]
    assert rule.weights.magnitude.tolist() == [1, 2] * 4
