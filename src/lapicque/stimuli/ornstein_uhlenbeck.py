"""The Ornstein-Uhlenbeck process: noise with a memory."""

from __future__ import annotations

from typing import Any

from lapicque.model.stimulus import Drive, checked


def ornstein_uhlenbeck(mean: Any, sd: Any, tau: Any) -> Drive:
    """Noise that returns to its mean with a time constant: a current from many weak synapses.

    It is normally distributed with standard deviation ``sd`` in the long run, and its autocorrelation at a lag s is
    exp(-abs(s)/tau). Each neuron has a process of its own, which begins at the mean.

    Parameters
    ----------
    mean, sd : unit of the input, or arrays with one value a neuron
    tau : ms
        Correlation time.

    Returns
    -------
    Drive

    References
    ----------
    .. [1] Uhlenbeck & Ornstein 1930, On the theory of the Brownian motion, https://doi.org/10.1103/PhysRev.36.823
    .. [2] Destexhe, Rudolph, Fellous & Sejnowski 2001, Fluctuating synaptic conductances recreate in vivo-like activity
       in neocortical neurons, https://doi.org/10.1016/S0306-4522(01)00344-X

    Examples
    --------
    >>> ornstein_uhlenbeck(mean="300 pA", sd="100 pA", tau="3 ms")
    ornstein_uhlenbeck(mean=300 pA, sd=100 pA, tau=3 ms)
    """
    return checked(
        Drive(
            "ornstein_uhlenbeck",
            "x",
            """
            dx/dt = (mean - x)/tau + sd*sqrt(2/tau)*xi : UNIT (post)
            mean : UNIT (post)
            sd : UNIT (post)
            tau : ms (post)
            """,
            dict(mean=mean, sd=sd, tau=tau),
            dict(x="mean"),
            "Uhlenbeck & Ornstein 1930, doi:10.1103/PhysRev.36.823",
        )
    )
