"""A layer whose step is run together with the numbers of its eligibility recursion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import sympy as sp
import torch
from torch import Tensor

from lapicque.compile.training.eprop import Derived
from lapicque.compile.training.eprop_kernel import forward_module
from lapicque.compile.training.eprop_torch import step_module
from lapicque.errors import TrainingError
from lapicque.model.calculus.eligibility import SOURCE, earlier, trace
from lapicque.train.eprop.filter import Filter
from lapicque.train.eprop.fused import forward
from lapicque.train.spiking import Spiking, Start


@dataclass(frozen=True)
class Numbers:
    """What the sums of products of a layer multiply with: name -> number.

    Attributes
    ----------
    fixed : () or (neuron,) each
    varying : (time, batch, neuron) each
    """

    fixed: Mapping[str, Tensor]
    varying: Mapping[str, Tensor]

    def whole(self, name: str) -> Tensor | None:
        """Return a number, broadcast over (time, batch, neuron); None for 1."""
        return None if not name else self.varying[name] if name in self.varying else self.fixed[name]

    def at(self, name: str, k: int) -> Tensor | None:
        """Return a number in a step, broadcast over (batch, neuron); None for 1."""
        return None if not name else self.varying[name][k] if name in self.varying else self.fixed[name]


@dataclass(frozen=True)
class Answer:
    """What a layer made of some steps: ``z`` (time, batch, neuron), its states at the end, and the numbers."""

    z: Tensor
    states: list[Tensor]
    numbers: Numbers
    derived: Derived


def compiled(like: Tensor, backend: str) -> bool:
    """Whether compiled kernels run for tensors like this.

    Raises
    ------
    TrainingError
        If they were asked for and cannot.
    """
    fits = like.device.type == "cpu" and like.dtype in (torch.float32, torch.float64)
    if backend == "fused" and not fits:
        raise TrainingError(f"there are kernels for float32 and float64 on the processor, not for {like.dtype} on "
                            f"{like.device}: backend='torch'")  # fmt: skip
    return fits and backend != "torch"


class Layer:
    """Runs a layer of neurons forward, without a tape.

    Parameters
    ----------
    neurons : Spiking
    name : how the layer is called in messages
    backend : ``"auto"``, ``"fused"`` or ``"torch"``
    """

    def __init__(self, neurons: Spiking, name: str, backend: str):
        self.backend = backend
        self.graded = neurons.recipe.smooth or neurons.described.output is not None
        self.neurons, self.name, self.output = neurons, name, neurons.outputs[0]
        self.factor = neurons.factors.get(neurons.inputs[0], 1.0)
        variable = neurons.described.variables.get(self.output)
        self.unit = 1.0 if variable is None else variable.unit.scale
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[Derived, ModuleType]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_known": {}}  # code is made again

    def code(self, coefficients: Sequence[Tensor]) -> tuple[Derived, ModuleType]:
        """Return the recursion and the code, which depend on what is the same for all neurons and what is learned."""
        names = self.neurons.code.COEFFICIENTS
        named = list(zip(names, coefficients, strict=True))
        shared = tuple(name for name, c in named if c.ndim == 0)
        learned = tuple(name for name, c in named if c.requires_grad)
        if (shared, learned) not in self._known:
            derived = Derived(self.neurons.recipe, self.output, shared, learned, bool(self.neurons.learned))
            self._known[shared, learned] = derived, step_module(derived)
        return self._known[shared, learned]

    def run(
        self, current: Tensor, start: Start, recurrent: Tensor | None = None, before: Tensor | None = None
    ) -> Answer:
        """Run some steps.

        Parameters
        ----------
        current : (time, batch, neuron), what comes in
        start : what the steps begin with
        recurrent : (to, from), weights of the layer's own output of the step before
        before : (batch, neuron), that output before the first step
        """
        derived, code = self.code(start.coefficients)
        c = [one.detach() for one in start.coefficients]
        fixed = dict(zip(code.FIXED, code.constants(c), strict=True))
        fixed = {name: torch.as_tensor(value).to(current) for name, value in fixed.items()}
        if compiled(current, self.backend):
            module = forward_module(derived, str(current.dtype).removeprefix("torch."))
            weights = None if recurrent is None else recurrent * self.factor
            given = current * self.factor
            z, after, varying = forward(
                module, derived, given, start, self.neurons.dt, self.graded, weights, before
            )  # fmt: skip
            return Answer(z, after, Numbers(fixed, varying), derived)
        literals = [current.new_tensor(number) for number in code.NUMBERS]
        states: Sequence[Tensor] = [x.detach() for x in start.states]
        made = []
        for k in range(len(current)):
            given = current[k] * self.factor
            if recurrent is not None and before is not None:
                given = given + self.factor * torch.nn.functional.linear(before, recurrent)
            t = 0.0 if start.begin is None else (start.begin + k).double() * self.neurons.dt
            states, before, numbers = code.step(states, (given,), [d[k] for d in start.draws], [*c, *literals], t)
            made.append((before, *numbers))
        shape = current.shape[1:]
        z, *rest = (torch.stack([x.to(current).expand(shape) for x in column]) for column in zip(*made, strict=True))
        return Answer(z, list(states), Numbers(fixed, dict(zip(code.VARYING, rest, strict=True))), derived)

    def filter(self, coefficients: Sequence[Tensor]) -> Filter:
        """Return what the layer makes of what comes in, where that is a linear filter, the same for all neurons.

        Raises
        ------
        TrainingError
            If it is none.
        """
        derived, code = self.code(coefficients)
        fixed = dict(zip(code.FIXED, code.constants([c.detach() for c in coefficients]), strict=True))
        forms = [*derived.forms.traces.values(), derived.forms.e]
        if derived.forms.components or not all(name in fixed for form in forms for name in form.names):
            what = ", ".join(derived.forms.components or [self.output])
            raise TrainingError(
                f"{self.name} is the readout, but its {what} is no linear filter, the same for all of its neurons "
                "and in all steps: give it linear equations without a threshold, and parameters with one value"
            )
        numbers = {name: float(value) for name, value in fixed.items()}

        def row(terms: Mapping[sp.Symbol, str], symbols: Sequence[sp.Symbol]) -> np.ndarray:
            return np.array([0.0 if y not in terms else numbers.get(terms[y], 1.0) for y in symbols])

        states = list(derived.forms.traces)
        old, new = [earlier(x) for x in states], [trace(x) for x in states]
        a = np.array([row(form.terms, old) for form in derived.forms.traces.values()]).reshape(len(states), len(states))
        b = self.factor * np.array([row(form.terms, [SOURCE])[0] for form in derived.forms.traces.values()])
        q, e = row(derived.forms.e.terms, new), derived.forms.e.terms
        return Filter(a, b, q @ a + row(e, old), float(q @ b + self.factor * row(e, [SOURCE])[0]))
