"""Probabilistic release: a synapse that a spike does not always reach."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.transmitting import only_statement


def releasing(synapse: Synapse, p: Any) -> Synapse:
    """The synapse, each of whose arriving spikes acts with probability ``p`` only, independently.

    Parameters
    ----------
    synapse : Synapse
        With one statement in ``on_pre``.
    p : 1
        Probability of release; ``connect(..., p_release=)`` gives each synapse its own.

    Returns
    -------
    Synapse

    Raises
    ------
    ModelError
        If spikes run no statement or several, which would release independently.

    References
    ----------
    .. [1] del Castillo & Katz 1954, Quantal components of the end-plate potential,
       https://doi.org/10.1113/jphysiol.1954.sp005129

    Examples
    --------
    >>> from lapicque.synapses import exponential
    >>> releasing(exponential("5 ms"), p=0.3).on_pre
    'i += where(rand() < p_release, w*output, 0)'
    """
    only = only_statement(synapse, "releasing()", "write rand() < p into its code")
    return synapse.with_(
        equations=f"{synapse.equations.rstrip()}\np_release : 1  # probability of release",
        on_pre=f"{only.target} {only.operator} where(rand() < p_release, {only.expression.text}, 0)",
        parameters={**synapse.parameters, "p_release": p},
        name=f"releasing_{synapse.name}",
    )
