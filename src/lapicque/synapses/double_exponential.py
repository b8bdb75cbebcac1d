"""A synaptic current with a time constant of its rise and one of its decay."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.time_constants import check_different


def double_exponential(tau_rise: Any, tau_decay: Any, unit: str = "pA") -> Synapse:
    """A current proportional to exp(-t/tau_decay) - exp(-t/tau_rise), whose peak is the weight.

    The peak stands at t = tau_rise tau_decay/(tau_decay - tau_rise) log(tau_decay/tau_rise).

    Parameters
    ----------
    tau_rise, tau_decay : ms
        Different from each other.
    unit : str
        Of the weight and the current.

    Returns
    -------
    Synapse
        The weight is the peak of the current.

    Raises
    ------
    ModelError
        If the time constants are equal: the difference vanishes, `alpha` is the limit.

    References
    ----------
    .. [1] Roth & van Rossum 2009, Modeling synapses, ch. 6 of De Schutter (ed), Computational Modeling Methods for
       Neuroscientists, MIT Press, https://doi.org/10.7551/mitpress/9780262013277.001.0001

    Examples
    --------
    >>> double_exponential(tau_rise="0.5 ms", tau_decay="5 ms").parameters
    {'tau_rise': '0.5 ms', 'tau_decay': '5 ms'}
    """
    check_different(tau_rise, tau_decay, "double_exponential", "alpha")
    return Synapse(
        f"""
        di/dt = (peak*x - i)/tau_decay : {unit} (post)  # synaptic current
        dx/dt = -x/tau_rise : {unit} (post)             # what spikes add to
        peak = (tau_decay/tau_rise)**(tau_decay/(tau_decay - tau_rise)) : 1 (post)  # makes the weight the peak
        w : {unit} (weight)   # peak current
        tau_rise : ms (post)  # time constant of the rise
        tau_decay : ms (post) # time constant of the decay
        """,
        on_pre="x += w*output",
        output="i",
        parameters=dict(tau_rise=tau_rise, tau_decay=tau_decay),
        reference="Roth & van Rossum 2009, doi:10.7551/mitpress/9780262013277.001.0001",
        name="double_exponential",
    )
