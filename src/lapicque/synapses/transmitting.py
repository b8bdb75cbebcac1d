"""The one statement by which a spike acts on its target, for synapses that make it depend on more."""

from __future__ import annotations

from lapicque.errors import ModelError
from lapicque.model import Synapse
from lapicque.model.equations import Statement


def only_statement(synapse: Synapse, function: str, instead: str) -> Statement:
    """Return what an arriving spike adds.

    Parameters
    ----------
    synapse : Synapse
    function, instead : str
        For the message: who asks, and what to do where there are several statements.

    Raises
    ------
    ModelError
        If it is no synapse, or if spikes run no statement, several, or one that does not add.

    Examples
    --------
    >>> only_statement(Synapse(on_pre="v += w"), "releasing()", "write it out").target
    'v'
    """
    if not isinstance(synapse, Synapse):
        raise ModelError(f"{function} takes a synapse, such as exponential('5 ms'), not {type(synapse).__name__}")
    statements = [s for pathway in synapse.pathways if pathway.name == "pre" for s in pathway.statements]
    if len(statements) != 1 or statements[0].operator not in ("+=", "-="):
        found = "; ".join(f"{s.target} {s.operator} {s.expression.text}" for s in statements) or "nothing"
        raise ModelError(
            f"{function} needs a synapse to which a spike adds one thing, on_pre='g += w', but {synapse.name!r} runs "
            f"{found}: {instead}"
        )
    return statements[0]
