"""A stack of layers as a network: linear maps become immediate projections, so that nothing is shifted in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lapicque.compile.kernels import step_of
from lapicque.errors import TrainingError
from lapicque.model.neuron import Neuron
from lapicque.model.synapse import Synapse
from lapicque.network.connectivity.lists import edges
from lapicque.network.connectivity.regular import one_to_one
from lapicque.network.network import Network
from lapicque.network.population import Population
from lapicque.stimuli.array import array
from lapicque.train.affine import Affine, Shape, Signal, summed
from lapicque.train.checks import check_type
from lapicque.train.recurrent import Recurrent
from lapicque.train.residual import Residual
from lapicque.train.spiking import Spiking

_Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]

#: What fires in every step, to add to a state what does not depend on spikes.
_CLOCK = Neuron("dx/dt = 0*Hz : 1", threshold="x >= 0", name="clock")
#: What spikes a step after what comes in, with its output.
_RELAY = Neuron("y[n+1] = x : 1\nx[n+1] = 0 : 1", threshold="abs(y) > 0", output="y", name="relay")
#: What shows what a linear map makes of spikes.
_READOUT = Neuron("y[n+1] = x : 1  # what came in\nx : 1 (input)", name="readout")


def to_network(layers: nn.Module, x: Tensor | None = None, shape: Any = None) -> Network:
    r"""Return a network that does what a stack of layers does, on the sparse engine and with the same spikes.

    Each `Spiking` layer becomes a population, called ``layer_0``, ``layer_1`` ... after its place in the stack; the
    linear maps before it become one immediate projection, with a synapse for each entry of their product that is not 0.
    What weights and parameters have learned is written into the description. Simulate it with the layers' own dt; in
    float64 the spikes are those of the layers in evaluation mode.

    Parameters
    ----------
    layers : nn.Module
        A `Spiking` or `Recurrent` layer, or a stack: `Sequential` or ``nn.Sequential``, nested ones and `Residual` too,
        of these, linear layers, convolutions, average and sum pooling, batch norm and dropout in evaluation mode, and
        what only changes shapes.
    x : (time, \*shape), optional
        What goes in, of one sample. Where it is 0 and 1 it becomes a population of listed spikes, ``input``; other
        numbers become the current of the first layer. Absent: ``input`` has no spikes yet.
    shape : tuple of int, optional
        Of what goes in at each step; needed without x where the first layer does not say.

    Returns
    -------
    Network

    Raises
    ------
    TrainingError
        For what cannot be expressed, by name, with what to do instead.

    Notes
    -----
    Spikes of a `Recurrent` layer come back in the next step. Maps behind the last neurons become the population
    ``readout``, whose variable ``y`` is what they make of the spikes of a step: recorded, as all variables, at the
    beginning of the step after that. Neurons that draw random numbers do so in a network too, but not the same ones.

    Examples
    --------
    >>> import torch
    >>> import lapicque as lq
    >>> from lapicque.units import mV, ms
    >>> _ = torch.manual_seed(1)
    >>> cell = lq.neurons.lif
    >>> stack = torch.nn.Sequential(
    ...     torch.nn.Linear(20, 8), lq.train.Spiking(cell, dt=1 * ms, scale="5 nA", return_state=False)
    ... )
    >>> x = (torch.rand(50, 20) < 0.1).float()
    >>> net = lq.train.to_network(stack, x)
    >>> net.record(net["layer_1"], "spikes")
    Recorder(layer_1: spikes of layer_1)
    >>> result = lq.simulate(net, 50 * ms, dt=1 * ms)
    >>> len(result.spikes["layer_1"].times) == int(stack(x[:, None]).sum())
    True
    """
    return _Builder(layers, x, shape).build()


@dataclass(frozen=True)
class _Entry:
    """Where something comes into a population.

    Attributes
    ----------
    population : Population
    variable : an input or a state
    factor : by which what comes in is multiplied, to be in the variable's unit
    layer : name of the layer
    """

    population: Population
    variable: str
    factor: float
    layer: str

    @property
    def model(self) -> Neuron:
        """The neuron."""
        assert isinstance(self.population.neuron, Neuron)
        return self.population.neuron

    @property
    def adds(self) -> bool:
        """Whether it is a state that is added to."""
        return self.variable in self.model.states

    def value(self, number: Any) -> Any:
        """Return a number of the layers in the variable's unit."""
        unit = self.model.variables[self.variable].unit
        return number * self.factor if unit.dimensionless else np.asarray(number) * self.factor * unit

    def connect(self, net: Network, source: Population, pairs: _Pairs, immediate: bool = True) -> None:
        """Let spikes come in, in the same step or in the next one."""
        where, w = edges(pairs[0], pairs[1]), self.value(pairs[2])
        if self.adds:
            code = f"{self.variable} += w*output"
            net.connect(source, self.population, on_pre=code, where=where, w=w, immediate=immediate)
        else:
            synapse = _one_step(self.model.variables[self.variable].unit)
            net.connect(source, self.population, synapse, into=self.variable, where=where, w=w, immediate=immediate)


