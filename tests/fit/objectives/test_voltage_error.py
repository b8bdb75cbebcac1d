"""VoltageError against its definition, written out."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError, UnitError
from lapicque.fit import VoltageError
from lapicque.fit.searchable import EXPLODED
from lapicque.spikes import SpikeTrains

CURRENT = 250 + 150 * np.sin(np.arange(6000) / 200)  # longer than one chunk of a traced run
CELL = lq.neurons.lif.with_(c_m="150 pF")


def definition(model, trial, before=2.0, after=8.0):
    """The root mean square difference from the mean voltage outside spikes, in its standard deviations."""
    target = trial.voltage.mean(axis=0)
    kept = []
    for k in range(trial.samples):
        t = k * trial.dt
        inside = trial.window[0] <= t < trial.window[1]
        if inside and not any(s - before <= t <= s + after for s in trial.spikes.times):
            kept.append(k)
    difference = model[kept] - target[kept]
    return np.sqrt(np.mean(difference**2)) / np.std(target[kept])


@pytest.fixture(scope="module")
def trial():
    answer = lq.simulate(CELL, "600 ms", inputs={"i_ext": CURRENT}, record="v")
    v = answer.traces["v"].values[:, 0]
    noise = np.random.default_rng(1).normal(0, 1, (3, len(v)))
    spikes = SpikeTrains.from_lists([answer.spikes.times + jitter for jitter in (0, 0.5, 1)], t_stop=600, shape=(3, 1))
    return lq.fit.Trial(CURRENT, spikes, voltage=v + noise)


def problem_of(trial, objective, neuron=lq.neurons.lif, **more):
    return lq.fit.Problem(neuron, [trial], free=dict(c_m=("50 pF", "400 pF")), objective=objective, **more)


@pytest.mark.parametrize("window", [None, (100, 600), (100, 450.5)])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_error_is_that_of_the_definition(trial, window, precision):
    trial = lq.fit.Trial(trial.stimulus, trial.spikes, voltage=trial.voltage, window=window)
    problem = problem_of(trial, VoltageError(before="1 ms", after="5 ms"), precision=precision)
    points = np.array([[0.1], [0.4], [0.9]])
    for loss, value in zip(problem.losses(points), problem.values(points)["c_m"], strict=True):
        model = lq.simulate(lq.neurons.lif.with_(c_m=value), "600 ms", inputs={"i_ext": CURRENT}, record="v")
        expected = definition(model.traces["v"].values[:, 0], trial, 1.0, 5.0)
        assert loss == pytest.approx(expected, rel=1e-9 if precision == "float64" else 1e-4)


def test_the_cell_itself_is_as_far_as_the_noise(trial):
    problem = problem_of(trial, VoltageError())
    at_truth = problem.losses(problem.point({"c_m": 150}))[0]
    assert at_truth < 0.3
    assert at_truth < problem.losses(np.array([[0.1], [0.9]])).min()


def test_a_voltage_in_volts_is_the_same(trial):
    in_volts = lq.Neuron(
        """
        dv/dt = (g_l*(e_l - v) + i_ext)/c_m : volt (unless refractory)
        i_ext : amp (input)
        c_m : pF
        """,
        threshold="v > v_th", reset="v = e_l", refractory="2 ms", initial=dict(v="e_l"),
        parameters=dict(c_m="200 pF", g_l="10 nS", e_l="-70 mV", v_th="-50 mV"), name="in_volts",
    )  # fmt: skip
    points = np.array([[0.1], [0.4]])
    np.testing.assert_allclose(
        problem_of(trial, VoltageError(), in_volts).losses(points),
        problem_of(trial, VoltageError()).losses(points),
        rtol=1e-9,
    )


def test_two_voltage_errors_with_masks_of_their_own_add_up(trial):
    narrow, wide = VoltageError(before=0.0, after=1.0), VoltageError(before="10 ms", after="20 ms")
    points = np.array([[0.1], [0.4], [0.9]])
    of_narrow, of_wide = (problem_of(trial, o).losses(points) for o in (narrow, wide))
    assert (np.abs(of_narrow / of_wide - 1) > 1e-3).all()
    both = problem_of(trial, narrow + 0.25 * wide).losses(points)
    np.testing.assert_allclose(both, of_narrow + 0.25 * of_wide, rtol=1e-12)


def test_a_sum_with_spikes_adds_up(trial):
    match = lq.fit.SpikeMatch(lq.distances.coincidence("4 ms"))
    points = np.array([[0.1], [0.4], [0.9]])
    voltage, spikes = (problem_of(trial, o).losses(points) for o in (VoltageError(), match))
    np.testing.assert_allclose(
        problem_of(trial, 2 * match + VoltageError() * 0.5).losses(points), 2 * spikes + 0.5 * voltage, rtol=1e-12
    )


@pytest.fixture(scope="module")
def exploding():
    """It explodes without a current already; a negative one holds it."""
    return lq.Neuron(
        "dv/dt = (v - e)*(v - e)/(tau*mV) + i/c : mV\ni : pA (input)\ne : mV\ntau : ms\nc : pF",
        threshold="v > 1e300*mV", reset="v = e",
        parameters=dict(e="-70 mV", tau="0.1 ms", c="100 pF"), initial=dict(v="e + 1*mV"), name="exploding",
    )  # fmt: skip


def held_and_free(exploding, objective, **more):
    """A trial in which every candidate stays at rest, and one in which the small tau explode."""
    waves, silent = np.sin(np.arange(1000))[None], SpikeTrains.from_lists([[]], t_stop=100)
    trials = [
        lq.fit.Trial(np.full(1000, current), silent, voltage=waves, weight=weight)
        for current, weight in ((-5000.0, 2.0), (0.0, more.pop("weight", 1.0)))
    ]
    return lq.fit.Problem(exploding, trials, free=dict(tau=("0.1 ms", "1e6 ms")), objective=objective)


@pytest.mark.parametrize("objective", [VoltageError(), 0.25 * VoltageError() + lq.fit.StepFeatures(onset=0, offset=9)])
def test_a_voltage_that_is_no_number_is_the_worst_whatever_else_is_compared(exploding, objective):
    losses = held_and_free(exploding, objective).losses(np.array([[0.0], [1.0]]))
    assert losses[0] == EXPLODED > 100 * losses[1]


def test_a_trial_that_does_not_count_explodes_unseen(exploding):
    problem = held_and_free(exploding, VoltageError(), weight=0.0)
    assert problem.losses(np.array([[0.0]]))[0] < 1000


def test_what_explodes_is_on_no_front(exploding):
    several = [VoltageError(), lq.fit.StepFeatures(onset=0, offset=9)]
    exploded, stable = held_and_free(exploding, several).losses(np.array([[0.0], [1.0]]))
    assert exploded.tolist() == [EXPLODED, EXPLODED]
    assert (100 * stable < EXPLODED).all()


def test_a_voltage_that_is_far_from_data_at_rest_has_not_exploded():
    """The error is in standard deviations of the data, which at rest are next to 0."""
    trial = lq.fit.Trial(np.zeros(1000), SpikeTrains.from_lists([[]], t_stop=100), voltage=np.full((1, 1000), -50.0))
    problem = lq.fit.Problem(lq.neurons.lif, [trial], free=dict(e_l=("-70 mV", "-60 mV")), objective=VoltageError())
    assert (problem.losses(np.array([[0.0], [1.0]])) != EXPLODED).all()


def test_mistakes_are_named(trial):
    bare = lq.fit.Trial(CURRENT, trial.spikes, label="step 3")
    with pytest.raises(FitError, match="step 3 has no voltage to compare"):
        problem_of(bare, VoltageError())
    with pytest.raises(FitError, match="no time outside spikes in its window"):
        problem_of(trial, VoltageError(before=600, after=600))
    with pytest.raises(FitError, match="'lif' has no state 'vm' to compare; did you mean 'v'"):
        problem_of(trial, VoltageError("vm"))
    with pytest.raises(FitError, match="'w' of 'adex' is in pA: no voltage"):
        problem_of(trial, VoltageError("w"), lq.neurons.adex)
    with pytest.raises(FitError, match="before of VoltageError is -1 ms"):
        VoltageError(before=-1)
    with pytest.raises(UnitError, match="after is given in mV"):
        VoltageError(after="1 mV")
