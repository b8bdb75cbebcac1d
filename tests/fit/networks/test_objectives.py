"""What two populations differ in: by neuron, by rank, by assignment, in distribution."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit import features
from lapicque.fit.networks.statistics import ABSENT, wasserstein
from lapicque.spikes import SpikeTrains, poisson

DISTANCE = lq.distances.van_rossum("5 ms")


def trains(*lists, shape=None):
    return {"cells": SpikeTrains.from_lists(lists, t_stop=100.0, shape=shape)}


def score(objective, data, model):
    return objective.prepare(data).score(model)


def test_the_mean_over_neurons_is_that_of_the_definition():
    data, model = trains([10, 40, 70], [20.0]), trains([11, 40, 72], [25, 60.0])
    expected = []
    for k in range(2):
        one, other = data["cells"][k], model["cells"][k]
        relative = DISTANCE(one, other) / DISTANCE(one, one.window(0, 100)[:1].from_lists([[]], t_stop=100))
        count = np.log((len(other.times) + 0.5) / (len(one.times) + 0.5))
        saturated = relative if relative < 1 else 1.5 - 0.5 * np.exp(-2 * (relative - 1))
        expected.append(saturated + 0.3 * (np.sqrt(1 + (count / 0.3) ** 2) - 1))
    assert score(lq.fit.MatchedNeurons(DISTANCE), data, model) == pytest.approx(np.mean(expected), abs=1e-12)


def test_sorted_and_assigned_neurons_do_not_depend_on_their_order():
    lists = [[5, 50, 95], [10.0], [20, 21, 22, 23, 60], []]
    data, mixed = trains(*lists), trains(*(lists[k] for k in (2, 3, 0, 1)))
    assert score(lq.fit.MatchedNeurons(DISTANCE), data, mixed) > 0.5
    assert score(lq.fit.MatchedNeurons(DISTANCE, "sorted"), data, mixed) == pytest.approx(0, abs=1e-12)
    assert score(lq.fit.MatchedNeurons(DISTANCE, "assigned"), data, mixed) == pytest.approx(0, abs=1e-12)


def test_neurons_of_one_number_are_compared_in_whatever_order_the_data_are():
    data, mixed = (
        trains([5, 50, 95], [10.0], [20, 60], [])["cells"][:, order] for order in ([0, 1, 2, 3], [2, 0, 3, 1])
    )
    for one, other in ((data, mixed), (mixed, data), (mixed, mixed)):
        assert score(lq.fit.MatchedNeurons(DISTANCE), {"cells": one}, {"cells": other}) == pytest.approx(0, abs=1e-12)
    units = SpikeTrains.from_lists(mixed.to_lists(), t_stop=100, neurons=[3, 17, 8, 40])  # of a sorter: by position
    assert score(lq.fit.MatchedNeurons(DISTANCE), {"cells": units}, {"cells": data}) > 0.5


def test_the_assignment_is_the_best_of_all_permutations():
    from itertools import permutations

    rng = np.random.default_rng(3)
    lists = [np.sort(rng.uniform(0, 100, n)) for n in (3, 4, 4, 5)]
    model = [np.sort(rng.uniform(0, 100, n)) for n in (4, 3, 5, 4)]
    best = min(
        score(lq.fit.MatchedNeurons(DISTANCE), trains(*lists), trains(*(model[k] for k in order)))
        for order in permutations(range(4))
    )
    assert score(lq.fit.MatchedNeurons(DISTANCE, "assigned"), trains(*lists), trains(*model)) == pytest.approx(best)


def test_units_that_were_lost_are_left_over_by_the_assignment_and_refused_elsewhere():
    data, model = trains([5, 50], [10.0]), trains([10.0], [70, 80, 90], [5, 50])
    assert score(lq.fit.MatchedNeurons(DISTANCE, "assigned"), data, model) == pytest.approx(0, abs=1e-12)
    for match in ("number", "sorted"):
        with pytest.raises(FitError, match="the model has 3 neurons of 'cells', the data 2: match='assigned'"):
            score(lq.fit.MatchedNeurons(DISTANCE, match), data, model)


def test_repeats_are_compared_with_all_runs():
    data, model = trains([10.0], [12.0], shape=(2, 1)), trains([10.0], [30.0], shape=(2, 1))
    objective = lq.fit.MatchedNeurons(DISTANCE)
    single = [score(objective, trains([a]), trains([b])) for a in (10.0, 12.0) for b in (10.0, 30.0)]
    assert score(objective, data, model) == pytest.approx(np.mean(single))


def test_silence_never_wins():
    data = trains([10, 40, 70], [20.0], [])
    objective = lq.fit.MatchedNeurons(lq.distances.coincidence("4 ms"))
    silent = score(objective, data, trains([], [], []))
    assert silent > score(objective, data, trains([30, 60, 90], [50.0], []))
    assert score(objective, data, data) == pytest.approx(0, abs=1e-12)


def test_the_wasserstein_distance_is_scipys():
    from scipy.stats import wasserstein_distance

    rng = np.random.default_rng(1)
    a, b = np.sort(rng.normal(size=50)), np.sort(rng.exponential(size=31))
    assert wasserstein(a, b) == pytest.approx(wasserstein_distance(a, b), abs=1e-12)


def test_a_difference_of_one_standard_error_costs_the_same_for_every_statistic():
    rates = np.array([10.0, 20.0, 30.0, 40.0])
    data = trains(*(np.arange(0, 100, 1e3 / rate) for rate in rates * 2))
    objective = lq.fit.PopulationStatistics([features.rate()], "mean")
    found = data["cells"].rate()
    error = found.std(ddof=1) / 2
    assert score(objective, data, data) == 0
    shifted = trains(*(np.linspace(0, 99, n) for n in data["cells"].counts + 2))
    assert score(objective, data, shifted) == pytest.approx(np.sqrt(1 + (20.0 / error) ** 2) - 1)


def test_a_statistic_that_no_neuron_has_is_far_away_and_not_zero():
    data = {"cells": poisson("20 Hz", t_stop="2 s", trains=20, seed=1)}
    objective = lq.fit.PopulationStatistics([features.cv()])
    silent = {"cells": SpikeTrains.from_lists([[]] * 20, t_stop=2000)}
    assert score(objective, data, silent) > np.sqrt(1 + ABSENT**2) - 1


def test_a_statistic_that_is_0_throughout_the_data_may_be_missed_by_hundredths():
    """Clocks have intervals of one length: a model that does not is wrong, and not as wrong as one that explodes."""
    clocks = {"cells": SpikeTrains.from_lists([np.arange(n, 2000, 50) for n in range(10)], t_stop=2000)}
    model = {"cells": poisson("20 Hz", t_stop="2 s", trains=10, seed=1)}
    objective = lq.fit.PopulationStatistics([features.cv()], "mean")
    mean = features.cv()(model["cells"]).mean()
    assert score(objective, clocks, model) == pytest.approx(np.sqrt(1 + (mean / 0.01) ** 2) - 1)


def test_fewer_neurons_that_fire_as_the_data_do_are_worse_and_none_is_the_worst():
    lists = poisson("20 Hz", t_stop="5 s", trains=100, seed=1).to_lists()
    data, *models = (
        {"cells": SpikeTrains.from_lists([train if n < some else [] for n, train in enumerate(lists)], t_stop=5000)}
        for some in (100, 99, 90, 50, 20, 5, 2, 1, 0)
    )
    losses = [score(lq.fit.PopulationStatistics(), data, model) for model in models]
    assert (np.diff(losses) > 0).all()


def test_shares_of_neurons_that_have_a_statistic_are_compared():
    lists = poisson("20 Hz", t_stop="2 s", trains=20, seed=1).to_lists()
    half = [train if n % 2 else train[:1] for n, train in enumerate(lists)]
    data, model = ({"cells": SpikeTrains.from_lists(x, t_stop=2000)} for x in (lists, half))
    objective = lq.fit.PopulationStatistics([features.cv()])
    assert score(objective, data, model) > 5
    assert score(objective, model, data) > 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lq.fit.MatchedNeurons("spike"), "is no distance"),
        (lambda: lq.fit.MatchedNeurons(DISTANCE, "best"), "match is 'best'"),
        (lambda: lq.fit.MatchedNeurons(DISTANCE, rate_weight=0.5), "a silent network could win"),
        (lambda: lq.fit.PopulationStatistics(["rate"]), r"write them as lq\.fit\.features\.rate\(\)"),
        (lambda: lq.fit.PopulationStatistics(compare="sd"), "compare is 'sd'"),
        (lambda: lq.fit.PopulationStatistics([features.cv()]).prepare(trains([1.0])), "no neuron.*has a cv"),
        (lambda: features.correlation("0 ms"), "a positive time is expected"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(FitError, match=message):
        make()
