"""Problems of one's own: the few names that a search asks for, and what is said about wrong losses."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit.free import Free
from lapicque.units import ONE


class Parabola:
    """A problem without a simulation, smallest at x = 3 and y = 1."""

    name = "parabola"
    free = (Free("x", -10.0, 10.0, ONE, "linear"), Free("y", 0.1, 10.0, ONE, "log"))
    dimension = 2
    fingerprint = "parabola"
    objectives = ("square",)

    def values(self, points):
        points = np.atleast_2d(points)
        return {f.name: f.from_cube(points[:, n]) for n, f in enumerate(self.free)}

    def point(self, values):
        return np.array([float(f.to_cube(values.get(f.name, 1.0))) for f in self.free])

    def fitted(self, point):
        return lq.neurons.lif

    def losses(self, points, threads=None):
        found = self.values(points)
        return (found["x"] - 3) ** 2 + np.log(found["y"]) ** 2


class Odd(Parabola):
    def __init__(self, losses, objectives=("square",)):
        self.found, self.objectives = losses, objectives

    def losses(self, points, threads=None):
        return self.found(len(points))


def test_a_problem_of_ones_own_is_searched():
    assert isinstance(Parabola(), lq.fit.Searchable)
    found = lq.fit.minimize(Parabola(), lq.optimizers.cma_es(population=16), 1600, seed=1)
    assert found.parameters["x"].value == pytest.approx(3, abs=1e-3)
    assert found.parameters["y"].value == pytest.approx(1, abs=1e-3)
    assert found.fitted is lq.neurons.lif
    assert repr(found).startswith("Fit of 'parabola': loss 0.0000 after 1600 evaluations")
    assert [g.number for g in found.generations] == list(range(100))
    assert found.generations[-1].evaluations == 1600


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (Odd(lambda n: np.zeros((n, 2))), r"losses of 'parabola' have shape \(8, 2\), \(8,\) is expected"),
        (Odd(lambda n: np.full(n, np.nan)), "8 losses of 'parabola' are NaN"),
        (Odd(np.zeros, ("error", "rate")), "has 2 objectives .error, rate.: add them up with weights, or use"),
    ],
)
def test_losses_that_are_none_are_refused(odd, message):
    with pytest.raises(FitError, match=message):
        lq.fit.minimize(odd, lq.optimizers.cma_es(population=8), 8)


def test_a_fitted_network_is_no_neuron():
    net = lq.Network()
    net.population(lq.neurons.lif, 3, name="cells")

    class Networks(Parabola):
        def fitted(self, point):
            return net

    found = lq.fit.minimize(Networks(), lq.optimizers.cma_es(population=8), 8)
    assert found.fitted is net
    with pytest.raises(FitError, match=r"'parabola' is a Network, no neuron: use fit\.fitted"):
        found.neuron  # noqa: B018
    for needs_trials in (lambda: lq.fit.score(found, []), lambda: lq.fit.save(found, "fit.json")):
        with pytest.raises(FitError, match=r"'parabola' is no problem of a single cell \(Networks\)"):
            needs_trials()


def test_the_cell_problem_is_searchable(noisy_current, spikes_of):
    current = noisy_current(1000)
    trial = lq.fit.Trial(current, spikes_of(lq.neurons.lif, current))
    problem = lq.fit.Problem(
        lq.neurons.lif, [trial], free=dict(c_m=("50 pF", "400 pF")), distance=lq.distances.coincidence("4 ms")
    )
    assert isinstance(problem, lq.fit.Searchable)
    assert problem.name == "lif"
