"""Plasticity by the timing of pairs of spikes: additive, multiplicative, and what lies between."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.pairing import Pairing
from lapicque.synapses.weights import soft, weight_unit


def stdp(
    w_max: Any,
    a_plus: Any = 0.005,
    a_minus: Any = 0.00525,
    tau_plus: Any = "20 ms",
    tau_minus: Any = "20 ms",
    mu_plus: float = 0,
    mu_minus: float = 0,
    pairing: Pairing = Pairing.all_to_all,
) -> Synapse:
    r"""A weight that grows when a presynaptic spike comes before a postsynaptic one, and shrinks when it comes after.

    A pair with the lag s = t_post - t_pre changes the weight by
    ``w_max*a_plus*(1 - w/w_max)**mu_plus*exp(-s/tau_plus)`` for s >= 0, and by
    ``-w_max*a_minus*(w/w_max)**mu_minus*exp(s/tau_minus)`` for s < 0. The weight stays between 0 and ``w_max``. The
    presynaptic spike counts when it arrives, one delay after it was emitted; one that arrives in the step of a
    postsynaptic spike comes before it, so that the lag 0 is a potentiation.

    Parameters
    ----------
    w_max : quantity
        Largest weight. Its unit is that of the weight.
    a_plus, a_minus : 1
        Change of the weight by a pair without a lag, as a part of ``w_max``.
    tau_plus, tau_minus : ms
        How far apart the spikes of a pair may lie.
    mu_plus, mu_minus : float
        Dependence on the weight: 0 is additive, with hard bounds; 1 multiplicative, with soft ones; ``mu_plus=0,
        mu_minus=1`` the rule of van Rossum; values between those of Gütig.
    pairing : Pairing

    Returns
    -------
    Synapse
        The rule alone: ``stdp(w_max="1 nS").onto(conductance("5 ms", "0 mV"))`` also transmits spikes.

    References
    ----------
    .. [1] Song, Miller & Abbott 2000, Competitive Hebbian learning through spike-timing-dependent synaptic plasticity,
       https://doi.org/10.1038/78829
    .. [2] van Rossum, Bi & Turrigiano 2000, Stable Hebbian learning from spike timing-dependent plasticity,
       https://doi.org/10.1523/JNEUROSCI.20-23-08812.2000
    .. [3] Gütig, Aharonov, Rotter & Sompolinsky 2003, Learning input correlations through nonlinear temporally
       asymmetric Hebbian plasticity, https://doi.org/10.1523/JNEUROSCI.23-09-03697.2003

    Examples
    --------
    >>> stdp(w_max="1 nS").on_post
    'w += w_max*a_plus*pre_trace; post_trace += 1'
    >>> stdp(w_max="1 nS", mu_plus=1, mu_minus=1).on_pre
    'w -= w_max*a_minus*(w/w_max)*post_trace; pre_trace += 1'
    """
    unit = weight_unit(w_max)
    plus, minus = soft("1 - w/w_max", mu_plus, "mu_plus"), soft("w/w_max", mu_minus, "mu_minus")
    powers = {name: mu for name, mu in (("mu_plus", mu_plus), ("mu_minus", mu_minus)) if mu not in (0, 1)}
    return Synapse(
        f"""
        dpre_trace/dt = -pre_trace/tau_plus : 1     # trace of presynaptic spikes
        dpost_trace/dt = -post_trace/tau_minus : 1  # trace of postsynaptic spikes
        w : {unit} (weight)  # strength
        w_max : {unit}       # largest weight
        a_plus : 1           # potentiation by a pair without a lag
        a_minus : 1          # depression by a pair without a lag
        tau_plus : ms        # width of the window of potentiation
        tau_minus : ms       # width of the window of depression
        """
        + "\n".join(f"{name} : 1  # dependence on the weight" for name in powers),
        on_pre=pairing.on_pre(f"w -= w_max*a_minus{minus}*post_trace"),
        on_post=pairing.on_post(f"w += w_max*a_plus{plus}*pre_trace"),
        bounds=dict(w=(0, "w_max")),
        parameters=dict(w_max=w_max, a_plus=a_plus, a_minus=a_minus, tau_plus=tau_plus, tau_minus=tau_minus, **powers),
        reference="Song, Miller & Abbott 2000, doi:10.1038/78829",
        name="stdp",
    )
