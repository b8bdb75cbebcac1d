"""Which states of synapses depend on one side only, so that all synapses of a neuron have the same value.

A presynaptic trace that spikes of the source raise, and that decays by itself, is the same in all synapses of that
source if they have one delay, the same parameters and began alike. It is then kept once per neuron, and advanced in
every step together with those of the other neurons.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping

from lapicque.model.equations import Expression
from lapicque.model.pathway import Pathway
from lapicque.model.projection_rules import Meaning
from lapicque.model.synapse import Synapse


def one_sided(
    synapse: Synapse,
    meanings: Mapping[str, Meaning],
    uniform: Collection[str],
    delayed: Collection[str],
) -> dict[str, str]:
    """Return the states that are kept once per neuron, with their side.

    Parameters
    ----------
    meanings : of all names
    uniform : own names, of constants and initial values, that are one number for all synapses
    delayed : names of pathways in which each synapse has its own delay

    Returns
    -------
    dict of str to ``"pre"`` or ``"post"``
    """
    found: dict[str, str] = {}
    for name, variable in synapse.learned.items():
        writers = {p.at for p in synapse.pathways if any(s.target == name for s in p.statements)}
        kept = "weight" in variable.flags or name in synapse.bounds or name in synapse.clock_driven
        if len(writers) == 1 and writers <= {"pre", "post"} and name in uniform and not kept:
            found[name] = writers.pop()
    while True:
        lost = {n for n, side in found.items() if not _stays(n, side, synapse, meanings, uniform, delayed, found)}
        if not lost:
            return found
        for name in lost:
            del found[name]


def _stays(
    name: str,
    side: str,
    synapse: Synapse,
    meanings: Mapping[str, Meaning],
    uniform: Collection[str],
    delayed: Collection[str],
    found: Mapping[str, str],
) -> bool:
    def alike(expression: Expression, own_only: bool) -> bool:
        if any(isinstance(n, ast.Call) and getattr(n.func, "id", "") in ("rand", "randn")
               for n in ast.walk(expression.tree)):  # fmt: skip
            return False
        for node in expression.names():
            meaning = meanings.get(node.id)
            if meaning is None:
                continue
            if meaning.owner == "synapse":
                variable = synapse.variables[node.id]
                constant = variable.kind == "parameter" and variable.scope == "synapse" and node.id in uniform
                if found.get(node.id) != side and not constant:
                    return False
            elif own_only or meaning.owner != side:
                return False
        return True

    equation = synapse.learned[name].equation
    if equation is not None and equation.expression is not None and not alike(equation.expression, True):
        return False

    for other in synapse.event_driven:  # what follows it in the synapse needs its course since the last event there
        followed = synapse.learned[other].equation
        assert followed is not None
        assert followed.expression is not None
        if found.get(other) != side and any(node.id == name for node in followed.expression.names()):
            return False

    def changes(pathway: Pathway) -> bool:  # the neuron: the code of its next synapse finds it so
        return any(meanings[s.target].owner == side for s in pathway.statements if s.target in meanings)

    return all(
        pathway.name not in delayed and alike(statement.expression, changes(pathway))
        for pathway in synapse.pathways
        for statement in pathway.statements
        if statement.target == name
    )
