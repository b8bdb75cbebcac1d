"""Plasticity of inhibitory synapses that holds the rate of their target."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.weights import weight_unit


def inhibitory_stdp(eta: Any, rho_0: Any = "5 Hz", tau_stdp: Any = "20 ms", w_max: Any = None) -> Synapse:
    """A weight that grows with pairs of spikes in either order, and shrinks with every presynaptic spike.

    A pair of spikes with the lag s adds ``eta*exp(-abs(s)/tau_stdp)``, a presynaptic spike takes
    ``eta*2*rho_0*tau_stdp`` away: at the rate ``rho_0`` of the target the two cancel, and inhibition balances
    excitation.

    Parameters
    ----------
    eta : quantity
        Change by a pair without a lag. Its unit is that of the weight, which counts as positive: what inhibits is the
        transmission (``conductance("10 ms", "-80 mV")``, or a weight that is subtracted).
    rho_0 : Hz
        Rate that the target comes to.
    tau_stdp : ms
        How far apart the spikes of a pair may lie.
    w_max : quantity, optional
        Largest weight; by default there is none.

    Returns
    -------
    Synapse
        The rule alone: ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, Inhibitory plasticity balances excitation and inhibition
       in sensory pathways and memory networks, https://doi.org/10.1126/science.1211095

    Examples
    --------
    >>> inhibitory_stdp(eta="0.01 nS").on_pre
    'w += eta*(post_trace - 2*rho_0*tau_stdp); pre_trace += 1'
    """
    unit = weight_unit(eta, "eta")
    bound = {} if w_max is None else dict(w_max=w_max)
    return Synapse(
        f"""
        dpre_trace/dt = -pre_trace/tau_stdp : 1    # trace of presynaptic spikes
        dpost_trace/dt = -post_trace/tau_stdp : 1  # trace of postsynaptic spikes
        w : {unit} (weight)  # strength
        eta : {unit}         # change by a pair without a lag
        rho_0 : Hz           # rate that the target comes to
        tau_stdp : ms        # width of the window
        """
        + (f"w_max : {unit}  # largest weight" if bound else ""),
        on_pre="w += eta*(post_trace - 2*rho_0*tau_stdp); pre_trace += 1",
        on_post="w += eta*pre_trace; post_trace += 1",
        bounds=dict(w=(0, "w_max" if bound else None)),
        parameters=dict(eta=eta, rho_0=rho_0, tau_stdp=tau_stdp, **bound),
        reference="Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, doi:10.1126/science.1211095",
        name="inhibitory_stdp",
    )
