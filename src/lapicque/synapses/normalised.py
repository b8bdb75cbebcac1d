"""Weights of a neuron that share a constant sum."""

from __future__ import annotations

from typing import Any

from lapicque.model import Every, Synapse
from lapicque.synapses.weights import weight_unit


def normalised(total: Any, every: Any = "1 second") -> Synapse:
    """A weight that is divided, at an interval, by the sum over the synapses of its target: they compete.

    Parameters
    ----------
    total : quantity
        What the weights of a target add up to. Its unit is that of the weight.
    every : ms
        Interval.

    Returns
    -------
    Synapse
        It goes together with any rule: ``normalised("10 nS").onto(stdp("1 nS"))``.

    References
    ----------
    .. [1] von der Malsburg 1973, Self-organization of orientation sensitive cells in the striate cortex,
       https://doi.org/10.1007/BF00288907

    Examples
    --------
    >>> normalised("10 nS").on["normalise"]
    Every(interval='1 second', code="w *= total/sum(w, by='post')")
    """
    unit = weight_unit(total, "total")
    return Synapse(
        f"""
        w : {unit} (weight)  # strength
        total : {unit}       # sum of the weights of a target
        """,
        on=dict(normalise=Every(every, "w *= total/sum(w, by='post')")),
        parameters=dict(total=total),
        reference="von der Malsburg 1973, doi:10.1007/BF00288907",
        name="normalised",
    )
