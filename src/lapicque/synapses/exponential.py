"""An exponential synaptic current: each spike adds its weight, which decays."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse


def exponential(tau: Any, unit: str = "pA") -> Synapse:
    """A current that jumps by the weight and decays exponentially.

    All is linear, so that the exact scheme integrates it without error; NEST's ``iaf_psc_exp`` has it.

    Parameters
    ----------
    tau : ms
        Decay time constant.
    unit : str
        Of the weight and the current.

    Returns
    -------
    Synapse
        The weight is the peak of the current.

    References
    ----------
    .. [1] Rotter & Diesmann 1999, Exact digital simulation of time-invariant linear systems with applications to
       neuronal modeling, https://doi.org/10.1007/s004220050570

    Examples
    --------
    >>> exponential("5 ms").parsed_output.text
    'i'
    """
    return Synapse(
        f"""
        di/dt = -i/tau : {unit} (post)  # synaptic current
        w : {unit} (weight)             # peak current
        tau : ms (post)                 # decay time constant
        """,
        on_pre="i += w*output",
        output="i",
        parameters=dict(tau=tau),
        reference="Rotter & Diesmann 1999, doi:10.1007/s004220050570",
        name="exponential",
    )
