"""A validation that cannot fail says nothing: what must fail does, for the right reason, and the model passes."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.fit import features, validate
from lapicque.spikes import SpikeTrains

TESTED = [features.rate(), features.cv(), features.correlation()]


def failed(found):
    return {row.feature for row in found.failed}


def test_the_same_model_passes(data, model):
    found = validate(data, model, features=TESTED)
    assert found.independent == "runs"
    assert not found.failed
    assert all(row.verdict == "pass" for row in found if row.test == "Welch t")
    assert validate(data, model, features=TESTED, tests=[lq.fit.validation.welch()]).passed


def test_a_fifth_more_spikes_fail(network, runs, model):
    faster = runs(network(sd=5.75), [1])
    found = validate(faster, model, features=TESTED)
    for row in found.select(feature="rate"):
        assert row.data_mean / row.model_mean == pytest.approx(1.2, abs=0.05)
        assert row.verdict == "FAIL"


def test_another_class_of_model_fails_at_the_same_rate(network, runs, model):
    """Integrate-and-fire cells without adaptation: as many spikes, more irregular ones."""
    others = runs(network(lq.neurons.lif, mean=100, sd=290, w=0.5), [1])
    found = validate(others, model, features=TESTED)
    for population in ("exc", "inh"):
        rate = found.select(population=population, feature="rate", test="Welch t")[0]
        assert rate.data_mean == pytest.approx(rate.model_mean, rel=0.15)
        assert all(row.verdict == "FAIL" for row in found.select(population=population, feature="cv"))
    assert not found.passed


def shuffled(trains, seed):
    """Intervals of each neuron in another order: rate and CV stay, successive intervals and common times do not."""
    rng = np.random.default_rng(seed)
    lists = []
    for times in trains.to_lists():
        lists.append(np.concatenate([times[:1], times[:1] + np.cumsum(rng.permutation(np.diff(times)))]))
    return SpikeTrains.from_lists([np.minimum(times, trains.t_stop) for times in lists], t_stop=trains.t_stop)


def shifted(trains, seed):
    """Each train shifted in time by itself, around the window: intervals stay, common times do not."""
    rng = np.random.default_rng(seed)
    moved = [np.sort((times + rng.uniform(0, trains.duration)) % trains.duration) for times in trains.to_lists()]
    return SpikeTrains.from_lists(moved, t_stop=trains.duration)


@pytest.mark.parametrize("change", [shuffled, shifted])
def test_trains_that_lost_their_common_times_fail_by_correlations_alone(network, runs, change):
    """Stronger synapses make correlations that 2 s show; without them the data are of another model."""
    net = network(w=3.0)
    model, data = runs(net, range(200, 212)), runs(net, [2])
    assert not validate(data, model, features=TESTED).failed
    lost = {name: change(trains, seed=1) for name, trains in data[0].items()}
    found = validate([lost], model, features=TESTED)
    assert failed(found) == {"correlation (20 ms)"}
    assert {row.population for row in found.failed} >= {"exc"}


def test_neurons_as_samples_fail_runs_of_one_network(network, runs):
    """What the literature does: the correlations of a network's pairs are no independent samples."""
    found = runs(network(), range(300, 312))
    naive = [validate(a, b, independent="neurons", features=[features.correlation()], tests=[lq.fit.validation.welch()])
             for a, b in zip(found[::2], found[1::2], strict=True)]  # fmt: skip
    assert sum(bool(one.failed) for one in naive) >= 2  # 0.3 are expected


def test_independent_neurons_need_one_run():
    def cells(rate, seed):
        rng = np.random.default_rng(seed)
        rates = rate * rng.gamma(16, 1 / 16, 100)  # CV 0.25 over neurons
        trains = [lq.spikes.gamma(r, shape=2, t_stop="10 s", seed=rng).times for r in rates]
        return SpikeTrains.from_lists(trains, t_stop="10 s")

    right = [validate(cells(10, k), cells(10, 100 + k), features=[features.rate()]) for k in range(16)]
    wrong = [validate(cells(10, k), cells(12, 100 + k), features=[features.rate()]) for k in range(16)]
    assert sum(bool(one.failed) for one in right) <= 3  # 0.8 are expected
    assert np.median([row.power for one in right for row in one]) > 0.8
    assert sum(bool(one.failed) for one in wrong) >= 14
    assert "independent" in right[0].notes[0]
