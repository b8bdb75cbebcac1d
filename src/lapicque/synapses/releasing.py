"""Probabilistic release: a synapse that a spike does not always reach."""

from __future__ import annotations

from typing import Any

from lapicque.errors import ModelError
from lapicque.model import Synapse


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
    if not isinstance(synapse, Synapse):
        raise ModelError(f"releasing() takes a synapse, such as exponential('5 ms'), not {type(synapse).__name__}")
    statements = [s for pathway in synapse.pathways if pathway.name == "pre" for s in pathway.statements]
    if len(statements) != 1 or statements[0].operator not in ("+=", "-="):
        found = "; ".join(f"{s.target} {s.operator} {s.expression.text}" for s in statements) or "nothing"
        raise ModelError(
            f"releasing() needs a synapse to which a spike adds one thing, on_pre='g += w', but {synapse.name!r} runs "
            f"{found}: write rand() < p into its code"
        )
    only = statements[0]
    return synapse.with_(
        equations=f"{synapse.equations.rstrip()}\np_release : 1  # probability of release",
        on_pre=f"{only.target} {only.operator} where(rand() < p_release, {only.expression.text}, 0)",
        parameters={**synapse.parameters, "p_release": p},
        name=f"releasing_{synapse.name}",
    )