class _Builder:
    def __init__(self, layers: nn.Module, x: Tensor | None, shape: Any):
        self.net, self.layers = Network(), layers
        if x is not None:
            check_type(x, "x")
            if x.ndim < 2:
                raise TrainingError(f"x has shape {tuple(x.shape)}, but (time, *shape) of one sample is expected")
        self.x = None if x is None else x.detach().double().cpu()
        self.shape: Shape | None = tuple(shape) if shape is not None else None if x is None else tuple(x.shape[1:])
        self.dt = 0.0
        #: Populations that put out something else than spikes, and what to say where something follows.
        self.ends: dict[str, str] = {}
        self.known: dict[nn.Module, str] = {}  # neurons' layers and their names

    def build(self) -> Network:
        """Return the network."""
        neurons = [m for m in self.layers.modules() if isinstance(m, Spiking)]
        if not neurons:
            raise TrainingError("there is no Spiking layer: linear maps alone are no network")
        self.dt = neurons[0].dt
        shape = self.shape or _given_shape(self.layers)
        found = self._through("", self.layers, Signal.of(self._listed(shape), shape))
        if found.mapped:
            units = self.net.population(_READOUT, found.offset.numel(), name="readout")
            self._feed(_Entry(units, "x", 1.0, "what is behind the last neurons"), found)
        return self.net

    def _through(self, name: str, layer: nn.Module, signal: Signal) -> Signal:
        """Return what comes out of a layer."""
        inside = f"{name}." if name else ""
        if isinstance(layer, nn.Sequential):
            for key, child in layer._modules.items():  # named_children() leaves out what comes a second time
                assert child is not None
                signal = self._through(f"{inside}{key}", child, signal)
            return signal
        if isinstance(layer, Residual):
            around = signal
            if layer.shortcut is not None:
                around = self._through(f"{inside}shortcut", layer.shortcut, signal)
            made = self._through(f"{inside}block", layer.block, signal)
            if made.shape != around.shape:
                raise TrainingError(f"{name!r} adds {made.shape} and {around.shape}: both ways end in one shape")
            return made.plus(around)
        for source, _ in signal.terms:
            if source is not None and source.name in self.ends:
                raise TrainingError(self.ends[source.name])
        if isinstance(layer, Spiking | Recurrent):
            return self._neurons(name or "0", layer, signal)
        return signal.through(name, layer)

    def _neurons(self, name: str, layer: Spiking | Recurrent, signal: Signal) -> Signal:
        """Add a population, and what leads to it; return its spikes."""
        before = self.known.setdefault(layer, name)
        if before != name:
            raise TrainingError(
                f"{name!r} is the layer {before!r} once more: one population cannot be both, copy.deepcopy makes two"
            )
        neurons = layer if isinstance(layer, Spiking) else layer.neurons
        _check(name, neurons, self.dt)
        population = self._population(name, neurons, signal.shape)
        (given,) = neurons.inputs
        entry = _Entry(population, given, _gain(neurons), name)
        self._feed(entry, signal)
        if isinstance(layer, Recurrent):
            self._recur(entry, layer)
        if neurons.outputs != ("spikes",):
            shown = ", ".join(neurons.outputs)
            self.ends[population.name] = f"{name!r} puts out {shown}: only spikes go from population to population"
        return Signal.of(population, signal.shape)

    def _population(self, name: str, layer: Spiking, shape: Shape) -> Population:
        if layer.size is not None and tuple(layer.size) != shape:
            raise TrainingError(f"{name!r} has the size {tuple(layer.size)}, but {shape} comes in")
        model, count = layer.model, int(np.prod(shape))
        made = self.net.population(model, count, name=f"layer_{name.replace('.', '_')}")
        for other, variable in model.inputs.items():
            value = layer.extra.get(other, 0.0) / variable.unit.scale
            if other not in layer.inputs and np.any(value):
                self.net.stimulate(made, other, value if variable.unit.dimensionless else value * variable.unit)
        return made

    def _listed(self, shape: Shape) -> Population | None:
        """Return what goes in as a population; None where it is not 0 and 1, or goes into neurons as a current."""
        x, count = self.x, int(np.prod(shape))
        if x is not None and not bool(((x == 0) | (x == 1)).all()):
            return None
        steps = torch.zeros(0, count) if x is None else x.reshape(len(x), count)
        return self.net.spikes([np.flatnonzero(column) * self.dt for column in steps.numpy().T], name="input")

    def _feed(self, entry: _Entry, signal: Signal) -> None:
        """Let a signal come into a population."""
        for source, maps in signal.by_source().items():
            if source is None:
                self._drive(entry, maps)
            else:
                entry.connect(self.net, source, summed(maps))
        offset = signal.offset.reshape(-1).numpy()
        if not offset.any():
            return
        target = entry.population
        if not entry.adds:
            self.net.stimulate(target, entry.variable, entry.value(offset), name=f"bias of {target.name}")
            return
        clock = self.net.population(_CLOCK, 1, name=f"clock_of_{target.name}")
        entry.connect(self.net, clock, (np.zeros(offset.size, np.int64), np.arange(offset.size), offset))

    def _drive(self, entry: _Entry, maps: Sequence[Affine]) -> None:
        """Let numbers that go in be a current."""
        if entry.adds:
            raise TrainingError(
                f"{entry.layer!r} adds what comes in to the state {entry.variable!r}, which only spikes can do in a "
                "network: x has other numbers than 0 and 1"
            )
        x = self.x
        assert x is not None
        made = sum(one.matrix() @ x.reshape(len(x), -1).numpy().T for one in maps).T
        self.net.stimulate(entry.population, entry.variable, array(entry.value(made), dt=self.dt))

    def _recur(self, entry: _Entry, layer: Recurrent) -> None:
        """Let spikes of a step come back in the next.

        A spike is delivered in the step in which it is emitted, behind the flow: what it adds to an input acts in the
        flow of the next step. What it would add to a state, a reset of this step could overwrite: there relays spike a
        step later.
        """
        weight = layer.weight.detach().double().cpu().numpy()
        matrix = weight if weight.ndim == 2 else np.diag(weight)
        targets, sources = np.nonzero(matrix)
        pairs, own = (sources, targets, matrix[targets, sources]), entry.population
        if not entry.adds:
            entry.connect(self.net, own, pairs, immediate=False)
            return
        relays = self.net.population(_RELAY, own.size, name=f"relay_of_{own.name}")
        self.net.connect(own, relays, on_pre="x += w*output", where=one_to_one(), w=1.0)
        entry.connect(self.net, relays, pairs)


