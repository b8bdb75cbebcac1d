"""Models whose runs do not differ: silent ones, clocks, and those without noise can fail too."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.fit import features, validate
from lapicque.spikes import SpikeTrains, poisson

RATE = [features.rate()]


def runs(trains, count=6):
    return [trains] * count


def silent(neurons=50):
    return SpikeTrains.from_lists([[]] * neurons, t_stop=5000)


def data_of(rate, seed=1):
    return poisson(rate, "5 s", trains=50, seed=seed)


@pytest.mark.parametrize("count", [1, 3])
def test_a_silent_model_fails(count):
    data = [data_of("10 Hz", seed) for seed in range(count)]
    found = validate(data, runs(silent()))
    assert {row.verdict for row in found.select(feature="rate")} == {"FAIL"}
    assert not found.passed
    assert any("runs of the model do not differ" in note for note in found.notes)


def test_a_deterministic_model_of_another_rate_fails():
    found = validate(data_of("10 Hz"), runs(data_of("30 Hz", 2)), features=RATE)
    assert [row.verdict for row in found] == ["FAIL", "FAIL"]


def test_a_deterministic_model_of_the_same_rate_passes():
    found = validate(data_of("30 Hz"), runs(data_of("30 Hz", 2)), features=RATE)
    assert found.passed, found


def test_all_neurons_at_one_rate_fail_against_another():
    clock, slower = (
        SpikeTrains.from_lists([np.arange(1, 5000, step)] * 20, t_stop=5000) for step in (50.0, 100.0)
    )  # fmt: skip
    found = validate(clock, runs(slower), features=RATE)
    assert {row.verdict for row in found} == {"FAIL"}


def test_where_nothing_varies_nothing_is_decided():
    found = validate(silent(), runs(silent()), features=RATE)
    assert all(row.verdict.startswith("undecided") for row in found)


def test_runs_that_differ_are_still_the_samples():
    model = [data_of("10 Hz", seed) for seed in range(2, 8)]
    found = validate(data_of("10 Hz"), model, features=RATE)
    assert found.independent == "runs"
    assert not any("do not differ" in note for note in found.notes)


def test_a_network_fit_that_falls_silent_fails():
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 20, name="cells")
    net.stimulate(cells, "i_ext", lq.stimuli.white_noise("100 pA", "30 pA", tau="1 ms"), name="noise")
    net.record(cells, "spikes")
    problem = lq.fit.NetworkProblem(
        net, {"cells": poisson("10 Hz", "1 s", trains=20, seed=1)}, {"noise.mean": (50, 120)},
        lq.fit.PopulationStatistics(RATE), dt="0.1 ms",
    )  # fmt: skip
    found = lq.fit.minimize(problem, lq.optimizers.cma_es(population=8), budget=8, seed=1)
    assert validate(found, features=RATE, seeds=4, progress=False).failed
