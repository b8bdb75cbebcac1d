"""Oja's rule for rate neurons: Hebb's, with a norm of weights that comes to 1."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse


def oja(eta: Any, rate: str = "r") -> Synapse:
    """A weight that grows with the product of rates, and decays with the square of the target's: principal components.

    dw/dt = eta*r_post*(r_pre - r_post*w). For a linear target the weights come to the first principal component of what
    the sources do, with norm 1.

    Parameters
    ----------
    eta : 1/ms
        Speed. Rates and weights are pure numbers.
    rate : str
        What both neurons call their rate: a state or an algebraic variable.

    Returns
    -------
    Synapse
        The rule alone: ``.onto(graded("1"))`` transmits the source's ``output`` as well. Every synapse is advanced in
        every step.

    References
    ----------
    .. [1] Oja 1982, Simplified neuron model as a principal component analyzer, https://doi.org/10.1007/BF00275687

    Examples
    --------
    >>> oja("0.1 /second").parsed_equations[0].expression.text
    'eta*r_post*(r_pre - r_post*w)'
    """
    return Synapse(
        f"""
        dw/dt = eta*{rate}_post*({rate}_pre - {rate}_post*w) : 1 (clock-driven)  # strength
        eta : 1/ms  # speed
        """,
        parameters=dict(eta=eta),
        reference="Oja 1982, doi:10.1007/BF00275687",
        name="oja",
    )
