"""Plasticity by dopamine that comes seconds after the spikes it rewards."""

from __future__ import annotations

from typing import Any

from lapicque.model import Every, Synapse
from lapicque.synapses.weights import weight_unit


def dopamine_stdp(
    w_max: Any,
    a_plus: Any = 0.025,
    a_minus: Any = 0.0375,
    tau_plus: Any = "20 ms",
    tau_minus: Any = "20 ms",
    tau_c: Any = "1 second",
    eta: Any = "0.1 / ms",
    tonic: Any = 0.002,
    every: Any = "10 ms",
    level: str = "value",
) -> Synapse:
    """A weight that changes at the rate of dopamine times a slow eligibility trace, to which pairs of spikes add.

    dw/dt = eta*c*(dopamine + tonic), where ``c`` decays with ``tau_c``; a postsynaptic spike adds
    ``w_max*a_plus*pre_trace`` to it, a presynaptic one takes ``w_max*a_minus*post_trace`` away. The weight is brought
    up to date at an interval, since eligibility and dopamine are slow.

    Parameters
    ----------
    w_max : quantity
        Largest weight. Its unit is that of the weight.
    a_plus, a_minus : 1
        Eligibility by a pair without a lag, as a part of ``w_max``: 0.1 mV and 0.15 mV of 4 mV.
    tau_plus, tau_minus, tau_c : ms
        Of the window and of the eligibility.
    eta : 1/ms
        Speed.
    tonic : 1
        Dopamine that is always there.
    every : ms
        Interval at which the weight moves.
    level : str
        Variable of the modulator ``dopamine`` that is read; a `lapicque.Network.signal` has ``value``.

    Returns
    -------
    Synapse
        The rule alone, for ``connect(..., modulators=dict(dopamine=net.signal("dopamine", tau="200 ms")))``;
        ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Izhikevich 2007, Solving the distal reward problem through linkage of STDP and dopamine signaling,
       https://doi.org/10.1093/cercor/bhl152

    Examples
    --------
    >>> dopamine_stdp("4 mV").on["consolidate"]
    Every(interval='10 ms', code='w += eta*interval*c*(value_dopamine + tonic)')
    """
    unit = weight_unit(w_max)
    return Synapse(
        f"""
        dpre_trace/dt = -pre_trace/tau_plus : 1     # trace of presynaptic spikes
        dpost_trace/dt = -post_trace/tau_minus : 1  # trace of postsynaptic spikes
        dc/dt = -c/tau_c : {unit}  # eligibility
        w : {unit} (weight)  # strength
        w_max : {unit}       # largest weight
        a_plus : 1           # eligibility by a pair without a lag
        a_minus : 1          # the same, of a pair in the other order
        tau_plus : ms        # width of the window of potentiation
        tau_minus : ms       # width of the window of depression
        tau_c : ms           # of the eligibility
        eta : 1/ms           # speed
        tonic : 1            # dopamine that is always there
        interval : ms        # at which the weight moves
        """,
        on_pre="c -= w_max*a_minus*post_trace; pre_trace += 1",
        on_post="c += w_max*a_plus*pre_trace; post_trace += 1",
        on=dict(consolidate=Every(every, f"w += eta*interval*c*({level}_dopamine + tonic)")),
        bounds=dict(w=(0, "w_max")),
        parameters=dict(
            w_max=w_max, a_plus=a_plus, a_minus=a_minus, tau_plus=tau_plus, tau_minus=tau_minus, tau_c=tau_c, eta=eta,
            tonic=tonic, interval=every,
        ),
        reference="Izhikevich 2007, doi:10.1093/cercor/bhl152",
        name="dopamine_stdp",
    )  # fmt: skip
