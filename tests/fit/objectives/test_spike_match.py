"""SpikeMatch: what silence, bursts and chance are worth; several time scales; repeats without spikes."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lapicque as lq
from lapicque.errors import DistanceError, FitError
from lapicque.fit import SpikeMatch
from lapicque.fit.objectives.spike_match import rate_term, saturate, scaled


def catalogue():
    """Every exported distance; arguments that it requires are 4 ms, or 0.25/ms."""
    found = []
    for name in lq.distances.PAIRWISE:
        factory = getattr(lq.distances, name)
        required = [p for p in inspect.signature(factory).parameters.values() if p.default is p.empty]
        values = [0.25 if p.name == "cost" else 4.0 for p in required]
        found.append(pytest.param(factory(*values), id=name))
    return found


@pytest.fixture(params=catalogue())
def distance(request):
    return request.param


def poisson(random, count):
    return np.sort(random.uniform(0, 1000, count))


def gamma(model, data, precision):
    """The coincidence factor, spelled out for trains whose spikes are further apart than twice the precision."""
    hits = sum(any(abs(s - t) <= precision for t in model) for s in data)
    chance = 2 * precision * len(data) / 1000
    return (hits - chance * len(data)) / (1 - chance) / ((len(model) + len(data)) / 2)


# -- the defect of SpikeNetOpt's loss, in which a silent network is perfect -------------------------------------------


def test_silence_never_beats_a_model_at_the_datas_rate(distance, trial, losses):
    random = np.random.default_rng(1)
    for count in (1, 2, 20, 60):
        data = trial(*(poisson(random, count) for _ in range(4)))
        at_rate = [poisson(random, count) for _ in range(50)]
        burst = np.linspace(990, 1000, count)  # the right number, at the worst place
        silent, *others = losses(SpikeMatch(distance), data, [], *at_rate, burst)
        assert silent > max(others)


def test_firing_always_never_beats_a_model_at_the_datas_rate(distance, trial, losses):
    random = np.random.default_rng(2)
    for count in (1, 2, 20, 60):
        data = trial(*(poisson(random, count) for _ in range(4)))
        at_rate = [poisson(random, count) for _ in range(50)]
        always, *others = losses(SpikeMatch(distance), data, np.arange(0.5, 1000, 1.0), *at_rate)
        assert always > max(others)


times = st.lists(st.integers(0, 10_000), min_size=6, max_size=6).map(lambda steps: np.sort(steps) / 10)


@given(data=st.lists(times, min_size=1, max_size=3), model=times)
@pytest.mark.parametrize("measure", catalogue())
def test_no_train_of_the_right_size_is_worse_than_silence(measure, data, model, trial, losses):
    silent, found = losses(SpikeMatch(measure), trial(*data), [], model)
    assert found < silent


def test_losses_are_finite_and_ordered_with_the_rate(distance, trial, losses):
    random = np.random.default_rng(3)
    data = trial(*(poisson(random, 24) for _ in range(3)))
    counts = [0, 1, 3, 8, 24, 72, 216, 648, 1944]
    draws = [losses(SpikeMatch(distance), data, *(poisson(random, n) for n in counts)) for _ in range(10)]
    mean = np.mean(draws, axis=0)
    assert np.isfinite(draws).all()
    assert (np.diff(mean[:5]) < 0).all()
    assert (np.diff(mean[4:]) > 0).all()


def test_spikes_that_were_counted_but_not_kept_count(trial, losses):
    """Candidates that burst without end stay ordered, though only their first spikes are kept."""
    data = trial(poisson(np.random.default_rng(4), 20))
    bursts = [np.linspace(0, 999, n) for n in (200, 400, 800)]
    found = losses(SpikeMatch(lq.distances.coincidence("4 ms")), data, *bursts, capacity=100)
    assert (np.diff(found) > 0.3).all()


# -- the value --------------------------------------------------------------------------------------------------------


def test_the_loss_is_the_formula(trial, losses):
    data = [[100, 200, 300, 400, 500], [101, 203, 300, 405, 500]]
    model = [103.0, 199.0, 300.5, 406.0, 700.0, 800.0]
    expected = 0.0
    for repeat in data:
        # the coincidences of silence are those by chance less: its distance is 1 + 2*chance/(1 - chance)
        relative = [(1 - gamma(model, repeat, d)) / (1 - gamma([], repeat, d)) for d in (2.0, 4.0, 8.0)]
        expected += np.mean(relative) / 2  # all below 1: nothing to saturate
    ratio = np.log(6.5 / 5.5) / 0.3
    expected += 0.3 * (np.sqrt(1 + ratio**2) - 1)
    found = losses(SpikeMatch(lq.distances.coincidence("4 ms")), trial(*data), model)
    assert found[0] == pytest.approx(expected, rel=1e-12)


def test_the_data_themselves_cost_nothing(distance, trial, losses):
    spikes = poisson(np.random.default_rng(5), 20)
    assert losses(SpikeMatch(distance), trial(spikes, spikes), spikes)[0] == pytest.approx(0, abs=1e-12)


def test_only_the_window_counts(distance, trial, losses):
    inside = [250.0, 400.0, 640.0]
    whole = trial(inside).within(200, 700)
    noisy = trial([5.0, *inside, 900.0]).within(200, 700)
    model = [260.0, 500.0]
    found = [losses(SpikeMatch(distance), t, [20.0, *model, 701.0], model) for t in (whole, noisy)]
    np.testing.assert_array_equal(found[0], found[1])
    assert found[0][0] == found[0][1]


def test_a_trials_own_distance_goes_first(trial, losses):
    narrow, wide = lq.distances.coincidence("1 ms"), lq.distances.coincidence("8 ms")
    data, model = [100.0, 300.0, 800.0], [106.0, 306.0, 806.0]
    own = losses(SpikeMatch(wide), trial(data, distance=narrow), model)
    assert own == losses(SpikeMatch(narrow), trial(data), model) > losses(SpikeMatch(wide), trial(data), model)


def test_the_term_for_the_rate_can_weigh_more(trial, losses):
    data, model = trial([100.0, 300.0]), [100.0]
    light, heavy = (losses(SpikeMatch(lq.distances.spike(), rate_weight=w), data, model)[0] for w in (1, 3))
    assert heavy - light == pytest.approx(2 * rate_term(np.array([1.0]), 2.0)[0])


def test_rate_term_and_saturation():
    counts = np.arange(200.0)
    rate = rate_term(counts, 20.0)
    assert rate[20] == 0
    assert (np.diff(rate[:21]) < 0).all()
    assert (np.diff(rate[20:]) > 0).all()
    assert rate_term(np.zeros(1), 1.0)[0] > 0.5  # what keeps silence above a saturated distance
    d = np.linspace(0, 50, 5001)
    assert (np.diff(saturate(d)) >= 0).all()
    assert saturate(d).max() <= 1.5
    np.testing.assert_array_equal(saturate(d[d <= 1]), d[d <= 1])


# -- time scales ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "precisions"),
    [
        (46, [2, 4, 8]),  # 2*nu*delta at 8 ms: 0.736
        (48, [2, 4]),  # 0.768
        (93, [2, 4]),  # at 4 ms: 0.744
        (95, [2]),  # 0.76
    ],
)
def test_scales_at_which_most_is_chance_are_left_out(trial, count, precisions):
    data = trial(*[np.linspace(1, 999, count)] * 2)
    scorer = SpikeMatch(lq.distances.coincidence("4 ms")).prepare(data)
    assert [d.precision for d in scorer.distances] == precisions


def test_a_scale_is_left_out_where_one_repeat_has_no_coincidence_factor(trial):
    """On average there are few enough spikes, but in one repeat 2*nu*delta is above 1."""
    scorer = SpikeMatch(lq.distances.coincidence("4 ms")).prepare(trial(np.linspace(1, 999, 70), [500.0], [600.0]))
    assert [d.precision for d in scorer.distances] == [2, 4]


def test_the_distance_itself_is_used_where_nothing_else_is_left(trial):
    data = trial(np.linspace(1, 999, 110))  # 0.88 at 4 ms: poor, but what was asked for
    scorer = SpikeMatch(lq.distances.coincidence("4 ms"), scales=(1.0, 2.0)).prepare(data)
    assert [d.precision for d in scorer.distances] == [4]


def test_data_that_fire_too_fast_are_refused(trial):
    data = trial(np.linspace(1, 999, 130))
    with pytest.raises(DistanceError, match="exists only for data below 125 Hz"):
        SpikeMatch(lq.distances.coincidence("4 ms")).prepare(data)


def test_distances_without_a_time_scale_are_compared_once(trial):
    for distance in (lq.distances.spike(), lq.distances.isi(), lq.distances.spike_synchronization()):
        assert SpikeMatch(distance).prepare(trial([100.0])).distances == [distance]


def test_scaled_keeps_the_order_and_each_scale_once():
    arguments = np.array([100.0]), np.array([0, 1]), (0.0, 1000.0)
    found = scaled(lq.distances.van_rossum("10 ms"), (2.0, 0.5, 2.0), *arguments)
    assert [d.tau for d in found] == [20, 5]


# -- data without spikes ----------------------------------------------------------------------------------------------


def test_in_silent_data_every_spike_costs(distance, trial, losses):
    found = losses(SpikeMatch(distance), trial([], []), [], [500.0], [500.0, 600.0], np.arange(1.0, 999))
    assert found[0] == 0
    assert (np.diff(found) > 0).all()


def test_silent_repeats_count_beside_others(trial, losses):
    objective = SpikeMatch(lq.distances.spike())
    data, model = [100.0, 300.0, 700.0, 800.0], [105.0, 310.0]
    alone, mixed = (losses(objective, t, model) for t in (trial(data), trial(data, [])))
    match = alone - rate_term(np.array([2.0]), 4.0)
    assert mixed[0] == pytest.approx(0.5 * match[0] + 0.5 + rate_term(np.array([2.0]), 2.0)[0])
    assert losses(objective, trial(data, []), [])[0] > mixed[0]


def test_a_spike_at_the_edge_is_not_lost_in_a_division_by_nothing(distance, trial, losses):
    """For the ISI-distance a train with one spike at the very edge may be the same as one without."""
    silent, *found = losses(SpikeMatch(distance), trial([0.0]), [], [0.0], [500.0], [0.0, 1000.0])
    assert found[0] == pytest.approx(0, abs=1e-12)
    assert silent > max(found)


# -- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(rate_weight=0.5), "rate_weight is 0.5: below 1 a silent model could win"),
        (dict(rate_weight=float("nan")), "rate_weight is nan"),
        (dict(scales=()), r"scales are \(\): positive numbers"),
        (dict(scales=(1.0, -1.0)), "scales are"),
        (dict(distance="coincidence"), "'coincidence' is no distance: write lq.distances.coincidence"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(FitError, match=message):
        SpikeMatch(**{"distance": lq.distances.spike(), **options})
