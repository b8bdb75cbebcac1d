"""Bad input of layers: what was found, what was expected, and which layer it is, by its name in the module tree."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lapicque.errors import TrainingError

#: Gradients with more numbers than this are looked at in places only.
_LARGE = 100_000

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def outermost(layer: nn.Module) -> nn.Module:
    """Return the outermost module that is running a layer: it knows the names of all that are inside it.

    This walks the stack of calls, so that nothing has to be registered.
    """
    found, frame = layer, sys._getframe(1)
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, nn.Module):
            found = caller
        frame = frame.f_back  # type: ignore[assignment]
    return found


def name_of(layer: nn.Module, root: nn.Module) -> str:
    """Return a layer's name in a module, such as ``"'2' (Spiking of lif)"``."""
    name = next((name for name, module in root.named_modules() if module is layer), "")
    neuron = getattr(layer, "described", None)
    described = type(layer).__name__ + ("" if neuron is None else f" of {neuron.name!r}")
    return f"{name!r} ({described})" if name else described


def is_hooked(module: nn.Module) -> bool:
    """Whether something runs when a module is called, beside the module."""
    return any(getattr(module, hooks, None) for hooks in _HOOKS)


def is_plain(module: nn.Module, *kinds: type[nn.Module]) -> bool:
    """Whether a module is of these kinds and runs as they do: no hooks (as of weight_norm), no methods of its own."""
    kind = next((kind for kind in kinds if isinstance(module, kind)), None)
    if kind is None or is_hooked(module) or "forward" in vars(module):
        return False
    return all(getattr(type(module), name, None) is getattr(kind, name, None) for name in ("forward", "run", "shown"))


#: What is said of the pair that a layer returns, where its output alone is expected.
STATE_TOO = (
    "the output of a layer and its state: make that layer with return_state=False, or put all into an "
    "lq.train.Sequential, which hands states on"
)


def output_and_state(x: Any) -> bool:
    """Say whether this is what a layer with ``return_state=True`` returns."""
    return isinstance(x, tuple) and len(x) == 2 and isinstance(x[1], dict)


def check_type(x: Any, what: str) -> None:
    """Refuse what is no tensor of real numbers, or half precision on a processor.

    Raises
    ------
    TrainingError
    """
    if output_and_state(x):
        raise TrainingError(f"{what} is {STATE_TOO}")
    if not isinstance(x, Tensor):
        raise TrainingError(f"{what} is {type(x).__name__}, but a tensor is expected: torch.as_tensor(...)")
    if x.layout != torch.strided:
        raise TrainingError(f"{what} is a sparse tensor: write x.to_dense(); zeros cost little in layers all the same")
    if x.is_complex():
        raise TrainingError(f"{what} is {x.dtype}, but real numbers are expected")
    if x.dtype == torch.float16 and x.device.type == "cpu":
        raise TrainingError(
            f"{what} is float16 on the CPU, where sums of membranes lose what they add up: use float32, or bfloat16 "
            "by torch.autocast('cpu', torch.bfloat16) for the linear maps"
        )


def check_shape(
    x: Tensor, size: tuple[int, ...] | None, batch_first: bool, state: Mapping[str, Tensor] | None, known: Sequence[str]
) -> None:
    """Refuse an input of the wrong rank or size, and one whose batch and time seem to have changed places.

    Parameters
    ----------
    x : (time, batch, *size), or (batch, time, *size) where ``batch_first``
    size : of the layer, None if any
    state : what the layer goes on from
    known : names of states

    Raises
    ------
    TrainingError
    """
    order = "(batch, time, *size)" if batch_first else "(time, batch, *size)"
    shape, inner = tuple(x.shape), tuple(x.shape[2:])
    wanted = 3 if size is None else 2 + len(size)
    if size is None and x.ndim < 2:
        raise TrainingError(f"x has shape {shape}, but {order} is expected{_missing(x, wanted, size, batch_first)}")
    if size is not None and x.ndim != 2 + len(size):
        expected = f"{order[:-6]}{', '.join(map(str, size))})"
        raise TrainingError(f"x has shape {shape}, but {expected} is expected{_missing(x, wanted, size, batch_first)}")
    if size is not None and any(s not in (1, n) for s, n in zip(size, inner, strict=True)):
        moved = len(size) == 1 and size[0] in shape[:2]
        hint = f": is the neurons' axis, of {size[0]}, the one at {shape[:2].index(size[0])}?" if moved else ""
        raise TrainingError(f"x has shape {shape}, but the layer has {_sized(size)}, the last axis of x{hint}")
    if 0 in shape[: 1 + batch_first] or not x.numel():
        raise TrainingError(f"x has shape {shape}: there is nothing in it")
    batch, time = (shape[0], shape[1]) if batch_first else (shape[1], shape[0])
    for name in known:
        value = None if state is None else state.get(name)
        if value is None or not value.ndim or value.shape[0] == batch:
            continue
        message = f"the state {name!r} is of a batch of {value.shape[0]}, but x, of shape {shape}, has one of {batch}"
        if value.shape[0] == time:
            other = "leave out batch_first=True" if batch_first else "write batch_first=True, or x.transpose(0, 1)"
            raise TrainingError(f"{message}: batch and time seem to have changed places, {other}")
        raise TrainingError(f"{message}: start with state=None, or reset() a stateful layer")


