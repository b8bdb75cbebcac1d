"""Plasticity by presynaptic spikes and the postsynaptic voltage."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.weights import weight_unit


def clopath(
    w_0: Any,
    w_max: Any,
    a_ltd: Any = "14e-5 / mV",
    a_ltp: Any = "8e-5 / mV**2",
    theta_minus: Any = "-70.6 mV",
    theta_plus: Any = "-45.3 mV",
    tau_x: Any = "15 ms",
    tau_minus: Any = "10 ms",
    tau_plus: Any = "7 ms",
    u_ref: Any = None,
    tau_mean: Any = "1 second",
    v: str = "v",
) -> Synapse:
    """A weight that presynaptic spikes depress and postsynaptic voltage potentiates, each above a threshold of its own.

    A presynaptic spike takes ``w_0*a_ltd*[v_minus - theta_minus]`` away; at every moment the weight grows at the rate
    ``w_0*a_ltp*x_bar*[v - theta_plus]*[v_plus - theta_minus]``. Brackets are 0 below 0, ``v_minus`` and ``v_plus`` are
    slow and fast averages of the voltage, and ``x_bar`` is a trace of presynaptic spikes. The averages live in the
    target, once for all its synapses; of the target only the voltage is needed, with spikes that have a shape (as
    `lapicque.neurons.adex` with ``v_peak="20 mV"``). Every synapse is advanced in every step.

    Parameters
    ----------
    w_0, w_max : quantity
        Weight that the amplitudes are relative to, and largest weight.
    a_ltd : 1/mV
    a_ltp : 1/mV**2
        Amplitudes, per ms. The values of all parameters are those of visual cortex.
    theta_minus, theta_plus : mV
        Thresholds of the averages and of the voltage.
    tau_x, tau_minus, tau_plus : ms
        Of the presynaptic trace, and of the averages of the voltage.
    u_ref : mV, optional
        Depression is then scaled by ``(u_mean/u_ref)**2``, where ``u_mean`` is the average depolarisation above
        ``theta_minus``: homeostasis. The paper has ``u_ref**2`` = 60 to 70 mV**2.
    tau_mean : ms
        Of that average.
    v : str
        What the target calls its membrane potential.

    Returns
    -------
    Synapse
        The rule alone: ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Clopath, Büsing, Vasilaki & Gerstner 2010, Connectivity reflects coding: a model of voltage-based STDP with
       homeostasis, https://doi.org/10.1038/nn.2479

    Examples
    --------
    >>> clopath("1 nS", w_max="3 nS").on_pre
    'w -= w_0*a_ltd*max(v_minus - theta_minus, 0*mV); x_bar += 1/tau_x'
    """
    unit = weight_unit(w_max)
    scaled = "" if u_ref is None else "*(u_mean/u_ref)**2"
    mean = "" if u_ref is None else f"""
        du_mean/dt = ({v}_post - theta_minus - u_mean)/tau_mean : mV (post)  # average depolarisation
        u_ref : mV      # average depolarisation at which a_ltd holds
        tau_mean : ms (post)  # of the average depolarisation
        """  # fmt: skip
    homeostasis = {} if u_ref is None else dict(u_ref=u_ref, tau_mean=tau_mean)
    return Synapse(
        f"""
        dw/dt = (w_0*a_ltp*x_bar*max({v}_post - theta_plus, 0*mV)
                 *max(v_plus - theta_minus, 0*mV)) : {unit} (clock-driven)  # strength
        dx_bar/dt = -x_bar/tau_x : 1/ms (clock-driven)            # trace of presynaptic spikes
        dv_minus/dt = ({v}_post - v_minus)/tau_minus : mV (post)  # slow average of the voltage
        dv_plus/dt = ({v}_post - v_plus)/tau_plus : mV (post)     # fast average of the voltage
        w_0 : {unit}          # reference weight
        w_max : {unit}        # largest weight
        a_ltd : 1/mV          # amplitude of depression
        a_ltp : 1/mV**2       # amplitude of potentiation
        theta_minus : mV{" (post)" if u_ref is not None else ""}  # threshold of the averages
        theta_plus : mV       # threshold of the voltage
        tau_x : ms            # of the presynaptic trace
        tau_minus : ms (post) # of the slow average
        tau_plus : ms (post)  # of the fast average
        {mean}""",
        on_pre=f"w -= w_0*a_ltd{scaled}*max(v_minus - theta_minus, 0*mV); x_bar += 1/tau_x",
        bounds=dict(w=(0, "w_max")),
        parameters=dict(
            w_0=w_0, w_max=w_max, a_ltd=a_ltd, a_ltp=a_ltp, theta_minus=theta_minus, theta_plus=theta_plus, tau_x=tau_x,
            tau_minus=tau_minus, tau_plus=tau_plus, **homeostasis,
        ),
        initial=dict(v_minus=theta_minus, v_plus=theta_minus),
        reference="Clopath, Büsing, Vasilaki & Gerstner 2010, doi:10.1038/nn.2479",
        name="clopath",
    )  # fmt: skip
