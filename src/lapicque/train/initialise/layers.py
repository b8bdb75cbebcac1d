"""The spiking layers of any module, each with the map that feeds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from lapicque.errors import TrainingError
from lapicque.train.cells import Neurons, cells_of, neurons_of
from lapicque.train.checks import name_of
from lapicque.train.masking import masked
from lapicque.train.random_numbers import undisturbed
from lapicque.train.recurrent import Recurrent
from lapicque.train.spiking import Spiking
from lapicque.train.state import Stateful


@dataclass(frozen=True)
class Fed:
    """Neurons, and the map behind which they are.

    Attributes
    ----------
    name : with its kind, as messages have it
    layer : Spiking or Recurrent
    source : the last module with weights before it; None where there is none
    direct : whether what comes out of it goes into the neurons as it is
    """

    name: str
    layer: Neurons
    source: nn.Module | None
    direct: bool = True

    @property
    def neurons(self) -> Spiking:
        """The neurons."""
        return cells_of(self.layer)

    @property
    def spikes(self) -> bool:
        """Whether they have a threshold and spikes come out."""
        return self.neurons.model.spikes and "spikes" in self.neurons.outputs

    def scale(self, gain: float) -> None:
        """Multiply all that comes in by a number: weights, biases and the spikes that come back."""
        for module in filter(None, (self.source, self.layer if isinstance(self.layer, Recurrent) else None)):
            for kind in ("weight", "bias"):
                if getattr(module, kind, None) is not None:
                    change(module, kind, getattr(module, kind) * gain)

    def shift(self, amount: float) -> None:
        """Add a number to all that comes in."""
        change(self.source, "bias", self.source.bias + amount)  # type: ignore[arg-type, union-attr, operator]


@torch.no_grad()
def change(module: nn.Module, name: str, value: Tensor) -> None:
    """Write a parameter in place, or through its parametrisation."""
    if parametrize.is_parametrized(module, name):
        setattr(module, name, value)
    else:
        getattr(module, name).copy_(value)


def is_map(module: nn.Module) -> bool:
    """Whether a module has weights and no neurons."""
    weight = getattr(module, "weight", None)  # among what torch parametrises there is a module of that name
    return not isinstance(module, Recurrent | Spiking) and isinstance(weight, Tensor)


def check_net(net: Any) -> None:
    """Refuse what has no neurons.

    Raises
    ------
    TrainingError
    """
    if not isinstance(net, nn.Module):
        raise TrainingError(f"net is {type(net).__name__}, but a module is expected, such as lapicque.train.Sequential")
    if not any(True for _ in neurons_of(net)):
        raise TrainingError(f"there is no Spiking or Recurrent layer in {type(net).__name__}: there is nothing to do")


def in_order(net: nn.Module) -> list[Fed]:
    """Return the layers in the order of ``net.modules()``, each with the last map before it."""
    layers, source = {id(layer) for _, layer in neurons_of(net)}, None
    found = []
    for module in net.modules():
        if id(module) in layers:
            assert isinstance(module, Recurrent | Spiking)
            found.append(Fed(name_of(module, net), module, source))
            source = None
        elif is_map(module):
            source = module
    return found


@torch.no_grad()
def visit(net: nn.Module, x: Any, see: Callable[[Fed, Tensor], Tensor | None], mask: Any = None) -> None:
    """Run a module once, and look at what comes into each layer of neurons, the first time that it runs.

    Parameters
    ----------
    net : nn.Module
    x : what it is called with
    see : called with the layer and what comes in; what it returns comes in instead
    mask : (time, batch), what batch normalisation leaves out

    Raises
    ------
    TrainingError
        If a layer did not run, or has several inputs.
    """
    check_net(net)
    layers = {id(layer) for _, layer in neurons_of(net)}
    last: tuple[nn.Module, Any] | None = None
    seen: set[int] = set()

    def leaves(module: nn.Module, _: Any, made: Any) -> None:
        nonlocal last
        last = (module, made)

    def comes(module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        nonlocal last
        if id(module) in seen:
            return None
        seen.add(id(module))
        assert isinstance(module, Recurrent | Spiking)
        if not given:
            raise TrainingError(f"{name_of(module, net)} is called by name, layer(x=...): write layer(x)")
        if not isinstance(given[0], Tensor):
            raise TrainingError(f"{name_of(module, net)} has several inputs: layers with one input can be initialised")
        source, made = (None, None) if last is None else last
        direct = isinstance(made, Tensor) and made.data_ptr() == given[0].data_ptr()
        last = None
        changed = see(Fed(name_of(module, net), module, source, direct), given[0])
        return None if changed is None else (changed, *given[1:])

    with _kept(net), masked(net, mask if isinstance(mask, Tensor) else None):
        handles = [m.register_forward_hook(leaves) for m in net.modules() if is_map(m)]
        handles += [m.register_forward_pre_hook(comes) for m in net.modules() if id(m) in layers]
        try:
            net(x)
        finally:
            for handle in handles:
                handle.remove()
    for _, layer in neurons_of(net):
        if id(layer) not in seen:
            raise TrainingError(
                f"{name_of(layer, net)} did not run when the module was called: put it into a Sequential of its own"
            )


@contextmanager
def _kept(net: nn.Module) -> Iterator[None]:
    """Keep what the call would change: states of stateful layers, running statistics, torch's generator."""
    stateful = [m for m in net.modules() if isinstance(m, Stateful)]
    states, buffers = [m.state for m in stateful], [b.clone() for b in net.buffers()]
    for module in stateful:
        module.state = None
    try:
        with undisturbed(net, seed=0):
            yield
    finally:
        for module, state in zip(stateful, states, strict=True):
            module.state = state
        for buffer, before in zip(net.buffers(), buffers, strict=True):
            buffer.copy_(before)
