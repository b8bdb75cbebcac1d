"""What two trainings must have in common so that one can go on where the other stopped."""

from __future__ import annotations

import contextlib
import hashlib
import re
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lapicque.train.recipe import Recipe
from lapicque.train.spiking import Spiking
from lapicque.train.training.batches import Part


def identity(
    recipe: Recipe, network: nn.Module, optimiser: torch.optim.Optimizer, schedule: Any, parts: tuple[Part, Part]
) -> dict[str, str]:
    """Return what a training depends on: what it is -> a text that differs where it differs.

    Parameters
    ----------
    recipe : Recipe
    network, optimiser, schedule : as they begin
    parts : the samples to learn from, and those to test with
    """
    penalties = (f"{name} {weight} {describe(one)}" for name, (weight, one) in recipe.penalties.items())
    described = {
        "network": [_network(network)],
        "data": [text for part in parts for text in _samples(part)] + [describe(recipe.collate)],
        "loss": [describe(recipe.loss), *penalties],
        "augment": [describe(recipe.augment)],
        "encode": [describe(recipe.encode)],
        "optimiser": [describe(optimiser), _learned(network, optimiser), str(recipe.clip)],
        "schedule": [
            describe(recipe.schedule),
            type(schedule).__qualname__,
            _plain(getattr(schedule, "state_dict", dict)()),
        ],
    }
    return {what: hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16] for what, texts in described.items()}


def describe(value: Any, inside: tuple[int, ...] = ()) -> str:
    """Return a text for a function or an object that is the same whenever it is the same.

    Of functions: code, defaults, what they close over, the numbers and texts that they read from their module, and the
    object that they are methods of. Of modules and other objects: what they hold.

    Parameters
    ----------
    value : Any
    inside : ids of what is being described, which may hold this value and be held by it

    Examples
    --------
    >>> describe(3), describe(None)
    ('3', 'None')
    >>> describe(lambda x: x + 1) == describe(lambda x: x + 2)
    False
    >>> a, b = (torch.nn.CrossEntropyLoss(label_smoothing=part) for part in (0.0, 0.1))
    >>> describe(a) == describe(b)
    False
    """
    if id(value) in inside:
        return "itself"
    within = (*inside, id(value))
    if isinstance(value, partial):
        return f"partial {describe(value.func, within)} {_plain(value.args, within)} {_plain(value.keywords, within)}"
    if isinstance(value, MethodType):
        return f"{describe(value.__func__, within)} of {describe(value.__self__, within)}"
    if isinstance(value, FunctionType):
        return _function(value, within)
    text = _without_addresses(repr(value))
    held = getattr(value, "__dict__", None)
    if isinstance(value, type) or not held or not (isinstance(value, nn.Module) or text != repr(value)):
        return text  # all that matters is in it, or nothing can be said
    return f"{text} {_plain({name: one for name, one in held.items() if not name.endswith('_hooks')}, within)}"


def _function(value: FunctionType, within: tuple[int, ...]) -> str:
    held: list[Any] = [value.__defaults__, value.__kwdefaults__]
    for cell in value.__closure__ or ():
        with contextlib.suppress(ValueError):  # of a name that nothing has been given to yet
            held.append(cell.cell_contents)
    read = [value.__globals__.get(name) for name in _names(value.__code__)]
    held += [one for one in read if isinstance(one, _VALUES)]
    return " ".join([value.__qualname__, _code(value.__code__), *(_plain(one, within) for one in held)])


#: What is looked at where a function reads it from its module: constants, and not what it calls or keeps there.
_VALUES = (int, float, complex, str, tuple, Tensor, np.ndarray)


def _names(code: CodeType) -> list[str]:
    """Return the names that a function, and those inside it, may read from its module."""
    inner = (_names(one) for one in code.co_consts if isinstance(one, CodeType))
    return [*code.co_names, *(name for names in inner for name in names)]


def _code(code: CodeType) -> str:
    """Return what a function does, without where it stands in which file."""
    constants = [_code(one) if isinstance(one, CodeType) else _plain(one) for one in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {constants}"


def _network(network: nn.Module) -> str:
    lines = [_without_addresses(repr(network))]
    lines += [f"{name} {tuple(one.shape)} {one.dtype}" for name, one in network.state_dict().items()]
    for name, layer in network.named_modules():
        if isinstance(layer, Spiking):
            fixed = {n: _plain(c.value) for n, c in layer.described.constants.items() if n not in layer.raw}
            lines.append(f"{name} {layer.described.equations} {fixed}")
        elif type(layer).__module__.partition(".")[0] not in ("torch", "lapicque"):  # what a user's own class does
            held = {n: one for n, one in vars(layer).items() if isinstance(one, _VALUES) and not n.startswith("_")}
            lines.append(f"{name} {describe(type(layer).forward)} {_plain(held)}")
    return "\n".join(lines)


def _learned(network: nn.Module, optimiser: torch.optim.Optimizer) -> str:
    """Return which parameters an optimiser changes, group by group."""
    names = {id(one): name for name, one in network.named_parameters()}
    return str([[names.get(id(one)) for one in group["params"]] for group in optimiser.param_groups])


def _samples(part: Part) -> list[str]:
    """Return how many samples there are, and what some of them are."""
    some = sorted({0, len(part) // 2, len(part) - 1})
    return [str(len(part)), *(_plain(part.samples[n]) for n in some)]


def _plain(value: Any, within: tuple[int, ...] = ()) -> str:
    if isinstance(value, Tensor):
        content = value.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes()
        return f"{value.dtype} {tuple(value.shape)} {hashlib.sha256(content).hexdigest()}"
    if isinstance(value, np.ndarray):
        return _plain(torch.from_numpy(np.ascontiguousarray(value))) if value.dtype.kind in "biuf" else repr(value)
    if id(value) in within:
        return "itself"
    if isinstance(value, dict):
        rows = sorted(value.items(), key=lambda pair: str(pair[0]))
        return str({name: _plain(one, (*within, id(value))) for name, one in rows})
    if isinstance(value, (set, frozenset)):  # in an order that differs from process to process
        return str(sorted(_plain(one, (*within, id(value))) for one in value))
    if isinstance(value, (tuple, list)):
        return str([_plain(one, (*within, id(value))) for one in value])
    return describe(value, within)


def _without_addresses(text: str) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", text)
