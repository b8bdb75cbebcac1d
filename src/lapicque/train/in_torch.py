"""The same layers in torch operations: for derivatives of any order, one step at a time."""

from __future__ import annotations

import copy
from functools import partial

from torch import nn

from lapicque.train.linear import Linear
from lapicque.train.spiking import Spiking
from lapicque.train.state import Stateful


def in_torch(module: nn.Module) -> nn.Module:
    """Return a copy of a module whose layers run as torch operations, with the very same parameters.

    Gradients arrive at the parameters of the module that was given. States that stateful layers keep are left out.

    Parameters
    ----------
    module : nn.Module
        A layer, or any module with layers in it.

    Examples
    --------
    >>> from lapicque import neurons, train
    >>> net = train.Sequential(train.Linear(4, 3), train.Spiking(neurons.lif, learn="c_m"))
    >>> made = in_torch(net)
    >>> made[0].weight is net[0].weight, made[1].raw["c_m"] is net[1].raw["c_m"]
    (True, True)
    >>> made[1].runner.name
    'torch'
    """
    shared = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    made = copy.deepcopy(module, shared)
    for layer in made.modules():
        if isinstance(layer, Stateful):
            layer.stateful = False
            layer.reset()
        if isinstance(layer, Spiking):
            layer.backend, layer.checkpoint = "torch", None
            layer.derive()
        elif isinstance(layer, Linear):
            layer.forward = partial(nn.Linear.forward, layer)  # type: ignore[method-assign]
    return made