def _gain(layer: Spiking) -> float:
    """Return by what x is multiplied to be in the declared unit of what it comes into."""
    (given,) = layer.inputs
    model = layer.model
    gain = layer.factors.get(given, 1.0) if given in model.states else layer.extra[f"_gain_{given}"]
    return float(gain) / model.variables[given].unit.scale


def _one_step(unit: Any) -> Synapse:
    """Return a synapse whose spikes act in one step: what comes into a layer."""
    name = "1" if unit.dimensionless else str(unit)
    zero = "0" if unit.dimensionless else f"0*{unit}"
    text = f"x[n+1] = {zero} : {name} (post)  # what comes in now\nw : {name} (weight)"
    return Synapse(text, on_pre="x += w*output", output="x", name="one_step")


def _given_shape(layers: nn.Module) -> Shape:
    """Return the shape of what goes in, where the first layer says so."""
    first = layers
    while isinstance(first, nn.Sequential) and len(first):
        first = first[0]
    if isinstance(first, nn.Linear):
        return (first.in_features,)
    first = first.neurons if isinstance(first, Recurrent) else first
    if isinstance(first, Spiking) and first.size is not None:
        return tuple(first.size)
    raise TrainingError("the shape of what goes in is not known: give shape=, such as (1, 28, 28), or x")


def _check(name: str, layer: Spiking, dt: float) -> None:
    """Refuse what a network cannot be told of a layer."""
    if layer.dt != dt:
        raise TrainingError(f"{name!r} has dt={layer.dt:g} ms, but the first layer {dt:g} ms: a network has one step")
    if len(layer.inputs) > 1:
        raise TrainingError(f"{name!r} has the inputs {', '.join(layer.inputs)}: one is what a projection leads to")
    if layer.recipe.smooth:
        raise TrainingError(f"{name!r} has a smooth threshold, which only training has: choose another surrogate")
    method = layer.recipe.method
    if method is not None and step_of(layer.model, method).scheme != step_of(layer.model).scheme:
        raise TrainingError(
            f"{name!r} is integrated by {step_of(layer.model, method).scheme}, which a description does not say: leave "
            "out method="
        )
