"""Gradients through surrogates: those of the same layer, brought to the coordinates of the cube."""

import numpy as np
import pytest
import torch

import lapicque as lq
from lapicque import train
from lapicque.errors import FitError

SLOPES = lq.fit.surrogate(tau="5 ms", backend="torch")


@pytest.fixture(scope="module")
def problem(spikes_of):
    current = 300 + 150 * np.sin(np.arange(600) / 40)
    data = spikes_of(lq.neurons.lif.with_(c_m="150 pF"), current)
    free = dict(c_m="50 .. 600 pF", g_l="5 .. 20 nS", t_ref="1 .. 6 ms")
    return lq.fit.Problem(lq.neurons.lif, [lq.fit.Trial(current, data)], free=free, distance=lq.distances.spike())


def test_gradients_are_those_of_the_layer(problem):
    points = np.array([[0.6, 0.5, 0.4], [0.3, 0.6, 0.4]])
    found = SLOPES.of(problem).at(points)
    assert (found[:, 2] == 0).all()  # a refractory period counts steps
    trial = problem.trials[0]
    for point, ours in zip(points, found, strict=True):
        learn = ("c_m", "g_l")
        bounds = dict.fromkeys(learn)  # the values themselves
        layer = train.Spiking(
            problem.fitted(point), 1, dt=0.1, learn=learn, bounds=bounds, backend="torch", dtype=torch.float64
        )
        spikes, _ = layer(torch.as_tensor(trial.inputs[""])[:, None, None])
        wanted = torch.zeros_like(spikes)
        wanted[np.round(trial.spikes.times / 0.1).astype(int)] = 1
        train.losses.van_rossum("5 ms", "0.1 ms")(spikes, wanted).backward()
        values = {name: v[0] for name, v in problem.values(point[None]).items()}
        expected = [layer.raw["c_m"].grad.item() * values["c_m"] * np.log(12), layer.raw["g_l"].grad.item() * 15]
        assert np.abs(expected).max() > 1e-3
        np.testing.assert_allclose(ours[:2], expected, rtol=1e-6)


def test_a_refinement_along_them(problem):
    found = lq.fit.refine(problem, lq.fit.l_bfgs(SLOPES), x0=dict(c_m=170, g_l=10, t_ref=2), budget=80, progress=False)
    start = problem.losses(problem.point(dict(c_m=170, g_l=10, t_ref=2))[None])[0]
    assert found.loss < 0.5 * start


def test_what_has_no_gradient_is_said(problem):
    shifted = lq.fit.Problem(
        lq.neurons.lif, problem.trials, free=dict(c_m=(50, 300), delay=(0, 2)), distance=lq.distances.spike()
    )
    with pytest.raises(FitError, match="'delay' is free"):
        SLOPES.of(shifted)
    held = lq.fit.Problem(lq.neurons.lif, problem.trials, free=dict(t_ref=(1, 6)), distance=lq.distances.spike())
    with pytest.raises(FitError, match="no free parameter"):
        SLOPES.of(held)
