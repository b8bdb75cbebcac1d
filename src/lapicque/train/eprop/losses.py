"""Losses that are sums over steps, so that their errors are known in every step; and a penalty on rates."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from lapicque.errors import TrainingError
from lapicque.model.values import plain_value
from lapicque.units import parse_unit


@dataclass(frozen=True)
class SquaredError:
    """Half the squared distance to a target, summed over outputs and steps.

    Examples
    --------
    >>> import torch
    >>> y = torch.tensor([[[1.0, 2.0]]])  # (time, batch, output)
    >>> SquaredError()(y, torch.zeros(1, 1, 2), None)
    tensor(2.5000)
    """

    def part(self, target: Tensor, first: int, last: int) -> Tensor:
        """Return the target of some steps."""
        return target[first:last]

    def check(self, target: Tensor, steps: int, batch: int, outputs: int) -> None:
        """Refuse a target that does not fit.

        Raises
        ------
        TrainingError
        """
        if not isinstance(target, Tensor):
            raise TrainingError(f"the target is {type(target).__name__}, but a tensor is expected")
        fits = target.ndim == 3 and target.shape[0] == steps and target.shape[2] == outputs
        if not fits or target.shape[1] not in (1, batch):
            raise TrainingError(
                f"the target has shape {tuple(target.shape)}, but {(steps, batch, outputs)} is expected: "
                "(time, batch, output)"
            )

    def __call__(self, y: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        y : (time, batch, output)
        target : the same
        mask : (time, batch), steps that count
        """
        each = 0.5 * (y - target.to(y)).square().sum(2)
        return each.sum() if mask is None else (each * mask.to(y)).sum()


@dataclass(frozen=True)
class CrossEntropy:
    """The cross entropy of the softmax of the outputs in every step, summed over steps.

    Examples
    --------
    >>> import torch
    >>> CrossEntropy()(torch.zeros(3, 1, 2), torch.tensor([1]), None)  # 3 steps, log(2) each
    tensor(2.0794)
    """

    def part(self, target: Tensor, first: int, last: int) -> Tensor:
        """Return the target of some steps; one class for all steps stays as it is."""
        return target if target.ndim == 1 else target[first:last]

    def check(self, target: Tensor, steps: int, batch: int, outputs: int) -> None:
        """Refuse a target that does not fit.

        Raises
        ------
        TrainingError
        """
        if not isinstance(target, Tensor):
            raise TrainingError(f"the target is {type(target).__name__}, but a tensor is expected")
        shape = tuple(target.shape)
        if shape not in ((batch,), (steps, batch), (steps, batch, outputs)):
            raise TrainingError(
                f"the target has shape {shape}, but a class for each sample {(batch,)}, for each step and sample "
                f"{(steps, batch)}, or probabilities {(steps, batch, outputs)} are expected"
            )
        if len(shape) < 3 and target.is_floating_point():
            raise TrainingError(f"the target is {target.dtype}, but classes are whole numbers: target.long()")
        if len(shape) < 3 and target.numel() and not 0 <= int(target.min()) <= int(target.max()) < outputs:
            raise TrainingError(
                f"the target has classes {int(target.min())} .. {int(target.max())}, but the {outputs} outputs are "
                f"those of 0 .. {outputs - 1}"
            )

    def __call__(self, y: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        y : (time, batch, class)
        target : (batch,) or (time, batch) classes, or (time, batch, class) probabilities
        mask : (time, batch), steps that count
        """
        log = torch.log_softmax(y, 2)
        if target.ndim == 3:
            each = -(log * target.to(y)).sum(2)
        else:
            each = -log.gather(2, target.long().expand(y.shape[:2])[..., None])[..., 0]
        return each.sum() if mask is None else (each * mask.to(y)).sum()


@dataclass(frozen=True)
class RateTarget:
    """Half the squared distance of each neuron's rate, over samples and steps, to a target, times a strength.

    Parameters
    ----------
    rate : quantity or number in Hz
    strength : of the penalty, 1/Hz^2

    Examples
    --------
    >>> RateTarget("10 Hz", strength=1e-3).hz
    10.0
    """

    rate: Any = "10 Hz"
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not (isfinite(self.hz) and self.hz >= 0):
            raise TrainingError(f"RateTarget: rate is {self.rate!r}, but a rate from 0 on is expected, such as '10 Hz'")
        if not (isfinite(self.strength) and self.strength > 0):
            raise TrainingError(f"RateTarget: strength is {self.strength!r}, but a positive number is expected")

    @property
    def hz(self) -> float:
        """The target in Hz."""
        return float(plain_value(self.rate, parse_unit("Hz"), "rate"))
