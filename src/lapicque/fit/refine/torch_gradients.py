"""A problem's candidates as one torch layer, a neuron each, and the gradients of their van Rossum distances."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lapicque.errors import FitError
from lapicque.fit.free import NUISANCES
from lapicque.fit.problem import Problem
from lapicque.train.losses.van_rossum import VanRossum
from lapicque.train.spiking import Spiking

EDGE = 1e-4  # coordinates are kept inside the cube, where logits are finite


class SurrogateGradients:
    """Gradients through surrogates.

    Parameters
    ----------
    problem : Problem
    tau : ms
    function : surrogate or None
    backend : of the layer

    Raises
    ------
    FitError
        If no free parameter has a gradient, or what is free belongs to the comparison.
    """

    cost = 3

    def __init__(self, problem: Problem, tau: float, function: Any, backend: str = "auto"):
        own = [f.name for f in problem.free if f.name in NUISANCES]
        if own:
            raise FitError(f"{own[0]!r} is free, which a surrogate has no gradient for: use sensitivities()")
        self.problem, self.function, self.backend = problem, function, backend
        self.loss = VanRossum(tau, problem.dt)
        probe = Spiking(problem.neuron, 1, dt=problem.dt, input=problem.driven, method=problem.method, backend=backend)
        self.learned = [f for f in problem.free if f.name in probe.code.LEARNABLE]
        if not self.learned:
            raise FitError(f"no free parameter of {problem.neuron.name!r} has a gradient: use lq.fit.pattern()")

    def at(self, points: np.ndarray) -> np.ndarray:
        """Return (candidate, dimension); 0 for parameters without a gradient."""
        problem = self.problem
        points = np.clip(points, EDGE, 1 - EDGE)
        values = problem.values(points)
        neuron = problem.neuron.with_(**{f.name: values[f.name] for f in problem.free})
        bounds = {f.name: (f.low, f.high) for f in self.learned}
        names = {f.name: "neuron" for f in self.learned}
        found = np.zeros(points.shape)
        for trial in problem.trials:
            layer = Spiking(
                neuron, len(points), dt=problem.dt, input=problem.driven, learn=names, bounds=bounds,
                surrogate=self.function, method=problem.method, backend=self.backend, dtype=torch.float64,
            )  # fmt: skip
            steps = int(np.ceil(trial.window[1] / problem.dt - 1e-9))
            inputs = problem.inputs(trial)[problem.driven][:steps] / problem.neuron.inputs[problem.driven].unit.scale
            current = torch.as_tensor(np.repeat(inputs[:, None, None], len(points), axis=2))
            spikes, _ = layer(current)
            inside = torch.as_tensor(np.arange(steps) >= trial.window[0] / problem.dt)[:, None]
            total = torch.zeros((), dtype=torch.float64)
            for train in trial.scored.to_lists():
                target = torch.zeros(steps, 1, len(points), dtype=torch.float64)
                target[np.minimum((np.asarray(train) / problem.dt + 1e-6).astype(int), steps - 1)] = 1
                total = total + self.loss.squared(spikes * inside[..., None], target).sum() / len(trial.spikes)
            total.backward()
            for n, f in enumerate(problem.free):
                if f.name in names:
                    raw = layer.raw[f.name]
                    grad = np.zeros(len(points)) if raw.grad is None else raw.grad.numpy()
                    found[:, n] += trial.weight * grad * _logit_by_coordinate(points[:, n], f)
        return found


def _logit_by_coordinate(x: np.ndarray, f: Any) -> np.ndarray:
    """Return the derivative of a parameter's logit between its bounds by its coordinate on the cube."""
    value = f.from_cube(x)
    slope = value * np.log(f.high / f.low) if f.scale == "log" else f.high - f.low
    return slope * (f.high - f.low) / ((value - f.low) * (f.high - value))
