"""The unit of the weight of a rule, and factors that keep a weight within its bounds."""

from __future__ import annotations

from typing import Any

from lapicque.errors import ModelError
from lapicque.model.values import unit_of
from lapicque.units import Unit


def weight_unit(given: Any, name: str = "w_max") -> Unit:
    """Return the unit of a weight, that of its largest value or of its step.

    Raises
    ------
    ModelError
        If it is no quantity.

    Examples
    --------
    >>> print(weight_unit("1 nS"))
    nS
    """
    if given is None or isinstance(given, bool):
        raise ModelError(f"{name} is {given!r}, but a number with the unit of the weight is expected, {name}='1 nS'")
    return unit_of(given)


def soft(base: str, exponent: float, name: str) -> str:
    """Return a factor ``base**exponent``, without the power where the exponent is 0 or 1.

    Examples
    --------
    >>> soft("w/w_max", 0, "mu"), soft("w/w_max", 1, "mu"), soft("w/w_max", 0.4, "mu")
    ('', '*(w/w_max)', '*(w/w_max)**mu')
    """
    if exponent == 0:
        return ""
    return f"*({base})" if exponent == 1 else f"*({base})**{name}"
