"""A function of time, as an expression."""

from __future__ import annotations

from typing import Any

from lapicque.model.stimulus import Drive, checked
from lapicque.model.values import unit_of


def function(expression: str, **parameters: Any) -> Drive:
    """An input given by an expression of time, which is read at the beginning of every step.

    Parameters
    ----------
    expression : str
        Of ``t``, of ``i`` (the neuron's number), of variables of the target, and of ``parameters``.
    **parameters : quantity
        Numbers with units, or arrays with one value a stimulated neuron.

    Returns
    -------
    Drive

    Raises
    ------
    ModelError, UnitError
        If the text is no expression.

    Examples
    --------
    >>> function("a*sin(2*pi*f*t)", a="50 pA", f="10 Hz")
    function('a*sin(2*pi*f*t)', a=50 pA, f=10 Hz)
    """
    declared = "\n".join(f"{name} : {unit_of(value)} (post)" for name, value in parameters.items())
    return checked(Drive("function", expression, declared, parameters))
