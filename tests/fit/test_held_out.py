"""Scores on held-out data, reliability, profiles, predictions."""

import dataclasses

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import DistanceError, FitError
from lapicque.fit import (
    Problem,
    Score,
    SpikeMatch,
    StepFeatures,
    Trial,
    minimize,
    predicted,
    profile,
    reliability,
    score,
    split_by_stimulus,
    split_by_time,
)
from lapicque.spikes import SpikeTrains, poisson

GAMMA = lq.distances.coincidence("4 ms")
CELL = lq.neurons.lif.with_(c_m="120 pF")


@pytest.fixture(scope="module")
def trials(noisy_current, spikes_of):
    """Two stimuli, of which the cell's answers are known up to a jitter; the second one was given once."""
    random = np.random.default_rng(3)
    made = []
    for seed, repeats in ((1, 3), (2, 1)):
        current = noisy_current(4000, seed=seed)
        times = spikes_of(CELL, current).times
        jittered = [np.sort(np.clip(times + random.normal(0, 1.5, len(times)), 0, 400)) for _ in range(repeats)]
        spikes = SpikeTrains.from_lists(jittered, t_stop=400, shape=(repeats, 1))
        made.append(Trial(current, spikes, label=f"noise {seed}"))
    return made


@pytest.fixture(scope="module")
def fit(trials):
    train, _ = split_by_time(trials, 0.6)
    free = dict(c_m=("50 pF", "400 pF"), delay=("0 ms", "5 ms"))
    return minimize(Problem(lq.neurons.lif, train, distance=GAMMA, free=free), budget=1500, seed=1)


def naive(fit, trial, distance):
    """Gamma of the model, simulated apart, and the reliability, from single pairs of trains."""
    answer = lq.simulate(fit.neuron, "400 ms", inputs={"i_ext": trial.inputs[""]}).spikes.times
    times = answer + fit.parameters["delay"].value
    model = SpikeTrains.from_lists([times[times <= 400]], t_stop=400).window(*trial.window)
    data = list(trial.spikes.window(*trial.window))
    pairs = [distance(a, b) for n, a in enumerate(data) for m, b in enumerate(data) if n != m]
    return np.mean([distance(model, train) for train in data]), np.mean(pairs) if pairs else None


def test_scores_are_those_of_single_pairs(fit, trials):
    for part in split_by_time(trials, 0.6):
        found = score(fit, part)
        for row, trial in zip(found.per_trial, part, strict=True):
            gamma, reliable = naive(fit, trial, GAMMA)
            assert row == (trial.label, pytest.approx(gamma), reliable and pytest.approx(reliable))
        assert found.gamma == pytest.approx(np.mean([gamma for _, gamma, _ in found.per_trial]))
        assert found.reliability is None  # one of the stimuli was given once


def test_a_good_model_is_as_good_as_the_cell(fit, trials):
    _, test = split_by_time(trials[:1], 0.6)
    found = score(fit, test)
    assert found.gamma > 0.8
    assert found.gamma_over_reliability == found.gamma / found.reliability
    assert 0.85 < found.gamma_over_reliability < 1.3
    assert found.as_dict() == {
        "gamma": found.gamma, "reliability": found.reliability, "gamma_over_reliability": found.gamma_over_reliability
    }  # fmt: skip


def test_scores_on_stimuli_that_were_held_out(trials):
    train, test = split_by_stimulus(trials, ["noise 2"])
    found = minimize(Problem(lq.neurons.lif, train, distance=GAMMA, free=dict(c_m=("50 pF", "400 pF"))), budget=300)
    assert [label for label, _, _ in score(found, test).per_trial] == ["noise 2"]
    assert score(found, test).gamma > 0.8


def test_the_model_runs_from_the_beginning_whatever_the_window(fit, trials):
    """What happened before a window is in the state at its beginning."""
    late = [trials[0].within(250, 400)]
    (runs,) = predicted(fit, late)
    assert (runs.t_start, runs.t_stop, runs.shape) == (0, 400, (1, 1))
    assert runs.times.min() < 100
    assert score(fit, late).gamma == pytest.approx(naive(fit, late[0], GAMMA)[0])


