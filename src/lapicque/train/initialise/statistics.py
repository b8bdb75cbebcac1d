"""How often the neurons of each layer fire, and how far their membranes move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lapicque.errors import TrainingError
from lapicque.train.initialise.kernel import Kernel, Kernels
from lapicque.train.initialise.layers import Fed, visit
from lapicque.train.random_numbers import undisturbed
from lapicque.train.recurrent import Recurrent


@dataclass(frozen=True)
class Layer:
    """What a layer does on a batch.

    Attributes
    ----------
    name : str
    rate : spikes of a neuron in a second
    mean, sd : of the membranes as if they never spiked; rest is 0, the threshold 1
        The standard deviation is that of a neuron over time and samples, the root mean square of all neurons.
    """

    name: str
    rate: float
    mean: float
    sd: float


def statistics(net: nn.Module, x: Any, mask: Tensor | None = None) -> list[Layer]:
    r"""Measure rates and membranes of all layers that spike.

    Parameters
    ----------
    net : nn.Module
        Any module with `Spiking` and `Recurrent` layers; it is run once and stays as it is.
    x : (time, batch, \*size), or whatever the module is called with
    mask : (time, batch) of bool, optional
        Where a sample is still there.

    Returns
    -------
    list of Layer

    Raises
    ------
    TrainingError
        For a layer without a kernel; see `kernel`.

    Examples
    --------
    >>> import torch
    >>> import lapicque as lq
    >>> cells = lq.train.Spiking(lq.neurons.lif, 3, scale="1 nA", backend="torch", return_state=False)
    >>> net = torch.nn.Sequential(torch.nn.Linear(5, 3), cells)
    >>> _ = net[0].weight.detach().fill_(0.2), net[0].bias.detach().zero_()
    >>> lq.train.initialise.statistics(net, torch.ones(100, 1, 5))  # a constant current of 1 nA
    [Layer(name="'1' (Spiking of 'lif')", rate=160.0, mean=4.03..., sd=1.19...)]
    """
    found: list[Layer] = []
    kernels = Kernels()

    def see(fed: Fed, x: Tensor) -> None:
        if not fed.spikes:
            return
        x = in_time(fed, x)
        check_mask(mask, x)
        spikes = spikes_of(fed, x)
        u = membrane(fed, x, spikes, kernels.of(fed.layer, x.shape[0]))
        found.append(Layer(fed.name, rate_of(spikes, fed.neurons.dt, mask), mean_of(u, mask), deviation_of(u, mask)))

    visit(net, x, see, mask)
    return found


def in_time(fed: Fed, x: Tensor) -> Tensor:
    """Return a layer's input with time as its first axis, in single precision at least."""
    x = x.transpose(0, 1) if fed.neurons.batch_first else x
    return x if x.dtype in (torch.float32, torch.float64) else x.float()


def check_mask(mask: Tensor | None, x: Tensor) -> None:
    """Refuse a mask that is not one number for each step and sample, or that leaves nothing.

    Raises
    ------
    TrainingError
    """
    if mask is None:
        return
    if not isinstance(mask, Tensor):
        raise TrainingError(f"mask is {type(mask).__name__}, but a tensor of bool is expected")
    if mask.dtype != torch.bool or mask.shape != x.shape[:2]:
        raise TrainingError(
            f"mask is {mask.dtype} of shape {tuple(mask.shape)}, but bool of shape (time, batch) = "
            f"{tuple(x.shape[:2])} is expected"
        )
    if not mask.any():
        raise TrainingError("mask is False everywhere: there is nothing to measure")


def spikes_of(fed: Fed, x: Tensor, gain: float = 1.0) -> Tensor:
    """Return the spikes for what comes in, (time, batch, *size), the same noise in every call.

    Parameters
    ----------
    gain : by which spikes that come back to a `Recurrent` layer are multiplied

    Raises
    ------
    TrainingError
        If membranes are no longer numbers.
    """
    neurons, layer = fed.neurons, fed.layer
    given = x.transpose(0, 1) if neurons.batch_first else x
    stateful, neurons.stateful = neurons.stateful, False
    try:
        with undisturbed(layer, seed=0):
            if isinstance(layer, Recurrent):
                (like,) = neurons.incoming.read(given, None)
                weight, before = layer.fed(like, None)
                factor = neurons.factors.get(neurons.inputs[0], 1.0)
                made, _ = neurons.run(given, None, weight * (factor * gain), before)
            else:
                made, _ = neurons.run(given)
    finally:
        neurons.stateful = stateful
    spikes = made if neurons.single else made[neurons.outputs.index("spikes")]
    return spikes.transpose(0, 1) if neurons.batch_first else spikes


def membrane(fed: Fed, x: Tensor, spikes: Tensor | None, found: Kernel, gain: float = 1.0) -> Tensor:
    """Return the membranes as if they never spiked; spikes that come back are a part of what comes in."""
    if isinstance(fed.layer, Recurrent) and spikes is not None:
        weight = gain * fed.layer.weight.detach().to(x)
        back = torch.cat([torch.zeros_like(spikes[:1]), spikes[:-1]]).to(x)
        x = x + (back @ weight.T if weight.ndim == 2 else back * weight)
    return found.membrane(x)


def rate_of(spikes: Tensor, dt: float, mask: Tensor | None = None) -> float:
    """Return spikes of a neuron in a second; ``dt`` in ms."""
    return mean_of(spikes, mask) * 1000 / dt


def mean_of(values: Tensor, mask: Tensor | None = None) -> float:
    """Return the mean over time, samples and neurons."""
    return float(_there(values, mask).mean())


def deviation_of(values: Tensor, mask: Tensor | None = None) -> float:
    """Return the standard deviation over time and samples, the root mean square of all neurons."""
    return float(_there(values, mask).var(0, correction=0).mean().sqrt())


def _there(values: Tensor, mask: Tensor | None) -> Tensor:
    """Return what is there of (time, batch, *size), (step and sample, *size)."""
    values = values.double()
    return values.flatten(0, 1) if mask is None else values[mask]
