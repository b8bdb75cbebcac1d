"""What `EventProp` runs: a `Module`, or a stack of layers as a network whose values are the layers' own tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lapicque.compile.circuit import Circuit
from lapicque.errors import TrainingError
from lapicque.model.neuron import Neuron
from lapicque.model.synapse import Synapse
from lapicque.network.network import Network
from lapicque.network.population import Population
from lapicque.train.linear import Linear
from lapicque.train.module import Module
from lapicque.train.network.building import Built, Input, Output
from lapicque.train.network.given import Given
from lapicque.train.recurrent import Recurrent
from lapicque.train.spiking import Spiking


@dataclass(frozen=True, eq=False)
class Described:
    """A network that is run between events.

    Attributes
    ----------
    built : with its circuit, inputs and outputs
    wanted : population -> parameters of its merged neuron that are learned
    given : a tensor -> the values of a call, of its type
    """

    built: Built
    wanted: dict[int, list[str]]
    given: Callable[[Tensor], Given]

    @property
    def circuit(self) -> Circuit:
        """What runs."""
        return self.built.program.circuit

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What is given."""
        return self.built.inputs

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What is returned."""
        return self.built.outputs

    def initial(self, given: Given, like: Tensor) -> dict[int, dict[str, Tensor]]:
        """Return the states of each population at the beginning, () or (neuron,) each."""
        models = enumerate(self.built.program.models)
        return {n: m.initial.values(given.parameters(n), like) for n, m in models if m is not None}

    def scale(self, n: int, given: Given, like: Tensor) -> Any:
        """Return the scale of a population's threshold, one or (neuron,); see `lapicque.train.Spiking`."""
        from lapicque.train.network.arithmetic import Evaluation

        model = self.built.program.models[n]
        node = None if model is None else model.scales.get("spike")
        if node is None:
            return 1.0
        known = {**given.parameters(n), "i": torch.arange(model.size).to(like), "N": torch.tensor(float(model.size))}  # type: ignore[union-attr]
        return Evaluation(known, like)(node, {}, {}).detach().double().numpy()


def described(net: Any) -> Described:
    """Return what a module or a stack of layers runs.

    Raises
    ------
    TrainingError
        For anything else, and for layers whose spikes do not act through synapses.
    """
    if isinstance(net, Module):
        built = net.built
        wanted: dict[int, list[str]] = {}
        for value in built.values:
            if value.kind == "cells":
                wanted.setdefault(built.number(value.owner), []).append(value.name)
        for one in built.outputs:
            if one.kind == "synapses":
                raise TrainingError(f"{one.name!r} is a state of synapses, which gradients through events do not have")
        return Described(built, wanted, net.given)
    if isinstance(net, nn.Module):
        return _Stack(net).build()
    raise TrainingError(f"a Module or a stack of layers is expected, not {type(net).__name__}")


