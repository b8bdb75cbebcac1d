"""Plasticity at postsynaptic spikes that is stable by itself: the rule of Paredes-Vallés."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse


def fede_stdp(
    eta: Any = 1e-4, w_init: Any = 0.5, a: Any = 0, tau_pre: Any = "20 ms", x_max: Any = 1, sum_pre: bool = False
) -> Synapse:
    """A weight that postsynaptic spikes draw towards a value that depends on the trace of presynaptic ones.

    A postsynaptic spike adds ``eta*(exp(w_init - w)*(exp(x) - a) - exp(w - w_init)*(exp(1 - x) - a))``, where ``x``,
    between 0 and 1, is the trace of presynaptic spikes divided by ``x_max``. For a constant ``x`` the weight comes to
    ``w_init + log((exp(x) - a)/(exp(1 - x) - a))/2``: no bounds are needed.

    Parameters
    ----------
    eta : 1
        Step. Weights are pure numbers.
    w_init : 1
        Weight of the beginning, and for ``x`` = 1/2.
    a : 1
        From 0 to below 1: the larger, the wider weights spread.
    tau_pre : ms
        Of the trace of presynaptic spikes.
    x_max : 1
        Trace that counts as 1; larger ones do as well. The paper has the largest trace of the target's sources.
    sum_pre : bool
        Whether spikes add 1 to the trace, or set it to 1.

    Returns
    -------
    Synapse
        The rule alone: ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Paredes-Vallés, Scheper & de Croon 2020, Unsupervised learning of a hierarchical spiking neural network for
       optical flow estimation: from events to global motion perception, https://doi.org/10.1109/TPAMI.2019.2903179

    Examples
    --------
    >>> fede_stdp().on_pre
    'pre_trace = 1'
    """
    return Synapse(
        """
        dpre_trace/dt = -pre_trace/tau_pre : 1  # trace of presynaptic spikes
        x_hat = min(pre_trace/x_max, 1) : 1     # the trace as a part of its largest value
        w : 1 (weight)  # strength
        eta : 1         # step
        w_init : 1      # weight of the beginning
        a : 1           # how wide weights spread
        tau_pre : ms    # of the trace
        x_max : 1       # largest value of the trace
        """,
        on_pre=f"pre_trace {'+=' if sum_pre else '='} 1",
        on_post="w += eta*(exp(w_init - w)*(exp(x_hat) - a) - exp(w - w_init)*(exp(1 - x_hat) - a))",
        parameters=dict(eta=eta, w_init=w_init, a=a, tau_pre=tau_pre, x_max=x_max),
        reference="Paredes-Vallés, Scheper & de Croon 2020, doi:10.1109/TPAMI.2019.2903179",
        name="fede_stdp",
    )
