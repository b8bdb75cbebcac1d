"""Plasticity by which a neuron predicts its own inputs."""

from __future__ import annotations

from typing import Any

from lapicque.model import Every, Synapse


def predictive(eta: Any = 5e-4, tau_m: Any = "10 ms", soft: bool = True, x: str = "x", v: str = "v") -> Synapse:
    """A weight that grows where an input foretells others: the voltage learns a model of all inputs.

    In every step, ``error = x_pre - w*v_post`` is what the voltage has not predicted of an input, and the weight moves
    by ``eta*(v_post*error + p*sum(w*error))``, where the sum is over the synapses of the target and ``p`` is a trace of
    the input that decays like the voltage. The first input of a sequence wins, and the target's spike moves towards it.

    Parameters
    ----------
    eta : 1
        Step. Inputs, voltage and weights are pure numbers.
    tau_m : ms
        Of the target's voltage.
    soft : bool
        Whether steps are scaled by the weight, so that it keeps its sign; otherwise weights stop at 0.
    x, v : str
        What the source calls its trace of spikes, and the target its voltage.

    Returns
    -------
    Synapse
        It sums ``w*x_pre`` into an input of the target: ``v[n+1] = (1 - dt/tau_m)*v + i : 1`` is the paper's, with
        ``reset="v -= 2"`` at ``threshold="v > 2"``.

    References
    ----------
    .. [1] Saponati & Vinck 2023, Sequence anticipation and spike-timing-dependent plasticity emerge from a predictive
       learning rule, https://doi.org/10.1038/s41467-023-40651-w

    Examples
    --------
    >>> predictive().on["predict"].interval
    'step'
    """
    scaled = "w*" if soft else ""
    return Synapse(
        f"""
        i = w*{x}_pre : 1 (summed)  # weighted sum of the inputs
        p : 1                       # trace of the input
        error = {x}_pre - w*{v}_post : 1  # what the voltage has not predicted
        w : 1 (weight)  # strength
        eta : 1         # step
        tau_m : ms      # of the target's voltage
        """,
        on=dict(
            predict=Every(
                "step",
                f"w += {scaled}eta*({v}_post*error + p*sum(w*error, by='post')); p = (1 - dt/tau_m)*p + {x}_pre",
            )
        ),
        bounds={} if soft else dict(w=(0, None)),
        parameters=dict(eta=eta, tau_m=tau_m),
        reference="Saponati & Vinck 2023, doi:10.1038/s41467-023-40651-w",
        name="predictive",
    )
