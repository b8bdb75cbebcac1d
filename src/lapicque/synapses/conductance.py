"""An exponential synaptic conductance with a reversal potential."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse


def conductance(tau: Any, e: Any, v: str = "v") -> Synapse:
    """A conductance that jumps by the weight and decays exponentially, driving the target towards ``e``.

    Parameters
    ----------
    tau : ms
        Decay time constant.
    e : mV
        Reversal potential.
    v : str
        What the target calls its membrane potential.

    Returns
    -------
    Synapse
        The weight is the peak of the conductance.

    References
    ----------
    .. [1] Destexhe, Mainen & Sejnowski 1994, An efficient method for computing synaptic conductances based on a kinetic
       model of receptor binding, https://doi.org/10.1162/neco.1994.6.1.14
    .. [2] Brette, Rudolph, Carnevale et al. 2007, Simulation of networks of spiking neurons (the COBA benchmark),
       https://doi.org/10.1007/s10827-007-0038-6

    Examples
    --------
    >>> conductance(tau="5 ms", e="0 mV").parsed_output.text
    'g*(e - v_post)'
    """
    return Synapse(
        """
        dg/dt = -g/tau : nS (post)  # synaptic conductance
        w : nS (weight)             # peak conductance
        tau : ms (post)             # decay time constant
        e : mV (post)               # reversal potential
        """,
        on_pre="g += w*output",
        output=f"g*(e - {v}_post)",
        parameters=dict(tau=tau, e=e),
        reference="Brette et al. 2007, doi:10.1007/s10827-007-0038-6",
        name="conductance",
    )
