"""Reward-modulated plasticity without a memory: pairs of spikes count while a reward is there."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.weights import weight_unit


def mstdp(
    gamma: Any,
    a_plus: Any = 1,
    a_minus: Any = 1,
    tau_plus: Any = "20 ms",
    tau_minus: Any = "20 ms",
    bounds: tuple[Any, Any] | None = None,
    level: str = "value",
) -> Synapse:
    """A weight that pairs of spikes change in proportion to the reward of the moment: MSTDP.

    A postsynaptic spike adds ``gamma*reward*a_plus*pre_trace``, a presynaptic one takes
    ``gamma*reward*a_minus*post_trace`` away. Where the reward is negative, the signs are the other way round.

    Parameters
    ----------
    gamma : quantity
        Change by a pair without a lag at a reward of 1. Its unit is that of the weight.
    a_plus, a_minus : 1
    tau_plus, tau_minus : ms
    bounds : (low, high), optional
        Of the weight; quantities, or None where it is open.
    level : str
        Variable of the modulator ``reward`` that is read; a `lapicque.Network.signal` has ``value``.

    Returns
    -------
    Synapse
        The rule alone, for ``connect(..., modulators=dict(reward=net.signal("reward")))``;
        ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Florian 2007, Reinforcement learning through modulation of spike-timing-dependent synaptic plasticity,
       https://doi.org/10.1162/neco.2007.19.6.1468

    Examples
    --------
    >>> mstdp("0.1 mV").on_post
    'w += gamma*value_reward*a_plus*pre_trace; post_trace += 1'
    """
    unit = weight_unit(gamma, "gamma")
    return Synapse(
        f"""
        dpre_trace/dt = -pre_trace/tau_plus : 1     # trace of presynaptic spikes
        dpost_trace/dt = -post_trace/tau_minus : 1  # trace of postsynaptic spikes
        w : {unit} (weight)  # strength
        gamma : {unit}       # change at a reward of 1
        a_plus : 1           # potentiation by a pair without a lag
        a_minus : 1          # depression by a pair without a lag
        tau_plus : ms        # width of the window of potentiation
        tau_minus : ms       # width of the window of depression
        """,
        on_pre=f"w -= gamma*{level}_reward*a_minus*post_trace; pre_trace += 1",
        on_post=f"w += gamma*{level}_reward*a_plus*pre_trace; post_trace += 1",
        bounds={} if bounds is None else dict(w=bounds),
        parameters=dict(gamma=gamma, a_plus=a_plus, a_minus=a_minus, tau_plus=tau_plus, tau_minus=tau_minus),
        reference="Florian 2007, doi:10.1162/neco.2007.19.6.1468",
        name="mstdp",
    )
