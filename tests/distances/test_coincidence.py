import math

import numpy as np
import pytest

from lapicque.distances import coincidence
from lapicque.errors import DistanceError, UnitError
from lapicque.spikes import SpikeDetection, SpikeTrains, jitter, poisson


def coincidences(model, data, precision, counting):
    """Number of coincidences; exclusive: the size of the largest matching, by augmenting paths."""
    near = np.abs(data.times[:, None] - model.times) <= precision + 1e-9
    if counting == "inclusive":
        return int(near.any(axis=1).sum())
    owner = {}

    def place(spike, tried):
        for other in np.flatnonzero(near[spike]):
            if other not in tried:
                tried.add(other)
                if other not in owner or place(owner[other], tried):
                    owner[other] = spike
                    return True
        return False

    return sum(place(spike, set()) for spike in range(len(data.times)))


def naive(model, data, precision, counting="exclusive", rate="data"):
    n_model, n_data = len(model.times), len(data.times)
    nu = (n_data if rate == "data" else n_model) / data.duration
    expected = 2 * nu * precision * n_data
    found = coincidences(model, data, precision, counting)
    return (found - expected) / ((n_model + n_data) / 2) / (1 - 2 * nu * precision)


@pytest.mark.parametrize("rate", ["data", "model"])
@pytest.mark.parametrize("counting", ["exclusive", "inclusive"])
@pytest.mark.parametrize("precision", [0.0, 0.5, 1.0, 2.0])
def test_the_definition(pairs, precision, counting, rate):
    compared = 0
    for model, data in pairs:
        n = len(data.times) if rate == "data" else len(model.times)
        if 2 * precision * n < data.duration and len(model.times) + len(data.times):
            expected = naive(model, data, precision, counting, rate)
            found = coincidence(precision, counting=counting, rate=rate)(model, data)
            assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
            compared += 1
    assert compared > 100


def test_chance_is_nought():
    # a Poisson process knows nothing of another
    trains = poisson(20, 500_000, seed=1, trains=4)
    values = coincidence("4 ms", counting="inclusive").matrix(trains)[~np.eye(4, dtype=bool)]
    # a Poisson process hits 1 - exp(-2 nu precision) of the spikes, the formula expects 2 nu precision
    bias = (1 - math.exp(-0.16) - 0.16) / (1 - 0.16)
    assert values.mean() == pytest.approx(bias, abs=0.01)


def test_jittered_spikes_within_the_precision_remain():
    data = poisson(10, 500_000, seed=2, refractory=40)
    model = jitter(data, "2 ms", seed=3)
    within = math.erf(3 / 2 / math.sqrt(2))
    expected = (within - 0.06) / (1 - 0.06)
    assert coincidence("3 ms")(model, data) == pytest.approx(expected, abs=0.01)


def test_exclusive_counting_takes_each_spike_once(one):
    # 3 spikes of the model around one of the data, and one of the model among 3 of the data
    model, data = one(99, 100, 101, 500), one(100, 499, 500, 501)
    assert coincidences(model, data, 2.0, "exclusive") == 2
    assert coincidence(2)(model, data) == pytest.approx((2 - 4 * 0.016) / 4 / (1 - 0.016))
    assert coincidence(2, counting="inclusive")(model, data) == pytest.approx((4 - 4 * 0.016) / 4 / (1 - 0.016))


def test_times_on_a_grid_do_not_depend_on_rounding():
    k = np.arange(13, 9900, 137)
    model = SpikeTrains.from_lists([k * 0.1], t_stop=1000)
    data = SpikeTrains.from_lists([(k + 3) * 0.1], t_stop=1000)
    apart = data.times - model.times
    assert (apart > 0.3).any()
    assert (apart < 0.3).any()
    assert coincidence("0.3 ms")(model, data) == 1.0


def test_data_that_fire_too_fast_are_refused():
    data = poisson(200, 10_000, seed=1, refractory=2)
    with pytest.raises(DistanceError, match=r"precision='4 ms'.*below 125 Hz, but train 0 fires at 201"):
        coincidence("4 ms")(data, data)
    with pytest.raises(DistanceError, match="below 125 Hz"):
        coincidence("4 ms").evaluate(
            data.times, data.offsets[:1], data.counts, data.times, data.offsets, 0.0, 10_000.0, np.empty((1, 1))
        )
    assert coincidence("2 ms")(data, data) == 1.0


def test_a_fast_model_gains_nothing_by_its_own_rate():
    # 250 Hz with 4 ms: 1 - 2 nu precision = -1, and the bare formula would give a large positive Gamma
    data = poisson(30, 10_000, seed=1, refractory=5)
    fast = SpikeTrains.from_lists([np.arange(2.0, 10_000.0, 4.0)], t_stop=10_000)
    assert naive(fast, data, 4.0, rate="model") > 0
    assert coincidence("4 ms", rate="model")(fast, data) == -1.0
    just_below = SpikeTrains.from_lists([np.arange(2.0, 10_000.0, 8.01)], t_stop=10_000)
    assert coincidence("4 ms", rate="model")(just_below, data) < 0.5
    assert coincidence("4 ms")(fast, data) < coincidence("4 ms")(jitter(data, 2, seed=1), data)


def test_silence(one):
    data = one(*range(50, 1000, 100))
    assert coincidence(4)(one(), one()) == 1.0
    # by the formula: (0 - 2 nu precision N) / (N / 2) / (1 - 2 nu precision), nu = 10 Hz
    assert coincidence(4)(one(), data) == pytest.approx(-2 * 0.08 / 0.92)
    assert coincidence(4, rate="model")(one(), data) == 0.0
    assert coincidence(4)(data, one()) == 0.0


def test_arguments_that_make_no_sense():
    with pytest.raises(UnitError, match="precision of the coincidence factor"):
        coincidence("4 mV")
    with pytest.raises(DistanceError, match="not negative: -4 ms"):
        coincidence("-4 ms")
    with pytest.raises(DistanceError, match=r"counting='exclusiv'.*did you mean 'exclusive'"):
        coincidence(4, counting="exclusiv")
    with pytest.raises(DistanceError, match=r"rate='date'.*did you mean 'data'"):
        coincidence(4, rate="date")


def test_repeats_of_a_recording_are_reliable(data):
    # the competition's set 11: an intrinsic reliability above 0.9 (Jolivet et al. 2008 report values of this size)
    recorded = np.load(data("intracellular/qsnmc2007_A/qsnmc2007_A_train.npz"))
    voltages = recorded["voltage_mV"][list(recorded["set_names"]).index("11")]
    repeats = SpikeTrains.from_lists([SpikeDetection()(v, 0.2) for v in voltages], t_stop=6800)
    for precision in (2, 4):
        matrix = coincidence(precision).matrix(repeats)
        assert 0.9 < matrix[~np.eye(4, dtype=bool)].mean() < 0.95
