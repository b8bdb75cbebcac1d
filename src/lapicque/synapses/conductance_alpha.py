"""An alpha-shaped synaptic conductance with a reversal potential."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse


def conductance_alpha(tau: Any, e: Any, v: str = "v") -> Synapse:
    """A conductance w (t/tau) exp(1 - t/tau), driving the target towards ``e``.

    It is normalised to the peak, as in Roth & van Rossum and in NEST's ``iaf_cond_alpha``.

    Parameters
    ----------
    tau : ms
        Time to the peak.
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
    .. [1] Roth & van Rossum 2009, Modeling synapses, ch. 6 of De Schutter (ed), Computational Modeling Methods for
       Neuroscientists, MIT Press, https://doi.org/10.7551/mitpress/9780262013277.001.0001

    Examples
    --------
    >>> conductance_alpha(tau="2 ms", e="0 mV").parsed_output.text
    'g*(e - v_post)'
    """
    return Synapse(
        """
        dg/dt = (exp(1)*x - g)/tau : nS (post)  # synaptic conductance
        dx/dt = -x/tau : nS (post)              # what spikes add to
        w : nS (weight)                         # peak conductance
        tau : ms (post)                         # time to the peak
        e : mV (post)                           # reversal potential
        """,
        on_pre="x += w*output",
        output=f"g*(e - {v}_post)",
        parameters=dict(tau=tau, e=e),
        reference="Roth & van Rossum 2009, doi:10.7551/mitpress/9780262013277.001.0001",
        name="conductance_alpha",
    )
