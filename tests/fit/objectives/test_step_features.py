"""StepFeatures: rate, latency and adaptation by hand."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError, UnitError
from lapicque.fit import StepFeatures
from lapicque.fit.objectives.step_features import step_edges
from lapicque.fit.scoring import features_of
from lapicque.spikes import SpikeTrains


def step(*trains, **more):
    """A trial with a step from 200 to 700 of 1000 ms."""
    current = np.repeat([10.0, 110.0, 10.0], [200, 500, 300])
    spikes = SpikeTrains.from_lists(trains, t_stop=1000, shape=(len(trains), 1))
    return lq.fit.Trial(current, spikes, dt="1 ms", **more)


def test_features_are_those_of_the_definition():
    rate, latency, adaptation = features_of(np.array([90.0, 120.0, 140.0, 180.0, 300.0]), 100.0, 200.0)
    assert rate == 30.0  # three spikes in a tenth of a second
    assert latency == 20.0
    assert adaptation == pytest.approx((40 - 20) / (40 + 20))


@pytest.mark.parametrize(
    ("spikes", "features"),
    [([], [0, 500, 0]), ([300], [2, 100, 0]), ([210, 300], [4, 10, 0]), ([300, 300, 300], [6, 100, 0])],
)
def test_few_spikes(spikes, features):
    np.testing.assert_allclose(features_of(np.array(spikes, float), 200.0, 700.0), features)


def test_the_step_is_found_in_the_stimulus():
    assert step_edges(StepFeatures(), step([300.0])) == (200, 700)
    assert step_edges(StepFeatures(onset="0.25 second"), step([300.0])) == (250, 700)
    assert step_edges(StepFeatures(), step([300.0], window=(0, 600))) == (200, 600)
    assert step_edges(StepFeatures(), step([300.0], window=(300, 900))) == (300, 700)
    constant = lq.fit.Trial(np.full(100, 5.0), SpikeTrains.from_lists([[]], t_stop=100), dt=1.0, window=(10, 90))
    assert step_edges(StepFeatures(), constant) == (10, 90)


def test_the_loss_by_hand(losses):
    """The data: 10 and 6 Hz, 20 and 40 ms, adaptation 1/3 and 0; the model: 8 Hz, 60 ms, 0.5."""
    data = step([220.0, 240.0, 270.0, 300.0, 340.0], [240.0, 340.0, 440.0])
    model = [100.0, 260.0, 280.0, 320.0, 380.0, 800.0]
    found = losses(StepFeatures(rate=5.0, latency=10.0, adaptation=0.2), data, model)
    assert found[0] == pytest.approx((abs(8 - 8) / 5 + abs(60 - 30) / 10 + abs(0.5 - 1 / 6) / 0.2) / 3)


def test_outside_the_window_nothing_counts(losses):
    """Half of a step is held out: what the data do there has no part in the loss."""
    early = [250.0, 300.0, 360.0]
    train = step([*early, 500.0, 510.0], window=(0, 400))
    assert losses(StepFeatures(), train, early)[0] == 0
    assert losses(StepFeatures(), train, [*early, 650.0])[0] == 0


def test_silent_and_bursting_candidates_are_ordered(losses):
    data = step(np.linspace(210, 690, 12))
    trains = [np.linspace(210, 690, n) for n in (12, 30, 100, 400, 900)]
    found = losses(StepFeatures(), data, *trains, capacity=200)
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()
    assert losses(StepFeatures(), data, [])[0] > losses(StepFeatures(), data, [215.0, 400.0])[0]


def test_features_of_a_recording_are_fitted():
    current = np.repeat([0.0, 600.0, 0.0], 1000)
    data = lq.simulate(lq.neurons.lif.with_(c_m="150 pF"), "300 ms", inputs={"i_ext": current}).spikes
    problem = lq.fit.Problem(
        lq.neurons.lif,
        [lq.fit.Trial(current, data)],
        free=dict(c_m=("100 pF", "300 pF")),
        objective=StepFeatures(),
    )
    losses = problem.losses(np.array([problem.point({"c_m": 150.0}), [1.0]]))
    assert losses[0] == pytest.approx(0, abs=1e-9)
    assert losses[1] > 0.1


def test_mistakes_are_named():
    with pytest.raises(FitError, match="the scale latency of StepFeatures is 0: a positive number"):
        StepFeatures(latency=0)
    with pytest.raises(UnitError, match="onset of StepFeatures is given in mV"):
        StepFeatures(onset="5 mV")
    with pytest.raises(FitError, match="nothing of the step of the trial is inside its window, 800 to 1000 ms"):
        StepFeatures().prepare(step([900.0], window=(800, 1000)))
