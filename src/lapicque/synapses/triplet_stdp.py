"""Plasticity by the timing of pairs and triplets of spikes."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.triplets import Triplets
from lapicque.synapses.weights import weight_unit


def triplet_stdp(w_0: Any, fit: Triplets = Triplets.cortex, w_max: Any = None) -> Synapse:
    """A weight that changes with pairs of spikes, and with a third spike before: what grows with the rate.

    A presynaptic spike takes ``w_0*post_fast*(a2_minus + a3_minus*pre_slow)`` away, a postsynaptic one adds
    ``w_0*pre_fast*(a2_plus + a3_plus*post_slow)``; the slow traces are those of earlier spikes.

    Parameters
    ----------
    w_0 : quantity
        Weight that the amplitudes are relative to: that of the beginning. Its unit is that of the weight.
    fit : Triplets
        Amplitudes, time constants, and which spikes count.
    w_max : quantity, optional
        Largest weight; by default there is none.

    Returns
    -------
    Synapse
        The rule alone: ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Pfister & Gerstner 2006, Triplets of spikes in a model of spike timing-dependent plasticity,
       https://doi.org/10.1523/JNEUROSCI.1425-06.2006

    Examples
    --------
    >>> triplet_stdp("1 nS").on_post
    'w += w_0*pre_fast*(a2_plus + a3_plus*post_slow); post_fast += 1; post_slow += 1'
    >>> triplet_stdp("1 nS", Triplets.hippocampus_nearest).parameters["tau_y"]
    '47 ms'
    """
    unit, by = weight_unit(w_0, "w_0"), "=" if fit.nearest else "+="
    bound = {} if w_max is None else dict(w_max=w_max)
    return Synapse(
        f"""
        dpre_fast/dt = -pre_fast/tau_plus : 1     # fast trace of presynaptic spikes
        dpre_slow/dt = -pre_slow/tau_x : 1        # slow trace of presynaptic spikes
        dpost_fast/dt = -post_fast/tau_minus : 1  # fast trace of postsynaptic spikes
        dpost_slow/dt = -post_slow/tau_y : 1      # slow trace of postsynaptic spikes
        w : {unit} (weight)  # strength
        w_0 : {unit}         # reference weight
        a2_plus : 1          # potentiation by a pair
        a3_plus : 1          # potentiation by a triplet
        a2_minus : 1         # depression by a pair
        a3_minus : 1         # depression by a triplet
        tau_plus : ms        # of the fast presynaptic trace
        tau_x : ms           # of the slow presynaptic trace
        tau_minus : ms       # of the fast postsynaptic trace
        tau_y : ms           # of the slow postsynaptic trace
        """
        + (f"w_max : {unit}  # largest weight" if bound else ""),
        on_pre=f"w -= w_0*post_fast*(a2_minus + a3_minus*pre_slow); pre_fast {by} 1; pre_slow {by} 1",
        on_post=f"w += w_0*pre_fast*(a2_plus + a3_plus*post_slow); post_fast {by} 1; post_slow {by} 1",
        bounds=dict(w=(0, "w_max" if bound else None)),
        parameters=dict(
            w_0=w_0, a2_plus=fit.a2_plus, a3_plus=fit.a3_plus, a2_minus=fit.a2_minus, a3_minus=fit.a3_minus,
            tau_plus=f"{fit.tau_plus} ms", tau_x=f"{fit.tau_x} ms", tau_minus=f"{fit.tau_minus} ms",
            tau_y=f"{fit.tau_y} ms", **bound,
        ),
        reference="Pfister & Gerstner 2006, doi:10.1523/JNEUROSCI.1425-06.2006",
        name="triplet_stdp",
    )  # fmt: skip
