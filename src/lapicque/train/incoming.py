"""What comes into a layer: tensors read and checked, and random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from lapicque.errors import TrainingError
from lapicque.train import checks

_DRAWN: Mapping[str, Callable[..., Tensor]] = {"normal": torch.randn, "uniform": torch.rand}


class Incoming:
    """Reads what a layer is given.

    Parameters
    ----------
    code : the module of `lapicque.compile.training.torch_file`
    names : of what x is, in the user's order
    factors : state -> by what is multiplied what is added to it
    size : shape of the layer, None if any
    batch_first : whether x is (batch, time, *size)
    """

    def __init__(
        self,
        code: ModuleType,
        names: Sequence[str],
        factors: Mapping[str, float],
        size: tuple[int, ...] | None,
        batch_first: bool,
    ):
        self.code, self.names, self.factors, self.size, self.batch_first = code, names, factors, size, batch_first

    def read(self, x: Any, state: Mapping[str, Tensor] | None) -> list[Tensor]:
        """Return what comes in, (time, batch, *size) each, in the order of the code; in single precision at least.

        Raises
        ------
        TrainingError
            For what is no tensor, or of the wrong type or shape.
        """
        if checks.output_and_state(x):
            raise TrainingError(f"x is {checks.STATE_TOO}")
        several = isinstance(x, (tuple, list))
        if several != (len(self.names) > 1) or (several and len(x) != len(self.names)):
            count = len(x) if several else 1
            raise TrainingError(f"x has {count} tensors, but the inputs are {', '.join(self.names)}")
        given = dict(zip(self.names, x if several else (x,), strict=True))
        for name, value in given.items():
            checks.check_type(value, "x" if not several else f"x[{self.names.index(name)}], {name!r},")
            checks.check_shape(value, self.size, self.batch_first, state, self.code.STATES)
        kinds = {value.dtype for value in given.values()}
        real = torch.float64 if torch.float64 in kinds else torch.float32
        if not any(kind.is_floating_point for kind in kinds):
            real = torch.get_default_dtype()
        made = {}
        for name, value in given.items():
            value = (value.transpose(0, 1) if self.batch_first else value).to(real)
            value = value * self.factors[name] if name in self.factors else value
            made[name if name in self.code.INPUTS else f"_into_{name}"] = value
        found = [made[name] for name in self.code.INPUTS]
        if len({tuple(value.shape) for value in found}) > 1:
            raise TrainingError(f"the inputs differ in shape: {', '.join(str(tuple(v.shape)) for v in found)}")
        return found


def draws(kinds: Sequence[str], like: Tensor) -> list[Tensor]:
    """Return the random numbers of a sequence, from torch's generator; drawn step by step they are the same.

    Parameters
    ----------
    kinds : ``"normal"`` or ``"uniform"``, one each
    like : (time, batch, *size)

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(1)
    >>> (whole,) = draws(["normal"], torch.empty(3, 2, 5))
    >>> _ = torch.manual_seed(1)
    >>> steps = [draws(["normal"], torch.empty(1, 2, 5))[0] for _ in range(3)]
    >>> torch.equal(torch.cat(steps), whole)
    True
    """
    made = [
        [_DRAWN[kind](like.shape[1:], dtype=like.dtype, device=like.device) for kind in kinds]
        for _ in range(like.shape[0] if kinds else 0)
    ]
    return [torch.stack(column) for column in zip(*made, strict=True)]
