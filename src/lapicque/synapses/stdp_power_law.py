"""Plasticity by the timing of pairs of spikes, with the dependence on the weight that cultures show."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.pairing import Pairing
from lapicque.synapses.weights import weight_unit


def stdp_power_law(
    w_0: Any,
    eta: Any = 0.1,
    alpha: Any = 0.11,
    mu: Any = 0.4,
    tau_plus: Any = "20 ms",
    tau_minus: Any = "20 ms",
    pairing: Pairing = Pairing.all_to_all,
) -> Synapse:
    r"""A weight that grows with a power of itself, and shrinks in proportion to itself.

    A pair with the lag s = t_post - t_pre changes the weight by ``eta*w_0*(w/w_0)**mu*exp(-s/tau_plus)`` for s >= 0,
    and by ``-eta*alpha*w*exp(s/tau_minus)`` for s < 0. There is no largest weight, and
    distributions of weights have one mode.

    Parameters
    ----------
    w_0 : quantity
        Reference weight. Its unit is that of the weight; weights begin above 0.
    eta, alpha : 1
        Size of the steps, and of a depression relative to a potentiation at ``w_0``.
    mu : 1
        Exponent of the potentiation.
    tau_plus, tau_minus : ms
        How far apart the spikes of a pair may lie.
    pairing : Pairing

    Returns
    -------
    Synapse
        The rule alone: ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Morrison, Aertsen & Diesmann 2007, Spike-timing-dependent plasticity in balanced random networks,
       https://doi.org/10.1162/neco.2007.19.6.1437

    Examples
    --------
    >>> stdp_power_law(w_0="1 pA").on_post
    'w += eta*w_0*(w/w_0)**mu*pre_trace; post_trace += 1'
    """
    unit = weight_unit(w_0, "w_0")
    return Synapse(
        f"""
        dpre_trace/dt = -pre_trace/tau_plus : 1     # trace of presynaptic spikes
        dpost_trace/dt = -post_trace/tau_minus : 1  # trace of postsynaptic spikes
        w : {unit} (weight)  # strength
        w_0 : {unit}         # reference weight
        eta : 1              # size of the steps
        alpha : 1            # depression relative to potentiation
        mu : 1               # exponent of the potentiation
        tau_plus : ms        # width of the window of potentiation
        tau_minus : ms       # width of the window of depression
        """,
        on_pre=pairing.on_pre("w -= eta*alpha*w*post_trace"),
        on_post=pairing.on_post("w += eta*w_0*(w/w_0)**mu*pre_trace"),
        bounds=dict(w=(0, None)),
        parameters=dict(w_0=w_0, eta=eta, alpha=alpha, mu=mu, tau_plus=tau_plus, tau_minus=tau_minus),
        reference="Morrison, Aertsen & Diesmann 2007, doi:10.1162/neco.2007.19.6.1437",
        name="stdp_power_law",
    )
