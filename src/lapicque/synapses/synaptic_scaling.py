"""Homeostasis: all synapses of a neuron are scaled until it fires as it should."""

from __future__ import annotations

from typing import Any

from lapicque.model import Every, Synapse


def synaptic_scaling(
    goal: Any = "5 Hz", beta: Any = 1e-3, tau_rate: Any = "10 second", every: Any = "100 ms"
) -> Synapse:
    """A weight that one factor multiplies in all synapses of a target, until that fires as it should.

    dw/dt = beta*w*(goal - rate), at an interval; the rate is a slow trace of the target's spikes. Ratios of weights
    stay as they are, so that it goes together with any rule: ``synaptic_scaling().onto(stdp("1 nS"))``.

    Parameters
    ----------
    goal : Hz
        Rate that the target comes to.
    beta : 1
        Speed, relative to the error of the rate: 1/beta spikes too many or too few shrink or grow a weight e times.
    tau_rate : ms
        Of the rate.
    every : ms
        Interval at which weights are scaled.

    Returns
    -------
    Synapse
        The rule alone: ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Turrigiano, Leslie, Desai, Rutherford & Nelson 1998, Activity-dependent scaling of quantal amplitude in
       neocortical neurons, https://doi.org/10.1038/36103
    .. [2] van Rossum, Bi & Turrigiano 2000, Stable Hebbian learning from spike timing-dependent plasticity,
       https://doi.org/10.1523/JNEUROSCI.20-23-08812.2000

    Examples
    --------
    >>> synaptic_scaling().on["scale"]
    Every(interval='100 ms', code='w *= exp(beta*interval*(goal - rate_bar))')
    """
    return Synapse(
        """
        drate_bar/dt = -rate_bar/tau_rate : Hz  # rate of the target
        goal : Hz      # rate that the target comes to
        beta : 1       # speed
        tau_rate : ms  # of the rate
        interval : ms  # at which weights are scaled
        """,
        on_post="rate_bar += 1/tau_rate",
        on=dict(scale=Every(every, "w *= exp(beta*interval*(goal - rate_bar))")),
        parameters=dict(goal=goal, beta=beta, tau_rate=tau_rate, interval=every),
        reference="Turrigiano, Leslie, Desai, Rutherford & Nelson 1998, doi:10.1038/36103",
        name="synaptic_scaling",
    )
