"""The delta rule of Widrow and Hoff, for rate neurons."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse


def delta(eta: Any, rate: str = "r") -> Synapse:
    """A weight that follows the error of the target's rate: dw/dt = eta*(r_teacher - r_post)*r_pre.

    It descends the squared error of a linear target; patterns that are linearly independent are learned without error.

    Parameters
    ----------
    eta : 1/ms
        Speed. Rates and weights are pure numbers.
    rate : str
        What the neurons call their rate: a state or an algebraic variable.

    Returns
    -------
    Synapse
        The rule alone, for ``connect(..., modulators=dict(teacher=population))``, with one teacher for each target;
        ``.onto(graded("1"))`` transmits the source's ``output`` as well. Every synapse is advanced in every step.

    References
    ----------
    .. [1] Widrow & Hoff 1960, Adaptive switching circuits, technical report 1553-1,
       https://doi.org/10.21236/AD0241531

    Examples
    --------
    >>> delta("0.1 /second").parsed_equations[0].expression.text
    'eta*(r_teacher - r_post)*r_pre'
    """
    return Synapse(
        f"""
        dw/dt = eta*({rate}_teacher - {rate}_post)*{rate}_pre : 1 (clock-driven)  # strength
        eta : 1/ms  # speed
        """,
        parameters=dict(eta=eta),
        reference="Widrow & Hoff 1960, doi:10.21236/AD0241531",
        name="delta",
    )
