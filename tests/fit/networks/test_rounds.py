"""A round of candidates at once: to the bit the losses of each alone, by the definition."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError, LapicqueError, SimulationError
from lapicque.fit import features
from lapicque.fit.networks.objective import scores_of
from lapicque.fit.networks.statistics import ABSENT, areas
from lapicque.fit.networks.trials import trials_together
from lapicque.simulation.variants import FEW, ExplodedError, Part
from lapicque.spikes import SpikeTrains

POINTS = np.random.default_rng(2).random((66, 2))  # more than a block, and a rest that goes one by one
FEATURES = [
    features.rate(), features.isi(), features.mean_isi(), features.fano("50 ms"), features.cv(), features.cv2(),
    features.lv(), features.lvr(), features.correlation(), features.tiling("5 ms"), features.bursts("40 ms"),
    features.synchrony(), features.network_burst_rate("60 ms"), features.network_burst_duration("60 ms"),
    features.avalanche_exponent(),
]  # fmt: skip


def naive(a, b):
    """Return the Wasserstein distance of two sorted samples as NumPy writes it."""
    together = np.sort(np.concatenate([a, b]))
    below_a = np.searchsorted(a, together[:-1], side="right") / len(a)
    below_b = np.searchsorted(b, together[:-1], side="right") / len(b)
    return np.sum(np.abs(below_a - below_b) * np.diff(together))


def soft(z):
    return np.sqrt(1 + z * z) - 1


def loss_of(term, trains, compare):
    """Return the loss of one statistic of one candidate, from what the statistic is."""
    found = term.feature(trains)
    values = np.sort(found[np.isfinite(found)])
    if not values.size:
        return soft(ABSENT) + soft(term.share / term.share_error)
    distance = naive(values, term.values) if compare == "distribution" else abs(values.mean() - term.values.mean())
    return soft(distance / term.error) + soft((values.size / found.size - term.share) / term.share_error)


@pytest.mark.parametrize("compare", ["distribution", "mean"])
@pytest.mark.parametrize("trials", [1, 2])
def test_losses_of_a_round_are_those_of_the_definition(network, data, run, problem, trials, compare):
    late = {name: trains.window(50, 450) for name, trains in data.items()}
    known = [f for f in FEATURES if all(np.isfinite(f(trains)).any() for trains in late.values())]
    assert len(known) > 10
    objectives = [lq.fit.PopulationStatistics(known, compare), lq.fit.MatchedNeurons(lq.distances.van_rossum("5 ms"))]
    free = problem.free
    many = lq.fit.NetworkProblem(network, late, free, objectives, seed=1, trials=trials, **run)
    losses = many.losses(POINTS, threads=1)
    np.testing.assert_array_equal(many.losses(POINTS, threads=2), losses)
    terms, matched = many._scorers[0].terms, many._scorers[1]
    for point, (statistics, distance) in zip(POINTS[::13], losses[::13], strict=True):
        runs = many.respond(point)
        assert runs["exc"].shape == (trials, 20)
        assert statistics == np.mean([loss_of(term, runs[term.recorder], compare) for term in terms])
        assert distance == matched.score(runs)


def test_every_feature_of_each_candidate_is_that_of_its_trials():
    trains = lq.spikes.poisson("30 Hz", t_stop="1 s", trains=4 * 3 * 5, seed=3)
    lists = trains.to_lists()
    lists[7], lists[16:20] = lists[7][:1], [[]] * 4  # one spike, and silence
    together = SpikeTrains.from_lists(lists, t_stop=1000, shape=(4 * 3, 5))
    for feature in FEATURES:
        values, sizes = feature.of_each(together, 4)
        assert values.shape[0] == len(sizes) == 4
        for c in range(4):
            alone = feature(SpikeTrains.from_lists(lists[15 * c : 15 * c + 15], t_stop=1000, shape=(3, 5)))
            assert sizes[c] == len(alone)
            np.testing.assert_array_equal(values[c, : sizes[c]], alone, err_msg=str(feature))
            assert np.isnan(values[c, sizes[c] :]).all()


def test_areas_are_the_definitions_to_the_bit_with_ties_and_shorter_rows():
    rng = np.random.default_rng(5)
    for n, m in ((1, 1), (7, 3), (40, 100), (300, 9), (130, 200)):
        counts = rng.integers(1, n + 1, 20)
        samples = np.full((20, n), np.nan)
        for row, count in zip(samples, counts, strict=True):
            row[:count] = np.sort(rng.choice([0.1, 0.7, *rng.normal(size=n)], count))
        reference = np.sort(rng.choice([0.1, 0.7, *rng.normal(size=m)], m))
        expected = [naive(row[:count], reference) for row, count in zip(samples, counts, strict=True)]
        np.testing.assert_array_equal(areas(samples, counts, reference), expected)
    assert areas(np.empty((0, 3)), np.empty(0, int), reference).shape == (0,)


def part(*times):
    """Return one neuron of each of some candidates."""
    return Part(len(times), {"a": SpikeTrains.from_lists([[t] for t in times], t_stop=9, shape=(len(times), 1))})


def test_a_candidate_of_which_a_trial_explodes_has_exploded_and_others_are_joined():
    error = ExplodedError("v is infinite")
    one, other = part(1, 2, 3), [part(4), Part(1, error), part(6)]
    found = trials_together([[one], other])
    assert [p.count for p in found] == [1, 1, 1]
    assert found[1].spikes is error
    for p, times in zip(found[::2], ([1, 4], [3, 6]), strict=True):
        assert p.spikes["a"].times.tolist() == times
        assert p.spikes["a"].shape == (2, 1)
    assert trials_together([other])[1].spikes is error


def test_an_objective_of_ones_own_is_asked_candidate_by_candidate():
    class Last:
        def score(self, model):
            return model["a"].times.max()

    (both,) = trials_together([[part(1, 2, 3)], [part(6, 5, 4)]])
    np.testing.assert_array_equal(scores_of(Last(), both.spikes, 3), [6, 5, 4])


def test_losses_that_are_no_numbers_are_those_of_exploded_candidates(problem):
    class Odd:
        name = "odd"

        def prepare(self, data):
            return self

        def scores(self, models, candidates):
            return np.where(np.arange(candidates) % 2, np.nan, 1.0)

    many = lq.fit.NetworkProblem(
        problem.network, problem.data, problem.free, Odd(), dt="0.5 ms", method="euler", seed=1
    )
    assert many.losses(POINTS[:FEW]).tolist() == [1.0, 1e6] * (FEW // 2)


def test_numbers_out_of_range_are_told_and_not_run(problem):
    variants = problem._variants
    good = {"exc->inh.w": 1.0, "exc->inh.where.p": 0.5}
    with pytest.raises(SimulationError, match=r"fixed_probability: p is 1\.5"):
        variants.together([good | {"exc->inh.where.p": 1.5}] * FEW)
    for weight in (np.inf, np.nan):
        with pytest.raises(LapicqueError, match=r"exc->inh\.w"):
            variants.together([good | {"exc->inh.w": weight}] * FEW)
    with pytest.raises(FitError, match="2 parameters are free"):
        problem.losses(np.zeros((FEW, 3)))
