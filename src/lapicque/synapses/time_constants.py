"""A rule that kernels with two time constants share."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import ModelError
from lapicque.units import magnitude


def check_different(tau_rise: Any, tau_decay: Any, synapse: str, limit: str) -> None:
    """The difference of two exponentials needs two time constants.

    Raises
    ------
    ModelError
        If they are equal anywhere; ``limit`` names the synapse to use then.
    """
    rise, decay = magnitude(tau_rise, "ms", "tau_rise"), magnitude(tau_decay, "ms", "tau_decay")
    if np.any(np.equal(rise, decay)):
        raise ModelError(f"{synapse}: tau_rise and tau_decay are equal: use {limit}(tau), to which it tends")
