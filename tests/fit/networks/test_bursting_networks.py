"""Features of a whole network's events, and how uncertain they are in one recording."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import zeta

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit import features
from lapicque.fit.networks.statistics import ABSENT, PIECES
from lapicque.spikes import SpikeTrains

STOP = 8000.0


def bursting(starts, neurons=5, length=20.0, stop=STOP, shape=None):
    """Return trains in which all neurons burst, three spikes each, at the same times."""
    one = np.sort(np.concatenate([np.asarray(starts) + part * length for part in (0, 0.5, 1)]))
    return SpikeTrains.from_lists([one] * neurons, t_stop=stop, shape=shape)


def soft(z):
    return np.sqrt(1 + z * z) - 1


def score(feature, data, model):
    return lq.fit.PopulationStatistics(feature).prepare({"cells": data}).score({"cells": model})


def test_network_bursts_of_each_trial_are_counted_and_their_durations_pooled():
    both = SpikeTrains.from_lists(
        [*bursting([100, 900]).to_lists(), *bursting([50.0], length=40.0).to_lists()], t_stop=STOP, shape=(2, 5)
    )
    np.testing.assert_allclose(features.network_burst_rate()(both), [2 / 8, 1 / 8])
    np.testing.assert_allclose(features.network_burst_duration()(both), [20, 20, 40])


def test_a_burst_of_few_neurons_is_none_of_the_network():
    alone = SpikeTrains.from_lists([[10, 20, 30.0], [], [], [], []], t_stop=STOP)
    assert features.network_burst_rate(share=0.2)(alone) == pytest.approx(1 / 8)
    assert features.network_burst_rate(share=0.21)(alone) == 0
    assert features.network_burst_duration(share=0.21)(alone).size == 0


def test_the_exponent_is_where_the_mean_logarithm_of_the_sizes_is_the_laws():
    sizes = np.array([1] * 60 + [2] * 12 + [3] * 5 + [7])
    times = np.concatenate([20.0 * n + np.full(size, 1.0) for n, size in enumerate(sizes)])
    trains = SpikeTrains.from_lists([times[k::7] for k in range(7)], t_stop=20.0 * len(sizes))
    step = 1e-6
    expected = brentq(  # the derivative of log zeta is minus the mean logarithm
        lambda a: (np.log(zeta(a + step)) - np.log(zeta(a - step))) / (2 * step) + np.log(sizes).mean(), 1.1, 6
    )
    assert features.avalanche_exponent("4 ms")(trains) == pytest.approx([expected], abs=1e-4)


def test_what_is_undefined_is_not_a_number():
    silent = SpikeTrains.from_lists([[], []], t_stop=STOP)
    single = SpikeTrains.from_lists([[10.0], [500.0]], t_stop=STOP)
    assert np.isnan(features.avalanche_exponent()(silent)).all()
    assert np.isnan(features.avalanche_exponent()(single)).all()
    assert features.network_burst_rate()(silent) == 0
    assert features.network_burst_duration()(silent).size == 0


def test_one_trial_is_as_uncertain_as_its_pieces_differ():
    starts = [100, 300, 1100, 2100, 2300, 2500, 4100, 5100, 7100]
    counts = np.histogram(starts, PIECES, (0, STOP))[0]
    error = counts.std(ddof=1) / np.sqrt(PIECES)  # pieces of one second
    data, model = bursting(starts), bursting([*starts, 6100, 6500])
    assert error > 1 / 8
    assert score(features.network_burst_rate(), data, model) == pytest.approx(soft(2 / 8 / error))


def test_several_trials_are_as_uncertain_as_they_differ():
    lists = [train for starts in ([100], [100, 900, 1700]) for train in bursting(starts).to_lists()]
    data = SpikeTrains.from_lists(lists, t_stop=STOP, shape=(2, 5))
    error = np.std([1 / 8, 3 / 8], ddof=1) / np.sqrt(2)
    model = bursting([100, 500, 900, 1300])  # on average 2 bursts more
    assert score(features.network_burst_rate(), data, model) == pytest.approx(soft(2 / 8 / error))


def test_a_recording_without_network_bursts_knows_that_up_to_one():
    quiet = SpikeTrains.from_lists([[10.0 + n] for n in range(5)], t_stop=STOP)
    assert score(features.network_burst_rate(), quiet, quiet) == 0
    assert score(features.network_burst_rate(), quiet, bursting([100, 900])) == pytest.approx(soft(2))
    with pytest.raises(FitError, match="network burst duration"):
        score(features.network_burst_duration(), quiet, quiet)


def test_a_model_without_network_bursts_is_far_from_data_with_some():
    data, quiet = bursting([100, 900, 2000]), SpikeTrains.from_lists([[]] * 5, t_stop=STOP)
    share_error = np.sqrt(0.875 * 0.125 / 3)  # of three bursts, all of which have a duration
    expected = soft(ABSENT) + soft(1 / share_error)
    assert score(features.network_burst_duration(), data, quiet) == pytest.approx(expected)
    error = np.std([2, 0, 1, 0, 0, 0, 0, 0], ddof=1) / np.sqrt(8)  # bursts in pieces of a second
    assert score(features.network_burst_rate(), data, quiet) == pytest.approx(soft(3 / 8 / error))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: features.network_burst_rate("0 ms"), "a positive time"),
        (lambda: features.network_burst_duration(share=1.5), "share is 1.5"),
        (lambda: features.network_burst_rate(share=float("nan")), "share is nan"),
        (lambda: features.avalanche_exponent("-1 ms"), "a positive time"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(FitError, match=message):
        make()


def test_names_say_what_is_counted():
    assert str(features.network_burst_rate("30 ms", 0.25)) == "network burst rate (30 ms, 25 % of neurons)"
    assert features.network_burst_rate().of_population
    assert not features.bursts().of_population
    assert features.network_burst_duration().pooled
