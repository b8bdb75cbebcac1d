"""Supervised learning of spike times: the remote supervised method."""

from __future__ import annotations

from typing import Any

from lapicque.model import On, Synapse
from lapicque.synapses.weights import weight_unit


def resume(
    eta: Any, a: Any = 0.05, tau_pre: Any = "5 ms", a_window: Any = 1, bounds: tuple[Any, Any] | None = None
) -> Synapse:
    """A weight that a teacher's spikes raise and the target's own spikes lower, by what the source did before: ReSuMe.

    A spike of the teacher adds ``eta*(a + a_window*pre_trace)``, one of the target takes as much away: when the target
    fires when the teacher does, nothing changes any more.

    Parameters
    ----------
    eta : quantity
        Step. Its unit is that of the weight.
    a : 1
        Part that does not depend on the source: it brings the number of spikes near that of the teacher.
    tau_pre : ms
        Of the trace of presynaptic spikes.
    a_window : 1
        Amplitude of the window.
    bounds : (low, high), optional
        Of the weight; quantities, or None where it is open.

    Returns
    -------
    Synapse
        The rule alone, for ``connect(..., modulators=dict(teacher=spikes))``, with one teacher for each target, or one
        for all; ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Ponulak & Kasiński 2010, Supervised learning in spiking neural networks with ReSuMe: sequence learning,
       classification, and spike shifting, https://doi.org/10.1162/neco.2009.11-08-901

    Examples
    --------
    >>> resume("10 pA").on["teach"]
    On(at='teacher', code='w += eta*(a + a_window*pre_trace)', delay=None)
    """
    unit = weight_unit(eta, "eta")
    return Synapse(
        f"""
        dpre_trace/dt = -pre_trace/tau_pre : 1  # trace of presynaptic spikes
        w : {unit} (weight)  # strength
        eta : {unit}         # step
        a : 1                # part that does not depend on the source
        a_window : 1         # amplitude of the window
        tau_pre : ms         # of the trace
        """,
        on_pre="pre_trace += 1",
        on_post="w -= eta*(a + a_window*pre_trace)",
        on=dict(teach=On("teacher", "w += eta*(a + a_window*pre_trace)")),
        bounds={} if bounds is None else dict(w=bounds),
        parameters=dict(eta=eta, a=a, a_window=a_window, tau_pre=tau_pre),
        reference="Ponulak & Kasiński 2010, doi:10.1162/neco.2009.11-08-901",
        name="resume",
    )
