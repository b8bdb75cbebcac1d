"""Plasticity with two thresholds of the postsynaptic voltage: the ABS rule."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.weights import weight_unit


def abs_rule(
    w_max: Any,
    eta: Any = "1e-5 / mV**2",
    theta_minus: Any = "-65 mV",
    theta_plus: Any = "-50 mV",
    tau_x: Any = "15 ms",
    tau_u: Any = "10 ms",
    v: str = "v",
) -> Synapse:
    """A weight that active synapses lose at moderate depolarisation, and gain at strong depolarisation.

    The weight changes at the rate ``w_max*eta*x_bar*[u - theta_minus]*(u - theta_plus)``, where ``u`` is an average of
    the postsynaptic voltage, ``x_bar`` a trace of presynaptic spikes, and the bracket is 0 below 0: nothing happens
    below the lower threshold, depression between the two, potentiation above the higher one. Every synapse is advanced
    in every step.

    Parameters
    ----------
    w_max : quantity
        Largest weight. Its unit is that of the weight.
    eta : 1/mV**2
        Amplitude, as a part of ``w_max`` and per presynaptic spike.
    theta_minus, theta_plus : mV
        Thresholds of depression and of potentiation.
    tau_x, tau_u : ms
        Of the presynaptic trace, and of the average of the voltage.
    v : str
        What the target calls its membrane potential.

    Returns
    -------
    Synapse
        The rule alone: ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Artola, Bröcher & Singer 1990, Different voltage-dependent thresholds for inducing long-term depression and
       long-term potentiation in slices of rat visual cortex, https://doi.org/10.1038/347069a0
    .. [2] Artola & Singer 1993, Long-term depression of excitatory synaptic transmission and its relationship to
       long-term potentiation, https://doi.org/10.1016/0166-2236(93)90081-V

    Examples
    --------
    >>> abs_rule("1 nS").clock_driven
    ('w', 'x_bar')
    """
    unit = weight_unit(w_max)
    return Synapse(
        f"""
        dw/dt = w_max*eta*x_bar*max(u - theta_minus, 0*mV)*(u - theta_plus) : {unit} (clock-driven)  # strength
        dx_bar/dt = -x_bar/tau_x : 1/ms (clock-driven)  # trace of presynaptic spikes
        du/dt = ({v}_post - u)/tau_u : mV (post)        # average of the voltage
        w_max : {unit}       # largest weight
        eta : 1/mV**2        # amplitude
        theta_minus : mV     # threshold of depression
        theta_plus : mV      # threshold of potentiation
        tau_x : ms           # of the presynaptic trace
        tau_u : ms (post)    # of the average of the voltage
        """,
        on_pre="x_bar += 1/tau_x",
        bounds=dict(w=(0, "w_max")),
        parameters=dict(w_max=w_max, eta=eta, theta_minus=theta_minus, theta_plus=theta_plus, tau_x=tau_x, tau_u=tau_u),
        initial=dict(u=theta_minus),
        reference="Artola, Bröcher & Singer 1990, doi:10.1038/347069a0",
        name="abs_rule",
    )
