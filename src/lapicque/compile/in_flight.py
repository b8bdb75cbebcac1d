"""How much memory spikes need on their way: delays for which there is not enough are refused before it is taken."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lapicque.errors import SimulationError

if TYPE_CHECKING:
    from lapicque.compile.network_plan import Wired


def memory_of_machine() -> float:
    """Return the bytes of memory that this machine has; infinity where it does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # on Windows
        return float("inf")


def check_memory(wired: Wired, slots: int, shape: Sequence[int], owned: int, real: int, dt: float) -> None:
    """Refuse delays for which spikes on their way need more memory than there is.

    Parameters
    ----------
    wired : synapses
    slots : steps that the rings hold
    shape : steps that spikes are remembered, threads, span, populations, 2, events
    owned : neurons of a thread
    real : bytes of a number
    dt : ms

    Raises
    ------
    SimulationError
        With a projection that has the longest delay.
    """
    history, threads, span, *_, events = shape
    rings = slots * real * sum(places[-1, ""] for places in wired.places)
    noted = 8.0 * np.prod(shape, dtype=float) + history * threads * span * owned * (4 * events + real)
    if rings + noted > memory_of_machine():
        steps, name = wired.slowest()
        raise SimulationError(
            f"spikes on their way would need {(rings + noted) / 1e9:.0f} GB, more than this machine has: a delay of "
            f"{name!r} is {steps * dt:g} ms, {steps} steps. Use shorter delays or a larger dt"
        )
