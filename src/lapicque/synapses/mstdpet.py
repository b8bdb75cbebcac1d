"""Reward-modulated plasticity with an eligibility trace: a reward that comes late finds what it is for."""

from __future__ import annotations

from typing import Any

from lapicque.model import On, Synapse
from lapicque.synapses.weights import weight_unit


def mstdpet(
    gamma: Any,
    a_plus: Any = 1,
    a_minus: Any = 1,
    tau_plus: Any = "20 ms",
    tau_minus: Any = "20 ms",
    tau_z: Any = "25 ms",
    bounds: tuple[Any, Any] | None = None,
    pulses: bool = True,
    level: str = "value",
) -> Synapse:
    """A weight that changes with the reward times an eligibility trace, to which pairs of spikes add: MSTDPET.

    The eligibility ``z`` decays with ``tau_z``; a postsynaptic spike adds ``a_plus*pre_trace``, a presynaptic one takes
    ``a_minus*post_trace`` away.

    Parameters
    ----------
    gamma : quantity
        Change by a reward of 1, as a pulse right after a pair without a lag, or as long as its eligibility lasts. Its
        unit is that of the weight.
    a_plus, a_minus : 1
    tau_plus, tau_minus, tau_z : ms
    bounds : (low, high), optional
        Of the weight; quantities, or None where it is open.
    pulses : bool
        Whether the reward comes in pulses: its events, as ``sim.signal("reward", 1)`` makes them, add
        ``gamma*reward*z``. Otherwise the reward lasts, dw/dt = gamma*reward*z/tau_z, and every synapse is advanced in
        every step.
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
    >>> mstdpet("0.6 mV").on["reward"]
    On(at='reward', code='w += gamma*value_reward*z', delay=None)
    >>> mstdpet("0.6 mV", pulses=False).clock_driven
    ('z', 'w')
    """
    unit = weight_unit(gamma, "gamma")
    resting = f"w : {unit} (weight)  # strength"
    moving = f"dw/dt = gamma*{level}_reward*z/tau_z : {unit} (clock-driven)  # strength"
    return Synapse(
        f"""
        dpre_trace/dt = -pre_trace/tau_plus : 1     # trace of presynaptic spikes
        dpost_trace/dt = -post_trace/tau_minus : 1  # trace of postsynaptic spikes
        dz/dt = -z/tau_z : 1  # eligibility
        {resting if pulses else moving}
        gamma : {unit}  # change by a reward of 1
        a_plus : 1      # potentiation by a pair without a lag
        a_minus : 1     # depression by a pair without a lag
        tau_plus : ms   # width of the window of potentiation
        tau_minus : ms  # width of the window of depression
        tau_z : ms      # of the eligibility
        """,
        on_pre="z -= a_minus*post_trace; pre_trace += 1",
        on_post="z += a_plus*pre_trace; post_trace += 1",
        on=dict(reward=On("reward", f"w += gamma*{level}_reward*z")) if pulses else {},
        bounds={} if bounds is None else dict(w=bounds),
        parameters=dict(
            gamma=gamma, a_plus=a_plus, a_minus=a_minus, tau_plus=tau_plus, tau_minus=tau_minus, tau_z=tau_z
        ),
        reference="Florian 2007, doi:10.1162/neco.2007.19.6.1468",
        name="mstdpet",
    )
