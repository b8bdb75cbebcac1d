"""A sequence, a chunk of steps after the other: forward, errors, products with eligibility traces, gradients."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lapicque.compile.training.eprop import Form, Forms
from lapicque.errors import LapicqueNotice, TrainingError
from lapicque.model.calculus.eligibility import SOURCE
from lapicque.train.eprop.filter import Filter
from lapicque.train.eprop.layer import Answer, Layer, Numbers
from lapicque.train.eprop.reading import check_finite
from lapicque.train.eprop.result import Result
from lapicque.train.eprop.traces import ParameterTraces, WeightTraces
from lapicque.train.state import STEP, State

if TYPE_CHECKING:
    from lapicque.train.eprop.learner import EProp

#: A readout without neurons: what comes in is what comes out.
_PLAIN: Any = SimpleNamespace(forms=Forms({}, {}, Form({SOURCE: ""}), {}, Form({}), {}, {}), learned=())


@dataclass
class Carry:
    """What a sequence goes on from.

    Attributes
    ----------
    hidden, readout : states of the neurons; None where they begin
    before : (batch, neuron), spikes of the step before
    weights, above : traces of the weights to the neurons that learn, and of the readout's
    parameters, read : traces of what the neurons learn, and of what the readout's do
    spikes : (neuron,), sum over steps and samples
    steps : how many there were
    """

    hidden: State | None
    readout: State | None
    before: Tensor
    weights: WeightTraces
    above: WeightTraces
    parameters: ParameterTraces
    read: ParameterTraces
    spikes: Tensor
    steps: int = 0


class Pass:
    """Runs a learner's network over time and gathers its gradients."""

    def __init__(self, learner: EProp):
        self.learner, self.network = learner, learner.network
        self.hidden = Layer(self.network.neurons, "the layer that learns", learner.backend)
        self.readout = (
            None if self.network.readout is None else Layer(self.network.readout, "the last layer", learner.backend)
        )
        self._reached = False

    def check(self) -> None:
        """Refuse what has no traces, or no linear readout.

        Raises
        ------
        TrainingError, SchemeError, ModelError
        """
        self.hidden.code(self.coefficients(self.hidden))
        if self.readout is not None:
            self.readout.filter(self.coefficients(self.readout))

    def coefficients(self, layer: Layer) -> list[Tensor]:
        """Return a layer's coefficients as they are now."""
        return self._values(layer)[0]

    def _values(self, layer: Layer) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Return a layer's coefficients and first values as they are now, which know what is learned."""
        neurons = layer.neurons
        with torch.enable_grad():
            raw = {name: neurons.raw[name] for name in neurons.learned}
            return neurons.values.coefficients(raw, self.network.below.weight)

    # -- a sequence --------------------------------------------------------------------------------------------------

    def run(
        self, x: Tensor, target: Tensor, mask: Tensor | None, state: Carry | None, keep: bool, optimiser: Any,
        every: int, scale: float,
    ) -> Result:  # fmt: skip
        """Run a sequence; see `EProp.gradients` and `EProp.learn`."""
        learner, steps = self.learner, len(x)
        carry = self._begin(x) if state is None else self._go_on(state, x)
        carry.weights.clear()
        carry.above.clear()
        loss, updates, outputs, first, since = 0.0, 0, [], 0, 0
        self._reached = False
        if optimiser is not None:
            optimiser.zero_grad()
        self._follow()
        while first < steps:
            length = min(learner.chunk, steps - first, every - since if every else steps)
            part = slice(first, first + length)
            aim = learner.loss.part(target, first, first + length)
            more = keep or first + length < steps
            check_finite(x[part], "x", first)
            here, y = self._piece(x[part], aim, None if mask is None else mask[part], carry, scale, more)
            check_finite(y, "what the readout says", first)
            loss, since, first = loss + here, since + length, first + length
            outputs.append(y)
            if every and (since == every or first == steps):
                self._deliver(carry, since)
                optimiser.step()
                optimiser.zero_grad()
                self._follow()
                updates, since = updates + 1, 0
        if not every:
            self._deliver(carry, steps)
        self._tell_silent(carry, loss)
        rates = carry.spikes / (carry.steps * x.shape[1] * self._seconds())
        rate = learner.rate
        penalty = 0.0 if rate is None else 0.5 * rate.strength * float((rates - rate.hz).square().sum())
        return Result(loss, penalty, torch.cat(outputs), rates, updates, carry if keep else None)

    def _tell_silent(self, carry: Carry, loss: float) -> None:
        """Tell that nothing reaches the weights of neurons that do not spike."""
        if not self._reached and loss and not bool(carry.spikes.any()):
            warnings.warn(
                "no neuron that learns has spiked, and the surrogate's derivative is 0 in all steps (or none of the "
                "inputs is active), so that its weights have no gradient: begin with larger weights or a larger "
                "scale=, or take a wider surrogate",
                LapicqueNotice,
                stacklevel=5,
            )

    def _seconds(self) -> float:
        return 1e-3 * self.hidden.neurons.dt

    def _begin(self, x: Tensor) -> Carry:
        network, batch = self.network, x.shape[1]
        sources = x.shape[2] + (network.recurrent is not None) * network.size + (network.below.bias is not None)
        outputs = network.above.out_features
        summed = self.learner.rate is not None
        return Carry(
            None,
            None,
            x.new_zeros(batch, network.size),
            WeightTraces(batch, network.size, sources, x, self.learner.backend, summed),
            WeightTraces(batch, outputs, network.size + (network.above.bias is not None), x, self.learner.backend),
            ParameterTraces(),
            ParameterTraces(),
            x.new_zeros(network.size),
        )

    def _go_on(self, state: Any, x: Tensor) -> Carry:
        if not isinstance(state, Carry):
            raise TrainingError(f"state is {type(state).__name__}, but what gradients(..., keep=True) returned in its "
                                "state is expected, or None")  # fmt: skip
        if state.before.shape[0] != x.shape[1]:
            raise TrainingError(f"the state is of {state.before.shape[0]} samples, but x has {x.shape[1]}")
        if state.before.dtype != x.dtype or state.before.device != x.device:
            raise TrainingError(
                f"the state is {state.before.dtype} on {state.before.device}, but the network {x.dtype} on {x.device}: "
                "begin a sequence anew after moving it"
            )
        return copy.deepcopy(state)

    # -- some steps --------------------------------------------------------------------------------------------------

    def _piece(
        self, x: Tensor, target: Tensor, mask: Tensor | None, carry: Carry, scale: float, more: bool
    ) -> tuple[float, Tensor]:
        """Run some steps; return their loss, and what the readout says, (time, batch, output)."""
        network = self.network
        current = torch.nn.functional.linear(x, network.below.weight, network.below.bias)
        hidden, carry.hidden = self._run(self.hidden, current, carry.hidden, carry.parameters, carry.before)
        spikes = hidden.z
        said = torch.nn.functional.linear(spikes, network.above.weight, network.above.bias)
        readout, y, filtered = None, said, Filter.identity()
        if self.readout is not None:
            filtered = self.readout.filter(self.coefficients(self.readout))
            readout, carry.readout = self._run(self.readout, said, carry.readout, carry.read, None)
            y = readout.z / self.readout.unit
        loss, error = self._error(y, target, mask, scale)
        feedback = network.above.weight if self.learner.kept is None else self.learner.kept.t()
        back = error @ feedback
        own = [] if network.recurrent is None else [torch.cat([carry.before[None], spikes[:-1]])]
        one = [] if network.below.bias is None else [x.new_ones(*x.shape[:2], 1)]
        carry.weights.add(torch.cat([x, *own, *one], 2), hidden.derived, hidden.numbers, back, filtered, more)
        carry.parameters.add(hidden.derived, hidden.numbers, back, filtered, more)
        one = [] if network.above.bias is None else [x.new_ones(*x.shape[:2], 1)]
        derived, numbers = (_PLAIN, Numbers({}, {})) if readout is None else (readout.derived, readout.numbers)
        carry.above.add(torch.cat([spikes, *one], 2), derived, numbers, error, Filter.identity(), more)
        if readout is not None:
            carry.read.add(readout.derived, readout.numbers, error, Filter.identity(), more)
        carry.before = spikes[-1]
        carry.spikes += spikes.sum((0, 1))
        carry.steps += len(x)
        return loss, y

    def _run(
        self, layer: Layer, current: Tensor, state: State | None, parameters: ParameterTraces, before: Tensor | None
    ) -> tuple[Answer, State]:
        with torch.enable_grad():
            start = layer.neurons.start(current, state)
        if state is None:
            learned = {x: s for x, s in zip(layer.neurons.code.STATES, start.states, strict=True) if s.requires_grad}
            parameters.begin({x: s.detach() for x, s in learned.items()})
        recurrent = self.network.recurrent if layer is self.hidden else None
        answer = layer.run(current, start, recurrent, before)
        made = dict(zip(layer.neurons.code.STATES, answer.states, strict=True))
        if start.begin is not None:
            made[STEP] = start.begin + start.steps
        return answer, made

    def _error(self, y: Tensor, target: Tensor, mask: Tensor | None, scale: float) -> tuple[float, Tensor]:
        """Return the loss of some steps, and its derivative by what the readout's neurons say, internal units."""
        with torch.enable_grad():
            said = y.detach().requires_grad_()
            loss = self.learner.loss(said, target, mask) * scale
            (error,) = torch.autograd.grad(loss, said, allow_unused=True)
        if error is None:
            raise TrainingError("the loss does not depend on what the readout says")
        unit = 1.0 if self.readout is None else self.readout.unit
        return float(loss), error / unit

    # -- gradients ---------------------------------------------------------------------------------------------------

    def _deliver(self, carry: Carry, steps: int) -> None:
        """Add the gradients so far to those of the parameters, and begin new sums."""
        network, rate = self.network, self.learner.rate
        hidden = carry.weights.gradient
        self._reached = self._reached or bool(hidden.any())
        push = None
        if rate is not None and carry.weights.total is not None:
            batch = len(carry.before)
            found = carry.spikes / (carry.steps * batch * self._seconds())
            push = rate.strength * (found - rate.hz) / (steps * batch * self._seconds())
            hidden = hidden + push[:, None] * carry.weights.total
        hidden = hidden * self.hidden.factor
        wide = network.below.in_features
        above = carry.above.gradient * (1.0 if self.readout is None else self.readout.factor)
        with torch.enable_grad():  # a weight may be made of others
            given: list[tuple[Tensor | None, Tensor]] = [
                (network.below.weight, hidden[:, :wide]),
                (network.recurrent, hidden[:, wide : wide + network.size]),
                (network.below.bias, hidden[:, -1]),
                (network.above.weight, above[:, : network.size]),
                (network.above.bias, above[:, -1]),
            ]
        given += self._of_parameters(self.hidden, carry.parameters, push)
        if self.readout is not None:
            given += self._of_parameters(self.readout, carry.read, None)
        wanted = [(w, gradient.reshape(w.shape)) for w, gradient in given if w is not None and w.requires_grad]
        if wanted:
            with torch.enable_grad():
                torch.autograd.backward([one for one, _ in wanted], [gradient.clone() for _, gradient in wanted])
        for traces in (carry.weights, carry.above, carry.parameters, carry.read):
            traces.clear()

    def _of_parameters(self, layer: Layer, traces: ParameterTraces, push: Tensor | None) -> list[tuple[Tensor, Tensor]]:
        """Return coefficients and first values that are learned, with their gradients."""
        if not traces.gradient:
            return []
        coefficients, first = self._values(layer)
        named: Mapping[str, Tensor] = {
            **dict(zip(layer.neurons.code.COEFFICIENTS, coefficients, strict=True)),
            **{f"initial {x}": value for x, value in first.items()},
        }
        found = []
        for name, gradient in traces.gradient.items():
            if push is not None:
                gradient = gradient + push * traces.total[name]
            one = named[name]
            found.append((one, gradient.to(one).sum_to_size(*one.shape) if one.ndim else gradient.to(one).sum()))
        return found

    def _follow(self) -> None:
        """Let the weights of feedback follow the readout's."""
        learner, weight = self.learner, self.network.above.weight
        if learner.kept is None or learner.last is None:
            return
        learner.kept, learner.last = learner.kept.to(weight), learner.last.to(weight)  # the network may have moved
        if not torch.equal(weight, learner.last):
            learner.feedback.follow(learner.kept, weight.data, learner.last)
            learner.last.copy_(weight)