def check_finite(
    layer: nn.Module, states: Mapping[str, Tensor], moving: Sequence[str], inputs: Sequence[Tensor], scheme: str
) -> None:
    """Refuse states that are no longer numbers: they stay so, which is why the last ones are looked at.

    Raises
    ------
    TrainingError
        With the layer's name; if what came in was wrong already, it says so.
    """
    if all(bool(torch.isfinite(states[x]).all()) for x in moving):
        return
    name = next(x for x in moving if not torch.isfinite(states[x]).all())
    where = name_of(layer, outermost(layer))
    for x in inputs:
        wrong = ~torch.isfinite(x)
        if wrong.any():
            step = int(wrong.flatten(1).any(1).nonzero()[0])
            raise TrainingError(
                f"what comes into {where} is not a number in step {step}: look at what is before, its weights and the "
                "data; torch.isfinite(...) finds where it begins"
            )
    raise TrainingError(
        f"{name!r} of {where} is no longer a number: the scheme {scheme} is unstable at this dt, or a parameter is "
        "impossible. Try a smaller dt, or clip what comes in"
    )


class GradientWatch:
    """Finds the first layer, on the way back, from which gradients come that are no longer numbers.

    Parameters
    ----------
    layer : whose gradients are watched
    """

    def __init__(self, layer: nn.Module):
        self.layer, self.root = layer, outermost(layer)

    @property
    def where(self) -> str:
        """The layer's name."""
        return name_of(self.layer, self.root)

    def arriving(self, gradient: Tensor | None) -> None:
        """Look at the gradient of an output; of a large one at the first and last step only."""
        if gradient is None:
            return
        for axis, stride in enumerate(gradient.stride()):  # that of a sum or a mean is one number, spread out
            gradient = gradient.narrow(axis, 0, 1) if stride == 0 and gradient.shape[axis] else gradient
        seen = (gradient,) if gradient.numel() <= _LARGE or gradient.ndim < 2 else (gradient[0], gradient[-1])
        if not all(torch.isfinite(part).all() for part in seen):
            raise TrainingError(
                f"the gradient that arrives at {self.where} is not a number: look at the loss, and at the layers "
                "between them"
            )

    def leaving(self, gradient: Tensor | None) -> None:
        """Look at the gradient of an input or a parameter; first steps hold what went wrong in any later one."""
        if gradient is not None and not torch.isfinite(gradient[:1] if gradient.ndim > 1 else gradient).all():
            raise TrainingError(
                f"the gradient that leaves {self.where} is no longer a number: gradients grow with every step where a "
                "neuron is unstable. Train on shorter sequences, clip the parameters, or take a surrogate with a "
                "compact support such as Triangle()"
            )


def watched(
    layer: nn.Module, inputs: Sequence[Tensor], coefficients: Sequence[Tensor]
) -> tuple[list[Tensor], list[Tensor], GradientWatch | None]:
    """Return inputs and coefficients whose gradients are looked at, and who looks; None where no gradient comes."""
    wanted = torch.is_grad_enabled() and any(x.requires_grad for x in (*inputs, *coefficients))
    if not wanted or torch.compiler.is_compiling():
        return list(inputs), list(coefficients), None
    watch = GradientWatch(layer)

    def seen(x: Tensor) -> Tensor:
        if not x.requires_grad:
            return x
        x = x.view_as(x)
        x.register_hook(watch.leaving)
        return x

    return [seen(x) for x in inputs], [seen(x) for x in coefficients], watch


def _missing(x: Tensor, wanted: int, size: tuple[int, ...] | None, batch_first: bool) -> str:
    if x.ndim == wanted - 1:
        axis = 0 if batch_first else 1
        return (
            f": is it a single sample? x.unsqueeze({axis}) gives it a batch; or a single step? x.unsqueeze({1 - axis})"
        )
    return ""


def _sized(size: tuple[int, ...]) -> str:
    return f"{size[0]} neurons" if len(size) == 1 else f"neurons of shape {size}"


def check_gradients(weights: Iterable[Tensor], what: str) -> None:
    """Refuse gradients that are no numbers, which what is kept of them would never forget.

    Parameters
    ----------
    what : who asks, for the message

    Raises
    ------
    TrainingError
        With the place of the weight among those that are learned.
    """
    for place, weight in enumerate(weights):
        if weight.grad is not None and not bool(torch.isfinite(weight.grad).all()):
            raise TrainingError(
                f"{what}: the gradient of weight {place} of the optimiser, {tuple(weight.shape)}, is not finite: look "
                "at the loss and the data; no weight was moved"
            )
