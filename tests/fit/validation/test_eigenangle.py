"""Structure of correlations: found where it is, not where sizes alone agree."""

import numpy as np
import pytest

from lapicque.errors import FitError
from lapicque.fit.validation import eigenangle
from lapicque.spikes import SpikeTrains, correlation, poisson


def grouped(seed, groups, share=0.5):
    """Trains of 12 neurons that share spikes within groups."""
    rng = np.random.default_rng(seed)
    common = poisson("20 Hz", t_stop="30 s", trains=max(groups) + 1, seed=rng).to_lists()
    lists = []
    for group in groups:
        kept = common[group][rng.random(len(common[group])) < share]
        own = poisson("10 Hz", t_stop="30 s", seed=rng).times
        lists.append(np.sort(np.concatenate([kept, own])))
    return SpikeTrains.from_lists(lists, t_stop="30 s")


GROUPS = [0] * 6 + [1] * 4 + [2] * 2


def test_the_same_groups_are_found_alike():
    a, b = grouped(1, GROUPS), grouped(2, GROUPS)
    found = eigenangle(a, b, "5 ms")
    assert found.p == pytest.approx(1 / 200)
    assert found.angles[0] < 15
    mixed = grouped(3, [0, 1, 2, 0, 1, 0, 0, 1, 0, 2, 1, 0])
    assert eigenangle(a, mixed, "5 ms").score < found.score
    assert eigenangle(a, mixed, "5 ms").p > 0.02


def test_score_by_its_definition():
    a, b = grouped(1, GROUPS), grouped(2, GROUPS)
    (la, va), (lb, vb) = (np.linalg.eigh(correlation(x, 5.0)) for x in (a, b))
    weights = np.sqrt((la**2 + lb**2) / 2)
    smallness = [1 - np.arccos(min(1, abs(x @ y))) / (np.pi / 2) for x, y in zip(va.T, vb.T, strict=True)]
    expected = np.mean(np.array(smallness) * weights / weights.sum() * 12)
    assert eigenangle(a, b, 5.0).score == pytest.approx(expected, rel=1e-9)


def test_p_is_uniform_for_unrelated_neurons():
    def trains(seed):
        return poisson("20 Hz", t_stop="3 s", trains=6, seed=seed)

    p = [eigenangle(trains(k), trains(900 + k), "20 ms", permutations=39).p for k in range(100)]
    assert np.mean(np.array(p) <= 0.05) < 0.12
    assert 0.35 < np.mean(p) < 0.65


def test_refused():
    a = grouped(1, GROUPS)
    with pytest.raises(FitError, match="shape"):
        eigenangle(a, a[:, :5], "5 ms")
    with pytest.raises(FitError, match="shape"):
        eigenangle(a[:, :2], a[:, :2], "5 ms")
    with pytest.raises(FitError, match="permutations"):
        eigenangle(a, a, "5 ms", permutations=0)
    silent = SpikeTrains.from_lists([[], *a.to_lists()[1:]], t_stop="30 s")
    with pytest.raises(FitError, match="neurons 0 of the model never change"):
        eigenangle(a, silent, "5 ms")