def test_a_trials_own_precision_goes_first(fit, trials):
    fine = lq.distances.coincidence("1 ms")
    own = [dataclasses.replace(trials[0], distance=fine)]
    assert score(fit, own).gamma == score(fit, trials[:1], fine).gamma < score(fit, trials[:1]).gamma


def test_a_score_is_a_coincidence_factor_whatever_was_fitted(fit, trials):
    train = fit.problem.trials
    for objective in (SpikeMatch(lq.distances.van_rossum("10 ms")), StepFeatures()):
        other = Problem(lq.neurons.lif, train, objective=objective, free=dict(c_m=("119 pF", "121 pF")))
        found = minimize(other, lq.optimizers.cma_es(population=16), budget=16)
        assert score(found, trials).gamma == score(found, trials, GAMMA).gamma > 0.5
    own = [dataclasses.replace(trials[0], distance=lq.distances.spike())]
    assert score(fit, own).gamma == score(fit, trials[:1]).gamma
    with pytest.raises(FitError, match="a score is a coincidence factor, such as"):
        score(fit, trials, lq.distances.spike())


def test_runs_of_a_noisy_model_are_averaged(trials):
    problem = Problem(lq.neurons.gif, trials, distance=GAMMA, repeats=3, free=dict(c_m=("60 pF", "100 pF")))
    found = minimize(problem, lq.optimizers.cma_es(population=16), budget=16)
    runs = predicted(found, trials)
    assert [r.shape for r in runs] == [(3, 1), (3, 1)]
    expected = [GAMMA(run, data) for run in runs[0] for data in trials[0].spikes]
    assert score(found, trials).per_trial[0][1] == pytest.approx(np.mean(expected))


def test_data_without_spikes_are_not_scored(fit, trials):
    silent = Trial(np.zeros(1000), SpikeTrains.from_lists([[]], t_stop=100), label="nothing")
    found = score(fit, [*trials, silent])
    assert found.gamma == score(fit, trials).gamma
    assert found.per_trial[-1][0] == "nothing"
    assert np.isnan(found.per_trial[-1][1])
    alone = score(fit, [silent])
    assert np.isnan(alone.gamma)
    assert alone.reliability is None


def test_data_that_do_not_repeat_themselves(fit, trials):
    noise = poisson("30 Hz", 400, seed=4, trains=2)
    found = score(fit, [Trial(trials[0].stimulus, SpikeTrains(noise.times, noise.offsets, 0, 400, shape=(2, 1)))])
    assert found.reliability < 0.2
    assert Score(0.3, 0.0, ()).gamma_over_reliability is None
    assert Score(0.3, -0.1, ()).gamma_over_reliability is None
    assert Score(0.3, None, ()).gamma_over_reliability == 0.3
    assert Score(0.3, 0.5, ()).gamma_over_reliability == 0.6


def test_data_that_are_too_fast_to_be_scored_are_named(fit, trials):
    fast = Trial(trials[0].stimulus, SpikeTrains.from_lists([np.arange(0, 400, 5.0)], t_stop=400))
    with pytest.raises(DistanceError, match="exists only for data below 125 Hz"):
        score(fit, [fast])


def test_reliability_by_hand():
    trains = SpikeTrains.from_lists([[100.0, 300.0], [101.0, 500.0], [102.0, 300.0]], t_stop=1000, shape=(3, 1))
    chance = 2 * 4 * 2 / 1000
    one, both = ((hits - 2 * chance) / 2 / (1 - chance) for hits in (1, 2))
    assert reliability(trains, GAMMA) == pytest.approx((one + both + one) / 3)
    assert reliability(trains[:1], GAMMA) is None


def test_the_profile_goes_through_the_optimum(fit):
    found = profile(fit, points=21)
    assert list(found) == ["c_m", "delay"]
    for n, (free, (values, losses)) in enumerate(zip(fit.problem.free, found.values(), strict=True)):
        assert (values[0], values[-1]) == pytest.approx((free.low, free.high))
        assert losses.min() >= fit.loss - 1e-12
        point = fit.point.copy()
        point[n] = 0.25
        assert losses[5] == fit.problem.losses(point)[0]
