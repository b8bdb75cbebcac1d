"""A synaptic conductance with a time constant of its rise and one of its decay, and a reversal potential."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.time_constants import check_different


def conductance_double_exponential(tau_rise: Any, tau_decay: Any, e: Any, v: str = "v") -> Synapse:
    """A conductance proportional to exp(-t/tau_decay) - exp(-t/tau_rise), whose peak is the weight.

    Parameters
    ----------
    tau_rise, tau_decay : ms
        Different from each other.
    e : mV
        Reversal potential.
    v : str
        What the target calls its membrane potential.

    Returns
    -------
    Synapse
        The weight is the peak of the conductance.

    Raises
    ------
    ModelError
        If the time constants are equal: the difference vanishes, `conductance_alpha` is the limit.

    References
    ----------
    .. [1] Roth & van Rossum 2009, Modeling synapses, ch. 6 of De Schutter (ed), Computational Modeling Methods for
       Neuroscientists, MIT Press, https://doi.org/10.7551/mitpress/9780262013277.001.0001

    Examples
    --------
    >>> gaba = conductance_double_exponential(tau_rise="0.5 ms", tau_decay="8 ms", e="-75 mV")
    >>> gaba.parsed_output.text
    'g*(e - v_post)'
    """
    check_different(tau_rise, tau_decay, "conductance_double_exponential", "conductance_alpha")
    return Synapse(
        """
        dg/dt = (peak*x - g)/tau_decay : nS (post)  # synaptic conductance
        dx/dt = -x/tau_rise : nS (post)             # what spikes add to
        peak = (tau_decay/tau_rise)**(tau_decay/(tau_decay - tau_rise)) : 1 (post)  # makes the weight the peak
        w : nS (weight)       # peak conductance
        tau_rise : ms (post)  # time constant of the rise
        tau_decay : ms (post) # time constant of the decay
        e : mV (post)         # reversal potential
        """,
        on_pre="x += w*output",
        output=f"g*(e - {v}_post)",
        parameters=dict(tau_rise=tau_rise, tau_decay=tau_decay, e=e),
        reference="Roth & van Rossum 2009, doi:10.7551/mitpress/9780262013277.001.0001",
        name="conductance_double_exponential",
    )
