"""The rule of Bienenstock, Cooper and Munro at spikes: a threshold that slides with the square of the rate."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.weights import weight_unit


def bcm_spiking(
    w_max: Any, eta: Any = 1e-3, r_0: Any = "10 Hz", tau_r: Any = "500 ms", tau_theta: Any = "5 second"
) -> Synapse:
    """A weight that a presynaptic spike raises where the target fires above a threshold rate, and lowers below.

    The target's rate ``r_bar`` is a trace of its spikes. A presynaptic spike changes the weight by
    ``w_max*eta*r_bar*(r_bar - theta)/r_0**2``; the threshold is the average of ``r_bar**2/r_0``, which postsynaptic
    spikes carry: each adds the rate of those before it. Both are solved exactly between spikes, once per target. As
    ``r_bar`` fluctuates, irregular firing is potentiated from a rate on that is 1/(2 tau_r) lower than the threshold.

    Parameters
    ----------
    w_max : quantity
        Largest weight. Its unit is that of the weight.
    eta : 1
        Amplitude, as a part of ``w_max``.
    r_0 : Hz
        Rate that the average comes to.
    tau_r, tau_theta : ms
        Of the rate and of the threshold.

    Returns
    -------
    Synapse
        The rule alone: ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Bienenstock, Cooper & Munro 1982, Theory for the development of neuron selectivity: orientation specificity
       and binocular interaction in visual cortex, https://doi.org/10.1523/JNEUROSCI.02-01-00032.1982
    .. [2] Gjorgjieva, Clopath, Audet & Pfister 2011, A triplet spike-timing-dependent plasticity model generalizes the
       Bienenstock-Cooper-Munro rule to higher-order spatiotemporal correlations,
       https://doi.org/10.1073/pnas.1105933108

    Examples
    --------
    >>> bcm_spiking("1 nS").on_pre
    'w += w_max*eta*r_bar*(r_bar - theta)/r_0**2'
    """
    unit = weight_unit(w_max)
    return Synapse(
        f"""
        dr_bar/dt = -r_bar/tau_r : Hz      # rate of the target
        dtheta/dt = -theta/tau_theta : Hz  # threshold
        w : {unit} (weight)  # strength
        w_max : {unit}       # largest weight
        eta : 1              # amplitude
        r_0 : Hz             # rate that the average comes to
        tau_r : ms           # of the rate
        tau_theta : ms       # of the threshold
        """,
        on_pre="w += w_max*eta*r_bar*(r_bar - theta)/r_0**2",
        on_post="theta += r_bar/(r_0*tau_theta); r_bar += 1/tau_r",
        bounds=dict(w=(0, "w_max")),
        parameters=dict(w_max=w_max, eta=eta, r_0=r_0, tau_r=tau_r, tau_theta=tau_theta),
        reference="Bienenstock, Cooper & Munro 1982, doi:10.1523/JNEUROSCI.02-01-00032.1982",
        name="bcm_spiking",
    )
