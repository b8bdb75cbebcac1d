"""Hebb's rule for rate neurons, with decay, unsupervised or supervised."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse


def hebbian(eta: Any, decay: Any = "0 / second", supervised: bool = False, rate: str = "r") -> Synapse:
    """A weight that grows with the product of the rates of both sides: dw/dt = eta*r_pre*r_post - decay*w.

    Parameters
    ----------
    eta, decay : 1/ms
        Speeds. Rates and weights are pure numbers.
    supervised : bool
        Whether the rate of a modulator ``teacher`` takes the place of the target's.
    rate : str
        What the neurons call their rate: a state or an algebraic variable.

    Returns
    -------
    Synapse
        The rule alone: ``.onto(graded("1"))`` transmits the source's ``output`` as well. Every synapse is advanced in
        every step.

    References
    ----------
    .. [1] Gerstner & Kistler 2002, Mathematical formulations of Hebbian learning,
       https://doi.org/10.1007/s00422-002-0353-y

    Examples
    --------
    >>> hebbian("0.1 /second", supervised=True).parsed_equations[0].expression.text
    'eta*r_pre*r_teacher - decay*w'
    """
    behind = f"{rate}_{'teacher' if supervised else 'post'}"
    return Synapse(
        f"""
        dw/dt = eta*{rate}_pre*{behind} - decay*w : 1 (clock-driven)  # strength
        eta : 1/ms    # speed
        decay : 1/ms  # forgetting
        """,
        parameters=dict(eta=eta, decay=decay),
        reference="Gerstner & Kistler 2002, doi:10.1007/s00422-002-0353-y",
        name="hebbian",
    )
