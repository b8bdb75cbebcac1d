"""What bounds, steps and points of networks cannot be."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.spikes import SpikeTrains


@pytest.mark.parametrize(
    ("free", "message"),
    [
        ({"exc.c_m": (-100, 300)}, r"'exc\.c_m', -100 to 300 pF, include 0, but the model divides by it"),
        ({"exc.c_m": (-300, -100)}, r"'exc\.c_m', -300 to -100 pF, are outside.*: the model needs it positive"),
        ({"exc.t_ref": (-2, 5)}, r"'exc\.t_ref', -2 to 5 ms, are outside its domain: it cannot be negative"),
    ],
)
def test_bounds_are_within_the_domain_of_the_neurons(free, message):
    net = lq.Network()
    net.record(net.population(lq.neurons.lif, 2, name="exc"), "spikes")
    data = {"exc": SpikeTrains.from_lists([[5.0], [7.0]], t_stop=20)}
    with pytest.raises(FitError, match=message):
        lq.fit.NetworkProblem(net, data, free, lq.fit.PopulationStatistics([lq.fit.features.rate()]), dt="0.1 ms")


def test_points_are_numbers(problem):
    for look in (problem.losses, problem.values, problem.fitted, problem.respond):
        with pytest.raises(FitError, match="1 coordinates of the points are NaN"):
            look(np.array([0.5, np.nan]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dt": 0}, "dt is 0 ms: a positive time is expected"),
        ({"dt": "-1 ms"}, "dt is -1 ms: a positive time is expected"),
        ({"free": {"exc->inh.delay": (-1, 3)}}, "outside its domain: it cannot be negative"),
    ],
)
def test_times_are_positive(network, data, run, changes, message):
    given = dict(data=data, free={"exc->inh.w": (0, 8)}, objective=lq.fit.PopulationStatistics(), **run) | changes
    with pytest.raises(FitError, match=message):
        lq.fit.NetworkProblem(network, **given)
