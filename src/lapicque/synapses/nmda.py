"""The conductance of NMDA receptors, which magnesium blocks at rest."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.time_constants import check_different


def nmda(tau_rise: Any = "2 ms", tau_decay: Any = "100 ms", e: Any = "0 mV", mg: Any = "1 mM", v: str = "v") -> Synapse:
    """A slow conductance with the voltage dependence 1/(1 + mg/(3.57 mM) exp(-0.062 v/mV)) of the magnesium block.

    Parameters
    ----------
    tau_rise, tau_decay : ms
        Different from each other.
    e : mV
        Reversal potential.
    mg : mM
        Concentration of magnesium outside.
    v : str
        What the target calls its membrane potential, which is in mV relative to the outside.

    Returns
    -------
    Synapse
        The weight is the peak of the conductance without a block.

    Raises
    ------
    ModelError
        If the time constants are equal.

    References
    ----------
    .. [1] Jahr & Stevens 1990, Voltage dependence of NMDA-activated macroscopic conductances predicted by
       single-channel kinetics, https://doi.org/10.1523/JNEUROSCI.10-09-03178.1990

    Examples
    --------
    >>> nmda().parsed_output.text
    'g*open*(e - v_post)'
    """
    check_different(tau_rise, tau_decay, "nmda", "conductance_alpha")
    return Synapse(
        f"""
        dg/dt = (peak*x - g)/tau_decay : nS (post)  # synaptic conductance without the block
        dx/dt = -x/tau_rise : nS (post)             # what spikes add to
        peak = (tau_decay/tau_rise)**(tau_decay/(tau_decay - tau_rise)) : 1 (post)  # makes the weight the peak
        open = 1/(1 + mg/(3.57*mM)*exp(-0.062*{v}_post/mV)) : 1 (post)              # part that is not blocked
        w : nS (weight)       # peak conductance
        tau_rise : ms (post)  # time constant of the rise
        tau_decay : ms (post) # time constant of the decay
        e : mV (post)         # reversal potential
        mg : mM (post)        # magnesium outside
        """,
        on_pre="x += w*output",
        output=f"g*open*(e - {v}_post)",
        parameters=dict(tau_rise=tau_rise, tau_decay=tau_decay, e=e, mg=mg),
        reference="Jahr & Stevens 1990, doi:10.1523/JNEUROSCI.10-09-03178.1990",
        name="nmda",
    )
