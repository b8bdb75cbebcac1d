"""Neurons of a layer that differ in a parameter, from the beginning."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from torch import nn

from lapicque.errors import TrainingError, suggest
from lapicque.network.distributions import drawn
from lapicque.random import stream_key
from lapicque.train.cells import cells_of, neurons_of
from lapicque.train.checks import name_of
from lapicque.train.initialise.gamma import Gamma
from lapicque.train.initialise.layers import check_net
from lapicque.train.spiking import Spiking

Net = TypeVar("Net", bound=nn.Module)


def heterogeneous(net: Net, name: str, distribution: Any, *, seed: int = 0) -> Net:
    r"""Give every neuron a value of its own of a parameter, such as its time constant.

    Parameters
    ----------
    net : nn.Module
        A `Spiking` or `Recurrent` layer, or a module with such: all of them that have the parameter. Layers need their
        size; where the parameter is learned, ``learn={name: "neuron"}`` says that each neuron has one.
    name : str
    distribution : `gamma`, `lapicque.normal`, `lapicque.lognormal`, `lapicque.uniform`, `lapicque.exponential`
        Or an expression such as ``"20*ms*(1 + i/N)"``, a quantity, or an array of one value a neuron.
    seed : int
        The same seed gives the same values; layers have streams of their own, by their names.

    Returns
    -------
    nn.Module
        The same, changed in place.

    Raises
    ------
    TrainingError
        If no layer has the parameter, with the nearest name; for a layer without a size, or that learns one value for
        all; for values outside of what the parameter may be.

    References
    ----------
    .. [1] Perez-Nieves, Leung, Dragotti & Goodman 2021, Neural heterogeneity promotes robust learning,
       https://doi.org/10.1038/s41467-021-26022-3

    Examples
    --------
    >>> import lapicque as lq
    >>> from lapicque.train.initialise import gamma, heterogeneous
    >>> layer = lq.train.Spiking(lq.neurons.lif_exp, 5, input="i_syn", learn=dict(tau_syn="neuron"), backend="torch")
    >>> heterogeneous(layer, "tau_syn", gamma("10 ms"), seed=1).tau_syn  # ms
    tensor([..., grad_fn=...)
    >>> _ = heterogeneous(layer, "c_m", lq.uniform("100 pF", "300 pF"))
    >>> layer.model.constants["c_m"].value.round()
    array([...])
    """
    for where, layer in with_parameter(net, name):
        unit = layer.model.constants[name].unit
        if layer.size is None:
            raise TrainingError(
                f"{name_of(layer, net)} has no size, so that its neurons have no values of their own: write "
                "Spiking(model, size, ...)"
            )
        size, key = int(np.prod(layer.size)), stream_key(seed, f"{where}/{name}")
        what = f"the parameter {name!r} of {layer.model.name!r}"
        if isinstance(distribution, Gamma):
            values = distribution.drawn(unit, size, key, what)
        else:
            values = drawn(distribution, unit, size, key, what=what)
        if name in layer.learned and layer.learned[name].scope == "scalar":
            raise TrainingError(f"{name_of(layer, net)} learns one {name!r} for all: learn=dict({name}='neuron')")
        setattr(layer, name, values / unit.scale)
    return net


def with_parameter(net: nn.Module, name: str) -> list[tuple[str, Spiking]]:
    """Return the layers that have a parameter, with their names.

    Raises
    ------
    TrainingError
        If there are none, with the nearest name.
    """
    check_net(net)
    layers = [(at, cells_of(m)) for at, m in neurons_of(net)]
    found = [(at, layer) for at, layer in layers if name in layer.model.constants]
    if not found:
        known = sorted({x for _, layer in layers for x in layer.model.constants})
        raise TrainingError(f"no layer has a parameter {name!r}{suggest(name, known)} (there are {', '.join(known)})")
    return found
