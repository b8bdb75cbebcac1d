"""A Python function, called in every step."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from lapicque.errors import ModelError
from lapicque.model.stimulus import Callback


def callable(function: Callable[[float], Any]) -> Callback:
    """An input computed by Python in every step, for closed loops. Slow: the run leaves compiled code each time.

    Parameters
    ----------
    function : callable
        ``function(t)`` with the time in ms returns a number, or an array with one a stimulated neuron, in the unit of
        the input.

    Returns
    -------
    Callback

    Raises
    ------
    ModelError
        If it cannot be called.

    Examples
    --------
    >>> def clamp(t):
    ...     return 100.0 if t < 50 else 0.0
    >>> callable(clamp)
    callable(clamp)
    """
    if not builtins.callable(function):
        raise ModelError(f"a function of the time is expected, not {function!r}: for an expression use function()")
    return Callback(function)
