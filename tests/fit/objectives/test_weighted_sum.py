"""Sums of objectives as values."""

import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit import SpikeMatch, StepFeatures, VoltageError
from lapicque.fit.objectives import WeightedSum

MATCH = SpikeMatch(lq.distances.coincidence("4 ms"))


def test_sums_are_flat_and_weights_multiply():
    found = 2 * (MATCH + 0.5 * VoltageError()) + StepFeatures() * 3
    assert found == WeightedSum(((2.0, MATCH), (1.0, VoltageError()), (3.0, StepFeatures())))


def test_a_sum_needs_what_its_terms_need():
    assert (MATCH + StepFeatures()).records is None
    assert (MATCH + VoltageError("u")).records == "u"
    assert (MATCH + 1 * MATCH).needs_spikes
    assert not (MATCH + VoltageError()).needs_spikes


def test_spike_objectives_add_up(trial, losses):
    data, model = trial([100.0, 300.0], [105.0, 290.0]), [120.0, 310.0, 800.0]
    other = SpikeMatch(lq.distances.spike())
    one, two, both = (losses(o, data, model, []) for o in (MATCH, other, MATCH + 0.5 * other))
    assert both == pytest.approx(one + 0.5 * two)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: -1 * MATCH, r"the weights of a sum of objectives are \[-1.0\]: none may be negative"),
        (lambda: 0 * MATCH, r"are \[0.0\]: none may be negative, one must be above 0"),
        (lambda: float("nan") * MATCH, "none may be negative"),
        (lambda: VoltageError("v") + VoltageError("u"), r"different states \(u, v\) cannot be summed"),
        (lambda: MATCH + 3, "can be added to another one only, not to 3"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(FitError, match=message):
        make()
