"""The rule of Bienenstock, Cooper and Munro, for rate neurons: a threshold that slides with the square of the rate."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse


def bcm(eta: Any, tau_theta: Any = "1 second", r_0: Any = 1, w_max: Any = None, rate: str = "r") -> Synapse:
    """A weight that grows where the target's rate is above a threshold, and shrinks below; the threshold is an average.

    dw/dt = eta*r_pre*r_post*(r_post - theta) and tau_theta*dtheta/dt = r_post**2/r_0 - theta. The threshold lives once
    per target neuron; it slides faster than weights change, or activity runs away. Every synapse is advanced in every
    step.

    Parameters
    ----------
    eta : 1/ms
        Speed. Rates and weights are pure numbers.
    tau_theta : ms
        Of the threshold.
    r_0 : 1
        Rate that the average comes to.
    w_max : 1, optional
        Largest weight; weights then lie between 0 and it. By default they are free.
    rate : str
        What both neurons call their rate: a state or an algebraic variable.

    Returns
    -------
    Synapse
        The rule alone: ``.onto(graded("1"))`` transmits the source's ``output`` as well.

    References
    ----------
    .. [1] Bienenstock, Cooper & Munro 1982, Theory for the development of neuron selectivity: orientation specificity
       and binocular interaction in visual cortex, https://doi.org/10.1523/JNEUROSCI.02-01-00032.1982
    .. [2] Intrator & Cooper 1992, Objective function formulation of the BCM theory of visual cortical plasticity,
       https://doi.org/10.1016/S0893-6080(05)80003-6

    Examples
    --------
    >>> bcm("0.01 /second").parsed_equations[0].expression.text
    'eta*r_pre*r_post*(r_post - theta)'
    """
    bound = {} if w_max is None else dict(w_max=w_max)
    return Synapse(
        f"""
        dw/dt = eta*{rate}_pre*{rate}_post*({rate}_post - theta) : 1 (clock-driven)  # strength
        dtheta/dt = ({rate}_post**2/r_0 - theta)/tau_theta : 1 (post)                # threshold
        eta : 1/ms             # speed
        r_0 : 1 (post)         # rate that the average comes to
        tau_theta : ms (post)  # of the threshold
        """
        + ("w_max : 1  # largest weight" if bound else ""),
        bounds=dict(w=(0, "w_max")) if bound else {},
        parameters=dict(eta=eta, r_0=r_0, tau_theta=tau_theta, **bound),
        reference="Bienenstock, Cooper & Munro 1982, doi:10.1523/JNEUROSCI.02-01-00032.1982",
        name="bcm",
    )
