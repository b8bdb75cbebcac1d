"""States of layers: plain dicts of tensors, made anew or handed on.

A state has one entry for each state variable of the model, in internal units (ms, mV, pA ...), (batch, *size); the
steps since an event (``_age_EVENT``, infinite before the first), whether it still binds the neuron (``_bound_EVENT``);
and, for a model that reads ``t``, the number of steps so far (``_step``, a single number).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import torch
from torch import Tensor

from lapicque.errors import TrainingError, suggest

State = dict[str, Tensor]
#: How many steps there have been.
STEP = "_step"


class Stateful:
    """A layer that goes on from where the call before ended if ``stateful`` is set, without gradients from there."""

    stateful: bool
    #: Where a stateful layer goes on from.
    state: State | None = None

    def begun(self, state: Mapping[str, Tensor] | None) -> Mapping[str, Tensor] | None:
        """Return where a call begins that was given a state, or None."""
        return self.state if state is None and self.stateful else state

    def keep(self, made: Mapping[str, Tensor]) -> None:
        """Keep where a call ended, if the layer is stateful."""
        if self.stateful:
            self.state = detached(made)

    def reset(self) -> None:
        """Forget where the call before ended."""
        self.state = None


def fresh_state(names: Sequence[str], first: Mapping[str, Tensor], shape: tuple[int, ...], like: Tensor) -> State:
    """Return the state at the beginning.

    Parameters
    ----------
    names : of states, bookkeeping included
    first : name -> first value of a state variable, broadcast over ``shape``
    shape : (batch, *size)
    like : a tensor of the type and on the device that the states are to have
    """
    made = {}
    for name in names:
        if name.startswith("_age_"):
            made[name] = like.new_full(shape, inf)
        elif name.startswith("_bound_"):
            made[name] = like.new_zeros(shape)
        else:
            made[name] = first[name].to(dtype=like.dtype, device=like.device).expand(shape)
    return made


def read_state(given: Any, names: Sequence[str], timed: bool, shape: tuple[int, ...], like: Tensor) -> State:
    """Return a state that was given, checked, as the layer computes with it.

    Raises
    ------
    TrainingError
        For what is no state of this layer, with what is missing or too much.
    """
    if not isinstance(given, Mapping):
        raise TrainingError(
            f"state is {type(given).__name__}, but the dict that the layer returned, or None, is expected"
        )
    wanted = [*names, STEP] if timed else list(names)
    for name in wanted:
        if name not in given:
            raise TrainingError(
                f"the state lacks {name!r}: a state of this layer has {', '.join(map(repr, wanted))}; None starts anew"
            )
    for name in given:
        if name not in wanted:
            raise TrainingError(f"{name!r} is no state of this layer{suggest(str(name), wanted)}")
    made = {}
    for name in wanted:
        value = given[name]
        if not isinstance(value, Tensor):
            raise TrainingError(f"the state {name!r} is {type(value).__name__}, but a tensor is expected")
        if name == STEP:
            made[name] = value
            continue
        if tuple(value.shape) != shape:
            raise TrainingError(f"the state {name!r} has shape {tuple(value.shape)}, but {shape} is expected")
        made[name] = value.to(dtype=like.dtype, device=like.device)
    return made


def detached(state: Mapping[str, Tensor]) -> State:
    """Return a state through which no gradient passes.

    Examples
    --------
    >>> import torch
    >>> v = torch.ones(2, 3, requires_grad=True)
    >>> detached({"v": v * 2})["v"].requires_grad
    False
    """
    return {name: value.detach() for name, value in state.items()}


def cut_off(states: Any) -> Any:
    """Return states of whole stacks, in whatever they are nested, through which no gradient passes.

    Examples
    --------
    >>> import torch
    >>> v = torch.ones(2, 3, requires_grad=True)
    >>> cut_off({"1": {"v": v * 2}})["1"]["v"].requires_grad
    False
    """
    if isinstance(states, Tensor):
        return states.detach()
    if isinstance(states, Mapping):
        return {name: cut_off(one) for name, one in states.items()}
    return type(states)(cut_off(one) for one in states) if isinstance(states, (tuple, list)) else states


def zero_step(device: torch.device) -> Tensor:
    """Return the number of steps at the beginning."""
    return torch.zeros((), dtype=torch.int64, device=device)
