"""A conductance whose channels can only open once: spikes add less where many are open."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse


def saturating(tau: Any, g_max: Any, e: Any, v: str = "v") -> Synapse:
    """A conductance g_max s, of whose closed channels (1 - s) every spike opens the part ``w``.

    Parameters
    ----------
    tau : ms
        Time constant with which channels close.
    g_max : nS
        Conductance of all channels of a neuron.
    e : mV
        Reversal potential.
    v : str
        What the target calls its membrane potential.

    Returns
    -------
    Synapse
        The weight is a pure number from 0 to 1.

    References
    ----------
    .. [1] Destexhe, Mainen & Sejnowski 1994, An efficient method for computing synaptic conductances based on a kinetic
       model of receptor binding, https://doi.org/10.1162/neco.1994.6.1.14

    Examples
    --------
    >>> saturating(tau="5 ms", g_max="10 nS", e="0 mV").pathways[0].statements[0].expression.text
    'w*output*(1 - s)'
    """
    return Synapse(
        """
        ds/dt = -s/tau : 1 (post)  # part of the channels that is open
        w : 1 (weight)             # part of the closed channels that a spike opens
        tau : ms (post)            # time constant of closing
        g_max : nS (post)          # conductance of all channels
        e : mV (post)              # reversal potential
        """,
        on_pre="s += w*output*(1 - s)",
        output=f"g_max*s*(e - {v}_post)",
        parameters=dict(tau=tau, g_max=g_max, e=e),
        reference="Destexhe, Mainen & Sejnowski 1994, doi:10.1162/neco.1994.6.1.14",
        name="saturating",
    )
