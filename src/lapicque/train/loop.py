"""A layer whose outputs come back to it through any module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lapicque.errors import TrainingError
from lapicque.train.checks import check_type
from lapicque.train.recurrent import Recurrent
from lapicque.train.spiking import Spiking
from lapicque.train.state import State, Stateful

#: What the outputs of the last step are called in the state of the loop: the prefix of their names.
_BEFORE = "before_"


class Loop(Stateful, nn.Module):
    r"""A layer that is given, in every step, what a module makes of x and of the layer's outputs one step before.

    `Recurrent` has its own spikes come back through a matrix, into one input; here any outputs come back, spikes and
    states, through any module, into all inputs. What needs more than a matrix is written so: time constants that
    depend on the potentials of all cells, gates, factorised or shared weights.

    Parameters
    ----------
    layer : Spiking
        Its inputs are what the module gives, its outputs what the module is given.
    through : nn.Module
        ``through(x, *outputs)`` -> the layer's inputs of this step, a tensor or a tuple; x and outputs are those of
        one step, (batch, \*size).
    return_state : bool
        Return the pair of outputs and state; else the outputs alone.
    stateful : bool
        Go on from where the call before ended, without gradients from there, until `reset`.

    Raises
    ------
    TrainingError
        For a layer that is none, keeps a state of its own or has the batch first.

    Notes
    -----
    Before the first step the outputs are what they would be had nothing happened: states at their initial values,
    spikes and all others 0. The loop runs step by step, so that ``backend="torch"`` is as fast as kernels are.

    Examples
    --------
    A potential that its neighbours pull at:

    >>> import torch
    >>> from lapicque import neurons, train
    >>> class Pull(torch.nn.Module):
    ...     def forward(self, x, spikes, v):
    ...         return x + 5 * (v.roll(1, -1) - v)
    >>> layer = train.Spiking(neurons.lif, 10, dt="1 ms", output=("spikes", "v"), backend="torch")
    >>> ring = train.Loop(layer, Pull())
    >>> (spikes, v), state = ring(250 * torch.rand(50, 4, 10))
    >>> spikes.shape, sorted(state)
    (torch.Size([50, 4, 10]), ['_age_spike', 'before_spikes', 'before_v', 'v'])
    """

    def __init__(self, layer: Spiking, through: nn.Module, *, return_state: bool = True, stateful: bool = False):
        super().__init__()
        if not isinstance(layer, Spiking):
            hint = ": it feeds itself already" if isinstance(layer, Recurrent) else ""
            raise TrainingError(f"Loop: the layer is {type(layer).__name__}, but Spiking is expected{hint}")
        for wrong, remedy in (("stateful", "Loop(..., stateful=True)"), ("batch_first", "time first")):
            if getattr(layer, wrong):
                raise TrainingError(f"Loop: a layer with {wrong}=True cannot run step by step here: write {remedy}")
        if not callable(through):
            raise TrainingError(f"Loop: what the outputs come back through is {through!r}, but a module is expected")
        self.layer, self.through = layer, through
        self.return_state, self.stateful = return_state, stateful

    def forward(self, x: Tensor, state: Mapping[str, Tensor] | None = None) -> Any:
        r"""Run the layer over time.

        Parameters
        ----------
        x : (time, batch, \*any), what the module is given first
        state : dict of tensors, optional
            What a call before returned; None starts anew.

        Returns
        -------
        outputs : (time, batch, \*size), a tuple where there are several
        state : dict of tensors
            That of the layer, and its last outputs; absent where ``return_state`` is False.

        Raises
        ------
        TrainingError
            For an x without steps, and states that lack something.
        """
        answer, made = self.run(x, state)
        return (answer, made) if self.return_state else answer

    def run(self, x: Tensor, state: Mapping[str, Tensor] | None = None) -> tuple[Any, State]:
        """Run the layer over time: as ``loop(x, state)`` where ``return_state`` is True."""
        check_type(x, "what comes into Loop")
        if x.ndim < 2 or not x.numel():
            raise TrainingError(f"Loop: x has shape {tuple(x.shape)}, but (time, batch, ...) with steps is expected")
        x = x if x.is_floating_point() else x.to(torch.get_default_dtype())
        state = self.begun(state)
        inner, before = self._split(state, x) if state is not None else (None, self._before(x))
        steps: list[tuple[Tensor, ...]] = []
        for now in x.unbind(0):
            given = self.through(now, *before)
            given = tuple(map(_one_step, given)) if isinstance(given, (tuple, list)) else _one_step(given)
            answer, inner = self.layer.run(given, inner)
            before = tuple(one[0] for one in ((answer,) if self.layer.single else answer))
            steps.append(before)
        assert inner is not None
        made = dict(inner) | {_BEFORE + name: one for name, one in zip(self.layer.outputs, before, strict=True)}
        self.keep(made)
        outputs = tuple(torch.stack(column) for column in zip(*steps, strict=True))
        return (outputs[0] if self.layer.single else outputs), made

    def _before(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs before the first step."""
        size = self.layer.size
        if size is None:
            raise TrainingError(
                "Loop: the layer has no size, so that nothing is known to begin with: Spiking(model, 10)"
            )
        like = x.new_zeros(()).expand(1, x.shape[1], *size)
        start = self.layer.start(like, None)
        first = dict(zip(self.layer.code.STATES, start.states, strict=True))
        zero = like[0]
        return tuple(self.layer.in_units(name, first.get(name, zero)) for name in self.layer.outputs)

    def _split(self, state: Mapping[str, Tensor], x: Tensor) -> tuple[State, tuple[Tensor, ...]]:
        """Return the state of the layer, and its last outputs."""
        if not isinstance(state, Mapping):
            raise TrainingError(f"Loop: the state is {type(state).__name__}, but what the loop returned is expected")
        wanted = [_BEFORE + name for name in self.layer.outputs]
        for name in wanted:
            if not isinstance(state.get(name), Tensor):
                raise TrainingError(f"the state lacks {name!r}: give what the loop returned, or None")
            if state[name].shape[:1] != x.shape[1:2]:
                raise TrainingError(f"the state {name!r} is of a batch of {len(state[name])}, x of {x.shape[1]}")
        return {k: v for k, v in state.items() if k not in wanted}, tuple(state[name].to(x) for name in wanted)


def _one_step(x: Any) -> Any:
    """Return what the module gives as a sequence of one step; what is no tensor is left for the layer to refuse."""
    return x[None] if isinstance(x, Tensor) else x
