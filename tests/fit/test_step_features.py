"""Features of a step response as an objective."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.fit.scoring import features_of


def test_features_are_the_textbooks():
    rate, latency, adaptation = features_of(np.array([90.0, 120.0, 140.0, 180.0, 300.0]), 100.0, 200.0)
    assert rate == 30.0
    assert latency == 20.0
    assert adaptation == pytest.approx((40 - 20) / (40 + 20))


def test_features_of_a_recording_are_fitted():
    current = np.repeat([0.0, 600.0, 0.0], 1000)
    data = lq.simulate(lq.neurons.lif.with_(c_m="150 pF"), "300 ms", inputs={"i_ext": current}).spikes
    problem = lq.fit.Problem(
        lq.neurons.lif,
        [lq.fit.Trial(current, data)],
        free=dict(c_m=("100 pF", "300 pF")),
        objective=lq.fit.StepFeatures(),
    )
    losses = problem.losses(np.array([problem.point({"c_m": 150.0}), [1.0]]))
    assert losses[0] == pytest.approx(0, abs=1e-9)
    assert losses[1] > 0.1
