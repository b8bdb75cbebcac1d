"""Weights, delays and other values of single synapses against their definition in NumPy."""

import numpy as np
import pytest
from scipy import stats

import lapicque as lq
from lapicque.compile import vector_math
from lapicque.compile.random_kernels import normal, uniform
from lapicque.compile.wiring import delay_steps, synapse_values, wire
from lapicque.errors import LapicqueError, SimulationError
from lapicque.model import distribution
from lapicque.random import stream_key
from lapicque.units import mV, nS, parse_unit

KEY = stream_key(3, "a->b/w")


@pytest.fixture
def wiring():
    positions = np.random.default_rng(1).uniform(0, 100, (2, 30, 2))
    rule = lq.fixed_probability(0.3)
    return wire(rule, 30, 30, stream_key(3, "a->b/sources"), False, positions[0], positions[1])


def ends(wiring):
    """Source, target and number within the target of each synapse."""
    indptr, sources = wiring.draw()
    targets = np.repeat(np.arange(wiring.n_target), np.diff(indptr))
    return sources, targets, np.arange(len(sources)) - indptr[targets]


def standard(draw, wiring, trial=0, dtype=np.float64):
    _, targets, number = ends(wiring)
    return draw(KEY, number // 2, 2 * targets + number % 2, trial, dtype)


def values(given, wiring, unit=nS, dtype=np.float64):
    return synapse_values(given, unit, wiring, KEY).all(wiring, dtype)


@pytest.mark.parametrize("given", ["0.6 nS", 0.6, 0.6 * nS, "600 pS"])
def test_constants(given, wiring):
    found = synapse_values(given, nS, wiring, KEY)
    assert found.constant == 0.6
    assert (found.all(wiring) == 0.6).all()


def test_arrays_are_in_synapse_order(wiring):
    given = np.arange(float(wiring.count))
    assert np.array_equal(values(given, wiring), given)
    assert np.array_equal(values(given * mV, wiring, parse_unit("volt")), given)  # internal units are mV


def test_matrices_are_by_source_and_target(wiring):
    matrix = np.random.default_rng(1).random((30, 30))
    sources, targets, _ = ends(wiring)
    assert np.array_equal(values(matrix, wiring), matrix[sources, targets])


def test_arrays_for_listed_synapses_are_in_the_order_of_the_list():
    wiring = wire(lq.edges([5, 4, 3, 2], [1, 0, 1, 0]), 6, 2, 0)
    assert values([1.0, 2.0, 3.0, 4.0], wiring).tolist() == [2, 4, 1, 3]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("clip", [{}, {"low": 0.5}, {"low": 0.2, "high": 1.4}])
def test_distributions_by_definition(clip, dtype, wiring):
    z, u = (standard(draw, wiring, dtype=dtype) for draw in (normal, uniform))
    variance = np.log1p((0.5 / 1.2) ** 2)
    lognormal = vector_math.exp(z * np.sqrt(variance).astype(dtype) + dtype(np.log(1.2) - variance / 2))
    cases = {
        distribution.normal(1.2, 0.5): z * dtype(0.5) + dtype(1.2),
        distribution.uniform(0.1, 0.9): u * dtype(0.8) + dtype(0.1),
        distribution.lognormal(1.2, 0.5): lognormal,
        distribution.exponential(1.2): -dtype(1.2) * vector_math.log(u),
    }
    for given, expected in cases.items():
        found = values(given.clipped(**clip) if clip else given, wiring, dtype=dtype)
        assert found.dtype == dtype
        expected = np.clip(expected, clip.get("low", -np.inf), clip.get("high", np.inf))
        np.testing.assert_array_max_ulp(found, expected.astype(dtype), 2)


def test_normal_weights_are_normal():
    wiring = wire(lq.fixed_in_degree(77), 100, 400, 5)
    found = values(distribution.normal(2, 0.5), wiring)
    assert stats.kstest((found - 2) / 0.5, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 4 / np.sqrt(len(found))


def test_expressions(wiring):
    sources, targets, _ = ends(wiring)
    before, behind = wiring.ends.source_positions[sources], wiring.ends.target_positions[targets]
    d = np.sqrt(((before - behind) ** 2).sum(axis=1))
    u, z = standard(uniform, wiring, 0), standard(normal, wiring, 1)
    cases = {
        "1*nS*rand()*exp(-d/(100*um))*(1 + 0.1*randn())": u * np.exp(-d / 100) * (1 + 0.1 * z),
        "nS*(i + N_pre*j)/N_post": (sources + 30.0 * targets) / 30,
        "where(x_pre < y_post, 1*nS, 0.5*nS)": np.where(before[:, 0] < behind[:, 1], 1.0, 0.5),
    }
    for given, expected in cases.items():
        assert np.allclose(values(given, wiring), expected, rtol=1e-14)


def test_periodic_space_closes(wiring):
    rule = lq.pairwise("where(d < 30*um, 1, 0)", periodic=[100, np.inf])
    positions = wiring.ends.source_positions, wiring.ends.target_positions
    around = wire(rule, 30, 30, 0, False, *positions)
    apart = np.abs(positions[0][:, None] - positions[1])
    apart[..., 0] = np.minimum(apart[..., 0], 100 - apart[..., 0])
    distance = np.sqrt((apart**2).sum(axis=2))
    sources, targets, _ = ends(around)
    assert np.array_equal(sorted(zip(sources, targets, strict=True)), np.argwhere(distance < 30))
    assert np.allclose(values("d/um*nS", around), distance[sources, targets])


@pytest.mark.parametrize(("delay", "steps"), [(1.5, 15), ("0.14 ms", 1), (0.25, 3), (0, 0), ("2 second", 20000)])
def test_delays_are_whole_steps(delay, steps, wiring):
    assert delay_steps(delay, wiring, KEY, dt=0.1).constant == steps


def test_delays_of_single_synapses(wiring):
    drawn = delay_steps(distribution.normal(1.5, 0.75).clipped(low=0.1), wiring, KEY, dt=0.1)
    z = standard(normal, wiring)
    assert np.array_equal(drawn.all(wiring), np.floor(np.maximum(z * 0.75 + 1.5, 0.1) / 0.1 + 0.5))
    assert drawn.dtype == np.uint8
    assert delay_steps(distribution.uniform(0, 26), wiring, KEY, dt=0.1).dtype == np.uint16
    assert delay_steps("1*ms + d/(0.3*um/ms)", wiring, KEY, dt=0.1).dtype == np.uint32
    assert delay_steps([0.5] * wiring.count, wiring, KEY, dt=0.1).dtype == np.uint8


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, 2.0], r"w has 2 values, but there are \d+ synapses"),
        (np.ones((3, 4)), r"w has shape \(3, 4\), but a matrix \(source, target\) of 30 x 30 is expected"),
        (np.nan, "w is NaN"),
        ("1 mV", "w is given in mV, but a conductance"),
        (distribution.normal("1 mV", "0.1 mV"), "w is declared as a conductance"),
        ("2*nS*dd", "dd"),
        ("2*mV*d/um", "mV"),
        ("nS*log(-d/um)", "w is NaN"),
    ],
)
def test_bad_values(given, message, wiring):
    with pytest.raises(LapicqueError, match=message), np.errstate(invalid="ignore"):
        values(given, wiring)


@pytest.mark.parametrize("given", [-0.2, distribution.normal(0.5, 1), "randn()*ms", [-1.0]])
def test_bad_delays(given):
    wiring = wire(lq.all_to_all(), 1, 1 if isinstance(given, list) else 50, 0)
    with pytest.raises(SimulationError, match=r"delay is .* ms for a synapse, but delays are times from 0"):
        delay_steps(given, wiring, KEY, dt=0.1).all(wiring)


def test_infinite_values(wiring):
    with pytest.raises(SimulationError, match=r"^delay is infinite: every synapse needs a number"):
        delay_steps(np.inf, wiring, KEY, dt=0.1)
    with pytest.raises(LapicqueError, match=r"^w is infinite for source 0 and target 0"):
        values("1*nS/(i + j)", wire(lq.all_to_all(), 3, 3, 0))


def test_what_a_delay_of_just_below_zero_means(wiring):
    with pytest.raises(SimulationError, match=r"-0\.04 ms"):
        delay_steps(-0.04, wiring, KEY, dt=0.1)


def test_distances_need_positions():
    wiring = wire(lq.all_to_all(), 3, 3, 0)
    with pytest.raises(SimulationError, match=r"'d' needs positions, which the source has none of"):
        values("nS*d/um", wiring)
