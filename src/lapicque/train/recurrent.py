"""A layer of neurons whose spikes come back to it."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

from lapicque.errors import TrainingError
from lapicque.model.neuron import Neuron
from lapicque.train.spiking import Spiking
from lapicque.train.state import State, Stateful

KINDS = ("all_to_all", "one_to_one")

#: What a layer's spikes of the last step are called in its state.
SPIKES = "spikes"


class Recurrent(Stateful, nn.Module):
    r"""Neurons whose spikes of one step are added, through weights, to what comes in in the next.

    Parameters
    ----------
    model : Neuron
    size : int
        Number of neurons.
    kind : ``"all_to_all"`` or ``"one_to_one"``
    dtype, device : of the weights
    **options : as of `lapicque.train.Spiking`
        The first output is ``"spikes"``. What comes back has the unit of x: it is multiplied by ``scale`` too.

    Attributes
    ----------
    weight : (to, from), uniform within 1/sqrt(size); or (neuron,)
    neurons : Spiking

    Raises
    ------
    TrainingError
        For an unknown kind, more than one input, and a layer without spikes.

    Examples
    --------
    >>> import torch
    >>> from lapicque import neurons, train
    >>> layer = train.Recurrent(neurons.lif, 10, dt="1 ms", scale="300 pA")
    >>> spikes, state = layer(torch.rand(50, 4, 10))
    >>> spikes.shape, sorted(state)
    (torch.Size([50, 4, 10]), ['_age_spike', 'spikes', 'v'])
    """

    def __init__(
        self, model: Neuron, size: int, *, kind: str = "all_to_all", dtype: torch.dtype | None = None,
        device: Any = None, **options: Any,
    ):  # fmt: skip
        super().__init__()
        if kind not in KINDS:
            raise TrainingError(f"kind is {kind!r}: {' or '.join(map(repr, KINDS))} is expected")
        self.return_state, self.stateful = options.pop("return_state", True), options.pop("stateful", False)
        self.kind = kind
        self.neurons = Spiking(model, size, dtype=dtype, device=device, **options)
        if len(self.neurons.inputs) > 1:
            raise TrainingError(f"spikes come back into one input, not {', '.join(self.neurons.inputs)}: say input=")
        if self.neurons.outputs[0] != "spikes" or len(self.neurons.size or ()) != 1:
            raise TrainingError("neurons that feed themselves are a row of neurons, and their first output is 'spikes'")
        count = (self.neurons.size or (0,))[0]
        shape = (count, count) if kind == "all_to_all" else (count,)
        bound = 1 / sqrt(count)
        weight = torch.empty(shape, dtype=dtype, device=device).uniform_(-bound, bound)
        self.weight = nn.Parameter(weight)

    def forward(self, x: Tensor, state: Mapping[str, Tensor] | None = None) -> Any:
        """Run the layer over time; see `lapicque.train.Spiking.forward`."""
        answer, made = self.run(x, state)
        return (answer, made) if self.return_state else answer

    def run(self, x: Tensor, state: Mapping[str, Tensor] | None = None) -> tuple[Any, State]:
        """Run the layer over time: as ``layer(x, state)`` where ``return_state`` is True."""
        state = self.begun(state)
        before, inner = split_state(state)
        (like,) = self.neurons.incoming.read(x, inner)
        weight, before = self.fed(like, before)
        factor = self.neurons.factors.get(self.neurons.inputs[0])  # of a state, which has no coefficient for it
        answer, made = self.neurons.run(x, inner, weight if factor is None else weight * factor, before)
        spikes = answer if self.neurons.single else answer[0]
        made = {**made, SPIKES: spikes[:, -1] if self.neurons.batch_first else spikes[-1]}
        self.keep(made)
        return answer, made

    def fed(self, like: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the weights, and the spikes of the step before the first, as numbers of the type that runs.

        Parameters
        ----------
        like : (time, batch, neuron), what comes in
        before : (batch, neuron); None where there were none

        Raises
        ------
        TrainingError
            If the weights, the spikes or what comes in are of another number of neurons.
        """
        (count,) = self.neurons.size or (0,)
        shape = (count, count) if self.kind == "all_to_all" else (count,)
        if tuple(self.weight.shape) != shape:
            raise TrainingError(
                f"the weight of Recurrent has shape {tuple(self.weight.shape)}, but {shape} is expected"
            )
        if like.shape[2] != count:
            raise TrainingError(f"x has {like.shape[2]} neurons, but Recurrent has {count}")
        if before is None:
            before = like.new_zeros(like.shape[1:])
        if not isinstance(before, Tensor):
            raise TrainingError(f"the state {SPIKES!r} is {type(before).__name__}, but a tensor is expected")
        if before.shape != like.shape[1:]:
            wanted = tuple(like.shape[1:])
            raise TrainingError(f"the state {SPIKES!r} has shape {tuple(before.shape)}, but {wanted} is expected")
        return self.weight.to(like.dtype), before.to(like)

    def extra_repr(self) -> str:
        """Return what torch shows of the layer beside its neurons."""
        return f"{self.kind}, weight {tuple(self.weight.shape)}"


def split_state(state: Mapping[str, Tensor] | None) -> tuple[Tensor | None, State | None]:
    """Return the spikes of the step before, and the state of the neurons.

    Raises
    ------
    TrainingError
        If the spikes are not there.
    """
    if state is None:
        return None, None
    if SPIKES not in state:
        raise TrainingError(f"the state lacks {SPIKES!r}: give what a layer that feeds itself returned, or None")
    return state[SPIKES], {name: value for name, value in state.items() if name != SPIKES}
