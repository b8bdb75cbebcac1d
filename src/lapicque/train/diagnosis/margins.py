"""How far membranes are from their thresholds, in units of the way from reset to threshold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lapicque.compile.training.transition import threshold_scale
from lapicque.model.evaluate import parameter_values
from lapicque.train.cells import MARGIN, threshold_of, with_margin
from lapicque.train.random_numbers import undisturbed
from lapicque.train.spiking import Spiking


@dataclass(frozen=True)
class Membranes:
    r"""Membranes of a layer: 0 where the reset puts them, 1 at the threshold.

    Attributes
    ----------
    noted : list of (time, batch, \*size), one a call, without gradients
    rest : the mean of the neurons after a step without input
    """

    noted: list[Tensor]
    rest: float


def note_membranes(layer: Any) -> Membranes | None:
    r"""Let a layer note its membranes whenever it runs; return where it does.

    Membranes are 0 where the reset puts them and 1 at the threshold, at the end of each step: what the surrogate sees,
    plus 1. A layer without a threshold, or with a random one, has none: None.

    Parameters
    ----------
    layer : Spiking
        A copy, which stays like this, and runs as torch operations from now on.
    """
    event = threshold_of(layer.model)
    if event is None:
        return None
    scale = scale_of(layer)
    outputs, single, run = layer.outputs, layer.single, layer.run
    layer.described = with_margin(layer.described, event)
    layer.recipe = replace(layer.recipe, model=layer.described, outputs=(*outputs, MARGIN))
    layer.backend, layer.checkpoint = "torch", None
    layer.derive()
    noted: list[Tensor] = []

    def running(*given: Any) -> Any:
        layer.outputs, layer.single = (*outputs, MARGIN), False
        try:
            answer, state = run(*given)
        finally:
            layer.outputs, layer.single = outputs, single
        margin = answer[-1].detach()
        margin = margin.transpose(0, 1) if layer.batch_first else margin
        noted.append(1 + margin / scale.to(margin))
        return (answer[0] if single else answer[:-1]), state

    layer.run = running
    nothing = torch.zeros(1, 1, *(layer.size or (1,)), dtype=torch.float64)
    with torch.no_grad(), undisturbed(layer):
        running(nothing if len(layer.inputs) == 1 else (nothing,) * len(layer.inputs))
    layer.reset()
    return Membranes(noted, float(noted.pop().mean()))


def scale_of(layer: Spiking) -> Tensor:
    r"""Return how far the reset is below the threshold, () or (\*size), in internal units.

    Examples
    --------
    >>> import lapicque as lq
    >>> float(scale_of(lq.train.Spiking(lq.neurons.lif)))  # mV
    20.0
    """
    import sympy as sp

    given = layer.extra.get("_scale_spike")
    if given is None:
        system = layer.recipe.system
        expression = threshold_scale(next(e for e in system.events if e.name == "spike"), system)
        names = sorted(expression.free_symbols, key=str)
        values = {**parameter_values(layer.model), "dt": layer.dt}
        given = sp.lambdify(names, expression, "numpy")(*(values[str(name)] for name in names))
    array = np.asarray(given, np.float64)
    return torch.from_numpy(array.reshape(layer.size if array.size > 1 and layer.size else ()))
