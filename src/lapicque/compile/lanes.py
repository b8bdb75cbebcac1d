"""The memory of compiled kernels: blocks of 64 lanes, a neuron or a candidate each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType

import numpy as np

from lapicque.compile.subnormals import flushed

LANES = 64


def lane_blocks(size: int) -> list[slice]:
    """Return the slices of at most 64 neurons that the blocks hold."""
    return [slice(start, min(start + LANES, size)) for start in range(0, size, LANES)]


def arena(
    kernel: ModuleType, constants: Sequence[np.ndarray], initial: Mapping[str, np.ndarray], lanes: slice
) -> np.ndarray:
    """Return a block's memory at step 0; lanes beyond the last neuron repeat it.

    Parameters
    ----------
    constants : in the order of the kernel's CONSTANTS, each a float or (neuron,)
    initial : state -> float or (neuron,)
    """
    count = lanes.stop - lanes.start
    a = np.zeros((len(kernel.SLOTS), LANES), kernel.REAL)

    def fill(name: str, value: np.ndarray) -> None:
        row = a[kernel.SLOTS[name]]
        row[:count] = value if np.ndim(value) == 0 else np.asarray(value)[lanes]
        row[count:] = row[count - 1]

    for name, value in zip(kernel.CONSTANTS, constants, strict=True):
        fill(name, value)
    for name in kernel.STATES:
        fill(name, initial[name])
    for name, slot in kernel.SLOTS.items():
        if name.startswith("_age_"):
            a[slot] = np.inf
    return flushed(a).reshape(-1)