class _Stack:
    """Makes the network of a stack: spikes of one layer arrive at the next without a delay."""

    def __init__(self, net: nn.Module):
        single = isinstance(net, (Spiking, Recurrent))
        self.layers: Sequence[tuple[str, nn.Module]] = [("0", net)] if single else list(net.named_children())
        self.network = Network()
        self.synapses: list[tuple[str, nn.Module, float]] = []
        self.cells: list[tuple[int, Spiking]] = []

    def build(self) -> Described:
        before: Population | None = None
        last: Spiking | None = None
        linear: nn.Linear | None = None
        for name, layer in self.layers:
            if isinstance(layer, (Linear, nn.Linear)):
                if linear is not None:
                    raise TrainingError(f"{name!r} is the second linear map before neurons: multiply them, or put "
                                        "neurons between them")  # fmt: skip
                if layer.bias is not None:
                    raise TrainingError(f"{name!r} has a bias, which is added in every step, and there are no steps: "
                                        "bias=False, and a constant current as a parameter of the neurons")  # fmt: skip
                linear = layer
                if before is None:
                    before = self.network.spikes([[] for _ in range(layer.in_features)], name="input")
                continue
            if not isinstance(layer, (Spiking, Recurrent)):
                raise TrainingError(f"{name!r} ({type(layer).__name__}) is neither a linear map nor neurons: gradients "
                                    "through events are for Linear, Spiking and Recurrent, or a Module")  # fmt: skip
            if linear is None or before is None:
                raise TrainingError(f"{name!r} has no linear map before it: neurons get spikes through weights")
            before = self._neurons(name, layer, linear, before)
            last = _cells(layer)
            linear = None
        if last is None or linear is not None or before is None:
            raise TrainingError("a stack ends with neurons: lq.train.Spiking behind the last linear map")
        outputs = [before.name if o == "spikes" else f"{before.name}.{o}" for o in last.outputs]
        module = Module(self.network, inputs=["input"], outputs=outputs, dt=f"{last.dt} ms")
        wanted = {n: list(cells.learned) for n, cells in self.cells}
        program = module.built.program
        for n, names in wanted.items():  # initial values follow what layers learn
            model = program.models[n]
            assert model is not None
            model.initial.follow(self.network.populations[program.circuit.cells[n].name], set(names))
        return Described(module.built, wanted, lambda like: self._given(module, like))

    def _neurons(self, name: str, layer: Spiking | Recurrent, linear: nn.Linear, before: Population) -> Population:
        cells = _cells(layer)
        size = linear.out_features
        if linear.in_features != before.size:
            raise TrainingError(f"the linear map before {name!r} takes {linear.in_features} inputs, but the layer "
                                f"before it has {before.size} neurons")  # fmt: skip
        if cells.size is not None and int(np.prod(cells.size)) != size:
            raise TrainingError(f"{name!r} has {int(np.prod(cells.size))} neurons, but the linear map before it "
                                f"{size} outputs")  # fmt: skip
        if len(cells.inputs) != 1 or cells.inputs[0] not in cells.described.states:
            state = next(iter(cells.described.states))
            raise TrainingError(
                f"what comes into {name!r} is {cells.inputs[0]!r}, a current for a step, and there are no steps: "
                f"let spikes add to a state, input={state!r} or that of a synaptic current"
            )
        given = {
            k.removeprefix("_gain_"): v
            for k, v in cells.extra.items()
            if k.removeprefix("_gain_") in cells.described.inputs
        }
        for x, value in given.items():
            if value:
                raise TrainingError(f"the input {x!r} of {name!r} is a constant: make it a parameter of the neuron")
        number = len(self.cells)
        population = self.network.population(cells.described, size, name=f"layer_{name}")
        target = cells.inputs[0]
        unit = cells.described.variables[target].unit
        synapse = Synapse(f"w : {unit}", on_pre=f"{target}_post += w", name="weights")
        factor = float(cells.factors.get(target, 1.0))
        made = self.network.connect(before, population, synapse, w=f"1 {unit}")
        self.synapses.append((made.name, linear, factor))
        if isinstance(layer, Recurrent):
            where: Any = None
            if layer.kind == "one_to_one":
                from lapicque.network.connectivity.regular import one_to_one

                where = one_to_one()
            made = self.network.connect(
                population, population, synapse, w=f"1 {unit}", delay=f"{cells.dt} ms", where=where
            )
            self.synapses.append((made.name, layer, factor))
        self.cells.append((number + 1, cells))
        return population

    def _given(self, module: Module, like: Tensor) -> Given:
        built = module.built
        cells = {}
        for n, neurons in self.cells:
            for name, one in neurons.learned.items():
                scale = neurons.described.variables[name].unit.scale
                cells[n, name] = one.domain.value(neurons.raw[name]).reshape(-1).to(like) * scale
                if neurons.raw[name].ndim == 0:
                    cells[n, name] = cells[n, name][0]
        synapses = {}
        for name, layer, factor in self.synapses:
            target = built.network.projections[name]
            scale = target.units["w"].scale
            weight = layer.weight
            assert isinstance(weight, Tensor)
            synapses[name, "w"] = weight.reshape(-1).to(like) * (factor * scale)
        return Given(built.network, built.program.circuit, like, cells, synapses, {})


def _cells(layer: nn.Module) -> Spiking:
    cells = layer.neurons if isinstance(layer, Recurrent) else layer
    assert isinstance(cells, Spiking)
    model: Neuron = cells.described
    if "spike" not in {e.name for e in model.parsed_events} and "spikes" in cells.outputs:
        raise TrainingError(f"{model.name!r} has no threshold, so that it has no spikes: output='v', or another")
    return cells
